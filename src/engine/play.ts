import type { HostStatus } from '../core/events.ts';
import { isAlive, type HostRun } from './host-run.ts';
import { createPlayRun, type PlayRun, type PlayRunParts } from './play-run.ts';
import { HostFailed } from './task.ts';
import { HostStopped, walk } from './walk.ts';

/** Runs one play over one batch of hosts; the reason when the play must not go on with further batches. */
export async function runBatch(parts: PlayRunParts): Promise<string | undefined> {
  const play = createPlayRun(parts);
  const { deps } = play;
  const hosts = play.hosts.map((run) =>
    play.play.strategy === 'free' ? play.slots(() => runHost(run, play)) : runHost(run, play),
  );
  const settled = await Promise.allSettled(hosts);
  const bug = settled.find((one) => one.status === 'rejected');
  if (bug !== undefined) throw bug.reason;
  if (deps.signal.aborted) return 'interrupted';
  if (play.stopped !== undefined) return play.stopped;
  const everyFailed = play.hosts.length > 0 && play.hosts.every((run) => !isAlive(run));
  return everyFailed ? 'every host of the batch failed' : undefined;
}

async function runHost(run: HostRun, play: PlayRun): Promise<void> {
  const { deps } = play;
  const started = deps.clock.elapsed();
  await deps.emit({ type: 'host-start', play: play.play.index, host: run.host.name });
  try {
    await walk(play.play.tasks, run, play, { locals: {}, guarded: false });
  } catch (error) {
    if (error instanceof HostStopped) run.status = run.status === 'not_run' ? 'not_run' : 'aborted';
    else if (!(error instanceof HostFailed)) throw error;
  } finally {
    play.pace.leave(run.host.name);
  }
  const ms = deps.clock.elapsed() - started;
  run.ms += ms;
  const status: HostStatus = run.status;
  await deps.emit({ type: 'host-end', play: play.play.index, host: run.host.name, status, ms: Math.round(ms) });
}
