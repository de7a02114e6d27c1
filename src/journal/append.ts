import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Event } from '../core/events.ts';
import { fault } from '../core/problem.ts';
import { GENESIS, writeLine } from './line.ts';

/** A journal that is being written. */
export interface Journal {
  readonly name: 'journal';
  readonly path: string;
  /** Appends an event. Resolves when it is on disk where that matters (intents, ends), else when it is queued. Rejects with E_JOURNAL. */
  take(event: Event): Promise<void>;
  close(): Promise<void>;
}

/** Where and how to write: a new file, or the good part of an old one. */
export interface JournalOptions {
  readonly path: string;
  readonly epoch: number;
  readonly now: () => number;
  /** What `readJournal` found, to go on after it. */
  readonly after?: { readonly seq: number; readonly sum: string; readonly bytes: number };
}

/** Events that are written, but need not be on disk before the run goes on. */
const LAZY: ReadonlySet<Event['type']> = new Set([
  'task-start',
  'task-plan',
  'host-connected',
  'host-start',
  'note',
  'play-start',
]);

/** Opens a journal: append-only, one writer, one sync for all that wait (group commit), 0600. */
export async function openJournal(options: JournalOptions): Promise<Journal> {
  const { path, epoch, now, after } = options;
  const file = await openFile(path, after?.bytes);
  let seq = after?.seq ?? 0;
  let sum = after?.sum ?? GENESIS;
  let queue: string[] = [];
  let broken: Error | undefined;
  let flushing: Promise<void> = Promise.resolve();
  let scheduled: Promise<void> | undefined;

  async function flush(): Promise<void> {
    const text = queue.join('');
    queue = [];
    if (text === '') return;
    try {
      await file.writeFile(text);
      await file.datasync();
    } catch (error) {
      broken = cannotWrite(path, error);
      throw broken;
    }
  }

  /** Joins the flush that is about to begin; one that is under way may have missed our line. */
  function flushed(): Promise<void> {
    scheduled ??= flushing.then(() => {
      scheduled = undefined;
      flushing = flush();
      return flushing;
    });
    return scheduled;
  }

  return {
    name: 'journal',
    path,
    async take(event) {
      if (broken !== undefined) throw broken;
      // Output of commands is for people and may hold anything; it is never written.
      if (event.type === 'step-output') return;
      seq += 1;
      const line = writeLine({ seq, at: new Date(now()).toISOString(), epoch, event }, sum);
      sum = line.sum;
      queue.push(line.text);
      if (!LAZY.has(event.type)) await flushed();
    },
    async close() {
      try {
        if (broken === undefined) await flushed();
      } finally {
        await file.close();
      }
    },
  };
}

async function openFile(path: string, goodBytes: number | undefined): Promise<FileHandle> {
  try {
    const flags = goodBytes === undefined ? constants.O_CREAT | constants.O_EXCL : 0;
    const file = await open(path, flags | constants.O_WRONLY | constants.O_APPEND, 0o600);
    if (goodBytes !== undefined) await file.truncate(goodBytes);
    await file.datasync();
    await syncFolder(dirname(path));
    return file;
  } catch (error) {
    throw cannotWrite(path, error);
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function cannotWrite(path: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `the journal ${path} cannot be written: ${reason}; nothing more is sent`;
  return fault(
    { code: 'E_JOURNAL', message, hint: 'free space or set COPSE_STATE to a folder that can be written' },
    cause,
  );
}
