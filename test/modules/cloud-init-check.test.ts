import { existsSync, readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Answer } from '../../src/core/answer.ts';
import { cloudInitCheck as module } from '../../src/modules/cloud-init-check/index.ts';
import { judge, type Verdict } from '../../src/modules/cloud-init-check/judge.ts';
import { parseStatusFile, parseTool, read } from '../../src/modules/cloud-init-check/read.ts';
import { sampleFacts } from './facts-sample.ts';

function answer(stdout: string): Answer {
  return { code: 0, stdout, stderr: '', bytes: new TextEncoder().encode(stdout) };
}

function verdictOf(...lines: readonly string[]): Verdict {
  return judge(read(answer(`${lines.join('\n')}\n`)));
}

const context = { facts: sampleFacts(), check: false, run: 'r1' };

it('never calls an unfinished boot good, whatever stage and errors it has', () => {
  const stage = fc.record({ errors: fc.array(fc.string()), start: fc.option(fc.nat()), finished: fc.option(fc.nat()) });
  fc.assert(
    fc.property(
      stage,
      fc.constantFrom('init', 'modules-final', null),
      fc.constantFrom('starting', 'running', 'degraded'),
      (one, current, system) => {
        const status = JSON.stringify({ v1: { datasource: null, stage: current, init: one, 'modules-final': one } });
        const verdict = verdictOf('has cloud-init', `status ${status}`, `system ${system}`);
        expect(verdict.state).toBe(system === 'starting' ? 'running' : 'error');
      },
    ),
  );
});

it('looks a second time after waiting, and refuses what came', () => {
  const want = module.params.parse({});
  const running = read(answer('has cloud-init\nstatus {"v1":{"stage":"init"}}\nsystem starting\n'));
  const over = read(
    answer('has cloud-init\nresult {"v1":{"datasource":"DataSourceEc2","errors":["boom"]}}\nsystem running\n'),
  );
  const first = module.plan(want, judge(running), context);
  const second = module.plan(want, judge(over), context, judge(running));

  expect(first).toMatchObject({ verify: true, steps: [{ do: 'wait' }] });
  expect(second).toMatchObject({ refuse: 'the first boot is error: it finished with errors; boom' });
});

it.each([
  ['......status: done\ntime: Thu\n', 'done'],
  ['\nstatus: running\ndetail:\nDataSourceNoCloud\n', 'running'],
  ['status: not run\n', 'not run'],
  ['{"status":"not started","errors":[]}', 'not started'],
  ['Traceback (most recent call last):\n', ''],
])('reads what the tool of any version prints: %j', (text, status) => {
  expect(parseTool(text).status).toBe(status);
});

const fixtures = new URL('../../../shared/fixtures/cloud-init/', import.meta.url).pathname;

function text(folder: string, name: string): string | undefined {
  return existsSync(`${fixtures}${folder}/${name}`) ? readFileSync(`${fixtures}${folder}/${name}`, 'utf8') : undefined;
}

/** What the script of the module would have said on the machine a fixture was captured on. */
function hostOf(folder: string): string {
  const json = (key: string, name: string): string =>
    text(folder, name) === undefined ? '' : `${key} ${(text(folder, name) ?? '').replaceAll('\n', '')}`;
  const units = (text(folder, 'units.txt') ?? '').replaceAll(/^(?!== )(?=\S)/gm, 'of ').replaceAll('== ', 'unit ');
  const listing = text(folder, 'ls.txt') ?? '';
  const systems = JSON.parse(text(folder, 'is-system-running.json') ?? '{}') as { stdout?: string };
  return [
    'has cloud-init',
    / enabled$/m.test(listing) ? 'run enabled' : / disabled$/m.test(listing) ? 'run disabled' : '',
    json('status', 'run-status.json'),
    json('result', 'run-result.json'),
    `cmdline ${(text(folder, 'cmdline.txt') ?? '').trim()}`,
    `system ${(systems.stdout ?? '').trim()}`,
    units,
  ]
    .filter((line) => line !== '')
    .join('\n');
}

