import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { script } from '../../src/core/command.ts';
import type { Change, ModuleContext } from '../../src/core/module.ts';
import { BUILD, buildWords, wishDigest } from '../../src/modules/ostree-compose/build.ts';
import { explain } from '../../src/modules/ostree-compose/explain.ts';
import { Params } from '../../src/modules/ostree-compose/schema.ts';
import { unitFiles } from '../../src/modules/ostree-compose/units.ts';
import { findModule } from '../../src/modules/index.ts';
import { sampleFacts } from './facts-sample.ts';
import { localHost } from './local-host.ts';

const context: ModuleContext = { facts: sampleFacts(), check: false, run: 'r1' };
// Real programs, many of them: only a machine that stands still takes this long.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });
const module = findModule('ostree_compose')!;
const hasTools = ['ostree', 'gpg', 'git'].every((tool) => spawnSync(tool, ['--version']).status === 0);
const base = mkdtempSync(join(tmpdir(), 'copse-ostree-compose-'));
const home = join(base, 'gnupg');
const path = `${join(base, 'bin')}:${process.env['PATH'] ?? '/usr/bin:/bin'}`;
const host = localHost(path);

afterAll(() => {
  spawnSync('gpgconf', ['--homedir', home, '--kill', 'gpg-agent']);
  rmSync(base, { recursive: true, force: true });
});

