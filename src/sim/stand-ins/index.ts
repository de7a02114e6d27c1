import type { Call } from '../calls.ts';
import { countShellText, faultOf, FULL_DISK_LIMIT, type Machine } from '../machine.ts';
import { movedEvals } from '../moved-root.ts';
import { packagesOf } from '../model/deployment.ts';
import { runningOf } from '../model/sysroot.ts';
import { bootcTool } from './bootc.ts';
import { ostreeTool } from './ostree.ts';
import { firewallCmd } from './firewall-cmd.ts';
import { chgrp, chown, stat } from './files.ts';
import { lsblk } from './lsblk.ts';
import { journalctl } from './journalctl.ts';
import { getent, hostname, id, uname, whoami } from './names.ts';
import { podman } from './podman.ts';
import { busctl, rebootTool, shutdownTool } from './reboot.ts';
import { rpm } from './rpm.ts';
import { rpmOstree } from './rpm-ostree.ts';
import { getenforce, restorecon, setenforce, setsebool } from './selinux.ts';
import { semanage } from './semanage.ts';
import { adopted, setsid } from './setsid.ts';
import { df, findmnt, mountpoint, nproc } from './storage.ts';
import { su, sudo } from './sudo.ts';
import { systemctl } from './systemctl.ts';
import { systemdRun } from './systemd-run.ts';

/** A modelled program: prints through the call, gives the exit code. */
export type StandIn = (call: Call, machine: Machine) => number | Promise<number>;

const STAND_INS: Readonly<Record<string, StandIn>> = {
  bootc: bootcTool,
  busctl,
  chgrp,
  chown,
  'copse-adopted': adopted,
  'copse-moved-root': (call, machine) => {
    countShellText(machine, call.channel);
    call.out(movedEvals(call.args[0] ?? '', machine.root));
    return 0;
  },
  df,
  findmnt,
  'firewall-cmd': firewallCmd,
  getenforce,
  getent,
  hostname,
  id,
  journalctl,
  lsblk,
  mountpoint,
  nproc,
  ostree: ostreeTool,
  podman,
  poweroff: rebootTool,
  reboot: rebootTool,
  restorecon,
  rpm,
  'rpm-ostree': rpmOstree,
  semanage,
  setenforce,
  setsebool,
  setsid,
  shutdown: shutdownTool,
  stat,
  su,
  sudo,
  systemctl,
  'systemd-run': systemdRun,
  uname,
  whoami,
};

/** Names of the modelled programs that every image has; semanage comes with a package. */
export const TOOLS: readonly string[] = Object.keys(STAND_INS).filter((name) => name !== 'semanage');

/** Programs that only tell what is; counting them would drown the rest. */
const UNCOUNTED = new Set([
  'copse-adopted',
  'copse-moved-root',
  'setsid',
  'getent',
  'hostname',
  'id',
  'nproc',
  'restorecon',
  'stat',
  'uname',
  'whoami',
]);

/** Most calls kept per host. */
const MOST_CALLS = 5000;

/** Runs the model behind a call. Programs of layered packages know their version and nothing else. */
export function dispatch(machine: Machine, call: Call): number | Promise<number> {
  const { calls } = machine.counts;
  if (!UNCOUNTED.has(call.tool) && calls.length < MOST_CALLS) {
    calls.push({ tool: call.tool, args: call.args, user: call.user || machine.user });
  }
  const limit = faultOf(machine, 'disk-full') === undefined ? '' : `${FULL_DISK_LIMIT}\n`;
  const asked: Call = { ...call, user: call.user || machine.user, become: (text) => call.become(`${limit}${text}`) };
  const standIn = Object.hasOwn(STAND_INS, call.tool) ? STAND_INS[call.tool] : undefined;
  return standIn === undefined ? layeredProgram(asked, machine) : standIn(asked, machine);
}

function layeredProgram(call: Call, machine: Machine): number {
  const brings = packagesOf(runningOf(machine.sysroot).origin).find(
    (pkg) => pkg.programs?.includes(call.tool) === true,
  );
  call.out(`${call.tool} ${brings?.version ?? '1.0'}\n`);
  return 0;
}
