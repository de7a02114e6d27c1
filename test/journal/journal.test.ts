import { appendFile, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Event } from '../../src/core/events.ts';
import { Fault } from '../../src/core/problem.ts';
import { openJournal } from '../../src/journal/append.ts';
import { readJournal } from '../../src/journal/read.ts';

const note = (text: string): Event => ({ type: 'note', host: 'edge01', text });
const end = (play: number): Event => ({ type: 'play-end', play });

let folder = '';
let path = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'copse-journal-'));
  path = join(folder, 'journal');
});
afterEach(() => rm(folder, { recursive: true }));

async function written(events: readonly Event[]): Promise<void> {
  const journal = await openJournal({ path, epoch: 1, now: () => 0 });
  await Promise.all(events.map((event) => journal.take(event)));
  await journal.close();
}

describe('a journal', () => {
  it('gives back what was written, numbered and in order', async () => {
    await written([note('a'), end(1), note('b')]);

    const { records, torn } = await readJournal(path);

    expect(records.map(({ seq, event }) => [seq, event])).toEqual([
      [1, note('a')],
      [2, end(1)],
      [3, note('b')],
    ]);
    expect(torn).toBe(0);
  });

  it('is readable by its owner only', async () => {
    await written([end(1)]);

    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  it('never holds output of commands', async () => {
    const ref = { play: 1, host: 'edge01', task: '1.1', name: 'show', module: 'command', turn: 0 };
    await written([{ type: 'step-output', ref, stream: 'stdout', text: 'hunter2' }, end(1)]);

    expect(await readFile(path, 'utf8')).not.toContain('hunter2');
  });

  it('has an intent on disk before take resolves', async () => {
    const journal = await openJournal({ path, epoch: 1, now: () => 0 });

    await journal.take(end(7));

    expect((await readJournal(path)).records.map(({ event }) => event)).toEqual([end(7)]);
    await journal.close();
  });

  it('loses only the last record when its tail is torn at any byte', async () => {
    await written([end(1), end(2)]);
    const whole = await readFile(path);
    const first = whole.indexOf(10) + 1;

    for (let cut = first; cut < whole.length; cut += 1) {
      await writeFile(path, whole.subarray(0, cut));
      const { records, bytes, torn } = await readJournal(path);
      expect({ count: records.length, bytes, torn }).toEqual({ count: 1, bytes: first, torn: cut - first });
    }
  });

  it('goes on after a torn tail with the chain intact', async () => {
    await written([end(1), end(2)]);
    await truncate(path, (await stat(path)).size - 5);
    const found = await readJournal(path);

    const journal = await openJournal({
      path,
      epoch: 2,
      now: () => 0,
      after: { seq: found.records.length, sum: found.sum, bytes: found.bytes },
    });
    await journal.take(end(3));
    await journal.close();

    const { records } = await readJournal(path);
    expect(records.map(({ seq, epoch, event }) => [seq, epoch, event])).toEqual([
      [1, 1, end(1)],
      [2, 2, end(3)],
    ]);
  });

  it.each([
    ['a changed byte', (text: string) => text.replace('"play":1', '"play":9')],
    ['a line that is missing', (text: string) => text.split('\n').slice(1).join('\n')],
    ['lines in another order', (text: string) => text.split('\n').slice(0, 3).reverse().join('\n') + '\n'],
  ])('refuses %s before its end', async (_, damage) => {
    await written([end(1), end(2), end(3)]);
    await writeFile(path, damage(await readFile(path, 'utf8')));

    await expect(readJournal(path)).rejects.toThrow(Fault);
  });

  it('refuses to begin where one is already', async () => {
    await written([end(1)]);

    await expect(openJournal({ path, epoch: 1, now: () => 0 })).rejects.toThrow(/cannot be written/);
  });

  it('keeps refusing once a write failed', async () => {
    const journal = await openJournal({
      path: '/dev/full',
      epoch: 1,
      now: () => 0,
      after: { seq: 0, sum: '0', bytes: 0 },
    }).catch((error: unknown) => error);

    // /dev/full cannot be truncated on every kernel; either way the caller is told with E_JOURNAL before anything is sent.
    if (journal instanceof Fault) expect(journal.problems[0]?.code).toBe('E_JOURNAL');
    else {
      await expect((journal as Awaited<ReturnType<typeof openJournal>>).take(end(1))).rejects.toThrow(
        /cannot be written/,
      );
      await expect((journal as Awaited<ReturnType<typeof openJournal>>).take(end(2))).rejects.toThrow(
        /cannot be written/,
      );
    }
  });

  it('finds an append by somebody else', async () => {
    await written([end(1)]);
    await appendFile(path, 'not a record\n');

    expect((await readJournal(path)).torn).toBe(13);
  });
});