describe.skipIf(!existsSync(fixtures))('what real machines left (fixtures of the workplace)', () => {
  it.each([
    ['cloud-init-22.4.2/ok', 'done', 0],
    ['cloud-init-22.4.2/degraded', 'error', 0],
    ['cloud-init-22.4.2/error', 'error', 0],
    ['cloud-init-22.4.2/error-locale', 'error', 0],
    ['cloud-init-22.4.2/disabledcmd', 'disabled', 0],
    ['cloud-init-25.1.4/ok', 'done', 0],
    ['cloud-init-25.1.4/degraded', 'degraded', 1],
    ['cloud-init-25.1.4/badyaml', 'degraded', 3],
    ['cloud-init-25.1.4/fallbacknone', 'degraded', 2],
    ['cloud-init-25.1.4/error', 'error', 2],
    ['cloud-init-25.1.4/long', 'running', 0],
    ['cloud-init-25.1.4/disabledcmd', 'disabled', 0],
  ])('%s is %s', (folder, state, warnings) => {
    const verdict = judge(read(answer(`${hostOf(folder)}\n`)));

    expect({ state: verdict.state, warnings: verdict.warnings.length }).toEqual({ state, warnings });
    expect(verdict.errors.length > 0).toBe(state === 'error');
  });

  it('says of every moment of a boot that it runs until its result is there', () => {
    const folders = ['cloud-init-22.4.2', 'cloud-init-25.1.4'].flatMap((version) =>
      readdirSync(fixtures + version).map((name) => `${version}/${name}`),
    );
    const wrong = folders.flatMap((folder) =>
      readdirSync(fixtures + folder)
        .filter((name) => /^sample-\d+\.json$/.test(name))
        .flatMap((name) => {
          const { stdout, run_status_json: file } = JSON.parse(text(folder, name) ?? '{}') as {
            stdout: string;
            run_status_json?: string | null;
          };
          if (file === null || file === undefined) return [];
          parseStatusFile(file);
          const said = parseTool(stdout).status;
          const { state } = verdictOf('has cloud-init', `status ${file.replaceAll('\n', '')}`, 'system starting');
          return said === 'running' && state !== 'running' ? [`${folder}/${name}: ${state}`] : [];
        }),
    );

    expect(wrong).toEqual([]);
  });

  it('reads the status of every captured call of the tool', () => {
    const said = ['cloud-init-22.4.2', 'cloud-init-25.1.4'].flatMap((version) =>
      readdirSync(fixtures + version).flatMap((name) =>
        ['waitjson.json', 'nonroot.json', 'waitlong.json'].flatMap((file) => {
          const call = text(`${version}/${name}`, file);
          if (call === undefined) return [];
          // A call that was killed by its timeout printed nothing that counts.
          const { stdout, rc } = JSON.parse(call) as { stdout: string; rc: number };
          return rc === 124 ? [] : [[`${version}/${name}/${file}`, parseTool(stdout).status]];
        }),
      ),
    );

    expect(said.filter(([, status]) => !['done', 'error', 'disabled', 'running'].includes(status ?? ''))).toEqual([]);
    expect(said.length).toBeGreaterThan(20);
  });

  it('reads the report of Ignition and the samples of other places', () => {
    const reported = text('reference-only', 'ignition-1326-ignition-result.json') ?? '';
    const { state, provider, userConfig } = verdictOf(`ignition ${reported.replaceAll('\n', ' ')}`, 'system running');
    const empty = parseTool(text('reference-only', 'cloud-init-5903-status-error-without-errors.json') ?? '');

    expect({ state, provider, userConfig }).toEqual({
      state: 'done',
      provider: 'ignition',
      userConfig: expect.any(Boolean) as boolean,
    });
    expect(empty.status).toBe('error');
  });
});
