import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Clock } from '../../src/core/clock.ts';
import { fault } from '../../src/core/problem.ts';
import { look } from '../../src/engine/activation/wait.ts';
import { channelFault } from '../../src/session/faults.ts';
import { fakeSession, type FakeHost, type Script } from '../support/fake-session.ts';
import { play } from './harness.ts';

const FACTS = 'copse-0123456789abcdef';
const facts = `\n${FACTS} host\nuname web1 6.1 x86_64\n${FACTS} end\n`;
const noChannel = channelFault('root@a', 30_000);
const site = '- hosts: all\n  tasks: [{name: one, command: one}]\n';

/** What came of a play on one host whose facts are these, with the problems and notes it told. */
async function met(factsScript: Script, more: Partial<FakeHost> = {}): Promise<object> {
  const script = (): FakeHost => ({ commands: [[/copse-[0-9a-f]{16}/, factsScript]], ...more });
  const { ends, events, result, sessions } = await play(site, { hosts: ['a'], script });
  return {
    ends,
    exit: result.status,
    problems: events.flatMap((event) => (event.type === 'task-end' ? event.problems : [])),
    notes: events.flatMap((event) => (event.type === 'note' ? [event.text] : [])),
    drops: sessions.get('a')?.calls.filter((call) => call.do === 'drop').length,
  };
}

describe('a host that is met', () => {
  it('before it has time for a channel is asked again over a new connection', async () => {
    expect(await met(asked([noChannel, noChannel, facts]))).toEqual({
      ends: ['a one ran'],
      exit: 0,
      problems: [],
      notes: ['not ready yet (root@a did not open a channel within 30s); trying again'],
      drops: 2,
    });
  });

  it('whose sudo or keys are wrong is not asked again', async () => {
    const refused = fault({ code: 'E_AUTH', message: 'login refused' });

    expect(await met(asked([refused]))).toMatchObject({ ends: ['a one unreachable'], notes: [], exit: 4 });
  });

  it('and does not get past its banner in time counts as unreachable', async () => {
    const late = fault({ code: 'E_TIMEOUT', message: 'a did not get past the SSH banner within 10s' });

    expect(await met(facts, { connect: late })).toMatchObject({ ends: ['a one unreachable'], exit: 4 });
  });
});

describe('facts that were cut off by their deadline', () => {
  it('are told as a timeout, with where to look', async () => {
    const clock = vi.spyOn(performance, 'now');
    let now = 0;
    clock.mockImplementation(() => (now += 61_000));

    expect(await met({ code: 124, stdout: `\n${FACTS} host\n` })).toMatchObject({
      ends: ['a one unreachable'],
      problems: [
        {
          code: 'E_TIMEOUT',
          message: 'the host took too long to tell its facts, so that nothing was decided',
          hint: 'it is overloaded, or one of its tools waits for a lock: look with "ps axf" there, then run again',
        },
      ],
    });
  });
});

describe('one look at a host that was rebooted', () => {
  it('may take longer each time the host let us in and was too slow to answer', async () => {
    const given: number[] = [];
    vi.spyOn(AbortSignal, 'timeout').mockImplementation((ms) => {
      given.push(ms);
      return AbortSignal.abort();
    });
    const context = contextOf({ commands: [] });

    let next: number | undefined;
    for (let left = 4; left > 0; left -= 1) next = (await look(context, next)).nextTryMs;

    expect(given).toEqual([15_000, 30_000, 45_000, 45_000]);
    expect(await look(context)).toMatchObject({ state: undefined, reason: 'no answer within 15s', fatal: false });
  });

  it('is as short as ever after a connection that was refused', async () => {
    const context = contextOf({ otherwise: fault({ code: 'E_CONNECT', message: 'connection refused' }) });

    expect(await look(context, 45_000)).toEqual({
      state: undefined,
      reason: 'connection refused',
      fatal: false,
      nextTryMs: 15_000,
    });
  });
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** Gives one reply after the other, whatever the question. */
function asked(replies: readonly Script[]): Script {
  let at = 0;
  return () => {
    const reply = replies[Math.min(at, replies.length - 1)] ?? '';
    at += 1;
    return reply as string;
  };
}

function contextOf(host: FakeHost): Parameters<typeof look>[0] {
  const clock: Clock = { now: () => 0, elapsed: () => 0, sleep: async () => undefined };
  const session = fakeSession(host);
  return { session, as: undefined, clock, signal: new AbortController().signal } as unknown as Parameters<
    typeof look
  >[0];
}
