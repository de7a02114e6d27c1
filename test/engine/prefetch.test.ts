import { describe, expect, it } from 'vitest';
import { cmd } from '../../src/core/command.ts';
import { createPrefetch, type Wish } from '../../src/engine/prefetch.ts';
import { fakeSession } from '../support/fake-session.ts';

const signal = new AbortController().signal;
const wish = (key: string, as?: Wish['as']): Wish => ({ key, questions: { q: cmd('echo', key) }, as });
const session = (): ReturnType<typeof fakeSession> =>
  fakeSession({ commands: [[/^echo/, (command) => command.argv[1] ?? '']] });

describe('questions asked ahead', () => {
  it('travel with the first task, and later tasks ask nothing', async () => {
    const host = session();
    const prefetch = createPrefetch(host);
    const ahead = async (): Promise<Wish[]> => [wish('b'), wish('c')];

    const answers = [
      await prefetch.answers(wish('a'), ahead, signal),
      await prefetch.answers(wish('b'), ahead, signal),
      await prefetch.answers(wish('c'), ahead, signal),
    ];

    expect(answers.map((one) => one['q']?.stdout)).toEqual(['a', 'b', 'c']);
    expect(host.calls).toHaveLength(1);
  });

  it('are forgotten when something changed', async () => {
    const host = session();
    const prefetch = createPrefetch(host);
    await prefetch.answers(wish('a'), async () => [wish('b')], signal);

    prefetch.invalidate();
    await prefetch.answers(wish('b'), async () => [], signal);

    expect(host.calls).toHaveLength(2);
  });

  it('are asked anew when the questions of the task have become others', async () => {
    const host = session();
    const prefetch = createPrefetch(host);
    await prefetch.answers(wish('a'), async () => [wish('b')], signal);

    const other: Wish = { ...wish('b'), questions: { q: cmd('echo', 'other') } };

    expect((await prefetch.answers(other, async () => [], signal))['q']?.stdout).toBe('other');
  });

  it('are used once: the same task asks again after its steps', async () => {
    const host = session();
    const prefetch = createPrefetch(host);
    await prefetch.answers(wish('a'), async () => [], signal);
    await prefetch.answers(wish('a'), async () => [], signal);

    expect(host.calls).toHaveLength(2);
  });

  it('go to one shell per user', async () => {
    const host = session();
    const prefetch = createPrefetch(host);
    const root = { user: 'root', method: 'sudo' } as const;

    await prefetch.answers(wish('a'), async () => [wish('b', root), wish('c')], signal);

    expect(host.calls).toEqual([
      { do: 'ask', as: expect.any(String) as string, questions: ['echo a', 'echo c'] },
      { do: 'ask', as: expect.stringContaining('root') as string, questions: ['echo b'] },
    ]);
  });

  it('are few after a change, and more with each batch that held', async () => {
    const prefetch = createPrefetch(session());
    const asked: number[] = [];
    const ahead = async (count: number): Promise<Wish[]> => {
      asked.push(count);
      return [];
    };
    for (const key of ['a', 'b']) await prefetch.answers(wish(key), ahead, signal);
    prefetch.invalidate();
    for (const key of ['c', 'd', 'e', 'f', 'g']) await prefetch.answers(wish(key), ahead, signal);

    expect(asked).toEqual([128, 128, 2, 8, 32, 128, 128]);
  });
});
