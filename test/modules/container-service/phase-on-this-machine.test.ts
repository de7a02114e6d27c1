import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Secret } from '../../../src/core/secret.ts';
import { phaseStep } from '../../../src/modules/container-service/phase.ts';
import { Params } from '../../../src/modules/container-service/schema.ts';

const run = promisify(execFile);
let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'copse-phase-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Runs a setup with this program as the engine; what it would note below /etc goes to the folder. */
async function runSetup(engine: string): Promise<void> {
  const path = join(folder, 'engine');
  await writeFile(path, `#!/bin/sh\n[ "$1" = run ] || exit 0\n${engine}\n`, { mode: 0o755 });
  const otp = join(folder, 'otp');
  const setup = { command: ['/bin/join'], secret: { value: new Secret('one-time'), file: otp } };
  const want = Params.parse({ name: 'app', image: 'quay.io/o/a:1', setup });
  if (want.setup === undefined) throw new Error('the wish has a setup');
  const step = phaseStep('setup', want.setup, want, { name: 'podman', path, version: '5.4.2' }, undefined);
  if ('wrong' in step) throw new Error(step.wrong);
  const [program = '', ...words] = step.command.argv.map((word) =>
    word === '/etc/copse/containers/app/setup' ? join(folder, 'marker') : word,
  );
  const child = run(program, words);
  child.child.stdin?.end('one-time');
  await child;
}

it('a one-time secret in a file is there while the setup runs, and is overwritten before it is removed', async () => {
  await runSetup(
    `cat ${folder}/otp >${folder}/seen; stat -c %a ${folder}/otp >>${folder}/seen; ln ${folder}/otp ${folder}/same`,
  );

  expect(await readFile(join(folder, 'seen'), 'utf8')).toBe('one-time600\n');
  expect(await readFile(join(folder, 'same'), 'utf8')).toBe('\0'.repeat('one-time'.length));
  expect((await readdir(folder)).sort()).toEqual(['engine', 'marker', 'same', 'seen']);
});

it('a setup that fails leaves no secret, and is not noted as done', async () => {
  await expect(runSetup('exit 9')).rejects.toMatchObject({ code: 9 });

  expect(await readdir(folder)).toEqual(['engine']);
});

it('a setup that removes the secret by itself has done nothing wrong', async () => {
  await runSetup(`rm ${folder}/otp`);

  expect((await readdir(folder)).sort()).toEqual(['engine', 'marker']);
});
