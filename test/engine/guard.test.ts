import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Event } from '../../src/core/events.ts';
import { startFleet } from '../../src/sim/fleet.ts';
import type { Fleet } from '../../src/sim/types.ts';
import { once, QUICK } from '../sim/client.ts';
import { drive } from './activation-fleet.ts';
import { killedAt, resumeWith } from './killed.ts';

const NAMES = `good port users fails handler check other login late lost reboot kargs staged left told gone
  open again shut between unsent folder stop`.split(/\s+/);
let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({ hosts: NAMES.map((name) => ({ name })), timing: QUICK });
});
afterAll(async () => {
  await fleet.stop();
});

/** Everything a guard may have left on a host. */
function leftovers(host: string): readonly string[] {
  const units = 'etc/systemd/system';
  return ['var/lib/copse/guard', units, `${units}/timers.target.wants`, `${units}/multi-user.target.wants`]
    .flatMap((folder) => names(host, folder))
    .filter((name) => !name.endsWith('.wants'));
}

function names(host: string, folder: string): readonly string[] {
  const path = join(fleet.host(host).root, folder);
  return existsSync(path) ? readdirSync(path) : [];
}

/** Content of a file of a host. */
function text(host: string, path: string): string {
  const file = join(fleet.host(host).root, path);
  return existsSync(file) ? readFileSync(file, 'utf8') : '(none)';
}

const states = (events: readonly Event[]): readonly string[] =>
  events.flatMap((event) => (event.type === 'guard' ? [event.state] : []));

const is =
  (state: string) =>
  (event: Event): boolean =>
    event.type === 'guard' && event.state === state;

/** A guarded block of these tasks. */
const guarded = (guard: string, ...tasks: readonly string[]): string =>
  `- name: only admins\n  guard: ${guard}\n  block:\n${tasks.map((task) => `    - ${task}\n`).join('')}`;

const WELCOME = '{name: welcome, copy: {dest: /etc/motd, content: new}}';
const RESTART = '{name: restart, systemd_unit: {name: sshd.service, state: restarted}}';
const sshd = (line: string): string =>
  `{name: sshd, copy: {dest: /etc/ssh/sshd_config.d/10-x.conf, content: "${line}"}}`;
const RESTARTS = '{within: 3s, restart: sshd.service}';

