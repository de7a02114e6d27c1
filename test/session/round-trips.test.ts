import { afterEach, describe, expect, it } from 'vitest';
import { cmd, script } from '../../src/core/command.ts';
import type { BecomeSpec } from '../../src/core/target.ts';
import { NO_SSHD } from '../support/sshd.ts';
import { overSsh, type OverSsh } from './over-ssh.ts';
import { installed, NEVER, PLAIN } from './this-machine.ts';

/** Delay of each direction: long enough that what the client sends without waiting is one turn on the wire. */
const DELAY_MS = 60;

const opened: OverSsh[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((host) => host.stop()));
});

/** A connected host, and a way to count how often the wire turned to the client since the last look. */
async function counted(): Promise<{
  readonly host: OverSsh;
  readonly turns: () => number;
  readonly channels: () => number;
}> {
  // No signs of life in between: they are turns on the wire too.
  const host = await overSsh({}, {}, 60_000);
  opened.push(host);
  host.proxy.set({ delayMs: DELAY_MS });
  await host.session.connect(NEVER);
  let seen = host.proxy.turns();
  return {
    host,
    turns() {
      const since = host.proxy.turns() - seen;
      seen = host.proxy.turns();
      return since;
    },
    channels: () => host.sshd.log().split('Starting session: command').length - 1,
  };
}

/** About what twenty tasks ask: sixty questions. */
const TWENTY_TASKS = Object.fromEntries(
  Array.from({ length: 60 }, (_, index) => [
    `q${index}`,
    index % 3 === 0
      ? script('[ -e "$1" ] && stat -c "%a %u %g" -- "$1"', '/etc/hosts')
      : cmd('stat', '-c', '%a', '/etc'),
  ]),
);

describe.skipIf(NO_SSHD)('on the wire', () => {
  it('the first batch costs a channel and its start, each later one a single round trip', async () => {
    const { host, turns, channels } = await counted();

    await host.session.ask({ facts: script('cat /etc/os-release; uname -r') }, undefined, NEVER);
    const first = turns();
    await host.session.ask(TWENTY_TASKS, undefined, NEVER);
    const second = turns();

    expect([first, second, channels()]).toEqual([2, 1, 1]);
    expect(host.proxy.accepted()).toBe(1);
  });

  it.runIf(installed('sudo'))(
    'becoming another user without a password costs nothing more than its channel',
    async () => {
      const { host, turns, channels } = await counted();
      const nobody: BecomeSpec = { method: 'sudo', user: 'nobody' };
      const facts = { ...cmd('id', '-u'), asLogin: true };

      await host.session.ask({ facts, tasks: cmd('id', '-u') }, nobody, NEVER);
      const both = turns();
      await host.session.ask(TWENTY_TASKS, nobody, NEVER);

      // Both channels are opened at the same time.
      expect(both).toBeLessThanOrEqual(3);
      expect([turns(), channels()]).toEqual([1, 2]);
    },
  );

  it('a step costs its channel, and no more when its stdin is sent along', async () => {
    const { host, turns } = await counted();

    await host.session.run(cmd('true'), PLAIN);
    const ran = turns();
    await host.session.put(
      { do: 'put', say: '', path: `${host.sshd.folder}/file`, content: 'x'.repeat(10_000) },
      PLAIN,
    );

    expect(ran).toBeLessThanOrEqual(3);
    expect(turns()).toBeLessThanOrEqual(3);
  });
});
