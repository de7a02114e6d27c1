import { afterAll, beforeAll, expect, test } from 'vitest';
import { startFleet } from '../../src/sim/fleet.ts';
import type { Fleet } from '../../src/sim/types.ts';
import { once, QUICK } from './client.ts';

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({ hosts: 1, timing: QUICK });
});
afterAll(async () => {
  await fleet.stop();
});

/** What a machine of the lab (systemd 257) said to commands that copse sends, where the simulated hosts once said something else. */
const RECORDED: readonly (readonly [command: string, code: number, out: string, err: string])[] = [
  ['systemctl list-jobs --no-legend --no-pager', 0, '', ''],
  ['systemctl list-jobs', 0, 'No jobs running.\n', ''],
  ['systemctl is-failed rpm-ostreed.service', 1, 'inactive\n', ''],
  ['systemctl is-failed nosuch.service', 4, 'inactive\n', ''],
  [
    'systemctl mask --runtime nosuch.timer; systemctl is-enabled nosuch.timer; systemctl unmask --runtime nosuch.timer',
    0,
    'masked-runtime\n',
    `Unit nosuch.timer does not exist, proceeding anyway.
Created symlink '/run/systemd/system/nosuch.timer' → '/dev/null'.
Removed '/run/systemd/system/nosuch.timer'.
`,
  ],
];

for (const [command, code, out, err] of RECORDED) {
  test(`answers as a real machine: ${command}`, async () => {
    expect(await once(fleet, fleet.host('edge01'), `sudo sh -c '${command}'`)).toEqual({ code, out, err });
  });
}
