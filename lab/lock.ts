import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Does something while holding a lock that also other processes respect. The lock is held by flock(1), which ends with
 * its input: when this process dies, however that happens, the lock is free.
 */
export async function locked<T>(file: string, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(file), { recursive: true });
  const holder = spawn('flock', [file, 'sh', '-c', 'echo held; cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<void>((done) => holder.once('close', () => done()));
  await new Promise<void>((held, failed) => {
    holder.once('error', failed);
    holder.once('close', (code) => failed(new Error(`flock ${file} ended with ${code ?? 'a signal'}`)));
    holder.stdout.once('data', () => held());
  });
  try {
    return await work();
  } finally {
    holder.stdin.end();
    await ended;
  }
}
