import type { Call } from '../calls.ts';
import type { Machine } from '../machine.ts';
import { idOf, type Deployment } from '../model/deployment.ts';
import { bootedOf, change, putFirst, rollbackOf } from '../model/sysroot.ts';

/** The modelled ostree: `--version`, `admin status`, `admin pin`, `admin set-default`, `admin lock-finalization -u`. */
export function ostreeTool(call: Call, machine: Machine): number {
  const [first, verb, ...args] = call.args;
  if (first === '--version') {
    call.out(
      "libostree:\n Version: '2025.3'\n Git: 3e6e1ab2a8fa1a27f1a4f1fa0a5c2a7a02a0a3bb\n Features:\n  - sign-ed25519\n  - systemd\n",
    );
    return 0;
  }
  if (first !== 'admin' || verb === undefined || !Object.hasOwn(ADMIN, verb)) {
    call.err(`error: the simulated ostree does not know "${call.args.join(' ')}"\n`);
    return 1;
  }
  if (verb !== 'status' && call.user !== 'root') return fail(call, 'Remounting /sysroot read-write: Permission denied');
  return ADMIN[verb]?.(machine, call, args) ?? 1;
}

const ADMIN: Readonly<Record<string, (machine: Machine, call: Call, args: readonly string[]) => number>> = {
  status,
  pin,
  'set-default': setDefault,
  'lock-finalization': lock,
  'config-diff': () => 0,
};

function status(machine: Machine, call: Call, args: readonly string[]): number {
  const { deployments, bootedId } = machine.sysroot;
  const booted = bootedOf(machine.sysroot);
  if (args.includes('-D') || args.includes('--is-default')) {
    call.out(deployments[0] === booted ? 'default\n' : 'not-default\n');
    return 0;
  }
  if (args.includes('-J') || args.includes('--json')) {
    const rollback = rollbackOf(machine.sysroot);
    const rows = deployments.map((one, index) => ({
      checksum: one.checksum,
      stateroot: one.osname,
      refspec: one.origin.requested.length > 0 ? null : one.origin.refspec,
      serial: one.serial,
      index,
      booted: one === booted,
      pending: index < deployments.indexOf(booted),
      rollback: one === rollback,
      'finalization-locked': one.locked,
      'soft-reboot-target': false,
      staged: one.staged,
      pinned: one.pinned,
      unlocked: one.unlocked,
      version: one.origin.version,
    }));
    call.out(`${JSON.stringify({ deployments: rows })}\n`);
    return 0;
  }
  for (const one of deployments) {
    call.out(
      `${idOf(one) === bootedId ? '*' : ' '} ${one.osname} ${one.checksum}.${one.serial}${mark(machine, one)}\n`,
    );
    call.out(`    Version: ${one.origin.version}\n${one.pinned ? '    Pinned: yes\n' : ''}`);
    call.out(
      `    origin${one.origin.requested.length > 0 ? ': <unknown origin type>' : ` refspec: ${one.origin.refspec}`}\n`,
    );
  }
  return 0;
}

function mark(machine: Machine, deployment: Deployment): string {
  const { deployments } = machine.sysroot;
  const booted = bootedOf(machine.sysroot);
  if (deployment.staged) return ` (staged)${deployment.locked ? ' (finalization locked)' : ''}`;
  if (deployments.indexOf(deployment) < deployments.indexOf(booted)) return ' (pending)';
  return deployment === rollbackOf(machine.sysroot) ? ' (rollback)' : '';
}

function pin(machine: Machine, call: Call, args: readonly string[]): number {
  const off = args.includes('-u');
  const [word = ''] = args.filter((arg) => !arg.startsWith('-'));
  const { deployments } = machine.sysroot;
  const booted = deployments.indexOf(bootedOf(machine.sysroot));
  const index = { booted, pending: 0, rollback: booted + 1 }[word] ?? Number(word);
  const found = deployments[index];
  if (found === undefined) return fail(call, `Out of range deployment index ${word}, expected < ${deployments.length}`);
  const already = found.pinned !== off;
  call.out(`Deployment ${index} is ${already ? 'already' : 'now'} ${off ? 'unpinned' : 'pinned'}\n`);
  machine.sysroot = change(machine.sysroot, idOf(found), { pinned: !off });
  return 0;
}

function setDefault(machine: Machine, call: Call, args: readonly string[]): number {
  const found = machine.sysroot.deployments[Number(args[0])];
  if (found === undefined)
    return fail(
      call,
      `Out of range deployment index ${args[0] ?? ''}, expected < ${machine.sysroot.deployments.length}`,
    );
  machine.sysroot = putFirst(machine.sysroot, idOf(found));
  return 0;
}

function lock(machine: Machine, call: Call, args: readonly string[]): number {
  const [staged] = machine.sysroot.deployments;
  if (staged?.staged !== true) return fail(call, 'No staged deployment');
  const locked = !args.includes('-u');
  machine.sysroot = change(machine.sysroot, idOf(staged), { locked });
  call.out(locked ? 'Staged deployment is now locked\n' : 'Staged deployment is now queued to apply on shutdown\n');
  return 0;
}

function fail(call: Call, message: string): number {
  call.err(`error: ${message}\n`);
  return 1;
}
