import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Figures of one finished process, from outside. */
export interface Figures {
  readonly status: number | null;
  readonly wallS: number;
  readonly cpuS: number;
  /** Peak resident memory in MiB. */
  readonly peakMiB: number;
  readonly out: string;
}

/** Runs a command and watches it through /proc (Linux); CPU and memory are those of the process itself, sampled every 25 ms. */
export function measure(
  command: string,
  words: readonly string[],
  options: { readonly cwd: string; readonly env?: NodeJS.ProcessEnv },
): Promise<Figures> {
  const started = performance.now();
  const child = spawn(command, words, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let cpuS = 0;
  let peakMiB = 0;
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (out += chunk.toString()));
  const sample = (): void => {
    try {
      const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      cpuS = Math.max(cpuS, (Number(fields[11]) + Number(fields[12])) / 100);
      const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1];
      peakMiB = Math.max(peakMiB, Number(peak ?? 0) / 1024);
    } catch {
      // It has just ended.
    }
  };
  const timer = setInterval(sample, 25);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => {
      clearInterval(timer);
      resolve({ status, wallS: (performance.now() - started) / 1000, cpuS, peakMiB, out });
    });
  });
}

/** A table for people, columns aligned. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [head, ...rows].map((row) =>
    row.map((cell) => (typeof cell === 'number' ? cell.toFixed(cell < 10 ? 2 : 1) : cell)),
  );
  const widths = head.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? '').length)));
  return cells.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')).join('\n');
}
