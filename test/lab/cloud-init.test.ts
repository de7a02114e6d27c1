import { expect } from 'vitest';
import type { Event } from '../../src/core/events.ts';
import { resultOf, tasksOf, told } from './copse.ts';
import { scenario } from './scenario.ts';

const firstBoot = `
- hosts: lab
  become: true
  tasks:
    - {name: now, cloud_init_check: {wait: false, gate: false}, register: now}
    - {name: it runs, debug: {msg: still at work}, when: 'now.state == "running"'}
    - {name: over, cloud_init_check: {datasource: [nocloud], timeout: 14m}}
    - {name: seed, command: cat /run/seeded, changed_when: "false"}
`;

const waits = (event: Event): boolean => event.type === 'step-start' && event.do === 'wait';

scenario(
  'a first boot that still runs is waited for, and tasks behind the wait find what it made',
  {
    proves: 'running, told and waited for; done; the datasource; later runs need no wait',
    userData: `#cloud-config
runcmd:
  - [sh, -c, 'until [ -e /run/go ]; do sleep 1; done; echo made > /run/seeded']
`,
  },
  async ({ machines: [machine], sh, startPlay, play }) => {
    const run = await startPlay(firstBoot, { user: 'admin' });
    await run.seen('the wait for the end of the first boot', waits);
    expect(await sh(machine, 'ls /run/seeded /run/cloud-init/result.json 2>/dev/null || echo none')).toBe('none');
    await sh(machine, 'touch /run/go');
    const first = await run.ended;
    const second = await play(firstBoot, { user: 'admin' });

    expect(tasksOf(first), told(first)).toEqual({ now: 'ok', 'it runs': 'ok', over: 'ok', seed: 'ran' });
    expect(resultOf(first, 'now')).toMatchObject({ state: 'running', good: false, stage: 'modules-final' });
    expect(resultOf(first, 'over')).toMatchObject({
      state: 'done',
      good: true,
      provider: 'cloud-init',
      datasource: 'nocloud',
      errors: [],
      warnings: [],
      first_boot: true,
    });
    expect(resultOf(first, 'seed')).toMatchObject({ stdout: 'made' });
    expect(tasksOf(second), told(second)).toEqual({ now: 'ok', 'it runs': 'skipped', over: 'ok', seed: 'ran' });
    expect(resultOf(second, 'now')).toMatchObject({ state: 'done', good: true });
  },
);

/** Lets cloud-init do its first boot again, with its own units and without one; an empty text is a host without any settings. */
const firstBootAgain = (userData: string): string => `
  printf 'datasource_list: [NoCloud, None]\\ndatasource: {NoCloud: {fs_label: null}}\\nssh_deletekeys: false\\n' >/etc/cloud/cloud.cfg.d/99_lab.cfg
  cloud-init clean --logs --seed; rm -rf /run/cloud-init; mkdir -p /run/cloud-init /var/lib/cloud/seed/nocloud; touch /run/cloud-init/enabled
  cd /var/lib/cloud/seed/nocloud
  cat >user-data <<'F'
${userData}
F
  echo 'instance-id: lab-again' >meta-data
  ${userData === '' ? 'cd /; rm -r /var/lib/cloud/seed' : ''}
  systemctl reset-failed
  for u in main local network; do systemctl restart cloud-init-$u; done
  for u in config final; do systemctl restart cloud-$u; done || :`;

const look = `
- hosts: lab
  become: true
  tasks:
    - {name: found, cloud_init_check: {gate: false, good: [done], deprecations: count}}
    - {name: gate, cloud_init_check: {}}
`;

scenario(
  'disabled, degraded, without a datasource and failed are told apart on a real cloud-init',
  { proves: 'disabled, degraded with its recoverable errors, none, error; the gate is shut where it must be' },
  async ({ machines: [machine], sh, play }) => {
    const disabled = await play(look, { user: 'admin' });
    await sh(machine, firstBootAgain('#cloud-config\nwrite_files:\n  - {path: /run/x, contents: wrong key}\n'));
    const degraded = await play(look, { user: 'admin' });
    await sh(machine, firstBootAgain('#cloud-config\nruncmd:\n  - [sh, -c, "exit 3"]\n'));
    const error = await play(look, { user: 'admin' });
    await sh(machine, firstBootAgain(''));
    const none = await play(look, { user: 'admin' });

    expect(tasksOf(disabled), told(disabled)).toEqual({ found: 'ok', gate: 'ok' });
    expect(resultOf(disabled, 'found')).toMatchObject({ state: 'disabled', good: false });
    expect(tasksOf(degraded), told(degraded)).toEqual({ found: 'ok', gate: 'failed' });
    expect(resultOf(degraded, 'found')).toMatchObject({ state: 'degraded', errors: [], datasource: 'nocloud' });
    expect(resultOf(degraded, 'found')['warnings']).toEqual([expect.stringContaining('schema validation')]);
    expect(tasksOf(error), told(error)).toEqual({ found: 'ok', gate: 'failed' });
    expect(resultOf(error, 'found')).toMatchObject({
      state: 'error',
      errors: expect.arrayContaining([expect.stringContaining('scripts-user')]) as unknown,
    });
    expect(tasksOf(none), told(none)).toEqual({ found: 'ok', gate: 'failed' });
    expect(resultOf(none, 'found')).toMatchObject({ state: 'degraded', datasource: 'none' });
  },
);
