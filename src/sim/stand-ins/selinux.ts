import { existsSync, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Call } from '../calls.ts';
import type { Machine } from '../machine.ts';
import { enforce, enforcing, keepBooleans, keptBooleans, setBoolean, textOf } from '../selinux-files.ts';
import { readWords } from '../words.ts';

/** `getenforce`. */
export function getenforce(call: Call, { root }: Machine): number {
  call.out({ '1': 'Enforcing\n', '0': 'Permissive\n' }[enforcing(root)] ?? 'Disabled\n');
  return 0;
}

/** `setenforce 0|1`. */
export function setenforce(call: Call, { root }: Machine): number {
  const value = { '1': '1', enforcing: '1', '0': '0', permissive: '0' }[(call.args[0] ?? '').toLowerCase()];
  if (value === undefined) {
    call.err('usage:  setenforce [ Enforcing | Permissive | 1 | 0 ]\n');
    return 1;
  }
  if (enforcing(root) === '' || call.user !== 'root') {
    const why = enforcing(root) === '' ? 'SELinux is disabled' : 'security_setenforce() failed:  Permission denied';
    call.err(`setenforce: ${why}\n`);
    return 1;
  }
  enforce(root, value);
  return 0;
}

/** `setsebool [-P] NAME=VALUE…`. */
export function setsebool(call: Call, { root }: Machine): number {
  const words = readWords(call.args, { flags: ['-P', '-N', '-V'], values: [] });
  const wished = words.rest.map((word) => [word.replace(/=.*/, ''), /=(?:1|on|true)$/.test(word)] as const);
  const kept = keptBooleans(root);
  const unknown = wished.find(([name]) => !Object.hasOwn(kept, name));
  if (unknown !== undefined || enforcing(root) === '' || call.user !== 'root') {
    call.err(
      unknown === undefined
        ? 'setsebool:  SELinux is disabled or not yours.\n'
        : `Boolean ${unknown[0]} is not defined\n`,
    );
    return 255;
  }
  if (words.has('-P')) keepBooleans(root, { ...kept, ...Object.fromEntries(wished) });
  for (const [name, value] of wished) setBoolean(root, name, value);
  return 0;
}

const LOCAL_FILES = 'etc/selinux/targeted/contexts/files/file_contexts.local';

/** What `restorecon` has put on files, by host; what is not there has the label of its folder from the image. */
const LABELS = new WeakMap<Machine, Map<string, string>>();

/** `restorecon [-n] [-v] [-R] PATH…`; the types of files are the model's. */
export function restorecon(call: Call, machine: Machine): number {
  const words = readWords(call.args, { flags: ['-n', '-v', '-R -r', '-F', '-x'], values: [] });
  const labels = LABELS.get(machine) ?? new Map<string, string>();
  LABELS.set(machine, labels);
  for (const path of words.rest) {
    for (const file of words.has('-R') ? below(machine.root, path) : [path]) {
      const now = labels.get(file) ?? 'var_t';
      const wished = ruledType(machine.root, file);
      if (now === wished) continue;
      const context = (type: string): string => `system_u:object_r:${type}:s0`;
      const verb = words.has('-n') ? 'Would relabel' : 'Relabeled';
      if (words.has('-v')) call.out(`${verb} ${file} from ${context(now)} to ${context(wished)}\n`);
      if (!words.has('-n')) labels.set(file, wished);
    }
  }
  return 0;
}

function ruledType(root: string, path: string): string {
  const rules = textOf(root, LOCAL_FILES)
    .split('\n')
    .map((line) => line.split(/\s+/));
  const found = rules.findLast(([pattern = '']) => pattern.startsWith('/') && new RegExp(`^${pattern}$`).test(path));
  return found?.at(-1)?.split(':')[2] ?? 'var_t';
}

function below(root: string, path: string): readonly string[] {
  const at = join(root, path);
  if (!existsSync(at)) return [];
  if (!lstatSync(at).isDirectory()) return [path];
  return [path, ...readdirSync(at).flatMap((name) => below(root, `${path}/${name}`))];
}
