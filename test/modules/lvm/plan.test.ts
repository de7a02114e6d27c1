import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Change } from '../../../src/core/module.ts';
import { findModule } from '../../../src/modules/index.ts';
import { lvmAnswers } from '../../support/lvm-answers.ts';
import { applyToLvm } from '../../support/lvm-commands.ts';
import { freeExtents, lvmModel, type LvmModel } from '../../support/lvm-model.ts';
import { sampleFacts } from '../facts-sample.ts';

const MIB = 1024 ** 2;
const lvm = findModule('lvm')!;
const context = { facts: sampleFacts(), check: false, run: 'r1' };

interface Volume {
  readonly name: string;
  readonly type?: string;
  readonly state?: string;
  readonly autoextend?: unknown;
}

interface Wish {
  readonly vg: string;
  readonly state?: string;
  readonly pvs?: readonly string[];
  readonly remove_pvs?: readonly string[];
  readonly lvs?: readonly Volume[];
  readonly [key: string]: unknown;
}

function planOn(model: LvmModel, wish: Wish): Change {
  const want = lvm.params.parse(wish);
  const { lvs = [] } = wish;
  const answers = lvmAnswers(model, {
    vg: wish.vg,
    devices: [...(wish.pvs ?? []), ...(wish.remove_pvs ?? [])],
    volumes: lvs.filter(({ type }) => type !== 'thin-pool').map(({ name }) => name),
    profiles: lvs.filter((one) => typeof one.autoextend === 'object').map(({ name }) => `${wish.vg}--${name}-extend`),
  });
  expect(Object.keys(answers).toSorted()).toEqual(Object.keys(lvm.probe(want, context)).toSorted());
  return lvm.plan(want, lvm.read(answers, want, context), context);
}

/** Does what is planned; true when it was not refused. */
function converge(model: LvmModel, wish: Wish): boolean {
  const change = planOn(model, wish);
  if ('refuse' in change) return false;
  for (const step of change.steps) applyToLvm(model, step);
  return true;
}

const size = fc.oneof(
  fc.integer({ min: 1, max: 3_000_000 }).map((kib) => `${kib}K`),
  fc.integer({ min: 1, max: 2000 }).map((mib) => `${mib}M`),
  fc.integer({ min: 1, max: 100 }).map((percent) => `${percent}%FREE`),
  fc.integer({ min: 1, max: 100 }).map((percent) => `${percent}%VG`),
  fc.integer({ min: 1, max: 100 }).map((percent) => `${percent}%PVS`),
  fc.constant('100%FREE'),
);
const common = {
  active: fc.boolean(),
  resize: fc.constantFrom('never', 'grow', 'grow_or_shrink'),
  tags: fc.subarray(['a', 'b', 'c']),
  skip_activation: fc.boolean(),
};
const linear = fc.record({ name: fc.constantFrom('a', 'b'), size, ...common }, { requiredKeys: ['name', 'size'] });
const pool = fc.record(
  {
    name: fc.constantFrom('p', 'q'),
    type: fc.constant('thin-pool'),
    size,
    ...common,
    metadata_size: fc.constantFrom('2M', '5M', '20M'),
    zero: fc.boolean(),
    when_full: fc.constantFrom('queue', 'error'),
    discards: fc.constantFrom('ignore', 'passdown'),
    autoextend: fc.constantFrom(false, { threshold: 70, percent: 20 }),
    chunk_size: fc.constant('512K'),
  },
  { requiredKeys: ['name', 'type', 'size', 'chunk_size'] },
);
const thin = fc.record(
  {
    name: fc.constantFrom('t', 'u'),
    type: fc.constant('thin'),
    pool: fc.constantFrom('p', 'q'),
    size: fc.oneof(
      fc.integer({ min: 1, max: 9000 }).map((mib) => `${mib}M`),
      fc.constant('150%POOL'),
    ),
    ...common,
  },
  { requiredKeys: ['name', 'type', 'pool', 'size'] },
);
const gone = fc.oneof(
  fc.record({ name: fc.constantFrom('a', 'b'), state: fc.constant('absent') }),
  fc.record({ name: fc.constantFrom('p', 'q'), type: fc.constant('thin-pool'), state: fc.constant('absent') }),
);
const disks = ['/dev/vdb', '/dev/vdc', '/dev/vdd'];
const wish: fc.Arbitrary<Wish> = fc
  .record(
    {
      vg: fc.constant('v'),
      pvs: fc.subarray(disks, { minLength: 1 }),
      remove_pvs: fc.subarray(disks, { minLength: 1, maxLength: 2 }),
      grow_pvs: fc.boolean(),
      tags: fc.subarray(['x', 'y']),
      lvs: fc.uniqueArray(fc.oneof(linear, linear, pool, pool, thin, gone), {
        maxLength: 5,
        selector: ({ name }) => name,
      }),
    },
    { requiredKeys: ['vg', 'lvs'] },
  )
  .map((one) => ({
    ...one,
    ...(one.remove_pvs === undefined ? {} : { remove_pvs: one.remove_pvs.filter((path) => !one.pvs?.includes(path)) }),
  }))
  .map(({ remove_pvs: removed, ...one }) =>
    removed === undefined || removed.length === 0 ? one : { ...one, remove_pvs: removed },
  );
const sectors = fc.integer({ min: 100 * 2048, max: 4000 * 2048 });

