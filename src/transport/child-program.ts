import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import type { Exit, Program } from './program.ts';

/** A child process as a program. It must have been spawned `detached`, so that its whole group can be signalled. */
export function childProgram(child: ChildProcessWithoutNullStreams): Program {
  let failure = 'the process could not be watched';
  child.on('error', (error) => {
    failure = error.message;
  });
  // A write after the program closed its input is the feeder's to notice, not a crash.
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream.on('error', () => undefined);
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => resolve(exitOf(code, signal)));
  });
  const closed = new Promise<Exit>((resolve) => {
    child.once('close', (code, signal) => resolve(child.pid === undefined ? undefined : exitOf(code, signal)));
  });

  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    exited,
    closed,
    lostReason: () => failure,
    signal(name) {
      if (child.pid !== undefined) signalGroup(child.pid, `SIG${name}`);
    },
    drop() {
      child.stdin.destroy();
      child.stdout.destroy();
      child.stderr.destroy();
    },
  };
}

function exitOf(code: number | null, signal: NodeJS.Signals | null): Exit {
  if (signal !== null) return { signal };
  return code === null ? undefined : { code };
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Gone already.
  }
}