describe('a guarded change', () => {
  it('that lets copse in again is confirmed, and nothing of the guard stays on the host; without a change there is no guard', async () => {
    const tasks = guarded('{within: 30s, restart: sshd}', WELCOME, sshd('AllowUsers core'));
    const first = await drive(fleet, 'good', tasks);
    const second = await drive(fleet, 'good', tasks);

    expect([first.problems, first.ends.at(-1), first.of('guard: only admins')['guard']]).toEqual([
      [],
      'guard: only admins ran',
      'confirmed',
    ]);
    expect([text('good', 'etc/motd'), leftovers('good'), first.notes]).toEqual(['new', [], []]);
    expect([states(first.events), states(second.events)]).toEqual([['arming', 'armed', 'confirming', 'confirmed'], []]);
  });

  it('that moves sshd to another port is undone by the host, and copse tells it', async () => {
    const { result, ends, problems, codes } = await drive(
      fleet,
      'port',
      guarded(RESTARTS, WELCOME, sshd('Port 2222'), RESTART),
    );

    expect([result.status, ends.at(-1), codes]).toEqual([2, 'guard: only admins failed', ['E_GUARD']]);
    expect(problems[0]).toMatch(/^the host undid the change: copse did not confirm it within 3.0s \(.*refused/);
    expect([text('port', 'etc/motd'), names('port', 'etc/ssh/sshd_config.d'), leftovers('port')]).toEqual([
      '(none)',
      [],
      [],
    ]);
  });

  it('after which nobody may log in is undone at once over the connection of before', async () => {
    const guard = '{within: 5s, restart: sshd.service}';
    const { problems, notes, events } = await drive(fleet, 'users', guarded(guard, sshd('AllowUsers nobody'), RESTART));

    expect(problems).toEqual([expect.stringMatching(/^the host undid the change/)]);
    expect([notes[0], states(events).at(-1)]).toEqual([expect.stringMatching(/^no new connection yet: /), 'undone']);
    expect([names('users', 'etc/ssh/sshd_config.d'), leftovers('users')]).toEqual([[], []]);
  });

  it('whose handler locks copse out is undone too: handlers run inside the window', async () => {
    const tasks = guarded(
      '{within: 3s, restart: sshd.service}',
      '{name: config, notify: reread, copy: {dest: /etc/ssh/sshd_config.d/10-x.conf, content: "Port 2222"}}',
    );
    const { ends } = await drive(fleet, 'handler', tasks, {
      handlers: '- {name: reread, systemd_unit: {name: sshd.service, state: restarted}}',
    });

    expect(ends).toEqual(['config changed', 'reread changed', 'guard: only admins failed']);
    expect(names('handler', 'etc/ssh/sshd_config.d')).toEqual([]);
  });
});

describe('a task that fails in a guarded block', () => {
  it('has everything undone at once: content, mode, what was absent, folders, commands; rescue comes afterwards', async () => {
    const root = fleet.host('fails').root;
    await once(fleet, fleet.host('fails'), 'true');
    writeFileSync(join(root, 'etc/motd'), 'old');
    chmodSync(join(root, 'etc/motd'), 0o640);
    const guard = '{within: 60s, undo: [[touch, /var/tmp/undone]]}';
    const body = guarded(
      guard,
      '{name: w, copy: {dest: /etc/motd, content: new, mode: "0644"}}',
      '{name: d, file: {path: /etc/made, state: directory}}',
      '{name: f, copy: {dest: /etc/made/a, content: a}}',
      '{name: bad, command: "false"}',
    );
    const { ends, problems } = await drive(
      fleet,
      'fails',
      `${body}  rescue:\n    - {name: see, command: cat /etc/motd, register: seen}\n    - {name: told, debug: {msg: "\${{ seen.stdout }}"}}`,
    );

    expect(ends).toEqual([
      'w changed',
      'd changed',
      'f changed',
      'bad failed',
      'guard: only admins ran',
      'see ran',
      'told ok',
    ]);
    expect(problems).toEqual(['false: exit 1']);
    expect([text('fails', 'etc/motd'), (statSync(join(root, 'etc/motd')).mode & 0o777).toString(8)]).toEqual([
      'old',
      '640',
    ]);
    expect([names('fails', 'etc/made'), existsSync(join(root, 'etc/made')), text('fails', 'var/tmp/undone')]).toEqual([
      [],
      false,
      '',
    ]);
    expect(leftovers('fails')).toEqual([]);
  });

  it('tells what could not be undone', async () => {
    const tasks = guarded(
      '{within: 60s, undo: [["false"], [sh, -c, "exit 7"]]}',
      WELCOME,
      '{name: bad, command: "false"}',
    );
    const { problems, of } = await drive(fleet, 'left', tasks);

    expect(problems[1]).toBe(
      'the change was undone; but not everything could be: undo command 1 ended with 1; undo command 2 ended with 7',
    );
    expect(of('guard: only admins')).toMatchObject({
      guard: 'undone',
      not_undone: ['undo command 1 ended with 1', 'undo command 2 ended with 7'],
    });
    expect([text('left', 'etc/motd'), leftovers('left')]).toEqual(['(none)', []]);
  });

  it('has folders that the guard names put back whole', async () => {
    const root = fleet.host('folder').root;
    const folder = 'etc/ssh/sshd_config.d';
    await once(fleet, fleet.host('folder'), 'true');
    writeFileSync(join(root, folder, 'keep.conf'), 'kept');
    const tasks = guarded(
      '{within: 60s, files: /etc/ssh/sshd_config.d}',
      `{name: by hand, command: sh -c "cd /${folder} && rm keep.conf && echo x >new.conf"}`,
      '{name: bad, command: "false"}',
    );
    await drive(fleet, 'folder', tasks);

    expect([names('folder', folder), text('folder', `${folder}/keep.conf`)]).toEqual([['keep.conf'], 'kept']);
  });

  it('is not sent when the time was over before it: the host undid what was done', async () => {
    const tasks = guarded(
      '{within: 1s}',
      WELCOME,
      '{name: long, command: sleep 3}',
      '{name: after, command: touch /var/tmp/after}',
    );
    const { problems } = await drive(fleet, 'late', tasks);

    expect(problems[0]).toMatch(/^the host undid the change meanwhile/);
    expect([text('late', 'etc/motd'), text('late', 'var/tmp/after'), leftovers('late')]).toEqual([
      '(none)',
      '(none)',
      [],
    ]);
  });
});

describe('a guard is refused before anything is changed', () => {
  it('where another one is open', async () => {
    const first = await killedAt(fleet, 'other', guarded('{within: 60s}', WELCOME), is('armed'));
    const { problems, codes } = await drive(fleet, 'other', guarded('{within: 60s}', sshd('Port 2222')), {
      run: 'second',
    });

    expect([codes, problems]).toEqual([
      ['E_BUSY'],
      ['another guard is open on the host (test-1.1.guard-0); nothing was changed'],
    ]);
    expect([names('other', 'etc/ssh/sshd_config.d'), states(first)]).toEqual([[], ['arming', 'armed']]);
  });

  it('without root', async () => {
    const { problems, hints } = await drive(
      fleet,
      'login',
      guarded('{within: 60s}', '{command: touch /var/tmp/x}').replace('block:', 'become: false\n  block:'),
    );

    expect([problems, hints, text('login', 'var/tmp/x')]).toEqual([
      ['a guard needs root on the host'],
      ['add "become: true" to the block or the play'],
      '(none)',
    ]);
  });
});

it('check mode says what would be guarded, and changes nothing', async () => {
  const guard = '{within: 3m, restart: sshd, reload: [nftables], undo: [[nft, flush, ruleset]], files: /etc/nftables}';
  const { notes } = await drive(fleet, 'check', guarded(guard, WELCOME, '{name: k, rpm_ostree: {packages: [tmux]}}'), {
    check: true,
  });

  expect(notes).toContain(
    'guarded for 3m: unless copse can log in afterwards, the host would put back /etc/nftables, /etc/motd, run "nft flush ruleset", reload nftables.service, restart sshd.service, boot the deployment of now again',
  );
  expect(leftovers('check')).toEqual([]);
});

describe('a reboot in the window', () => {
  it('keeps the window open, and is confirmed afterwards', async () => {
    const { problems, events } = await drive(
      fleet,
      'reboot',
      guarded('{within: 30s}', WELCOME, '{name: r, reboot: {}}'),
    );

    expect([problems, states(events)]).toEqual([[], ['arming', 'armed', 'confirming', 'confirmed']]);
    expect([text('reboot', 'etc/motd'), leftovers('reboot'), fleet.host('reboot').counts.reboots]).toEqual([
      'new',
      [],
      1,
    ]);
  });

  it('into new kernel arguments is undone by booting the deployment of before, and files are put back there too', async () => {
    const host = fleet.host('kargs');
    const before = host.state.sysroot.bootedId;
    const kargs = '{name: kargs, rpm_ostree: {kargs: {append: [quiet=1]}, reboot_timeout: 20s}}';
    const { ends, problems } = await drive(
      fleet,
      'kargs',
      guarded('{within: 30s}', WELCOME, kargs, '{name: bad, command: "false"}'),
    );

    expect([ends, problems]).toEqual([
      ['welcome changed', 'kargs changed', 'bad failed', 'guard: only admins ran'],
      ['false: exit 1'],
    ]);
    expect([host.state.sysroot.bootedId === before, host.counts.reboots, text('kargs', 'etc/motd')]).toEqual([
      true,
      2,
      '(none)',
    ]);
    expect(leftovers('kargs')).toEqual([]);
  });

  it('that did not happen yet is taken back: what is staged is dropped', async () => {
    const host = fleet.host('staged');
    const tasks = guarded(
      '{within: 30s}',
      '{name: s, rpm_ostree: {packages: [tmux], activate: stage}}',
      '{name: bad, command: "false"}',
    );
    await drive(fleet, 'staged', tasks);

    expect([host.state.sysroot.deployments[0]?.staged, host.counts.reboots, leftovers('staged')]).toEqual([
      false,
      0,
      [],
    ]);
  });
});

describe('a connection that is lost while the change is confirmed', () => {
  it('is followed by another that asks the host which it was', async () => {
    const { problems, events, of } = await drive(fleet, 'lost', guarded('{within: 30s}', WELCOME), {
      onEvent: (event) => {
        if (is('confirming')(event)) fleet.host('lost').inject({ fault: 'drop', after: 1 });
      },
    });

    expect([problems, of('guard: only admins')['guard'], states(events).at(-1)]).toEqual([
      [],
      'confirmed',
      'confirmed',
    ]);
    expect([text('lost', 'etc/motd'), leftovers('lost')]).toEqual(['new', []]);
  });
});

describe('copse that was killed in the window', () => {
  it('goes on with a window that is still open, and sends nothing twice', async () => {
    const tasks = guarded('{within: 60s}', '{name: once, command: "sh -c \\"echo x >>/var/tmp/once\\""}', WELCOME);
    const written = await killedAt(
      fleet,
      'open',
      tasks,
      (event) => event.type === 'task-end' && event.ref.name === 'once',
    );
    const { problems, ends, notes } = await resumeWith(fleet, 'open', tasks, written);

    expect([problems, ends]).toEqual([[], ['once ran', 'welcome changed', 'guard: only admins ran']]);
    expect(notes).toEqual(['"guard: only admins" is still open on the host: its time begins anew']);
    expect([text('open', 'var/tmp/once'), text('open', 'etc/motd'), leftovers('open')]).toEqual(['x\n', 'new', []]);
  });

  it('finds that the host undid the change, tells it, and does the block again when it is resumed once more', async () => {
    const tasks = guarded('{within: 1s}', WELCOME, '{name: after, command: "true"}');
    const written = await killedAt(
      fleet,
      'again',
      tasks,
      (event) => event.type === 'task-end' && event.ref.name === 'welcome',
    );
    await expect.poll(() => text('again', 'etc/motd'), { timeout: 20_000 }).toBe('(none)');
    const told = await resumeWith(fleet, 'again', tasks, written);
    const more = await resumeWith(fleet, 'again', tasks.replace('1s', '30s'), [...written, ...told.events]);

    expect([told.result.status, told.problems]).toEqual([
      2,
      ['the host undid the change: copse did not confirm it within 1.0s'],
    ]);
    expect([more.problems, more.ends]).toEqual([[], ['welcome changed', 'after ran', 'guard: only admins ran']]);
    expect([text('again', 'etc/motd'), leftovers('again')]).toEqual(['new', []]);
  });

  it('before it read that its confirmation came through sees it, and changes nothing', async () => {
    const tasks = guarded('{within: 60s}', WELCOME);
    const written = await killedAt(fleet, 'shut', tasks, is('confirmed'));
    const { problems, ends } = await resumeWith(
      fleet,
      'shut',
      tasks,
      written.filter((event) => !is('confirmed')(event)),
    );

    expect([problems, ends, text('shut', 'etc/motd'), leftovers('shut')]).toEqual([[], ['welcome changed'], 'new', []]);
  });

  it('between announcing the confirmation and sending it confirms now', async () => {
    const tasks = guarded('{within: 60s}', WELCOME);
    const written = await killedAt(fleet, 'between', tasks, is('confirming'));
    const { problems, ends } = await resumeWith(fleet, 'between', tasks, written);

    expect([problems, ends, leftovers('between')]).toEqual([[], ['welcome changed', 'guard: only admins ran'], []]);
  });

  it('before the guard was sent begins anew', async () => {
    const tasks = guarded('{within: 60s}', WELCOME);
    const written = await killedAt(fleet, 'unsent', tasks, is('arming'));
    const { problems, ends } = await resumeWith(fleet, 'unsent', tasks, written);

    expect([problems, ends, leftovers('unsent')]).toEqual([[], ['welcome changed', 'guard: only admins ran'], []]);
  });

  it('tells when somebody took the guard away by hand', async () => {
    const tasks = guarded('{within: 60s}', WELCOME, '{name: after, command: "true"}');
    const written = await killedAt(
      fleet,
      'gone',
      tasks,
      (event) => event.type === 'task-end' && event.ref.name === 'welcome',
    );
    await once(fleet, fleet.host('gone'), 'sudo rm -rf /var/lib/copse/guard');
    const { problems } = await resumeWith(fleet, 'gone', tasks, written);

    expect(problems).toEqual([
      'the guard is gone from the host, and copse neither confirmed nor saw it undo the change',
    ]);
  });
});

describe('a transaction that takes longer than the window', () => {
  it('keeps the window open', async () => {
    const slow = await startFleet({ hosts: [{ name: 'slow' }], timing: { ...QUICK, transaction: 9000 } });
    try {
      const tasks = guarded('{within: 6s}', '{name: s, rpm_ostree: {packages: [tmux], activate: stage}}');
      const { problems, ends } = await drive(slow, 'slow', tasks);

      expect([problems, ends]).toEqual([[], ['s changed', 'guard: only admins ran']]);
    } finally {
      await slow.stop();
    }
  });
});

it('an interrupted run leaves the undo to the host, and says so', async () => {
  const stop = new AbortController();
  const { notes } = await drive(fleet, 'stop', guarded('{within: 1s}', WELCOME, '{name: long, command: sleep 20}'), {
    signal: stop.signal,
    onEvent: (event) => {
      if (event.type === 'step-start' && event.ref.name === 'long') setTimeout(() => stop.abort(), 50);
    },
  });

  expect(notes).toEqual([
    '"guard: only admins" is not confirmed: the host undoes the change by itself; copse resume tells what came of it',
  ]);
  await expect.poll(() => text('stop', 'etc/motd'), { timeout: 20_000 }).toBe('(none)');
});
