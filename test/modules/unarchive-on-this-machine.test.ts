import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { ModuleContext } from '../../src/core/module.ts';
import { findModule } from '../../src/modules/index.ts';
import { sampleFacts } from './facts-sample.ts';
import { busyboxTools, localHost } from './local-host.ts';

const base = mkdtempSync(join(tmpdir(), 'copse-unarchive-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const context: ModuleContext = { facts: sampleFacts(), check: false, run: 'r1' };
const unarchive = findModule('unarchive')!;
const busybox = busyboxTools(join(base, 'busybox'));
const hasZip = spawnSync('zip', ['-v']).status === 0 && spawnSync('unzip', ['-v']).status === 0;

/** A folder with `top/`, and a shell in it to pack with the tools of this machine. */
function source(): { readonly folder: string; readonly pack: (...argv: string[]) => void } {
  const folder = mkdtempSync(join(base, 'from '));
  mkdirSync(join(folder, 'top/sub'), { recursive: true });
  writeFileSync(join(folder, "top/sub/it's"), 'one\n', { mode: 0o755 });
  writeFileSync(join(folder, 'top/.hidden'), 'two\n');
  symlinkSync("sub/it's", join(folder, 'top/link'));
  const pack = (program = '', ...words: string[]): void => {
    const ended = spawnSync(program, words, { cwd: folder, encoding: 'utf8' });
    if (ended.status !== 0) throw new Error(ended.stderr);
  };
  return { folder, pack };
}

describe('with the tools of this machine', () => everything(process.env['PATH'] ?? '/usr/bin:/bin', true));

describe.skipIf(busybox === undefined)('with the tools of busybox', () => everything(busybox ?? '', false));

function everything(path: string, isWhole: boolean): void {
  const host = localHost(path);
  const plan = (args: unknown) => {
    const want = unarchive.params.parse(args);
    return unarchive.plan(want, unarchive.read(host.ask(unarchive.probe(want, context)), want, context), context);
  };
  /** The problem of unpacking, or the steps that are left afterwards. */
  const unpack = (args: unknown): unknown => {
    const change = plan(args);
    const [step] = 'steps' in change ? change.steps : [];
    if (step?.do !== 'transaction') return change;
    const [program, ...words] = step.command.argv;
    const { status, stdout, stderr } = spawnSync(program, words, { env: { PATH: path }, encoding: 'utf8' });
    if (status !== 0) return step.explain?.({ code: status, stdout, stderr })?.message;
    const left = plan(args);
    return 'steps' in left ? left.steps : left;
  };
  const target = () => join(mkdtempSync(join(base, 'to ')), 'new/deep');

  it.each([
    ['tar', ['tar', '-cf', 'a.tar', 'top']],
    ['tgz', ['tar', '-czf', 'a.tgz', 'top']],
    ['tar.xz', ['tar', '-cJf', 'a.tar.xz', 'top']],
    ['tar.bz2', ['tar', '-cjf', 'a.tar.bz2', 'top']],
    ...(isWhole ? [['tar.zst', ['tar', '--zstd', '-cf', 'a.tar.zst', 'top']] as const] : []),
  ] as const)('unpacks %s once, without its top folder, and again when it is another one', (suffix, argv) => {
    const { folder, pack } = source();
    const dest = target();
    const want = { src: join(folder, `a.${suffix}`), dest, strip_components: 1 };
    pack(...argv);

    const first = unpack(want);
    writeFileSync(join(dest, 'own'), 'mine');
    writeFileSync(join(folder, 'top/.hidden'), 'three\n');
    pack(...argv);
    const second = unpack(want);

    expect([first, second]).toEqual([[], []]);
    expect(readdirSync(dest).toSorted()).toEqual(
      [`.copse-unarchive-a.${suffix}`, '.hidden', 'link', 'own', 'sub'].toSorted(),
    );
    expect([readFileSync(join(dest, 'link'), 'utf8'), readFileSync(join(dest, '.hidden'), 'utf8')]).toEqual([
      'one\n',
      'three\n',
    ]);
  });

  it.skipIf(!hasZip)('unpacks zip', () => {
    const { folder, pack } = source();
    const dest = target();
    pack('zip', '-qry', 'a.zip', 'top');

    const left = unpack({ src: join(folder, 'a.zip'), dest, creates: join(dest, "top/sub/it's") });

    expect([left, readdirSync(dest)]).toEqual([[], ['top']]);
  });

  it.each([['../out'], ['/tmp/copse-out'], ['top/../../out']])('refuses a member called %s', (name) => {
    const { folder, pack } = source();
    const dest = target();
    writeFileSync(join(folder, 'bad'), 'bad');
    pack('tar', '-cPf', 'a.tar', `--transform=s,^bad$,${name},`, 'top', 'bad');

    const said = unpack({ src: join(folder, 'a.tar'), dest });

    if (isWhole) expect(said).toContain(`its member "${name}" leads out of the folder`);
    expect([existsSync(join(dest, '../out')), existsSync('/tmp/copse-out')]).toEqual([false, false]);
    if (isWhole) expect(readdirSync(dest)).toEqual([]);
  });

  it('writes nothing through a link that the archive brings', () => {
    const { folder, pack } = source();
    const outside = mkdtempSync(join(base, 'outside '));
    symlinkSync(outside, join(folder, 'door'));
    pack('tar', '-cf', 'a.tar', 'door');
    rmSync(join(folder, 'door'));
    mkdirSync(join(folder, 'door'));
    writeFileSync(join(folder, 'door/evil'), 'evil');
    pack('tar', '-rf', 'a.tar', 'door/evil');

    unpack({ src: join(folder, 'a.tar'), dest: target() });

    expect(readdirSync(outside)).toEqual([]);
  });

  it('changes nothing with an archive that is broken', () => {
    const { folder, pack } = source();
    const dest = target();
    pack('tar', '-czf', 'a.tgz', 'top');
    writeFileSync(join(folder, 'a.tgz'), readFileSync(join(folder, 'a.tgz')).subarray(0, 120));

    const said = unpack({ src: join(folder, 'a.tgz'), dest });

    expect([typeof said, readdirSync(dest)]).toEqual(['string', []]);
  });
}
