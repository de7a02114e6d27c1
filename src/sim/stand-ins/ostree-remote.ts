import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { quote } from '../../core/command.ts';
import type { Call } from '../calls.ts';
import type { Machine } from '../machine.ts';
import { publishedOf } from '../model/repo.ts';
import type { Words } from '../words.ts';
import { unreachable } from './ostree-pull.ts';
import { groupsOf, keyring, remoteNamed, REMOTES, remotesOf, REPO_CONFIG } from './ostree-remote-files.ts';
import { fail, type Verb, type Verbs } from './ostree-verb.ts';

/** The verbs of `ostree remote`. */
export const REMOTE: Verbs = {
  add: {
    summary: 'Add a remote repository',
    isForRoot: true,
    flags: ['--no-gpg-verify', '--if-not-exists', '--force'],
    values: ['--set', '--contenturl'],
    run: add,
  },
  delete: {
    summary: 'Delete a remote repository',
    isForRoot: true,
    flags: ['--if-exists'],
    values: [],
    run: remove,
  },
  'gpg-import': {
    summary: 'Import GPG keys',
    isForRoot: true,
    flags: ['--stdin'],
    values: ['-k --keyring'],
    run: importKeys,
  },
  list: {
    summary: 'List remote repository names',
    flags: ['-u --show-urls'],
    values: [],
    run: ({ root }, call, words) => {
      for (const { name, url } of remotesOf(root)) call.out(words.has('-u') ? `${name}  ${url}\n` : `${name}\n`);
      return 0;
    },
  },
  refs: { summary: 'List remote refs', flags: ['-r --revision'], values: [], run: listRefs },
  'show-url': {
    summary: 'Show remote repository URL',
    flags: [],
    values: [],
    run: ({ root }, call, { rest: [name = ''] }) => {
      const remote = remoteNamed(root, name);
      if (remote === undefined) return missing(call, name);
      call.out(`${remote.url}\n`);
      return 0;
    },
  },
};

/** `ostree config get|set|unset`, by `GROUP.KEY` or with `--group`. */
export const CONFIG: Verb = {
  summary: 'Change repo configuration settings',
  flags: [],
  values: ['--group'],
  run: configure,
};

function add({ root }: Machine, call: Call, words: Words): number {
  const [name, url, ...branches] = words.rest;
  if (name === undefined || url === undefined) return fail(call, 'NAME and URL must be specified');
  const before = remoteNamed(root, name);
  if (before !== undefined && !words.has('--force')) {
    if (words.has('--if-not-exists')) return 0;
    return fail(call, `Remote configuration for "${name}" already exists: ${before.file}`);
  }
  const set = words.all('--set').map((word) => word.split(/=(.*)/s));
  const contents = words.last('--contenturl');
  const entries: readonly (readonly [string, string])[] = [
    ['url', url],
    ...(branches.length === 0 ? [] : [['branches', branches.map((one) => `${one};`).join('')] as const]),
    ...(contents === undefined ? [] : [['contenturl', contents] as const]),
    ...set.map(([key = '', value = '']) => [key, value] as const),
    ...(words.has('--no-gpg-verify') ? [['gpg-verify', 'false'] as const] : []),
  ];
  mkdirSync(join(root, REMOTES), { recursive: true });
  const text = entries.map(([key, value]) => `${key}=${value}\n`).join('');
  writeFileSync(join(root, REMOTES, `${name}.conf`), `[remote "${name}"]\n${text}`);
  return 0;
}

/** With the whole file it stands in, as ostree does; from the configuration only its group goes. The keyring goes too. */
function remove({ root }: Machine, call: Call, words: Words): number {
  const [name = ''] = words.rest;
  const remote = remoteNamed(root, name);
  if (remote === undefined) return words.has('--if-exists') ? 0 : missing(call, name);
  if (remote.file === REPO_CONFIG) changeConfig(root, `remote "${name}"`, () => new Map());
  else rmSync(join(root, remote.file));
  rmSync(join(root, keyring(name)), { force: true });
  return 0;
}

