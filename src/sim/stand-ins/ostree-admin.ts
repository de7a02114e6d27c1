import { join } from 'node:path';
import type { Call } from '../calls.ts';
import type { Machine } from '../machine.ts';
import { idOf, type Deployment } from '../model/deployment.ts';
import { originText, refspecIn } from '../model/origin-file.ts';
import { bootedOf, rollbackOf } from '../model/sysroot.ts';
import { hasStateroot, layStateroot } from '../ostree-files.ts';
import type { Words } from '../words.ts';
import { etcDifference } from './etc-diff.ts';
import { deploy } from './ostree-deploy.ts';
import { lockFinalization, pin, setDefault, undeploy, unlock } from './ostree-order.ts';
import { fail, type Verb, type Verbs } from './ostree-verb.ts';

const configDiff: Verb = {
  summary: 'Diff current /etc configuration versus default',
  isForRoot: true,
  flags: [],
  values: ['--os --stateroot'],
  run: ({ root }, call) => {
    call.out(etcDifference(join(root, 'usr/etc'), join(root, 'etc')));
    return 0;
  },
};

const osInit: Verb = {
  summary: 'Initialize empty state for given operating system',
  isForRoot: true,
  flags: [],
  values: [],
  run: ({ root }, call, { rest: [osname] }) => {
    if (osname === undefined) return fail(call, 'OSNAME must be specified');
    if (hasStateroot(root, osname)) return fail(call, `Creating ${osname}: mkdirat: File exists`);
    layStateroot(root, osname);
    call.out(`ostree/deploy/${osname} initialized as OSTree stateroot\n`);
    return 0;
  },
};

const status: Verb = {
  summary: 'List deployments',
  flags: ['-D --is-default', '-J --json', '-S --skip-signatures', '-V --verify'],
  values: [],
  run: printStatus,
};

/** The verbs of `ostree admin`. */
export const ADMIN: Verbs = {
  'config-diff': configDiff,
  deploy,
  'lock-finalization': lockFinalization,
  'os-init': osInit,
  pin,
  'set-default': setDefault,
  'stateroot-init': osInit,
  status,
  undeploy,
  unlock,
};

function printStatus(machine: Machine, call: Call, words: Words): number {
  const { deployments } = machine.sysroot;
  const booted = bootedOf(machine.sysroot);
  if (words.has('-D')) call.out(deployments[0] === booted ? 'default\n' : 'not-default\n');
  else if (words.has('-J')) call.out(`${JSON.stringify({ deployments: rows(machine) })}\n`);
  else for (const one of deployments) call.out(block(machine, one));
  return 0;
}

function rows({ sysroot }: Machine): readonly unknown[] {
  const { deployments } = sysroot;
  const booted = bootedOf(sysroot);
  const rollback = rollbackOf(sysroot);
  return deployments.map((one, index) => ({
    checksum: one.checksum,
    stateroot: one.osname,
    refspec: refspecIn(originText(one)) ?? null,
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
}

function block(machine: Machine, one: Deployment): string {
  const isBooted = idOf(one) === machine.sysroot.bootedId;
  const refspec = refspecIn(originText(one));
  return [
    `${isBooted ? '*' : ' '} ${one.osname} ${one.checksum}.${one.serial}${mark(machine, one)}`,
    `    Version: ${one.origin.version}`,
    ...(one.unlocked === 'none' ? [] : [`    Unlocked: ${one.unlocked}`]),
    ...(one.pinned ? ['    Pinned: yes'] : []),
    `    origin${refspec === undefined ? ': <unknown origin type>' : ` refspec: ${refspec}`}`,
  ]
    .map((line) => `${line}\n`)
    .join('');
}

function mark(machine: Machine, deployment: Deployment): string {
  const { deployments } = machine.sysroot;
  const booted = bootedOf(machine.sysroot);
  if (deployment.staged) return ` (staged)${deployment.locked ? ' (finalization locked)' : ''}`;
  if (deployments.indexOf(deployment) < deployments.indexOf(booted)) return ' (pending)';
  return deployment === rollbackOf(machine.sysroot) ? ' (rollback)' : '';
}
