import { writeFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Call } from '../calls.ts';
import { bootedOf } from '../model/sysroot.ts';
import { resolve } from '../model/deployment.ts';
import type { Machine } from '../machine.ts';
import { readWords } from '../words.ts';
import { accounts, knownGroup, knownUser } from './accounts.ts';

/** `id`, with `-u -g -n -un` and a user's name. */
export function id(call: Call, machine: Machine): number {
  const words = readWords(call.args, {
    flags: ['-u --user', '-g --group', '-G --groups', '-n --name', '-r'],
    values: [],
  });
  const name = words.rest[0] ?? call.user;
  const user = knownUser(machine, name);
  if (user === undefined) {
    call.err(`id: ‘${name}’: no such user\n`);
    return 1;
  }
  const gid = Number(user.fields[3]);
  const group = knownGroup(machine, String(gid))?.name ?? String(gid);
  if (words.has('-u')) call.out(`${words.has('-n') ? user.name : user.number}\n`);
  else if (words.has('-g') || words.has('-G')) call.out(`${words.has('-n') ? group : gid}\n`);
  else call.out(`uid=${user.number}(${user.name}) gid=${gid}(${group}) groups=${gid}(${group})\n`);
  return 0;
}

/** `whoami`. */
export function whoami(call: Call): number {
  call.out(`${call.user}\n`);
  return 0;
}

/** `uname`. */
export function uname(call: Call, machine: Machine): number {
  const flags = [
    '-s --kernel-name',
    '-n --nodename',
    '-r --kernel-release',
    '-v --kernel-version',
    '-m --machine',
    '-a --all',
    '-o',
    '-p',
    '-i',
  ];
  const words = readWords(call.args, { flags, values: [] });
  const { base } = resolve(bootedOf(machine.sysroot).origin);
  const parts: readonly (readonly [string, string])[] = [
    ['-s', 'Linux'],
    ['-n', hostnameOf(machine)],
    ['-r', base.kernel],
    ['-v', '#1 SMP PREEMPT_DYNAMIC'],
    ['-m', 'x86_64'],
    ['-p', 'x86_64'],
    ['-i', 'x86_64'],
    ['-o', 'GNU/Linux'],
  ];
  const shown = parts.filter(
    ([flag]) => words.has('-a') || words.has(flag) || (call.args.length === 0 && flag === '-s'),
  );
  call.out(`${shown.map(([, value]) => value).join(' ')}\n`);
  return 0;
}

/** `hostname`, also setting it. */
export function hostname(call: Call, machine: Machine): number {
  const [name] = call.args.filter((word) => !word.startsWith('-'));
  if (name === undefined) call.out(`${hostnameOf(machine)}\n`);
  else writeFileSync(join(machine.root, 'etc/hostname'), `${name}\n`);
  return 0;
}

/** Name of the host as its file says. */
export function hostnameOf(machine: Machine): string {
  return readFileSync(join(machine.root, 'etc/hostname'), 'utf8').trim();
}

/** `getent passwd|group [KEY…]`; 2 when a key is not found. */
export function getent(call: Call, machine: Machine): number {
  const [database = '', ...keys] = call.args;
  if (database !== 'passwd' && database !== 'group') {
    call.err(`Unknown database: ${database}\n`);
    return 1;
  }
  const find = database === 'passwd' ? knownUser : knownGroup;
  const found = keys.length === 0 ? accounts(machine, database) : keys.map((key) => find(machine, key));
  for (const account of found) if (account !== undefined) call.out(`${account.fields.join(':')}\n`);
  return found.every((account) => account !== undefined) ? 0 : 2;
}
