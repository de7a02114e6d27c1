import { spawn, type ChildProcess } from 'node:child_process';

/** The processes of one host, so that a reboot ends them all. */
export interface Processes {
  /** Starts a program as the leader of its own group; its files are what `stdio` says. */
  start(argv: readonly string[], options: StartOptions): ChildProcess;
  /** A process that left its group, as `setsid` does. */
  adopt(pid: number): void;
  endAll(): void;
}

/** How a program of a host is started. */
export interface StartOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly stdio: readonly ('pipe' | 'ignore' | number)[];
}

/** Keeps track of a host's process groups. */
export function createProcesses(): Processes {
  const groups = new Set<number>();
  return {
    start: ([program = 'true', ...args], { env, cwd, stdio }) => {
      const child = spawn(program, args, { env, cwd, detached: true, stdio: [...stdio] });
      const { pid } = child;
      if (pid !== undefined) {
        groups.add(pid);
        // A group that is empty is forgotten at once: its number may soon be somebody else's.
        child.once('exit', () => isThere(pid) || groups.delete(pid));
      }
      return child;
    },
    adopt: (pid) => groups.add(pid),
    endAll: () => {
      for (const group of groups) signalGroup(group, 'SIGKILL');
      groups.clear();
    },
  };
}

function isThere(group: number): boolean {
  try {
    process.kill(-group, 0);
    return true;
  } catch {
    return false;
  }
}

/** Sends a signal to a process group; one that is gone already is fine. */
export function signalGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
