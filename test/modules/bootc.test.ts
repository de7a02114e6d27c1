import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Answers } from '../../src/core/answer.ts';
import type { ModuleContext } from '../../src/core/module.ts';
import { explain } from '../../src/modules/bootc/explain.ts';
import { bootc } from '../../src/modules/bootc/index.ts';
import { firstOf, type Deployed } from '../../src/modules/bootc/deployed.ts';
import type { Have } from '../../src/modules/bootc/state.ts';
import { answersOf, type CaseAnswer } from './case-file.ts';
import { sampleFacts } from './facts-sample.ts';

const CAPTURES = new URL('../../../shared/fixtures/rpm-ostree/', import.meta.url).pathname;
const CONTEXT: ModuleContext = { facts: sampleFacts(), check: false, run: 'r' };

function read(status: CaseAnswer, around = ''): Have {
  const answers: Answers = answersOf({ status, around: { stdout: around } });
  // The module's own type of what it has read is hidden from the engine only.
  return bootc.read(answers, bootc.params.parse({ upgrade: true }), CONTEXT) as Have;
}

const show = (one: Deployed | undefined): string =>
  one === undefined
    ? '-'
    : [
        one.image || '(none)',
        one.digest.slice(0, 13),
        one.id.slice(0, 12),
        one.isLayered ? 'layered' : '',
        one.isKept ? 'kept' : '',
      ]
        .filter((word) => word !== '')
        .join(' ');

/** What each capture says: staged, booted, rollback, and what boots next. */
const EXPECTED: Readonly<Record<string, readonly [string, string, string, string]>> = {
  'bootc-spec-booted-pinned.yaml': [
    '-',
    'quay.io/centos-bootc/centos-bootc:stream9 sha256:47e5ed default-439f',
    '-',
    'booted',
  ],
  'bootc-spec-booted-usroverlay.yaml': [
    '-',
    'quay.io/example/someimage:latest sha256:736b35 default-2683',
    '-',
    'booted',
  ],
  'bootc-spec-only-booted.yaml': [
    '-',
    'quay.io/centos-bootc/centos-bootc:stream9 sha256:47e5ed default-439f',
    '-',
    'booted',
  ],
  'bootc-spec-ostree-to-bootc.yaml': [
    'quay.io/centos-bootc/centos-bootc:stream9 sha256:47e5ed default-05cb',
    '(none) default-f9fa',
    '-',
    'staged',
  ],
  'bootc-spec-rfe-ostree-deployment.yaml': ['(none) default-1c24 layered', '(none) default-f9fa', '-', 'staged'],
  'bootc-spec-staged-booted.yaml': [
    'quay.io/example/someimage:latest sha256:16dc2b default-3c6d',
    'quay.io/example/someimage:latest sha256:736b35 default-2683',
    '-',
    'staged',
  ],
  'bootc-spec-staged-rollback.yaml': [
    'quay.io/example/someimage:latest sha256:16dc2b default-3c6d',
    '-',
    'quay.io/example/someimage:latest sha256:736b35 default-2683',
    'staged',
  ],
  'bootc-spec-v1-null.json': ['-', '-', '-', 'none'],
  'bootc-status-fedora-iot44-image-null.json': ['-', '(none) fedora-iot-0', '(none) fedora-iot-3', 'booted'],
};

describe.skipIf(!existsSync(CAPTURES))('what real bootc printed (fixtures of the workplace)', () => {
  const files = existsSync(CAPTURES)
    ? readdirSync(CAPTURES).filter((name) => /^bootc-.*\.(?:yaml|json)$/.test(name) && !name.includes('schema'))
    : [];

  it('is covered file by file', () => {
    expect(files.toSorted()).toEqual(Object.keys(EXPECTED).toSorted());
  });

  it.each(files)('%s', (file) => {
    const { host } = read({ json: parse(readFileSync(CAPTURES + file, 'utf8')) });

    const first = firstOf(host);
    const next = first === undefined ? 'none' : first === host.staged ? 'staged' : 'booted';
    expect([show(host.staged), show(host.booted), show(host.rollback), next]).toEqual(EXPECTED[file]);
  });

  it.each([
    ['tx-bootc-upgrade-layered-refused.txt', 'E_UNSUPPORTED', /layered by rpm-ostree/],
    ['tx-bootc-status-no-space.txt', 'E_SPACE', /file system of the host is full/],
  ])('%s is told for what it is', (file, code, message) => {
    const told = explain({ code: 1, stdout: '', stderr: readFileSync(CAPTURES + file, 'utf8') });

    expect(told).toMatchObject({ code, message: expect.stringMatching(message) as string });
  });
});

it.each([
  ['error: Upgrading: Creating importer: unauthorized: access denied', /does not let the host have the image/],
  ['ERROR Switching: reading manifest lol in quay.io/x: manifest unknown', /no such image or tag/],
  ['error: A signature was required, but no signature exists', /not signed as the policy/],
  ['error: No ostree.final-diffid label found, not an ostree encapsulated container', /no bootable one/],
  ['error: pinging container registry: dial tcp: lookup quay.io: no such host', /registry cannot be reached/],
  ['error: Rollback: No rollback available', /no deployment to go back to/],
  ['error: Soft reboot was required but staged deployment is not soft-reboot capable', /without its kernel/],
  ['error: something new', /bootc failed \(exit 1\): something new/],
])('the failure "%s" is told with what to do next', (stderr, message) => {
  const told = explain({ code: 1, stdout: '', stderr });

  expect(told?.message).toMatch(message);
  expect(told?.hint).toMatch(/\w{4}/);
});

it('a failure without a word keeps the general text', () => {
  expect(explain({ code: 1, stdout: '', stderr: '' })).toBeUndefined();
});
