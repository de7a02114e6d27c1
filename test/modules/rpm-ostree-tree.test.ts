import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { findModule } from '../../src/modules/index.ts';
import { isOrigin } from '../../src/modules/rpm-ostree/base.ts';
import { applyKargs, isSameKargs, kargsDelta, kargsOptions, tokensOf } from '../../src/modules/kargs.ts';
import { isSameBuild, nevraOfName } from '../../src/modules/rpm-ostree/nevra.ts';
import { nevraOfFile } from '../../src/modules/rpm-ostree/rpm-header.ts';
import { policyIn, withPolicy } from '../../src/modules/rpm-ostree-maintenance/policy.ts';
import { sampleFacts } from './facts-sample.ts';
import { rpmFile } from './rpm-file.ts';

const CAPTURES = new URL('../../../shared/fixtures/rpm-ostree/', import.meta.url).pathname;
const CONTEXT = { facts: sampleFacts({ tools: { 'rpm-ostree': '2025.8', ostree: '2025.3' } }), check: false, run: 'r' };

const key = fc.constantFrom('quiet', 'rw', 'console', 'loglevel', 'root');
const token = fc.oneof(
  key,
  fc.tuple(key, fc.constantFrom('1', 'tty0', 'UUID=a-b')).map(([name, value]) => `${name}=${value}`),
);
const wish = fc
  .record({
    append: fc.array(token),
    delete: fc.array(token),
    replace: fc.array(fc.tuple(key, fc.nat(9)).map(([name, value]) => `${name}=${value}`)),
  })
  .filter(({ append, delete: gone, replace }) => {
    const keys = replace.map((one) => one.split('=')[0] ?? '');
    const wished = [...append, ...replace];
    return (
      new Set(keys).size === keys.length &&
      !append.some((one) => keys.includes(one.split('=')[0] ?? '')) &&
      !wished.some((one) => gone.includes(one) || gone.includes(one.split('=')[0] ?? ''))
    );
  });

describe('kernel arguments', () => {
  it('are as wished after the change, whatever was there before, and then nothing is left to change', () => {
    fc.assert(
      fc.property(fc.array(token), wish, (before, wished) => {
        const after = applyKargs(kargsDelta(wished, before), before);

        expect(isSameKargs(kargsDelta(wished, after))).toBe(true);
        for (const one of [...wished.append, ...wished.replace]) expect(after).toContain(one);
      }),
    );
  });

  it('are never deleted and replaced in one call, which rpm-ostree refuses', () => {
    fc.assert(
      fc.property(fc.array(token), wish, (before, wished) => {
        const options = kargsOptions(kargsDelta(wished, before)).map((option) => option.split('=')[0]);

        expect(options.includes('--delete') && options.includes('--replace')).toBe(false);
      }),
    );
  });

  it.each([
    ['a b=c  d="e f" g', ['a', 'b=c', 'd="e f"', 'g']],
    ['', []],
  ])('are words of %j', (line, expected) => {
    expect(tokensOf(line)).toEqual(expected);
  });
});

describe('what is in an RPM file', () => {
  it.each([
    ['tmux-3.5a-2.fc41.x86_64.rpm', 'tmux-3.5a-2.fc41.x86_64'],
    ['a-b-c-1:2.0~rc1-1.noarch.rpm', 'a-b-c-1:2.0~rc1-1.noarch'],
  ])('is read from the header of %s', (name, expected) => {
    expect(nevraOfFile(rpmFile(name))).toBe(expected);
  });

  it('is never guessed from bytes that are cut off or changed', () => {
    const whole = rpmFile('tmux-3.5a-2.fc41.x86_64.rpm');
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
        const changed = Uint8Array.from(whole);
        changed[at] = byte;

        for (const bytes of [whole.slice(0, at), changed]) {
          const found = nevraOfFile(bytes);
          expect(found === undefined || /^[\w.+-]+-[^-]+-[^-]+\.\w+$/.test(found)).toBe(true);
        }
      }),
    );
  });

  it.each([
    ['https://x.test/p/foo-1-2.noarch.rpm?token=a', 'foo-1-2.noarch'],
    ['https://x.test/foo-1-2.noarch.rpm', 'foo-1-2.noarch'],
    ['https://x.test/latest.rpm', undefined],
    ['/srv/foo.rpm', undefined],
  ])('is told by the name %s: %s', (source, expected) => {
    expect(nevraOfName(source)).toBe(expected);
  });

  it.each([
    ['a-1:2-1.x86_64', 'a-2-1.x86_64', true],
    ['a-2-1.x86_64', 'a-2-1.aarch64', false],
    ['a-b-2-1.noarch', 'a-b-2-2.noarch', false],
  ])('%s and %s are the same build: %s', (one, other, expected) => {
    expect(isSameBuild(one, other)).toBe(expected);
  });
});

it.each([
  ['fedora:fedora/41/x86_64/iot', 'fedora/41/x86_64/iot', true],
  ['fedora:fedora/41/x86_64/iot', ':fedora/41/x86_64/iot', true],
  ['fedora:fedora/41/x86_64/iot', 'fedora:', true],
  ['ostree://fedora:a', 'fedora:a', true],
  ['fedora:a', 'other:a', false],
  ['fedora:a', 'fedora:b', false],
  ['ostree-unverified-registry:q/o:1', 'ostree-unverified-image:registry:q/o:1', true],
  ['ostree-remote-registry:r:q/o:1', 'ostree-remote-image:r:docker://q/o:1', true],
  ['ostree-image-signed:docker://q/o:1', 'ostree-unverified-registry:q/o:1', false],
  ['fedora:a', 'ostree-unverified-registry:q/o:1', false],
])('%s is what %s means: %s', (origin, wished, expected) => {
  expect(isOrigin(origin, wished)).toBe(expected);
});

