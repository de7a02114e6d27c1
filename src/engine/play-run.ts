import pLimit, { type LimitFunction } from 'p-limit';
import type { Vars } from '../core/value.ts';
import type { Play, Task } from '../playbook/types.ts';
import { isAlive, type HostRun } from './host-run.ts';
import { orderOf, type Order } from './order.ts';
import { freePace, linearPace, type Pace } from './pace.ts';
import type { TaskEnd } from './task-end.ts';
import type { EngineDeps, RunRequest } from './types.ts';

/** One play over one batch of hosts, and what its hosts share. */
export interface PlayRun {
  readonly play: Play;
  readonly request: RunRequest;
  readonly deps: EngineDeps;
  readonly hosts: readonly HostRun[];
  readonly prompted: Vars;
  readonly order: Order;
  readonly pace: Pace;
  readonly slots: LimitFunction;
  /** Hosts by name, also those only delegated to. */
  readonly hostNamed: (name: string) => HostRun | undefined;
  /** Results of `run_once` tasks, by task and item scope. */
  readonly once: Map<string, Promise<TaskEnd>>;
  /** Whether a task may run at all: tags, `--start-at-task`, `--step`. */
  readonly selected: (task: Task) => Promise<boolean>;
  /** Why no host begins another task, once something says so. */
  stopped: string | undefined;
}

/** What makes a PlayRun beside what the play itself says. */
export interface PlayRunParts {
  readonly play: Play;
  readonly request: RunRequest;
  readonly deps: EngineDeps;
  readonly hosts: readonly HostRun[];
  readonly prompted: Vars;
  readonly hostNamed: (name: string) => HostRun | undefined;
  readonly selected: (task: Task) => Promise<boolean>;
}

/** A play at its start on a batch of hosts. */
export function createPlayRun(parts: PlayRunParts): PlayRun {
  const { play, request, hosts } = parts;
  const forks = Math.max(1, Math.min(request.options.forks, play.forks ?? request.options.forks));
  const names = hosts.map((run) => run.host.name);
  return {
    ...parts,
    order: orderOf(play.tasks),
    pace: play.strategy === 'linear' ? linearPace(names) : freePace,
    slots: pLimit(forks),
    once: new Map(),
    stopped: undefined,
  };
}

/** Stops the play when the failures so far are more than it allows. */
export function stopOnFailures(run: PlayRun, fatal: boolean, host: string): void {
  if (run.stopped !== undefined) return;
  if (fatal) run.stopped = `any_errors_fatal: ${host} failed`;
  const allowed = run.play.maxFailPercentage;
  if (allowed === undefined) return;
  const failed = run.hosts.filter((one) => !isAlive(one)).length;
  // Integer arithmetic: more than allowed % of the batch, as Ansible counts; an unreachable host counts.
  if (failed * 100 > allowed * run.hosts.length) {
    run.stopped = `max_fail_percentage ${allowed}: ${failed} of ${run.hosts.length} hosts failed`;
  }
}
