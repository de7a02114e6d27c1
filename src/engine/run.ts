import type { Event, Recap } from '../core/events.ts';
import { findHost, type Host } from '../inventory/types.ts';
import { selectHosts } from '../inventory/pattern.ts';
import type { Play } from '../playbook/types.ts';
import { createHostRun, isAlive, recapOf, type HostRun } from './host-run.ts';
import { batchSizes } from './batches.ts';
import { runBatch } from './play.ts';
import { createSelection, tasksOf } from './select.ts';
import type { EngineDeps, RunRequest } from './types.ts';

/** What came of a whole run. */
export interface RunResult {
  readonly recap: readonly Recap[];
  readonly stopped: string | undefined;
  /** Exit status as `language.md` has it: 0, 2, 4 or 99. */
  readonly status: number;
}

/** Runs all plays in order, each over its hosts in batches. A host that failed takes no part in later plays. */
export async function runPlaybook(request: RunRequest, deps: EngineDeps): Promise<RunResult> {
  const { playbook, options } = request;
  const started = deps.clock.elapsed();
  const plays = playbook.plays.map((play) => ({ play, hosts: hostsOf(play, request) }));
  const names = [...new Set(plays.flatMap(({ hosts }) => hosts.map((host) => host.name)))];
  const runs = hostRuns(request, deps);
  await deps.emit(deps.history === undefined ? startOf(request, deps, names) : resumeOf(request, names));
  let stopped: string | undefined;
  try {
    stopped = await runPlays(plays, runs, request, deps);
  } finally {
    await Promise.allSettled(runs.opened().map((run) => run.session.close()));
  }
  const recap = names.map((name) => recapOf(runs.named(name)));
  const status = exitStatus(recap, deps.signal.aborted);
  const ms = Math.round(deps.clock.elapsed() - started);
  await deps.emit({ type: 'run-end', run: options.run, ms, status, recap });
  return { recap, stopped, status };
}

function startOf({ playbook, options }: RunRequest, deps: EngineDeps, hosts: readonly string[]): Event {
  const { run, version, check, forks } = options;
  const at = new Date(deps.clock.now()).toISOString();
  return { type: 'run-start', run, at, version, playbooks: playbook.files, hosts, check, forks };
}

function resumeOf({ options }: RunRequest, hosts: readonly string[]): Event {
  return { type: 'run-resume', run: options.run, version: options.version, hosts };
}

interface HostRuns {
  readonly named: (name: string) => HostRun;
  readonly find: (name: string) => HostRun | undefined;
  readonly opened: () => readonly HostRun[];
}

function hostRuns(request: RunRequest, deps: EngineDeps): HostRuns {
  const opened = new Map<string, HostRun>();
  const find = (name: string): HostRun | undefined => {
    const host = findHost(request.inventory, name);
    if (host === undefined) return undefined;
    const run = opened.get(name) ?? createHostRun(host, deps.openSession(host));
    opened.set(name, run);
    return run;
  };
  const named = (name: string): HostRun => {
    const run = find(name);
    if (run === undefined) throw new TypeError(`no host ${name}`);
    return run;
  };
  return { named, find, opened: () => [...opened.values()] };
}

function hostsOf(play: Play, request: RunRequest): readonly Host[] {
  const { inventory, options } = request;
  const names = selectHosts(inventory, play.hosts, { limit: options.limit, at: play.hostsAt });
  return names.flatMap((name) => findHost(inventory, name) ?? []);
}

async function runPlays(
  plays: readonly { readonly play: Play; readonly hosts: readonly Host[] }[],
  runs: HostRuns,
  request: RunRequest,
  deps: EngineDeps,
): Promise<string | undefined> {
  const selection = createSelection(request.options, deps);
  for (const { play, hosts } of plays) {
    const names = hosts.map((host) => host.name);
    await deps.emit({
      type: 'play-start',
      play: play.index,
      name: play.name === '' ? play.hosts : play.name,
      hosts: names,
      tasks: tasksOf(play.tasks).length,
    });
    const alive = names.map(runs.named).filter(isAlive);
    const selected = selection(play);
    const prompted = await deps.prompted(play.index);
    const stopped = await runBatches(play, alive, { request, deps, prompted, hostNamed: runs.find, selected });
    await deps.emit({ type: 'play-end', play: play.index, ...(stopped === undefined ? {} : { stopped }) });
    if (stopped !== undefined) return stopped;
  }
  return undefined;
}

type Shared = Omit<Parameters<typeof runBatch>[0], 'play' | 'hosts'>;

async function runBatches(play: Play, alive: readonly HostRun[], shared: Shared): Promise<string | undefined> {
  let begin = 0;
  for (const size of batchSizes(play.serial, alive.length)) {
    const hosts = alive.slice(begin, begin + size);
    begin += size;
    const stopped = await runBatch({ ...shared, play, hosts });
    if (stopped !== undefined) return stopped;
  }
  return undefined;
}

function exitStatus(recap: readonly Recap[], interrupted: boolean): number {
  if (interrupted) return 99;
  const any = (status: Recap['status']): boolean => recap.some((host) => host.status === status);
  if (any('failed')) return 2;
  if (any('unreachable')) return 4;
  return any('aborted') || any('not_run') ? 3 : 0;
}
