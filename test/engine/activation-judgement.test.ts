import { describe, expect, it } from 'vitest';
import { fallback, fitnessOf, hasRebooted, whatRuns, type Evidence } from '../../src/engine/activation/classify.ts';
import { recipeOf } from '../../src/engine/activation/deny.ts';
import { wordsOf, type HostState } from '../../src/engine/activation/observe.ts';
import type { Journey } from '../../src/engine/activation/outcome.ts';
import { asleepMs } from '../../src/engine/activation/wait.ts';
import { addSample, NO_WINDOW, type Sample } from '../../src/engine/activation/window.ts';
import { NO_DEPLOYMENT, orderedFacts } from '../../src/facts/boot-order.ts';

const one = (id: string, booted = false): typeof NO_DEPLOYMENT => ({ ...NO_DEPLOYMENT, id, checksum: id, booted });
const state = (booted: string, others: readonly string[] = []): HostState => ({
  bootId: 'b1',
  ostree: orderedFacts('ostree', [one(booted, true), ...others.map((id) => one(id))]),
  failed: [],
  cmdline: ['quiet'],
  system: 'running',
  softReboots: 0,
  complete: 'reached',
  clockS: 1000,
  full: [],
});
const journey: Journey = { from: 'old', expected: 'new', bootId: 'b0', softReboots: 0, failed: [], kargs: [] };
const nothing: Evidence = { finalize: '', bootComplete: '', wasWritten: undefined, greenboot: '' };

describe('what runs after a reboot', () => {
  it.each([
    ['the wished deployment', 'new', 'expected'],
    ['the old one', 'old', 'old'],
    ['one that nobody here knows', 'third', 'other'],
  ] as const)('is %s', (_, booted, found) => {
    expect(whatRuns(journey, state(booted))).toBe(found);
  });

  it('is not known while the host does not tell its deployments', () => {
    expect(whatRuns(journey, { ...state('new'), ostree: undefined })).toBe('unknown');
  });

  it('is a reboot by a new boot id, or by userspace that started anew', () => {
    const same = { ...state('new'), bootId: 'b0' };
    expect([
      hasRebooted(journey, same),
      hasRebooted(journey, state('new')),
      hasRebooted(journey, { ...same, softReboots: 1 }),
    ]).toEqual([false, true, true]);
  });
});

describe('why the old deployment runs', () => {
  it.each([
    ['ostree said an error while it finalized', { finalize: 'a\nno space' }, [], 'finalize', 'no space'],
    ['only the next boot told of it', { bootComplete: 'failed' }, [], 'finalize', 'failed'],
    ['greenboot went back', { greenboot: 'FALLBACK' }, ['new'], 'greenboot', 'FALLBACK'],
    ['it was never written', { wasWritten: false }, [], 'power', ''],
    ['it is there and was not booted', {}, ['new'], 'boot-loader', ''],
    ['it is gone and nobody tells why', {}, [], 'finalize', ''],
    ['the finalize unit failed, and yet it was written', { finalize: 'late' }, ['new'], 'boot-loader', ''],
  ] as const)('%s', (_, evidence, others, cause, reason) => {
    expect(fallback(journey, state('old', others), { ...nothing, ...evidence })).toEqual({
      result: 'fell_back',
      cause,
      reason,
    });
  });
});

describe('how a host is', () => {
  it.each([
    ['well', {}, {}, [[], [], []]],
    ['still starting', { system: 'starting' }, {}, [['it is still starting'], [], []]],
    ['without its checks of the boot', { complete: 'waiting' }, {}, [['boot-complete.target is not reached'], [], []]],
    ['with a unit that failed', { failed: ['a.service'] }, {}, [[], ['units that failed at this boot: a.service'], []]],
    ['with a unit that had failed before', { failed: ['a.service'] }, { failed: ['a.service'] }, [[], [], []]],
    ['without a kernel argument', {}, { kargs: ['nosmt'] }, [[], ['the kernel runs without: nosmt'], []]],
    [
      'with a clock that is a day behind',
      { clockS: 1000 - 86_400 },
      {},
      [[], [], ['its clock is 1440 minutes behind']],
    ],
    ['with a full disk', { full: ['/boot'] }, {}, [[], [], ['/boot is nearly full']]],
  ] as const)('%s', (_, now, before, [notYet, wrong, notes]) => {
    const fitness = fitnessOf({ ...journey, ...before }, { ...state('new'), ...now }, 'fail', 1000);
    expect(fitness).toEqual({ notYet, wrong, notes });
  });

  it('may have a unit that failed where that is only to be told', () => {
    const now = { ...state('new'), failed: ['a.service'] };
    expect(fitnessOf(journey, now, 'warn', 1000)).toEqual({
      notYet: [],
      wrong: [],
      notes: ['units that failed at this boot: a.service'],
    });
  });
});

describe('a window of health', () => {
  const wish = { minHealthyMs: 3000, everyMs: 1000 };
  const judge = (samples: readonly (readonly [number, Sample['verdict'], string?])[]): string => {
    let window = NO_WINDOW;
    let verdict = 'go-on';
    for (const [at, said, boot = 'b1'] of samples)
      ({ window, verdict } = addSample(window, { at, boot, verdict: said }, wish));
    return verdict;
  };
  it.each([
    [
      'is over when it was long enough',
      [
        [0, 'pass'],
        [1000, 'pass'],
        [3000, 'pass'],
      ],
      'healthy',
    ],
    [
      'goes on until then',
      [
        [0, 'pass'],
        [2900, 'pass'],
      ],
      'go-on',
    ],
    [
      'begins anew after a fail',
      [
        [0, 'pass'],
        [1000, 'fail'],
        [2000, 'pass'],
        [4000, 'pass'],
      ],
      'go-on',
    ],
    [
      'begins anew when nothing could be measured',
      [
        [0, 'pass'],
        [1000, 'unknown'],
        [3500, 'pass'],
      ],
      'go-on',
    ],
    [
      'begins anew in another boot',
      [
        [0, 'pass'],
        [2000, 'pass'],
        [3000, 'pass', 'b2'],
      ],
      'go-on',
    ],
    [
      'does not count time that nobody looked',
      [
        [0, 'pass'],
        [3_600_000, 'pass'],
      ],
      'go-on',
    ],
    [
      'is lost after three fails in a row',
      [
        [0, 'fail'],
        [1, 'fail'],
        [2, 'fail'],
      ],
      'unhealthy',
    ],
    [
      'is not lost while the host is not ready yet',
      [
        [0, 'not-yet'],
        [1, 'not-yet'],
        [2, 'not-yet'],
      ],
      'go-on',
    ],
  ] as const)('%s', (_, samples, verdict) => {
    expect(judge(samples)).toBe(verdict);
  });
});

describe('small judgements', () => {
  it('a round that took a minute was slept through', () => {
    expect([asleepMs(16_000), asleepMs(3_600_000)]).toEqual([0, 3_600_000]);
  });

  it('a kernel argument may hold white space in quotes', () => {
    expect(wordsOf('quiet dyndbg="file a +p" rw')).toEqual(['quiet', 'dyndbg="file a +p"', 'rw']);
  });

  it('the same change made anew is known again, and one of kernel arguments alone is never denied', () => {
    const made = { ...one('n1'), base_checksum: 'base', requested_packages: ['b', 'a'] };
    expect([recipeOf(made, one('old')), recipeOf({ ...one('x.1'), checksum: 'old' }, one('old'))]).toEqual([
      'base a b',
      undefined,
    ]);
  });
});
