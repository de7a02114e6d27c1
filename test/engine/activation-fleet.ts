import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sessionOpener, specOf, type Login } from '../../src/cli/wire.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { Event } from '../../src/core/events.ts';
import type { RunHistory } from '../../src/core/history.ts';
import { runPlaybook, type RunResult } from '../../src/engine/run.ts';
import { loadInventory } from '../../src/inventory/load.ts';
import { loadPlaybook } from '../../src/playbook/load.ts';
import { createSecrets } from '../../src/session/secrets.ts';
import type { Fleet } from '../../src/sim/types.ts';

const NOBODY: Login = {
  user: undefined,
  identities: undefined,
  hostKeyPolicy: undefined,
  password: undefined,
  becomePassword: undefined,
};

/** What came of tasks on one simulated host. */
export interface Driven {
  readonly result: RunResult;
  readonly events: readonly Event[];
  /** `name status`, in order. */
  readonly ends: readonly string[];
  /** Messages of all problems. */
  readonly problems: readonly string[];
  readonly hints: readonly string[];
  readonly codes: readonly string[];
  readonly notes: readonly string[];
  /** The registered result of the last task of that name. */
  readonly of: (task: string) => Readonly<Record<string, unknown>>;
}

/** How tasks are driven. */
export interface DriveOptions {
  readonly history?: RunHistory;
  readonly run?: string;
  readonly check?: boolean;
  /** Handlers of the play. */
  readonly handlers?: string;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: Event) => void;
  /** Awaited when an event of that type comes for the first time, before it counts as taken. */
  readonly once?: { readonly type: Event['type']; readonly run: () => Promise<void> } | undefined;
}

/** Runs tasks on one host of a fleet: the real engine over a real session and real SSH. */
export async function drive(fleet: Fleet, host: string, tasks: string, how: DriveOptions = {}): Promise<Driven> {
  const folder = await mkdtemp(join(tmpdir(), 'copse-drive-'));
  const signal = how.signal ?? new AbortController().signal;
  try {
    const file = join(folder, 'site.yaml');
    await writeFile(
      file,
      `- hosts: ${host}\n  become: true\n  tasks:\n${indented(tasks)}\n${how.handlers === undefined ? '' : `  handlers:\n${indented(how.handlers)}\n`}`,
    );
    const inventory = await loadInventory([fleet.inventoryFile], { cwd: folder, signal });
    const playbook = await loadPlaybook([file], { cwd: folder, extraVars: {} });
    const events: Event[] = [];
    const terminal = { env: { HOME: fleet.folder, USER: fleet.user } } as unknown as Parameters<
      typeof sessionOpener
    >[0]['terminal'];
    const prompter = { canAsk: false } as unknown as Parameters<typeof sessionOpener>[0]['prompter'];
    const options = {
      run: how.run ?? 'test',
      version: '0',
      check: how.check === true,
      diff: false,
      limit: undefined,
      tags: [],
      skipTags: [],
      forks: 10,
      extraVars: {},
      startAtTask: undefined,
    };
    const result = await runPlaybook(
      { playbook, inventory, options },
      {
        openSession: sessionOpener({ login: NOBODY, prompter, secrets: createSecrets(), terminal }),
        specOf: (one) => specOf(one, NOBODY),
        emit: async (event) => {
          const isFirst = !events.some(({ type }) => type === event.type);
          events.push(event);
          how.onEvent?.(event);
          if (isFirst && event.type === how.once?.type) await how.once.run();
        },
        signal,
        clock: systemClock,
        readFile: () => Promise.reject(new Error('no file is read here')),
        prompted: () => Promise.resolve({}),
        ...(how.history === undefined ? {} : { history: how.history }),
      },
    );
    const ended = events.flatMap((event) => (event.type === 'task-end' ? [event] : []));
    const problems = ended.flatMap((event) => event.problems);
    return {
      result,
      events,
      ends: ended.map(({ ref, status }) => `${ref.name} ${status}`),
      problems: problems.map((problem) => problem.message),
      hints: problems.flatMap((problem) => problem.hint ?? []),
      codes: problems.map((problem) => problem.code),
      notes: events.flatMap((event) => (event.type === 'note' ? [event.text] : [])),
      of: (task) => ended.findLast(({ ref }) => ref.name === task)?.result ?? {},
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, '    ');
}
