import { runCli } from '../../src/cli/program.ts';

/** What a command printed and how it ended. */
export interface Told {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Runs copse in this process, on no terminal. */
export async function copse(
  words: readonly string[],
  where: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<Told> {
  const out: string[] = [];
  const err: string[] = [];
  const status = await runCli(['node', 'copse', ...words], {
    stdout: { write: (text) => out.push(text) },
    stderr: { write: (text) => err.push(text) },
    stdinIsTTY: false,
    env: { HOME: where.cwd, COPSE_STATE: `${where.cwd}/state`, PATH: process.env['PATH'], ...where.env },
    cwd: where.cwd,
  });
  return { status, out: out.join(''), err: err.join('') };
}
