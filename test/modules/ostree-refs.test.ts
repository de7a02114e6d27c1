import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Change, ModuleContext } from '../../src/core/module.ts';
import type { Step } from '../../src/core/step.ts';
import { findModule } from '../../src/modules/index.ts';
import { sampleFacts } from './facts-sample.ts';
import { localHost } from './local-host.ts';

const context: ModuleContext = { facts: sampleFacts(), check: false, run: 'r1' };
// Real programs, many of them: only a machine that stands still takes this long.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
const module = findModule('ostree_refs')!;
const base = mkdtempSync(join(tmpdir(), 'copse-ostree-refs-'));
const host = localHost(process.env['PATH'] ?? '/usr/bin:/bin');
const hasOstree = spawnSync('ostree', ['--version']).status === 0;
afterAll(() => rmSync(base, { recursive: true, force: true }));

function sh(text: string, ...values: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', text, 'sh', ...values], { cwd: base, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${text}: ${stderr}`);
  return stdout.trim();
}

/** A new commit of a branch, made at a time in seconds; its checksum. */
function commit(repo: string, branch: string, text: string, time = 1_700_000_000): string {
  mkdirSync(join(base, 'tree/usr'), { recursive: true });
  writeFileSync(join(base, 'tree/usr/file'), text);
  return sh('ostree commit --repo="$1" --tree=dir=tree -b "$2" --timestamp="@$3"', repo, branch, String(time));
}

/** Applies a wish; what was done, what it said would differ, what a second look would do, and the result. */
function apply(args: object): { done: string[]; diff: unknown; left: string[]; result: Record<string, unknown> } {
  const want = module.params.parse(args);
  const look = (): unknown => module.read(host.ask(module.probe(want, context)), want, context);
  const before = look();
  const change = module.plan(want, before, context);
  for (const step of 'steps' in change ? change.steps : []) host.apply(asRun(step));
  const after = look();
  const left = said(module.plan(want, after, context, before));
  return {
    done: said(change),
    diff: 'steps' in change ? change.diff : [],
    left,
    result: module.result?.(want, after, [], context) ?? {},
  };
}

/** A transaction as a plain command: 77 stands for "nothing new" there. */
function asRun(step: Step): Step {
  if (step.do !== 'transaction') return step;
  const { argv } = step.command;
  return { do: 'run', say: step.say, command: { argv: ['sh', '-c', '"$@" || [ $? = 77 ]', 'sh', ...argv] } };
}

function said(change: Change): string[] {
  return 'steps' in change ? change.steps.map((step) => step.say) : [`refused: ${change.refuse}`];
}

function commitsOf(repo: string): string[] {
  const objects = join(base, repo, 'objects');
  return readdirSync(objects)
    .flatMap((two) => readdirSync(join(objects, two)).map((rest) => two + rest))
    .filter((name) => name.endsWith('.commit'))
    .map((name) => name.replace('.commit', ''))
    .toSorted();
}