/** The keys come on standard input or from files; armor is taken off, as gpg does. */
function importKeys({ root }: Machine, call: Call, words: Words): number {
  const [name = ''] = words.rest;
  if (remoteNamed(root, name) === undefined) return missing(call, name);
  const files = words.all('-k').map((path) => quote(join(root, path)));
  if (!words.has('--stdin') && files.length === 0)
    return fail(call, 'no keys: the simulated ostree wants --stdin or -k');
  const ring = quote(join(root, keyring(name)));
  call.become(`new=$(mktemp) || exit
cat ${words.has('--stdin') ? '-' : ''} ${files.join(' ')} >"$new"
if grep -q '^-----BEGIN PGP' "$new"; then sed -e '/^-----/d' -e '/^[A-Za-z]*: /d' -e '/^=....$/d' -e '/^$/d' "$new" | base64 -d >>${ring}
else cat "$new" >>${ring}; fi
rm -f "$new"
echo 'Imported 1 GPG key(s) to remote "${name}"'
exit 0`);
  return 0;
}

/** What the summary of a remote lists: its branches as far as this host has heard of them, each with its newest build. */
function listRefs(machine: Machine, call: Call, words: Words): number {
  const [name = ''] = words.rest;
  const remote = remoteNamed(machine.root, name);
  if (remote === undefined) return missing(call, name);
  const obstacle = unreachable(remote);
  if (obstacle !== undefined) return fail(call, obstacle);
  const heard = [...machine.refs.keys(), ...machine.sysroot.deployments.map(({ origin }) => origin.refspec)];
  const own = heard.filter((ref) => ref.startsWith(`${name}:`));
  const all = new Set([...own, ...remote.branches.map((branch) => `${name}:${branch}`)]);
  for (const ref of [...all].toSorted()) {
    call.out(words.has('-r') ? `${ref}\t${publishedOf(ref).at(-1)?.checksum ?? ''}\n` : `${ref}\n`);
  }
  return 0;
}

function configure({ root }: Machine, call: Call, words: Words): number {
  const [verb = '', name = '', value = ''] = words.rest;
  const group = words.last('--group') ?? name.split('.')[0] ?? '';
  const key = words.has('--group') ? name : name.slice(group.length + 1);
  if (verb === 'get') return tell(root, call, group, key);
  if (verb !== 'set' && verb !== 'unset') return fail(call, `Unknown operation ${verb}`);
  if (call.user !== 'root') return fail(call, 'Remounting /sysroot read-write: Permission denied');
  changeConfig(root, group, (values) => {
    const others = [...values].filter(([one]) => one !== key);
    return new Map(verb === 'set' ? [...others, [key, value]] : others);
  });
  return 0;
}

function tell(root: string, call: Call, group: string, key: string): number {
  const groups = groupsOf(readFileSync(join(root, REPO_CONFIG), 'utf8'));
  const value = groups.get(group)?.get(key);
  if (!groups.has(group)) return fail(call, `Key file does not have group “${group}”`);
  if (value === undefined) return fail(call, `Key file does not have key “${key}” in group “${group}”`);
  call.out(`${value}\n`);
  return 0;
}

/** Writes the configuration with another content of one group; an empty one is left out. */
function changeConfig(
  root: string,
  group: string,
  change: (values: ReadonlyMap<string, string>) => ReadonlyMap<string, string>,
): void {
  const path = join(root, REPO_CONFIG);
  const groups = new Map(groupsOf(readFileSync(path, 'utf8')));
  groups.set(group, change(groups.get(group) ?? new Map<string, string>()));
  const text = [...groups]
    .filter(([, values]) => values.size > 0)
    .map(([name, values]) => `[${name}]\n${[...values].map(([key, value]) => `${key}=${value}\n`).join('')}`);
  writeFileSync(path, text.join('\n'));
}

function missing(call: Call, name: string): number {
  return fail(call, `Remote "${name}" not found`);
}
