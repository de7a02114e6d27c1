import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Change, ModuleContext } from '../../src/core/module.ts';
import type { Step } from '../../src/core/step.ts';
import { findModule } from '../../src/modules/index.ts';
import { sampleFacts } from './facts-sample.ts';
import { localHost } from './local-host.ts';

const context: ModuleContext = { facts: sampleFacts(), check: false, run: 'r1' };
// Real programs, many of them: only a machine that stands still takes this long.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
const module = findModule('ostree_repo')!;
const hasTools = ['ostree', 'gpg'].every((tool) => spawnSync(tool, ['--version']).status === 0);
const base = mkdtempSync(join(tmpdir(), 'copse-ostree-repo-'));
const home = join(base, 'gnupg');
const host = localHost(process.env['PATH'] ?? '/usr/bin:/bin');

afterAll(() => {
  spawnSync('gpgconf', ['--homedir', home, '--kill', 'gpg-agent']);
  rmSync(base, { recursive: true, force: true });
});

function sh(text: string, ...values: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', text, 'sh', ...values], { cwd: base, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${text}: ${stderr}`);
  return stdout.trim();
}

/** A new commit of a ref; its checksum. */
function commit(repo: string, ref: string, text: string): string {
  mkdirSync(join(base, 'tree/usr'), { recursive: true });
  writeFileSync(join(base, 'tree/usr/file'), text);
  return sh('ostree commit --repo="$1" --tree=dir=tree -b "$2" -s test', repo, ref);
}

function planned(args: object): Change {
  const want = module.params.parse(args);
  return module.plan(want, module.read(host.ask(module.probe(want, context)), want, context), context);
}

function said(change: Change): string[] {
  return 'steps' in change ? change.steps.map((step) => step.say) : [`refused: ${change.refuse}`];
}

/** Applies a wish; what was done, what a second look would do, and the result. */
function apply(args: object): { done: string[]; left: string[]; result: Record<string, unknown> } {
  const want = module.params.parse(args);
  const before = module.read(host.ask(module.probe(want, context)), want, context);
  const change = module.plan(want, before, context);
  const steps: readonly Step[] = 'steps' in change ? change.steps : [];
  for (const step of steps) host.apply(step.do === 'transaction' ? { ...step, do: 'run' } : step);
  const after = module.read(host.ask(module.probe(want, context)), want, context);
  const result = module.result?.(want, after, [], context) ?? {};
  return { done: said(change), left: said(module.plan(want, after, context, before)), result };
}