describe.skipIf(!hasOstree)('on this machine, with its own ostree', () => {
  let made: string[] = [];
  const repo = join(base, 'host');

  beforeAll(() => {
    sh('ostree init --repo=server --mode=archive && ostree init --repo=host --mode=bare-user');
    made = [1, 2, 3].map((count) => commit('server', 'os/stable', `v${count}`, 1_700_000_000 + count));
    sh('ostree remote add --repo=host --no-gpg-verify lab "file://$PWD/server"');
  });

  it('pulls a ref once, and asks nobody afterwards', () => {
    const first = apply({ refs: 'lab:os/stable', repo });
    renameSync(join(base, 'server'), join(base, 'away'));
    const second = apply({ refs: 'lab:os/stable', repo });
    renameSync(join(base, 'away'), join(base, 'server'));

    expect([first.done, first.left]).toEqual([['pull lab:os/stable'], []]);
    expect(first.diff).toEqual([{ label: 'lab:os/stable', before: '', after: 'the newest commit\n' }]);
    expect([second.done, second.result]).toEqual([[], { refs: { 'lab:os/stable': made[2] }, aliases: {} }]);
  });

  it('goes to a certain commit, and back without the network', () => {
    const older = apply({ refs: `lab:os/stable@${made[1]}`, repo });
    renameSync(join(base, 'server'), join(base, 'away'));
    const newer = apply({ refs: [`lab:os/stable@${made[2]}`, `os/proven@${made[1]}`], repo });
    renameSync(join(base, 'away'), join(base, 'server'));

    expect([older.done, older.left]).toEqual([[`pull lab:os/stable@${made[1]}`], []]);
    expect(newer.done).toEqual([
      `move lab:os/stable to ${made[2]?.slice(0, 10)}`,
      `make os/proven to ${made[1]?.slice(0, 10)}`,
    ]);
    expect([newer.left, newer.result['refs']]).toEqual([[], { 'lab:os/stable': made[2], 'os/proven': made[1] }]);
  });

  it('brings a ref to the newest commit of its remote', () => {
    const same = apply({ refs: 'lab:os/stable', update: true, repo });
    made.push(commit('server', 'os/stable', 'v4', 1_700_000_004));
    const newer = apply({ refs: 'lab:os/stable', update: true, repo });

    expect([same.left, same.result['refs']]).toMatchObject([[], { 'lab:os/stable': made[2] }]);
    expect([newer.done, newer.left]).toEqual([['pull lab:os/stable'], []]);
    expect(newer.result['refs']).toMatchObject({ 'lab:os/stable': made[3] });
  });

  it('keeps an alias and its branch apart, and lets both go in the right order', () => {
    const there = apply({ aliases: { 'os/current': 'os/proven', 'deep/er/name': 'os/proven' }, repo });
    const moved = apply({ refs: `os/other@${made[3]}`, aliases: { 'os/current': 'os/other' }, repo });
    const held = apply({ absent: 'os/proven', repo });
    const gone = apply({ absent: ['os/proven', 'deep/er/name', 'no/such'], repo });

    expect([there.done, there.left]).toEqual([
      ['let os/current lead to os/proven', 'let deep/er/name lead to os/proven'],
      [],
    ]);
    expect(there.result['aliases']).toEqual({ 'os/current': 'os/proven', 'deep/er/name': 'os/proven' });
    expect([moved.left, moved.result['aliases']]).toMatchObject([[], { 'os/current': 'os/other' }]);
    expect(held.done).toEqual(['refused: "os/proven" cannot go: the alias "deep/er/name" leads to it']);
    expect([gone.done, gone.left]).toEqual([['remove the ref deep/er/name', 'remove the ref os/proven'], []]);
    expect(gone.result).toMatchObject({
      refs: { 'os/other': made[3], 'lab:os/stable': made[3] },
      aliases: { 'os/current': 'os/other' },
    });
  });

  it('removes a ref and nothing that is called alike', () => {
    apply({ refs: [`os/a@${made[3]}`, `os/ab@${made[3]}`, `os/c/d@${made[3]}`], repo });

    const gone = apply({ absent: ['os/a', 'os/c'], repo });

    expect([gone.done, gone.left]).toEqual([['remove the ref os/a'], []]);
    expect(Object.keys(gone.result['refs'] ?? {}).toSorted()).toEqual(['lab:os/stable', 'os/ab', 'os/c/d', 'os/other']);
  });

  it('prunes what no ref leads to, and tells it before', () => {
    const first = apply({ absent: ['os/ab', 'os/c/d'], prune: {}, repo });

    expect(first.done.at(-1)).toBe(`remove 2 commits from ${repo}`);
    expect([first.left, commitsOf('host')]).toEqual([[], [made[3]]]);
  });

  it('tells that refs cannot be read where a link leads nowhere', () => {
    sh('ln -s nowhere host/refs/heads/lost');
    const want = module.params.parse({ refs: 'lab:os/stable', repo });

    expect(() => module.read(host.ask(module.probe(want, context)), want, context)).toThrow(/cannot be read: error: /);
    rmSync(join(repo, 'refs/heads/lost'), { force: true });
  });

  it('finds no repository in a folder', () => {
    expect(apply({ prune: {}, repo: base }).done).toEqual([`refused: there is no ostree repository at ${base}`]);
  });

  it('keeps exactly the commits that ostree itself keeps', () => {
    const refs = fc.array(fc.nat(5), { minLength: 1, maxLength: 3 });
    const rule = fc.oneof(
      fc.record({ keep: fc.integer({ min: 1, max: 5 }) }),
      fc.record({ days: fc.integer({ min: 0, max: 7 }) }),
    );
    const today = Math.floor(Date.now() / 1000);

    fc.assert(
      fc.property(refs, rule, fc.nat(5), (heads, kept, cut) => {
        sh('rm -rf random && ostree init --repo=random --mode=bare-user');
        // Six commits in two lines, a day and a half apart, the newest made just now.
        const all = [0, 1, 2, 3, 4, 5].map((count) =>
          commit('random', count < cut ? 'one' : 'two', `c${count}`, today - (5 - count) * 130_000),
        );
        heads.forEach((head, index) =>
          sh('ostree refs --repo=random --create="$1" "$2"', `ref${index}`, all[head] ?? ''),
        );
        sh('ostree refs --repo=random --delete one; ostree refs --repo=random --delete two');
        const prune = 'keep' in kept ? kept : { keep_younger_than: `${kept.days * 24 + 1}h` };

        const { diff, left } = apply({ prune, repo: join(base, 'random') });

        const [told] = diff as { after: string }[];
        expect(left).toEqual([]);
        expect(told === undefined ? commitsOf('random') : told.after.trim().split('\n')).toEqual(commitsOf('random'));
      }),
      {
        numRuns: 6,
        examples: [
          [[2, 1], { keep: 2 }, 0],
          [[4, 3, 1], { keep: 2 }, 0],
        ],
      },
    );
  });
});

