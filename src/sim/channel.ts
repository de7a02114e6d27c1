import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ChildProcess } from 'node:child_process';
import type { ServerChannel } from 'ssh2';
import { countCommand, environment, faultOf, FULL_DISK_LIMIT, type Machine } from './machine.ts';
import { inward, inwardFilter, movedEvals, outwardFilter, readsShellText } from './moved-root.ts';
import { homeOf } from './host-files.ts';

/** Runs what a client sent on a channel, as sshd does: through the login shell; `text` is undefined for a session's own shell. */
export function runOnChannel(machine: Machine, channel: ServerChannel, text: string | undefined): ChildProcess {
  const { root, user } = machine;
  const shellText = text === undefined || readsShellText(text);
  const words = text === undefined ? [] : ['-c', inward(movedEvals(text, root), root)];
  const limited = isFull(machine) ? ['-c', FULL_DISK, 'sh', '/bin/sh'] : [];
  freshUptime(machine);
  const child = machine.processes.start(['/bin/sh', ...limited, ...words], {
    env: {
      ...environment(machine, user),
      COPSE_SIM_CHANNEL: String(machine.counts.channels),
      SSH_CONNECTION: '127.0.0.1 40000 127.0.0.1 22',
    },
    cwd: `${root}${homeOf(user)}`,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  feed(machine, channel, child, shellText);
  drain(machine, channel, child);
  return child;
}

/** A full disk: no program can make a file longer. The stand-ins themselves lift it, because they speak through files. */
const FULL_DISK = `trap '' XFSZ; ${FULL_DISK_LIMIT}; exec "$@"`;

function isFull(machine: Machine): boolean {
  return faultOf(machine, 'disk-full') !== undefined;
}

/** Standard input: shell text moves its paths, anything else passes as it is. */
function feed(machine: Machine, channel: ServerChannel, child: ChildProcess, shellText: boolean): void {
  const filter = shellText ? inwardFilter(machine.root) : (piece: Uint8Array | null) => piece ?? new Uint8Array();
  const stdin = child.stdin;
  if (stdin === null) return;
  // A program that ended while input was on its way is an everyday matter.
  stdin.on('error', () => undefined);
  let queue = Promise.resolve();
  const pass = (piece: Uint8Array | null): void => {
    queue = queue
      .then(() => later(machine))
      .then(async () => {
        const bytes = filter(piece);
        if (bytes.length > 0 && !stdin.write(bytes)) await drained(stdin);
        if (piece === null) stdin.end();
        else channel.resume();
      });
  };
  channel.on('data', (piece: Buffer) => {
    if (faultOf(machine, 'hang') !== undefined) return;
    if (shellText) countCommand(machine);
    channel.pause();
    pass(shellText ? moved(piece, machine.root) : piece);
  });
  channel.on('end', () => pass(null));
  channel.on('close', () => {
    pass(null);
    child.stdout?.destroy();
    child.stderr?.destroy();
  });
}

function moved(piece: Buffer, root: string): Uint8Array {
  return Buffer.from(movedEvals(piece.toString('latin1'), root), 'latin1');
}

async function later(machine: Machine): Promise<void> {
  const slow = faultOf(machine, 'slow');
  if (slow !== undefined) await delay(slow.ms);
}

function drained(stream: NodeJS.WritableStream): Promise<void> {
  return new Promise((resolve) => {
    stream.once('drain', resolve);
    stream.once('close', resolve);
  });
}

/** How long a program's children may hold its output before its exit is told. */
const LINGER_MS = 150;

/**
 * Both outputs, one piece at a time: ssh2's server never goes on when both are blocked on the window at once. The exit
 * status follows the output; a child that keeps the output open does not keep it back.
 */
function drain(machine: Machine, channel: ServerChannel, child: ChildProcess): void {
  let queue = Promise.resolve();
  let told = false;
  const enqueue = (act: () => unknown): void => {
    queue = queue.then(async () => {
      if (!channel.destroyed) await act();
    });
  };
  const pump = (from: NodeJS.ReadableStream | null, to: NodeJS.WritableStream): void => {
    const filter = outwardFilter(machine.root);
    const write = (piece: Uint8Array | null): void => {
      const bytes = isFull(machine) ? fullWords(filter(piece)) : filter(piece);
      if (bytes.length > 0) enqueue(() => written(to, bytes, channel));
    };
    from?.on('data', (piece: Buffer) => {
      from.pause();
      write(piece);
      enqueue(() => from.resume());
    });
    from?.on('end', () => write(null));
  };
  const tell = (code: number | null, signal: string | null): void => {
    if (told) return;
    told = true;
    enqueue(() => (code === null ? channel.exit(signal?.replace('SIG', '') ?? 'KILL', false, '') : channel.exit(code)));
  };
  pump(child.stdout, channel);
  pump(child.stderr, channel.stderr);
  child.on('exit', (code, signal) => setTimeout(() => tell(code, signal), LINGER_MS));
  child.on('close', (code, signal) => {
    tell(code, signal);
    enqueue(() => channel.end());
  });
}

/** The kernel's word for the limit is another one than for a full disk. */
function fullWords(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString('latin1');
  return Buffer.from(text.replaceAll('File too large', 'No space left on device'), 'latin1');
}

/** ssh2 1.17 keeps the piece that waited for the window after it was sent, and would send it again when the other output waits. */
const WAITED = ['_chunk', '_chunkcb', '_chunkErr', '_chunkcbErr'];

function written(to: NodeJS.WritableStream, bytes: Uint8Array, channel: ServerChannel): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      channel.off('close', done);
      for (const name of WAITED) Reflect.set(channel, name, undefined);
      resolve();
    };
    channel.once('close', done);
    to.write(bytes, done);
  });
}

/** The kernel's uptime, which scripts read from a file. */
function freshUptime(machine: Machine): void {
  const seconds = ((Date.now() - machine.bootedAt) / 1000).toFixed(2);
  writeFileSync(join(machine.root, 'proc/uptime'), `${seconds} ${seconds}\n`);
}
