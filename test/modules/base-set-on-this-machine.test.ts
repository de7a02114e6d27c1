import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { Change, ModuleContext } from '../../src/core/module.ts';
import { edit } from '../../src/modules/lines/edit.ts';
import { Params as LinesParams } from '../../src/modules/lines/schema.ts';
import { findModule } from '../../src/modules/index.ts';
import { sampleFacts } from './facts-sample.ts';
import { busyboxTools, converge, localHost } from './local-host.ts';

const base = mkdtempSync(join(tmpdir(), 'copse-base-set-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const busybox = busyboxTools(join(base, 'busybox'));
const context: ModuleContext = { facts: sampleFacts(), check: false, run: 'r1' };
const lines = findModule('lines')!;
const script = findModule('script')!;

function says(change: Change): string[] {
  return 'steps' in change ? change.steps.map((step) => step.say) : [`refused: ${change.refuse}`];
}

let count = 0;
function scratch(): string {
  count += 1;
  return join(base, `file ${count} 'it"s'`);
}

describe('with the tools of this machine', () => everything(process.env['PATH'] ?? '/usr/bin:/bin'));

describe.skipIf(busybox === undefined)('with the tools of busybox', () => everything(busybox ?? ''));

function everything(path: string): void {
  const host = localHost(path);

  it('edits one line through a link, keeps the mode, and is content then', () => {
    const at = scratch();
    writeFileSync(at, '#Port 22\nX 1\n', { mode: 0o640 });
    symlinkSync(at, `${at}.link`);

    const want = { path: `${at}.link`, regexp: '^#?Port ', line: 'Port $(id) ä' };
    const { first, second } = converge(host, lines, { ...want, mode: '0640' });

    expect([says(first), says(second)]).toEqual([[`write ${at}`], []]);
    expect([readFileSync(at, 'utf8'), statSync(at).mode & 0o777]).toEqual(['Port $(id) ä\nX 1\n', 0o640]);
  });

  it('makes a file with a block, and removes the block again', () => {
    const at = scratch();

    const made = converge(host, lines, { path: at, block: 'a\nb\n', create: true });
    const text = readFileSync(at, 'utf8');
    const gone = converge(host, lines, { path: at, block: 'a\nb\n', state: 'absent' });

    expect([says(made.second), says(gone.second)]).toEqual([[], []]);
    expect([text, readFileSync(at, 'utf8')]).toEqual(['# BEGIN managed by copse\na\nb\n# END managed by copse\n', '']);
  });

  it.each([
    ['sh', 'cat >/dev/null; printf "%s|" "$@"; exit 7', undefined],
    ['the program of its first line', '#!/bin/sh -e\ncat >/dev/null; printf "%s|" "$@"; exit 7', undefined],
    ['a program that is named', 'cat >/dev/null; printf "%s|" "$@"; exit 7', 'sh'],
  ])('runs a script in %s: whole, with its words, its exit code and an empty input', (_what, text, executable) => {
    const bytes = new TextEncoder().encode(text);
    const want = script.params.parse({
      src: { path: 'x.sh', bytes, mode: '0644' },
      args: ['a b', '$(id)', ''],
      ...(executable === undefined ? {} : { executable }),
    });

    const change = script.plan(want, script.read({}, want, context), context);
    const [step] = 'steps' in change ? change.steps : [];
    const [program, ...words] = step?.do === 'run' ? step.command.argv : [''];
    const ran = spawnSync(program, words, { input: bytes, encoding: 'utf8', env: { PATH: path } });

    expect([ran.stdout, ran.stderr, ran.status]).toEqual(['a b|$(id)||', '', 7]);
  });

  it.skipIf(spawnSync('getent', ['passwd', 'root']).status !== 0)(
    'knows users, groups and the name of this machine',
    () => {
      const me = userInfo();
      const real = localHost(process.env['PATH'] ?? '/usr/bin:/bin');
      const wishes = [
        ['user', { name: me.username, uid: me.uid }],
        ['user', { name: 'copse-no-such-user', state: 'absent' }],
        ['group', { name: 'root', gid: 0 }],
        ['group', { name: 'copse-no-such-group', state: 'absent' }],
        ['authorized_key', { user: 'copse-no-such-user', key: 'ssh-ed25519 AAAAC3Nz', state: 'absent' }],
      ] as const;

      const changes = wishes.map(([name, args]) => says(converge(real, findModule(name)!, args).first));

      expect(changes).toEqual([[], [], [], [], []]);
    },
  );
}

describe('any wish about lines', () => {
  const line = fc.constantFrom(
    '',
    'a',
    'a=1',
    '#a=1',
    'b',
    '# BEGIN managed by copse',
    '# END managed by copse',
    'c\r',
  );
  const text = fc
    .tuple(fc.array(line, { maxLength: 8 }), fc.boolean())
    .map(([all, ends]) => all.join('\n') + (ends && all.length > 0 ? '\n' : ''));
  const place = fc.constantFrom({}, { insertafter: '^b' }, { insertbefore: '^a' }, { insertbefore: 'BOF' });
  const wish = fc.oneof(
    fc.constantFrom({ line: 'a=1' }, { line: 'a=2', regexp: '^#?a=' }, { line: 'z', search_string: 'z' }),
    fc.constantFrom({ line: 'a', state: 'absent' }, { regexp: '^#', state: 'absent' }),
    fc.constantFrom({ block: 'x\ny\n' }, { block: 'x', state: 'absent' }),
  );

  it('is met by one edit or refused, and a second edit changes nothing', () => {
    fc.assert(
      fc.property(text, wish, place, fc.boolean(), (before, one, where, firstmatch) => {
        const want = LinesParams.parse({ path: '/x', ...one, ...where, firstmatch });
        const first = edit(before, want);
        if (!('text' in first)) return;
        const second = edit(first.text, want);
        expect('text' in second ? second.text : second.wrong).toBe(first.text);
      }),
    );
  });
});