it('a policy that is written is the one that is read, and nothing else of the file changes', () => {
  const line = fc.constantFrom(
    '[Daemon]',
    '[Other]',
    'AutomaticUpdatePolicy=stage',
    '# note',
    'IdleExitTimeout=60',
    '',
  );
  fc.assert(
    fc.property(fc.array(line), fc.constantFrom('none', 'check', 'stage', 'apply'), (lines, policy) => {
      const text = lines.map((one) => `${one}\n`).join('');
      const after = withPolicy(text, policy);

      expect(policyIn(after)).toBe(policy);
      expect(withPolicy(after, policy)).toBe(after);
      for (const one of ['# note', 'IdleExitTimeout=60', '[Other]']) {
        expect(after.split('\n').filter((found) => found === one)).toHaveLength(
          lines.filter((was) => was === one).length,
        );
      }
    }),
  );
});

describe('packages that need a newer image', () => {
  const bin = mkdtempSync(join(tmpdir(), 'copse-skew-'));
  afterAll(() => rmSync(bin, { recursive: true, force: true }));

  /** Runs the step with an rpm-ostree that ends as told and writes its calls down. */
  function run(install: string): { readonly code: number | null; readonly calls: readonly string[] } {
    const log = join(bin, 'calls');
    writeFileSync(log, '');
    writeFileSync(
      join(bin, 'rpm-ostree'),
      `#!/bin/sh\necho "$*" >>'${log}'\n[ "$1" = install ] || exit 0\n${install}\n`,
    );
    chmodSync(join(bin, 'rpm-ostree'), 0o755);
    const module = findModule('rpm_ostree')!;
    const want = module.params.parse({
      packages: ['nmap', 'zsh'],
      absent: 'jq',
      on_skew: 'upgrade',
      activate: 'stage',
    });
    const status = JSON.stringify({
      deployments: [
        { id: 'f-a.0', osname: 'f', checksum: 'a', booted: true, 'requested-packages': ['jq'], packages: ['jq'] },
      ],
      transaction: null,
    });
    const have = module.read(
      { status: { code: 0, stdout: status, stderr: '', bytes: new Uint8Array() } },
      want,
      CONTEXT,
    );
    const change = module.plan(want, have, CONTEXT);
    const [step] = 'steps' in change ? change.steps : [];
    const [, ...words] = step?.do === 'transaction' ? step.command.argv : [];
    const { status: code } = spawnSync('/bin/sh', words, { env: { PATH: `${bin}:${process.env['PATH'] ?? ''}` } });
    return { code, calls: readFileSync(log, 'utf8').trim().split('\n') };
  }

  const INSTALL = 'install -y --idempotent --unchanged-exit-77 --allow-inactive nmap zsh --uninstall jq';

  it('bring it along in one transaction, with the same packages and the same removals', () => {
    const skew =
      "echo 'error: Could not depsolve transaction; 1 problem detected:\n - cannot install both a from updates and b from @System' >&2; exit 1";

    expect(run(skew)).toEqual({
      code: 0,
      calls: [INSTALL, 'upgrade --unchanged-exit-77 --install nmap --install zsh --uninstall jq'],
    });
  });

  it('do not upgrade anything for another failure, nor for none', () => {
    expect(run("echo 'error: Packages not found: zsh' >&2; exit 1")).toEqual({ code: 1, calls: [INSTALL] });
    expect(run('exit 77')).toEqual({ code: 77, calls: [INSTALL] });
    expect(run('exit 0')).toEqual({ code: 0, calls: [INSTALL] });
  });
});

describe.runIf(existsSync(CAPTURES))(
  existsSync(CAPTURES) ? 'captured documents' : 'captured documents are read beside this repository only',
  () => {
    const files = (existsSync(CAPTURES) ? readdirSync(CAPTURES) : []).filter(
      (name) =>
        /^status-.*\.json$/.test(name) && /"booted"\s*:\s*true/.test(readFileSync(join(CAPTURES, name), 'utf8')),
    );

    it.each(files)('%s: what it says of its first deployment needs no change', (name) => {
      const stdout = readFileSync(join(CAPTURES, name), 'utf8');
      const { deployments } = JSON.parse(stdout) as { deployments: Record<string, never>[] };
      const first = deployments[0]!;
      const module = findModule('rpm_ostree')!;
      const origin = first['container-image-reference'] ?? first['origin'];
      const args = {
        activate: 'stage',
        deploy: first['base-checksum'] ?? first['checksum'],
        ...(first['container-image-reference'] === undefined && origin !== undefined ? { rebase: origin } : {}),
        packages: first['requested-packages'] ?? [],
        initramfs: { enable: first['regenerate-initramfs'] ?? false, args: first['initramfs-args'] ?? [] },
        overrides: { remove: first['requested-base-removals'] ?? [] },
      };
      const want = module.params.parse(args);

      const have = module.read({ status: { code: 0, stdout, stderr: '', bytes: new Uint8Array() } }, want, CONTEXT);

      expect(module.plan(want, have, CONTEXT)).toMatchObject({ steps: [] });
    });
  },
);