describe.skipIf(!hasOstree || process.getuid?.() !== 0)('a repository that a system boots from', () => {
  const repo = join(base, 'sysroot/ostree/repo');
  let made: string[] = [];

  beforeAll(() => {
    sh('mkdir sysroot && ostree admin init-fs --modern sysroot && ostree admin os-init --sysroot=sysroot lab');
    sh(`mkdir -p image/usr/lib/modules/6.1 image/usr/etc image/usr/bin
      for name in vmlinuz initramfs.img; do echo "$name" >image/usr/lib/modules/6.1/$name; done
      printf 'ID=lab\\nVERSION="1"\\nNAME=lab\\nPRETTY_NAME=lab\\n' >image/usr/lib/os-release`);
    made = [1, 2].map((count) => {
      writeFileSync(join(base, 'image/usr/version'), String(count));
      return sh('ostree commit --repo=sysroot/ostree/repo -b os/stable --tree=dir=image');
    });
    sh('ostree admin deploy --sysroot=sysroot --os=lab os/stable');
    writeFileSync(join(base, 'image/usr/version'), '3');
    made.push(sh('ostree commit --repo=sysroot/ostree/repo -b os/stable --tree=dir=image'));
  });
  afterAll(() => {
    // What is deployed is marked so that nobody can change it.
    spawnSync('sh', ['-c', 'chattr -R -i "$1" 2>/dev/null; chmod -R u+w "$1"', 'sh', join(base, 'sysroot')]);
  });

  it('keeps no history of its own: every deployment prunes it', () => {
    expect(commitsOf('sysroot/ostree/repo')).toEqual(made.slice(1).toSorted());
  });

  it('is not pruned of what is deployed, and keeps the ref that is followed', () => {
    const right = apply({ prune: {}, repo });
    const followed = apply({ absent: 'os/stable', repo });
    sh('ostree refs --repo=sysroot/ostree/repo --delete ostree');
    const bare = apply({ prune: {}, repo });

    expect(right.done).toEqual([]);
    expect(followed.done).toEqual([
      `refused: "os/stable" is the ref that a deployment follows (${made[1]?.slice(0, 10)})`,
    ]);
    expect(bare.done).toEqual([
      `refused: a deployment is of the commit ${made[1]}, which pruning would remove: no ref leads to it`,
    ]);
    expect(existsSync(join(repo, 'objects', made[1]?.slice(0, 2) ?? '', `${made[1]?.slice(2)}.commit`))).toBe(true);
  });
});