describe('planning on a model of lvm', () => {
  it('leaves nothing to do after its own steps, whatever was wished before', () => {
    let done = 0;
    fc.assert(
      fc.property(
        fc.array(sectors, { minLength: 3, maxLength: 3 }),
        fc.array(wish, { minLength: 1, maxLength: 5 }),
        (sizes, wishes) => {
          const model = lvmModel(sizes.map((count) => count * 512));
          converge(model, { vg: 'v', pvs: disks.slice(0, 1) });
          for (const one of wishes) {
            if (!converge(model, one)) continue;
            done += 1;
            expect(planOn(model, one)).toMatchObject({ steps: [] });
            expect(freeExtents(model)).toBeGreaterThanOrEqual(0);
          }
        },
      ),
      { numRuns: 400 },
    );
    expect(done).toBeGreaterThan(200);
  });

  it('plans the same twice, and changes nothing while it plans', () => {
    fc.assert(
      fc.property(wish, (one) => {
        const model = lvmModel([1000 * MIB, 1000 * MIB, 1000 * MIB]);
        const before = JSON.stringify(model);
        const plans = [planOn(model, one), planOn(model, one)].map((change) => JSON.stringify(change));
        expect(plans[0]).toBe(plans[1]);
        expect(JSON.stringify(model)).toBe(before);
      }),
    );
  });

  it('makes a volume of exactly the whole extents that hold the size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 900_000 }), fc.integer({ min: 0, max: 4 }), (kib, power) => {
        const model = lvmModel([1000 * MIB]);
        const extent = 2 ** power;
        converge(model, {
          vg: 'v',
          pvs: ['/dev/vdb'],
          extent_size: `${extent}M`,
          lvs: [{ name: 'a', size: `${kib}K` } as Volume],
        });
        expect(model.lvs.get('a')?.extents).toBe(Math.ceil(kib / 1024 / extent));
      }),
    );
  });

  it('leaves no extent over when a volume or a pool takes all that is free', () => {
    fc.assert(
      fc.property(
        sectors,
        fc.constantFrom('linear', 'thin-pool'),
        fc.integer({ min: 1, max: 50 }),
        (count, type, other) => {
          const model = lvmModel([count * 512]);
          const lvs = [
            { name: 'x', size: `${other}M` },
            { name: 'p', type, size: '100%FREE' },
          ] as unknown as Volume[];
          expect([converge(model, { vg: 'v', pvs: ['/dev/vdb'], lvs }), freeExtents(model)]).toEqual([true, 0]);
        },
      ),
    );
  });

  it('grows a file system with its volume, and shrinks one only when asked', () => {
    const model = lvmModel([2000 * MIB]);
    converge(model, { vg: 'v', pvs: ['/dev/vdb'], lvs: [{ name: 'a', size: '400M' } as Volume] });
    model.lvs.get('a')!.fs = 400 * MIB;

    const grown = converge(model, { vg: 'v', lvs: [{ name: 'a', size: '800M' } as Volume] });
    const refused = planOn(model, { vg: 'v', lvs: [{ name: 'a', size: '600M' } as Volume] });
    const cut = converge(model, { vg: 'v', lvs: [{ name: 'a', size: '600M', resize: 'grow_or_shrink' } as Volume] });

    expect([grown, cut, model.lvs.get('a')?.fs]).toEqual([true, true, 600 * MIB]);
    expect(refused).toMatchObject({ refuse: '"v/a" is larger than wished: 800M, expected 600M (150 extents)' });
  });

  it('makes a file system reach to the end of a volume that an interrupted run has grown', () => {
    const model = lvmModel([2000 * MIB]);
    converge(model, { vg: 'v', pvs: ['/dev/vdb'], lvs: [{ name: 'a', size: '800M' } as Volume] });
    model.lvs.get('a')!.fs = 400 * MIB;

    const change = planOn(model, { vg: 'v', lvs: [{ name: 'a', size: '800M' } as Volume] });

    expect('steps' in change ? change.steps.map(({ say }) => say) : change).toEqual([
      'grow the ext4 file system on /dev/v/a to the size of its device',
    ]);
  });

  it('empties a member before it leaves, when the others have room', () => {
    const model = lvmModel([1000 * MIB, 1000 * MIB]);
    const both = ['/dev/vdb', '/dev/vdc'];
    converge(model, { vg: 'v', pvs: both, lvs: [{ name: 'a', size: '900M' } as Volume] });

    const left = converge(model, { vg: 'v', remove_pvs: ['/dev/vdb'] });
    converge(model, { vg: 'v', pvs: both, lvs: [{ name: 'a', size: '1500M' } as Volume] });
    const refused = planOn(model, { vg: 'v', remove_pvs: ['/dev/vdb'] });

    expect(left).toBe(true);
    expect(refused).toMatchObject({ code: 'E_SPACE' });
  });

  it('removes a group with what is in it, and the labels of its disks', () => {
    const model = lvmModel([1000 * MIB]);
    const lvs = [
      { name: 'p', type: 'thin-pool', size: '50%VG' },
      { name: 't', type: 'thin', pool: 'p', size: '1G' },
    ] as unknown as Volume[];
    converge(model, { vg: 'v', pvs: ['/dev/vdb'], lvs });

    const change = planOn(model, { vg: 'v', state: 'absent' });
    converge(model, { vg: 'v', state: 'absent' });

    expect('steps' in change ? change.steps.flatMap(({ destroys = [] }) => destroys) : change).toEqual(['v/p', 'v/t']);
    expect([model.group, model.disks[0]?.uuid, planOn(model, { vg: 'v', state: 'absent' })]).toEqual([
      undefined,
      undefined,
      { steps: [], diff: [], notes: [] },
    ]);
  });
});
