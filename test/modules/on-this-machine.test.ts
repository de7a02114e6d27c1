import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { Change } from '../../src/core/module.ts';
import { Secret } from '../../src/core/secret.ts';
import { findModule } from '../../src/modules/index.ts';
import { busyboxTools, converge, localHost } from './local-host.ts';

const base = mkdtempSync(join(tmpdir(), 'copse-modules-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const busybox = busyboxTools(join(base, 'busybox'));
const file = findModule('file')!;
const copy = findModule('copy')!;
const command = findModule('command')!;
const waitFor = findModule('wait_for')!;

function steps(change: Change): string[] {
  return 'steps' in change ? change.steps.map((step) => step.say) : [`refused: ${change.refuse}`];
}

function modeOf(path: string): string {
  return (statSync(path).mode & 0o7777).toString(8);
}

let count = 0;
function scratch(): string {
  count += 1;
  const folder = join(base, `case ${count} 'it"s'`);
  mkdirSync(folder);
  chmodSync(folder, 0o755);
  return folder;
}

describe('with the tools of this machine', () => everything(process.env['PATH'] ?? '/usr/bin:/bin'));

describe.skipIf(busybox === undefined)('with the tools of busybox', () => everything(busybox ?? ''));

function everything(path: string): void {
  const host = localHost(path);

  it('makes a folder with its parents, once', () => {
    const at = scratch();

    const { first, second } = converge(host, file, { path: `${at}/a/b`, state: 'directory', mode: '0750' });

    expect([steps(first).length, steps(second)]).toEqual([1, []]);
    expect(modeOf(`${at}/a/b`)).toBe('750');
  });

  it('clears a setgid bit that the folder above hands down', () => {
    const at = scratch();
    chmodSync(at, 0o2755);

    const { second } = converge(host, file, { path: `${at}/a`, state: 'directory', mode: '0755' });

    expect([steps(second), modeOf(`${at}/a`)]).toEqual([[], '755']);
  });

  it('follows a link to a folder, and gives the folder its mode', () => {
    const at = scratch();
    mkdirSync(`${at}/real`, { mode: 0o700 });
    symlinkSync('real', `${at}/link`);

    const { second } = converge(host, file, { path: `${at}/link`, state: 'directory', mode: '0711' });

    expect([steps(second), modeOf(`${at}/real`), lstatSync(`${at}/link`).isSymbolicLink()]).toEqual([[], '711', true]);
  });

  it('brings everything below to its modes, and nothing behind a link', () => {
    const at = scratch();
    mkdirSync(`${at}/tree/x y`, { recursive: true, mode: 0o700 });
    writeFileSync(`${at}/tree/x y/-f`, '', { mode: 0o600 });
    writeFileSync(`${at}/outside`, '', { mode: 0o600 });
    symlinkSync('../outside', `${at}/tree/link`);

    const want = { path: `${at}/tree`, state: 'directory', recurse: true, mode: '0755', file_mode: '0644' };
    const { second } = converge(host, file, want);

    expect(steps(second)).toEqual([]);
    expect(['tree', 'tree/x y', 'tree/x y/-f', 'outside'].map((name) => modeOf(`${at}/${name}`))).toEqual([
      '755',
      '755',
      '644',
      '600',
    ]);
  });

  it('points a link elsewhere', () => {
    const at = scratch();
    mkdirSync(`${at}/1`);
    symlinkSync('1', `${at}/current`);

    const { first, second } = converge(host, file, { path: `${at}/current`, state: 'link', src: '-2 $(x)' });

    expect([steps(first).length, steps(second), readdirSync(`${at}/1`)]).toEqual([1, [], []]);
  });

  it.each([
    ['a file', (at: string) => writeFileSync(`${at}/x`, 'x')],
    ['a broken link', (at: string) => symlinkSync('nowhere', `${at}/x`)],
    ['an empty folder', (at: string) => mkdirSync(`${at}/x`)],
    ['a folder with a hidden file', (at: string) => (mkdirSync(`${at}/x`), writeFileSync(`${at}/x/.h`, ''))],
  ])('removes %s', (_what, make) => {
    const at = scratch();
    make(at);

    const { first, second } = converge(host, file, { path: `${at}/x`, state: 'absent' });

    expect([steps(first).length, steps(second), readdirSync(at)]).toEqual([1, [], []]);
  });

  it('sees what is mounted, and leaves it alone', () => {
    const { first } = converge(host, file, { path: '/proc', state: 'absent' });

    expect(steps(first)).toEqual(['refused: "/proc" is not removed: something is mounted on "/proc"']);
  });

  it('writes a file once, and shows how it differs', () => {
    const at = scratch();
    writeFileSync(`${at}/a`, 'old\nsame\n', { mode: 0o640 });

    const { first, second } = converge(host, copy, { dest: `${at}/a`, content: 'new ä\nsame\n', mode: '0644' });

    expect(first).toMatchObject({ diff: [{ before: 'old\nsame\n', after: 'new ä\nsame\n' }] });
    expect([steps(second), readFileSync(`${at}/a`, 'utf8'), modeOf(`${at}/a`)]).toEqual([[], 'new ä\nsame\n', '644']);
  });

  it('knows a secret that is there already', () => {
    const at = scratch();

    const { first, second } = converge(host, copy, { dest: `${at}/key`, content: new Secret('hunter2'), mode: '0600' });

    expect([steps(first).length, steps(second), JSON.stringify(first).includes('hunter2')]).toEqual([1, [], false]);
  });

  it('replaces nothing when the new content does not pass its check', () => {
    const at = scratch();
    writeFileSync(`${at}/conf`, 'good\n');

    const want = { dest: `${at}/conf`, content: 'bad\n', validate: ['grep', '-q', 'good', '%s'] };

    expect(() => converge(host, copy, want)).toThrow(/check the new content with grep -q good %s: exit 1/);
    expect([readdirSync(at), readFileSync(`${at}/conf`, 'utf8')]).toEqual([['conf'], 'good\n']);
  });

  it('runs a command until what it creates is there', () => {
    const at = scratch();

    const want = { shell: 'mkdir "$1"', args: [`${at}/$(made) "`], creates: `${at}/$(made) "` };
    const { first, second } = converge(host, command, want);

    expect([steps(first).length, steps(second), readdirSync(at)]).toEqual([1, [], ['$(made) "']]);
  });

  it.each([
    ['a path that is there', { path: '/' }, 0],
    ['a path that is not', { path: '/no/such' }, 1],
    ['the absence of a path', { path: '/no/such', state: 'absent' }, 0],
    ['a line of a file', { path: '/proc/self/status', contains: '^Name:' }, 0],
    ['no such line', { path: '/proc/self/status', contains: '^Nothing:' }, 1],
    ['a port nobody listens on', { port: 1 }, 1],
    ['a command that fails', { command: ['false'] }, 1],
    ['a command that fails, as wished', { command: ['false'], state: 'absent' }, 0],
    ['no such program', { command: ['no-such-program'], state: 'absent' }, 'refused'],
  ])('looks for %s', (_what, args, expected) => {
    const want = waitFor.params.parse(args);
    const context = { facts: {} as never, check: false, run: 'r' };
    const change = waitFor.plan(want, waitFor.read(host.ask(waitFor.probe(want, context)), want, context), context);

    expect('steps' in change ? change.steps.length : 'refused').toBe(expected);
  });

  it('finds a port that something listens on', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const want = waitFor.params.parse({ port });

    const { look } = host.ask(waitFor.probe(want, { facts: {} as never, check: false, run: 'r' }));
    server.close();

    expect(look?.code).toBe(0);
  });
}

describe('any wish about a path', () => {
  const host = localHost(process.env['PATH'] ?? '/usr/bin:/bin');
  const name = fc.constantFrom('a', 'b', 'b/c', 'a b', '-x');
  const mode = fc.constantFrom('0755', '0700', '0644', '2775', '0000');
  const wish = fc.oneof(
    fc.record({ name, state: fc.constant('directory'), mode }),
    fc.record({ name, state: fc.constant('touch'), mode }),
    fc.record({ name, state: fc.constant('link'), src: name, force: fc.boolean() }),
    fc.record({ name, state: fc.constant('absent') }),
    fc.record({ name, mode }),
  );

  /** A folder above that is missing is the one thing a plan leaves to the step, as an earlier task may make it. */
  function tryConverge(args: object): ReturnType<typeof converge> {
    try {
      return converge(host, file, args);
    } catch (error) {
      if (!/No such file|ENOENT/.test(String(error))) throw error;
      return { first: { refuse: 'no folder' }, second: { refuse: 'no folder' } };
    }
  }

  it('is met by its steps or refused, and then there is nothing left to do', () => {
    fc.assert(
      fc.property(fc.array(wish, { minLength: 1, maxLength: 6 }), (wishes) => {
        const at = scratch();
        for (const { name: entry, ...rest } of wishes) {
          const { first, second } = tryConverge({ path: `${at}/${entry}`, ...rest });
          if ('steps' in first) expect(steps(second)).toEqual([]);
        }
      }),
      { numRuns: 25 },
    );
  });
});
