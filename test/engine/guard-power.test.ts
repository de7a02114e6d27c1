import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Event } from '../../src/core/events.ts';
import { startFleet } from '../../src/sim/fleet.ts';
import type { Fleet } from '../../src/sim/types.ts';
import { once, QUICK } from '../sim/client.ts';
import { drive } from './activation-fleet.ts';
import { killedAt, resumeWith } from './killed.ts';

// A busy machine is several times slower.
vi.setConfig({ testTimeout: 120_000 });

let fleet: Fleet;
beforeAll(async () => {
  const hosts = ['cut', 'alone', 'locked', 'laptop', 'bare'].map((name) => ({ name }));
  fleet = await startFleet({ hosts, timing: QUICK });
});
afterAll(async () => {
  await fleet.stop();
});

/** Content of a file of a host. */
function text(host: string, path: string): string {
  const file = join(fleet.host(host).root, path);
  return existsSync(file) ? readFileSync(file, 'utf8') : '(none)';
}

/** Everything a guard may have left on a host. */
function leftovers(host: string): readonly string[] {
  const folders = ['var/lib/copse/guard', 'etc/systemd/system', 'etc/systemd/system/multi-user.target.wants'];
  return folders
    .map((folder) => join(fleet.host(host).root, folder))
    .flatMap((path) => (existsSync(path) ? readdirSync(path) : []))
    .filter((name) => name.includes('guard'));
}

const states = (events: readonly Event[]): readonly string[] =>
  events.flatMap((event) => (event.type === 'guard' ? [event.state] : []));

const guarded = (guard: string, ...tasks: readonly string[]): string =>
  `- name: only admins\n  guard: ${guard}\n  block:\n${tasks.map((task) => `    - ${task}\n`).join('')}`;

const WELCOME = '{name: welcome, copy: {dest: /etc/motd, content: new}}';
const OTHER_PORT = '{name: sshd, copy: {dest: /etc/ssh/sshd_config.d/10-x.conf, content: "Port 2222"}}';
/** Cuts the power the first time, and ends well the second. */
const CUTS = '[sh, -c, "test -e /var/tmp/cut || { touch /var/tmp/cut; systemctl reboot; sleep 60; }"]';

describe('a host that loses its power while it undoes', () => {
  it('finishes the undo at its next boot, and copse tells what came of it', async () => {
    fleet.host('cut').inject({ fault: 'power-cut' });
    const tasks = guarded(`{within: 60s, undo: [${CUTS}]}`, WELCOME, '{name: bad, command: "false"}');
    const { ends, problems, events, of } = await drive(fleet, 'cut', tasks);

    expect([ends, problems]).toEqual([['welcome changed', 'bad failed', 'guard: only admins ran'], ['false: exit 1']]);
    expect([states(events).at(-1), of('guard: only admins')['not_undone']]).toEqual(['undone', []]);
    expect([text('cut', 'etc/motd'), text('cut', 'var/tmp/cut'), fleet.host('cut').counts.reboots]).toEqual([
      '(none)',
      '',
      1,
    ]);
    expect(leftovers('cut')).toEqual([]);
  });

  it('does so with nobody there, and who resumes later is told', async () => {
    fleet.host('alone').inject({ fault: 'power-cut' });
    const tasks = guarded(`{within: 1s, undo: [${CUTS}]}`, WELCOME, '{name: after, command: "true"}');
    const written = await killedAt(
      fleet,
      'alone',
      tasks,
      (event) => event.type === 'task-end' && event.ref.name === 'welcome',
    );
    const guards = join(fleet.host('alone').root, 'var/lib/copse/guard');
    const record = (): readonly string[] => readdirSync(guards).flatMap((name) => readdirSync(join(guards, name)));
    await expect.poll(() => fleet.host('alone').state.boots, { timeout: 60_000 }).toBe(1);
    await expect.poll(record, { timeout: 60_000 }).toEqual(['failed', 'undo.sh', 'undone']);
    const { problems, of } = await resumeWith(fleet, 'alone', tasks, written);

    expect(problems).toEqual(['the host undid the change: copse did not confirm it within 1.0s']);
    expect(of('guard: only admins')['not_undone']).toEqual([]);
    expect([text('alone', 'etc/motd'), leftovers('alone')]).toEqual(['(none)', []]);
  });
});

describe('a change that locks copse out at the next boot', () => {
  it('is undone by the host after that boot, and copse comes in again and tells it', async () => {
    const guard = '{within: 4s, restart: sshd.service}';
    const tasks = guarded(guard, OTHER_PORT, '{name: r, reboot: {timeout: 60s}}');
    const { problems, codes, ends } = await drive(fleet, 'locked', tasks);

    expect([codes[0], ends.at(-1)]).toEqual(['E_GUARD', 'guard: only admins failed']);
    expect(problems[0]).toMatch(/^the host undid the change/);
    expect([
      fleet.host('locked').counts.reboots,
      text('locked', 'etc/ssh/sshd_config.d/10-x.conf'),
      leftovers('locked'),
    ]).toEqual([1, '(none)', []]);
  });
});

describe('a laptop that dies while the host reboots in the window', () => {
  it('finds afterwards that the host undid the change, counted from the boot', async () => {
    const tasks = guarded('{within: 2s}', WELCOME, '{name: r, reboot: {timeout: 60s}}');
    const written = await killedAt(fleet, 'laptop', tasks, (event) => event.type === 'reboot-intent');
    await once(fleet, fleet.host('laptop'), 'sudo systemctl reboot');
    await expect.poll(() => fleet.host('laptop').state.boots, { timeout: 60_000 }).toBe(1);
    await expect.poll(() => text('laptop', 'etc/motd'), { timeout: 60_000 }).toBe('(none)');
    const { problems } = await resumeWith(fleet, 'laptop', tasks, written);

    expect(problems).toEqual(['the host undid the change: copse did not confirm it within 2.0s']);
    expect([fleet.host('laptop').counts.reboots, leftovers('laptop')]).toEqual([1, []]);
  });
});

it('a host without systemd is refused a guard before anything is changed', async () => {
  await once(fleet, fleet.host('bare'), 'true');
  rmSync(join(fleet.host('bare').root, 'usr/bin/systemctl'));
  const { codes, problems, hints, events } = await drive(fleet, 'bare', guarded('{within: 60s}', WELCOME));

  expect([codes, problems, hints]).toEqual([
    ['E_UNSUPPORTED'],
    ['the host has no systemd, so it could not undo the change by itself; nothing was changed'],
    ['take "guard" out of the block for this host, with a "when" of its own'],
  ]);
  expect([states(events), text('bare', 'etc/motd'), leftovers('bare')]).toEqual([[], '(none)', []]);
});