describe.skipIf(!hasTools)('on this machine, with its own ostree and gpg', () => {
  let key = '';
  beforeAll(() => {
    mkdirSync(home, { mode: 0o700 });
    const make = 'gpg --homedir "$1" --batch --quiet --passphrase "" --quick-gen-key "$2" "$3" sign never 2>/dev/null';
    sh(make, home, 'Build <build@example.test>', 'rsa2048');
    key = sh('gpg --homedir "$1" --with-colons --list-secret-keys 2>/dev/null | sed -n "s/^fpr:*//p"', home).slice(
      0,
      40,
    );
  });

  it('a repository is made with its configuration, and there is nothing left to do', () => {
    const path = join(base, 'made/in/here');
    const wish = { path, config: { 'core.min-free-space-percent': 0, 'archive.zlib-level': '9' } };

    const { done, left, result } = apply(wish);

    expect(done).toEqual([
      `make the repository ${path}`,
      'set core.min-free-space-percent, archive.zlib-level',
      'write the summary: there is none',
    ]);
    expect(left).toEqual([]);
    expect(result).toMatchObject({ refs: {}, deltas: 0, unsigned: [] });
    expect(readFileSync(join(path, 'config'), 'utf8')).toContain('zlib-level=9');
  });

  it('a commit is signed, gets deltas and a signed summary, and then there is nothing left to do', () => {
    const path = join(base, 'signed');
    apply({ path });
    const first = commit(path, 'os/stable', '1');
    const second = commit(path, 'os/stable', '2');
    const wish = { path, sign: { key, home }, deltas: {}, fsck: 'changed' };

    const { done, left, result } = apply(wish);

    expect(done).toEqual([
      `sign os/stable (${second.slice(0, 10)}) with ${key}`,
      `make the delta of os/stable (${second.slice(0, 10)}) from nothing`,
      `make the delta of os/stable (${second.slice(0, 10)}) from ${first.slice(0, 10)}`,
      'write the summary: refs have changed',
      'read and verify every object',
    ]);
    expect(left).toEqual([]);
    expect(result).toMatchObject({ refs: { 'os/stable': second }, unsigned: [], deltas: 2, key });
    expect(said(planned({ path, verify: { key: key.slice(24).toLowerCase(), home } }))).toEqual([]);
    expect(sh('ostree static-delta list --repo="$1" | sort', path).split('\n').sort()).toEqual(
      [second, `${first}-${second}`].sort(),
    );
  });

  it('a client pulls what was published, by its signatures, and refuses what somebody changed', () => {
    const [build, path, client] = [join(base, 'build'), join(base, 'published'), join(base, 'client')];
    apply({ path: build, mode: 'bare-user' });
    const head = commit(build, 'os/next', 'one');
    apply({ path: build, mode: 'bare-user', sign: { key, home } });
    sh('gpg --homedir "$1" --export >pub.gpg 2>/dev/null', home);
    const wish = { path, from: build, refs: 'os/next', sign: { key, home }, deltas: { previous: 2 } };

    const { done, left } = apply(wish);
    const pull = `ostree init --repo="$1" --mode=bare-user
      ostree remote add --repo="$1" --set=gpg-verify=true --set=gpg-verify-summary=true --gpg-import=pub.gpg r "file://$2" >/dev/null
      ostree pull --repo="$1" r os/next >/dev/null && ostree rev-parse --repo="$1" r:os/next`;

    expect(done).toEqual([
      `make the repository ${path}`,
      `pull os/next from ${build}`,
      `make the delta of os/next (${head.slice(0, 10)}) from nothing`,
      'write the summary: there is none',
    ]);
    expect(left).toEqual([]);
    expect(sh(pull, client, path)).toBe(head);

    const next = commit(build, 'os/next', 'two');
    const again = apply(wish);
    expect(again.done).toEqual([
      `pull os/next from ${build}`,
      `sign os/next (${next.slice(0, 10)}) with ${key}`,
      `make the delta of os/next (${next.slice(0, 10)}) from nothing`,
      `make the delta of os/next (${next.slice(0, 10)}) from ${head.slice(0, 10)}`,
      'write the summary: refs have changed',
    ]);
    expect([again.left, sh(pull.slice(pull.indexOf('ostree pull')), client, path)]).toEqual([[], next]);

    sh(
      `cp "$1/summary.sig" kept.sig; ostree summary -u --repo="$1" --add-metadata="changed='yes'"; cp kept.sig "$1/summary.sig"`,
      path,
    );
    expect(said(planned(wish))).toEqual(['write the summary: it has no good signature']);
  });

  it('a signature of something else, or by another key, is none', () => {
    const path = join(base, 'forged');
    const other = join(base, 'other');
    apply({ path });
    apply({ path: other });
    const mine = commit(path, 'os', 'mine');
    const theirs = commit(other, 'os', 'theirs');
    apply({ path: other, sign: { key, home } });
    const file = (repo: string, sum: string): string =>
      join(repo, 'objects', sum.slice(0, 2), `${sum.slice(2)}.commitmeta`);
    writeFileSync(file(path, mine), readFileSync(file(other, theirs)));

    expect(said(planned({ path, verify: { key, home } }))).toEqual([`refused: no good signature of ${key} on "os"`]);
    expect(apply({ path, sign: { key, home } }).left).toEqual([]);
    expect(said(planned({ path: other, verify: { key, home } }))).toEqual([]);
    expect(said(planned({ path: other, verify: { key: '0123456789ABCDEF', home } }))).toEqual([
      `refused: ${home} has no public key 0123456789ABCDEF`,
    ]);
  });

  it('an expired key is told before anything is signed with it', () => {
    const path = join(base, 'expired');
    const old = join(base, 'old');
    mkdirSync(old, { mode: 0o700 });
    sh(
      'gpg --homedir "$1" --batch --quiet --faked-system-time 20200101T000000 --passphrase "" --quick-gen-key Old rsa2048 sign 1d 2>/dev/null',
      old,
    );
    const fingerprint = sh(
      'gpg --homedir "$1" --with-colons --list-secret-keys 2>/dev/null | sed -n "s/^fpr:*//p"',
      old,
    ).slice(0, 40);
    apply({ path });
    commit(path, 'os', 'x');

    const change = planned({ path, sign: { key: fingerprint, home: old } });
    sh('gpgconf --homedir "$1" --kill gpg-agent', old);

    expect(said(change)).toEqual([`refused: the key ${fingerprint} has expired or was revoked`]);
  });

  it('old commits go, also those no ref leads to, and the newest stay', () => {
    const path = join(base, 'pruned');
    apply({ path });
    const commits = ['1', '2', '3', '4'].map((text) => commit(path, 'os/a', text));
    commit(path, 'os/b', 'b');
    const lost = commit(path, 'os/lost', 'lost');
    sh('ostree refs --repo="$1" --delete os/lost', path);

    const { done, left, result } = apply({ path, keep: 2 });

    expect(done).toEqual(['remove 3 commits beyond the newest 2 of each ref', 'write the summary: refs have changed']);
    expect(left).toEqual([]);
    expect(Object.keys(result['refs'] as object)).toEqual(['os/a', 'os/b']);
    const has = (sum: string): boolean => existsSync(join(path, 'objects', sum.slice(0, 2), `${sum.slice(2)}.commit`));
    expect([...commits, lost].map(has)).toEqual([false, false, true, true, false]);
  });

  it('configuration that ostree cannot read is taken back', () => {
    const path = join(base, 'configured');
    apply({ path, config: { 'core.min-free-space-percent': 3 } });
    const former = readFileSync(join(path, 'config'), 'utf8');

    expect(() => apply({ path, config: { 'ex-fsverity.required': 'x; touch /no' } })).toThrow(/exit 65/);
    expect([readFileSync(join(path, 'config'), 'utf8'), readdirSync(path).includes('config.copse')]).toEqual([
      former,
      false,
    ]);
  });

  it('a damaged object is found', () => {
    const path = join(base, 'damaged');
    apply({ path });
    commit(path, 'os', 'whole');
    apply({ path });
    expect(apply({ path, fsck: 'always' }).done).toEqual(['read and verify every object']);
    sh('for f in "$1"/objects/*/*.dirmeta; do printf x >"$f"; done', path);

    expect(() => apply({ path, fsck: 'always' })).toThrow(/exit 1/);
  });
});
