import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { explain } from '../../../src/modules/lvm/explain.ts';
import { readReport } from '../../../src/modules/lvm-report.ts';
import { answerOf, fixtures, fixturesOf, hasFixtures, reportOf, understood } from './fixtures.ts';
import states from './fixture-states.json' with { type: 'json' };

type States = Readonly<Record<string, unknown>>;

const base: States = states['lvm2-2.03.16'];
const later: States = states['differs in lvm2-2.03.31'];

// The captured outputs lie beside the repository (../shared/fixtures/lvm); elsewhere these tests are skipped.
describe.skipIf(!hasFixtures).each(['lvm2-2.03.16', 'lvm2-2.03.31'])('every output captured from %s', (version) => {
  it.each(hasFixtures ? fixturesOf(version) : [])('is understood as expected: %s', (name, fixture) => {
    const expected = version === 'lvm2-2.03.31' && name in later ? later[name] : base[name];

    expect(understood(fixture) ?? null).toEqual(expected ?? null);
  });
});

function reference(name: string): string {
  return readFileSync(join(fixtures, 'reference-only', name), 'utf8');
}

describe.skipIf(!hasFixtures)('outputs of other hosts', () => {
  it.each([
    ['insights-fullreport-empty.json', 0, 0, 0],
    ['insights-fullreport-two-vgs-shortened.json', 2, 2, 2],
    ['insights-fullreport-rhel8-warning-in-middle.txt', 1, 2, 2],
    ['insights-fullreport-warning-before-json-shortened.txt', 2, 2, 2],
    ['insights-fullreport-warning-in-json-shortened.txt', 2, 2, 2],
    ['insights-pvs-nameprefixes.txt', 0, 2, 0],
    ['insights-vgs-nameprefixes.txt', 2, 0, 0],
    ['insights-vgs-nameprefixes-foreign-systemid.txt', 2, 0, 0],
    ['insights-vgs-nameprefixes-shared-vg-lock-warning.txt', 1, 0, 0],
    ['rescuezilla-pvs-pv_all.json', 0, 1, 0],
  ])('%s has %i groups, %i physical volumes and %i volumes', (name, groups, pvs, lvs) => {
    const report = readReport(answerOf({ cmd: '', rc: 0, stdout: reference(name), stderr: '' }), 'a report');

    expect([report.vg.length, report.pv.length, report.lv.length]).toEqual([groups, pvs, lvs]);
  });

  it.each(['insights-pvs-nameprefixes.txt', 'liteio-vgs-bytes-suffix.json'])(
    '%s has sizes with letters, and nothing is guessed from them',
    (name) => {
      expect(reportOf(answerOf({ cmd: '', rc: 0, stdout: reference(name), stderr: '' }))).toEqual(['E_ANSWER']);
    },
  );

  it('says where to look when an old lvm calls every refusal a filter', () => {
    const stdout = readFileSync(join(fixtures, 'from-seed/pvcreate-excluded-by-filter.txt'), 'utf8');

    expect(explain({ code: 5, stdout, stderr: '' })?.hint).toMatch(/^"lvmconfig --type full devices\/filter/);
  });
});
