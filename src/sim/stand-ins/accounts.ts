import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from '../machine.ts';

/** One line of passwd or group. */
export interface Account {
  readonly name: string;
  readonly number: number;
  readonly fields: readonly string[];
}

/** All accounts of the host, from its own file. */
export function accounts(machine: Machine, file: 'passwd' | 'group'): readonly Account[] {
  const lines = readFileSync(join(machine.root, 'etc', file), 'utf8').split('\n');
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const fields = line.split(':');
      return { name: fields[0] ?? '', number: Number(fields[2]), fields };
    });
}

/** The account of a name or number. */
export function knownUser(machine: Machine, word: string): Account | undefined {
  return find(accounts(machine, 'passwd'), word);
}

/** The group of a name or number. */
export function knownGroup(machine: Machine, word: string): Account | undefined {
  return find(accounts(machine, 'group'), word);
}

/** Name of a user or group by number, as `stat` shows it. */
export function nameOf(machine: Machine, file: 'passwd' | 'group', number: number): string {
  return accounts(machine, file).find((account) => account.number === number)?.name ?? 'UNKNOWN';
}

function find(list: readonly Account[], word: string): Account | undefined {
  return list.find((account) => account.name === word || String(account.number) === word);
}
