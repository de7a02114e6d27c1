import type { Output } from '../report/plain.ts';

/** What a command may touch of the process: everything goes through here, so that tests can bring their own. */
export interface Terminal {
  readonly stdout: Output & { readonly isTTY?: boolean };
  readonly stderr: Output & { readonly isTTY?: boolean };
  readonly stdinIsTTY: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

/** The process's own terminal. */
export function processTerminal(): Terminal {
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    stdinIsTTY: process.stdin.isTTY,
    env: process.env,
    cwd: process.cwd(),
  };
}
