import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../src/core/clock.ts';
import type { Event, TaskStatus } from '../../src/core/events.ts';
import type { RunHistory } from '../../src/core/history.ts';
import type { Vars } from '../../src/core/value.ts';
import { runPlaybook, type RunResult } from '../../src/engine/run.ts';
import type { RunOptions } from '../../src/engine/types.ts';
import { hostSpec } from '../../src/inventory/host-spec.ts';
import { loadInventory } from '../../src/inventory/load.ts';
import { loadPlaybook } from '../../src/playbook/load.ts';
import { fakeSession, type FakeHost, type FakeSession } from '../support/fake-session.ts';

/** What came of a playbook on scripted hosts. */
export interface Played {
  readonly events: readonly Event[];
  readonly result: RunResult;
  readonly sessions: ReadonlyMap<string, FakeSession>;
  /** `host task status`, in order, loops by their whole. */
  readonly ends: readonly string[];
  /** How one task ended on one host. */
  readonly status: (host: string, task: string) => TaskStatus | undefined;
}

/** How a playbook is played. */
export interface PlayOptions {
  readonly hosts?: readonly string[];
  /** Script of a host by name; a shell that says yes to everything when absent. */
  readonly script?: (host: string) => FakeHost;
  readonly options?: Partial<RunOptions>;
  readonly extraVars?: Vars;
  readonly signal?: AbortSignal;
  readonly history?: RunHistory;
  readonly inDoubt?: 'fail' | 'redo' | 'skip';
  /** Called with each event before it counts as taken; throwing here is a journal that cannot write. */
  readonly onEvent?: (event: Event) => void;
}

const BASE: RunOptions = {
  run: 'test',
  version: '0',
  check: false,
  diff: false,
  limit: undefined,
  tags: [],
  skipTags: [],
  forks: 10,
  extraVars: {},
  startAtTask: undefined,
};

/** Plays a playbook's text on scripted hosts and gives every event. Facts are not gathered unless the text asks for them. */
export async function play(text: string, how: PlayOptions = {}): Promise<Played> {
  const folder = await mkdtemp(join(tmpdir(), 'copse-play-'));
  try {
    const file = join(folder, 'site.yaml');
    await writeFile(file, text);
    const signal = how.signal ?? new AbortController().signal;
    const extraVars = how.extraVars ?? {};
    const inventory = await loadInventory([`${(how.hosts ?? ['a', 'b']).join(',')},`], { cwd: folder, signal });
    const playbook = await loadPlaybook([file], { cwd: folder, extraVars });
    const events: Event[] = [];
    const sessions = new Map<string, FakeSession>();
    const result = await runPlaybook(
      { playbook, inventory, options: { ...BASE, extraVars, ...how.options } },
      {
        openSession: (host) => {
          const session = fakeSession({ otherwise: '', ...how.script?.(host.name), host: host.name });
          sessions.set(host.name, session);
          return session;
        },
        specOf: hostSpec,
        emit: (event) => {
          events.push(event);
          how.onEvent?.(event);
          return Promise.resolve();
        },
        signal,
        clock: { ...systemClock, sleep: (_, aborting) => systemClock.sleep(0, aborting) },
        readFile: () => Promise.reject(new Error('no file is read here')),
        prompted: () => Promise.resolve({}),
        ...(how.history === undefined ? {} : { history: how.history }),
        ...(how.inDoubt === undefined ? {} : { inDoubt: how.inDoubt }),
      },
    );
    const whole = events.flatMap((event) => (event.type === 'task-end' && event.ref.item === undefined ? [event] : []));
    return {
      events,
      result,
      sessions,
      ends: whole.map(({ ref, status }) => `${ref.host} ${ref.name} ${status}`),
      status: (host, task) => whole.findLast(({ ref }) => ref.host === host && ref.name === task)?.status,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}