function sh(text: string, ...values: readonly string[]): string {
  const env = { PATH: path, HOME: base, GIT_CONFIG_NOSYSTEM: '1' };
  const { status, stdout, stderr } = spawnSync('sh', ['-c', text, 'sh', ...values], {
    cwd: base,
    env,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${text}: exit ${String(status)}: ${stderr}`);
  return stdout.trim();
}

interface Applied {
  /** What was done; a build is shown with its exit status when that is not 0. */
  readonly done: readonly string[];
  readonly left: readonly string[];
  readonly result: Record<string, unknown>;
  /** What a failed build is told as. */
  readonly failure: string | undefined;
}

function said(change: Change): string[] {
  return 'steps' in change ? change.steps.map((step) => step.say) : [`refused: ${change.refuse}`];
}

/** Applies a wish with the stand-in for rpm-ostree. */
function apply(args: object): Applied {
  const want = module.params.parse(args);
  const look = (): unknown => module.read(host.ask(module.probe(want, context)), want, context);
  const before = look();
  const change = module.plan(want, before, context);
  const done: string[] = [];
  let failure: string | undefined;
  for (const step of 'steps' in change ? change.steps : []) {
    if (step.do !== 'transaction') {
      host.apply(step);
      done.push(step.say);
      continue;
    }
    const [program, ...words] = step.command.argv;
    const { status, stdout, stderr } = spawnSync(program, words, { env: { PATH: path, HOME: base }, encoding: 'utf8' });
    const isGood = status === 0 || (status !== null && step.unchangedCodes?.includes(status) === true);
    if (!isGood) failure = step.explain?.({ code: status, stdout, stderr })?.message;
    done.push(status === 0 ? step.say : `${step.say}: exit ${String(status)}`);
  }
  const after = look();
  const result = module.result?.(want, after, [], context) ?? {};
  return { done, left: said(module.plan(want, after, context, before)), result, failure };
}

/** A treefile beside a folder with the tree. */
function writeTree(folder: string, packages: string, text: string): void {
  mkdirSync(join(folder, 'tree/usr'), { recursive: true });
  writeFileSync(join(folder, 'host.json'), `{\n  "ref": "os/x86_64/host",\n  "packages": ${packages}\n}\n`);
  writeFileSync(join(folder, 'tree/usr/file'), text);
}

describe.skipIf(!hasTools)('with a stand-in for rpm-ostree, and ostree, gpg and git of this machine', () => {
  let key = '';
  const common = { ref: 'os/x86_64/host', cachedir: join(base, 'cache') };
  beforeAll(() => {
    mkdirSync(home, { mode: 0o700 });
    mkdirSync(join(base, 'bin'));
    copyFileSync(
      fileURLToPath(new URL('../support/rpm-ostree-compose.sh', import.meta.url)),
      join(base, 'bin/rpm-ostree'),
    );
    chmodSync(join(base, 'bin/rpm-ostree'), 0o755);
    sh('gpg --homedir "$1" --batch --quiet --passphrase "" --quick-gen-key Build rsa2048 sign never 2>/dev/null', home);
    key = sh('gpg --homedir "$1" --with-colons --list-secret-keys 2>/dev/null | sed -n "s/^fpr:*//p"', home).slice(
      0,
      40,
    );
  });

  it('a tree is composed once, and again only when its files differ', () => {
    const [folder, repo] = [join(base, 'plain/config'), join(base, 'plain/repo')];
    writeTree(folder, '["bash"]', 'one');
    sh('ostree init --repo="$1" --mode=archive', repo);
    const wish = { ...common, treefile: join(folder, 'host.json'), repo, name: 'plain' };

    const first = apply(wish);
    writeTree(folder, '["bash", "vim"]', 'one');
    const second = apply(wish);
    writeFileSync(join(folder, 'README'), 'of no effect');
    const third = apply(wish);
    const asked = apply({ ...wish, rebuild: 'always' });

    expect([first.done, first.left]).toEqual([['compose os/x86_64/host: there is no commit yet'], []]);
    expect([second.done, second.left]).toEqual([
      ['compose os/x86_64/host: files differ from those of the last time'],
      [],
    ]);
    expect(first.result['commit']).not.toBe(second.result['commit']);
    expect([third.done, third.left]).toEqual([
      ['compose os/x86_64/host: files differ from those of the last time: exit 77'],
      [],
    ]);
    expect(third.result['commit']).toBe(second.result['commit']);
    expect([asked.done, asked.left]).toEqual([['compose os/x86_64/host: there may be newer packages: exit 77'], []]);
    expect(sh('ostree cat --repo="$1" os/x86_64/host /usr/share/packages', repo)).toBe('["bash", "vim"]');
  });

  it('what is composed is signed, has deltas and a signed summary; a key that is named later signs without a compose', () => {
    const [folder, repo] = [join(base, 'signed/config'), join(base, 'signed/repo')];
    writeTree(folder, '[]', 'one');
    sh('ostree init --repo="$1" --mode=archive', repo);
    const wish = { ...common, treefile: join(folder, 'host.json'), repo, name: 'signed' };
    const whole = { ...wish, sign: { key, home }, deltas: {}, keep: 2 };
    const one = String(apply(wish).result['commit']);

    const signed = apply(whole);
    writeTree(folder, '[]', 'two');
    const two = String(apply(whole).result['commit']);
    writeTree(folder, '[]', 'three');
    const last = apply(whole);
    const three = String(last.result['commit']);

    expect(signed.done).toEqual(['compose os/x86_64/host: the parameters differ from those of the last time']);
    expect([signed.left, signed.result['commit'], last.left]).toEqual([[], one, []]);
    const repository = findModule('ostree_repo')!;
    const also = repository.params.parse({ path: repo, sign: { key, home }, deltas: {}, keep: 2 });
    const have = repository.read(host.ask(repository.probe(also, context)), also, context);
    expect(repository.plan(also, have, context)).toMatchObject({ steps: [] });
    expect(repository.result?.(also, have, [], context)).toMatchObject({ unsigned: [], refs: { [common.ref]: three } });
    expect(sh('ostree static-delta list --repo="$1" | sort', repo).split('\n')).toEqual(
      expect.arrayContaining([three, `${two}-${three}`]),
    );
  });

  it('a build that was cut off before its signature is finished by the next', () => {
    const [folder, repo] = [join(base, 'cut/config'), join(base, 'cut/repo')];
    writeTree(folder, '[]', 'one');
    sh('ostree init --repo="$1" --mode=archive', repo);
    const wish = { ...common, treefile: join(folder, 'host.json'), repo, name: 'cut', sign: { key, home } };
    sh('mkdir -p cache; rpm-ostree compose tree --repo="$1" --cachedir=cache "$2"', repo, wish.treefile);

    const { done, left } = apply(wish);

    expect([done, left]).toEqual([['compose os/x86_64/host: files differ from those of the last time'], []]);
    expect(sh('ls "$1"/summary "$1"/summary.sig | wc -l', repo)).toBe('2');
  });

  it('files of this machine are copied first, hostile names are only names', () => {
    const repo = join(base, 'copied/repo');
    mkdirSync(join(base, 'copied'));
    sh('ostree init --repo="$1" --mode=archive', repo);
    const text = '{\n  "ref": "os/x86_64/host",\n  "packages": ["$(touch /no)"]\n}\n';
    const local = (name: string, content: string): object => ({
      path: `/home/me/trees/${name}`,
      bytes: new TextEncoder().encode(content),
      mode: '0644',
    });
    const treefile = join(base, 'copied/my config; $(id)/host.json');
    const files = [local('host.json', text), local("it's $(id) ä.repo", '[x]\n')];

    const first = apply({ ...common, treefile, repo, name: 'copied', files });
    const second = apply({ ...common, treefile, repo, name: 'copied', files });

    expect(first.done).toHaveLength(4);
    expect([first.left, second.done]).toEqual([[], []]);
    expect(sh('ostree cat --repo="$1" os/x86_64/host /usr/share/packages', repo)).toBe('["$(touch /no)"]');
  });

  it('a branch of git is followed, a commit is not, and what was changed by hand is lost', () => {
    const [origin, tree, repo] = [join(base, 'git/origin'), join(base, 'git/tree'), join(base, 'git/repo')];
    mkdirSync(origin, { recursive: true });
    const commit = (text: string): string => {
      writeTree(origin, '[]', text);
      return sh(
        'cd "$1" && git init -q -b f28 2>/dev/null; git add -A && git -c user.name=a -c user.email=a@b commit -qm x && git rev-parse HEAD',
        origin,
      );
    };
    const one = commit('one');
    sh('ostree init --repo="$1" --mode=archive', repo);
    const wish = { ...common, treefile: join(tree, 'host.json'), repo, name: 'git' };
    const at = (revision: string): object => ({ ...wish, git: { url: origin, revision, path: tree } });

    const first = apply(at('f28'));
    const two = commit('two');
    const second = apply(at('f28'));
    writeFileSync(join(tree, 'tree/usr/file'), 'by hand');
    const third = apply(at('f28'));
    const back = apply(at(one));

    expect([first.done, first.left, first.result['revision']]).toEqual([
      ['compose os/x86_64/host: there is no commit yet'],
      [],
      one,
    ]);
    expect([second.done.length, second.left, second.result['revision']]).toEqual([1, [], two]);
    expect([third.done.length, third.left]).toEqual([1, []]);
    expect([back.left, back.result['revision']]).toEqual([[], one]);
    expect(apply(at('no-such')).left).toEqual([`refused: "${origin}" has no branch or tag "no-such"`]);
    expect(apply({ ...wish, git: { url: `${origin}-no`, path: tree } }).left).toEqual([
      `refused: git cannot read "${origin}-no"`,
    ]);
  });

  it('a package that nobody has is told, and nothing is published', () => {
    const [folder, repo] = [join(base, 'bad/config'), join(base, 'bad/repo')];
    writeTree(folder, '["missing"]', 'one');
    sh('ostree init --repo="$1" --mode=archive', repo);
    const wish = { ...common, treefile: join(folder, 'host.json'), repo, name: 'bad' };

    expect(apply(wish).failure).toBe('rpm-ostree cannot compose: no repository has missing');
    writeTree(folder, '[]', 'one');
    expect(apply({ ...wish, ref: 'os/other' }).failure).toBe(
      'rpm-ostree composed, and there is no ref "os/other" in the repository',
    );
    expect(apply({ ...wish, options: ['--ex-no-such=1'] }).failure).toBe(
      'rpm-ostree cannot compose: this rpm-ostree does not know --ex-no-such=1',
    );
  });

  it('the script of the timer does what the task does, with the values quoted in it', () => {
    const [folder, repo] = [join(base, "it's a $(timer)/config"), join(base, "it's a $(timer)/repo")];
    writeTree(folder, '[]', 'one');
    sh('ostree init --repo="$1" --mode=archive', repo);
    const wish = { ...common, treefile: join(folder, 'host.json'), repo, name: 'timer', sign: { key, home } };
    const want = Params.parse({ ...wish, timer: {} });
    const [file] = unitFiles(want, want.timer!, '2025.5');
    writeFileSync(join(base, 'timer.sh'), file?.text ?? '');

    const first = sh('sh timer.sh; echo "ended $?"');
    const second = sh('sh timer.sh; echo "ended $?"');

    expect([/ended (\d+)$/.exec(first)?.[1], /ended (\d+)$/.exec(second)?.[1]]).toEqual(['0', '77']);
    expect(apply(wish).done).toEqual([]);
    expect(sh('sh -n timer.sh; dash -n timer.sh 2>/dev/null || :; echo fine')).toBe('fine');
  });
});

describe('why a build failed', () => {
  const want = Params.parse({
    treefile: '/srv/build/config/host.json',
    ref: 'os/host',
    repo: '/srv/repo',
    cachedir: '/srv/build/cache',
    git: { url: 'https://git.example/x.git', revision: 'f28', path: '/srv/build/config' },
    sign: { key: '128CF232A9371991C8A65695E08E7E629DB62FB1' },
  });

  it.each([
    [
      64,
      'fatal: unable to access',
      'git cannot bring f28 of https://git.example/x.git: fatal: unable to access',
      undefined,
    ],
    [
      70,
      "error: Updating rpm-md repo 'fedora': cannot download",
      'rpm-ostree cannot compose: the package repository "fedora" cannot be read',
      undefined,
    ],
    [
      70,
      'error: Could not depsolve transaction; 1 problem',
      'rpm-ostree cannot compose: the packages of the treefile do not fit together',
      undefined,
    ],
    [
      70,
      'error: fallocate: No space left on device',
      'rpm-ostree cannot compose: there is not enough space on the host',
      'E_SPACE',
    ],
    [70, 'error: This command requires root', 'rpm-ostree cannot compose: This command requires root', undefined],
    [
      69,
      'error: gpg: No agent',
      'the commit is composed and cannot be signed with 128CF232A9371991C8A65695E08E7E629DB62FB1: gpg: No agent',
      undefined,
    ],
    [71, 'error: opendir', 'the build failed (exit 71): opendir', undefined],
    [null, '', 'the build failed (exit unknown): ', undefined],
  ])('%s %s', (code, stderr, message, problem) => {
    const found = explain(want)({ code, stdout: '', stderr });

    expect([found?.message, found?.code]).toEqual([message, problem]);
    expect(found?.hint).not.toBe('');
  });

  it('is asked as one script whose values are never part of its text', () => {
    const { argv } = script(BUILD, ...buildWords(want, '2018.6'));

    expect(argv[2]).toBe(BUILD);
    expect(argv.slice(-3)).toEqual(['--repo=/srv/repo', '--cachedir=/srv/build/cache', '/srv/build/config/host.json']);
    expect(buildWords(want, '2018.7')).toContain('--unified-core');
  });
});

describe('the timer', () => {
  const args = {
    treefile: '/srv/build/config/host.json',
    ref: 'os/host',
    repo: '/srv/100% ours',
    cachedir: '/srv/build/cache',
    name: 'nightly',
    timer: { on_calendar: 'Mon..Fri 02:30', randomized_delay: '30m' },
  };
  const want = Params.parse(args);
  const answer = (lines: readonly string[]): Parameters<typeof module.read>[0] => {
    const note = `note 1 ${wishDigest(want)}`;
    const stdout = ['version 2025.5', 'treefile yes', 'inputs 1', note, 'repo yes', 'head a', ...lines, 'end', ''].join(
      '\n',
    );
    return { compose: { code: 0, stdout, stderr: '', bytes: new Uint8Array() } };
  };
  const planned = (lines: readonly string[]): Change =>
    module.plan(want, module.read(answer(lines), want, context), context);
  const files = unitFiles(want, want.timer!, '2025.5');
  const written = files.map(({ path: at, text }) => `unit-file ${Buffer.from(text).toString('base64')} ${at}`);
  const up = ['timer ActiveState=active', 'timer UnitFileState=enabled', 'timer NeedDaemonReload=no'];

  it('has a script, a service and a clock, and is enabled and started', () => {
    expect(said(planned([]))).toEqual([
      'make the folder /etc/copse/compose',
      'write /etc/copse/compose/nightly',
      'write /etc/systemd/system/nightly.service',
      'write /etc/systemd/system/nightly.timer',
      'let systemd read its files again',
      'enable nightly.timer',
      'start nightly.timer',
    ]);
    expect(files.map(({ mode }) => mode)).toEqual(['0755', '0644', '0644']);
    expect(files[1]?.text).toMatch(/^Description=Compose os\/host into \/srv\/100%% ours$/m);
    expect(files[1]?.text).toMatch(/^ExecStart=\/bin\/sh \/etc\/copse\/compose\/nightly$/m);
    expect(files[2]?.text).toMatch(/^OnCalendar=Mon\.\.Fri 02:30\nRandomizedDelaySec=1800\nPersistent=true$/m);
  });

  it('is left alone when it is so, and started when it is not', () => {
    expect(said(planned([...written, ...up]))).toEqual([]);
    expect(said(planned([...written, 'timer ActiveState=inactive', ...up.slice(1)]))).toEqual(['start nightly.timer']);
    expect(said(planned([...written, ...up, 'service NeedDaemonReload=yes']))).toEqual([
      'let systemd read its files again',
      'start nightly.timer',
    ]);
    expect(said(planned([...written.slice(1), ...up]))).toEqual([
      'make the folder /etc/copse/compose',
      'write /etc/copse/compose/nightly',
    ]);
  });

  it('whose last build failed is told with where to look', () => {
    const change = planned([...written, ...up, 'service Result=exit-code']);

    expect(change).toEqual({
      steps: [],
      diff: [],
      notes: ['the last build by the timer failed (exit-code): "journalctl -u nightly" on the host says why'],
    });
  });
});
