import { createHash } from 'node:crypto';
import type { Call } from '../calls.ts';
import type { Machine } from '../machine.ts';
import { buildOf } from '../model/deployment.ts';
import { commitsOf, findCommit, objectsOf, parentOf, type Commit } from '../model/repo.ts';
import { fail, type Verb } from './ostree-verb.ts';

/** `ostree refs [--list] [--revision] [PREFIX]`, `--create=REF REV`, `--delete PREFIX`. */
export const refs: Verb = {
  summary: 'List refs',
  flags: ['--list', '-r --revision', '--delete', '--force'],
  values: ['--create'],
  run: (machine, call, words) => {
    const [name = ''] = words.rest;
    const created = words.last('--create');
    if (created === undefined && !words.has('--delete')) return list(machine, call, name, words.has('-r'));
    if (call.user !== 'root') return fail(call, 'Remounting /sysroot read-write: Permission denied');
    if (created === undefined) {
      if (name === '') return fail(call, 'At least one PREFIX is required when deleting refs');
      machine.refs = new Map([...machine.refs].filter(([ref]) => !isBelow(ref, name)));
      return 0;
    }
    if (machine.refs.has(created) && !words.has('--force')) {
      return fail(call, `--create specified but ref ${created} already exists`);
    }
    return point(machine, call, created, name);
  },
};

/** `ostree reset REF COMMIT`. */
export const reset: Verb = {
  summary: 'Reset a REF to a previous COMMIT',
  isForRoot: true,
  flags: [],
  values: [],
  run: (machine, call, { rest: [ref = '', rev = ''] }) =>
    machine.refs.has(ref) ? point(machine, call, ref, rev) : fail(call, `Refspec '${ref}' not found`),
};

/** `ostree prune`: what no ref and no deployment leads to is gone already. */
export const prune: Verb = {
  summary: 'Search for unreachable objects',
  isForRoot: true,
  flags: ['--refs-only', '--no-prune'],
  values: ['--depth', '--keep-younger-than', '--retain-branch-depth'],
  run: (machine, call) => {
    const count = objectsOf(machine.refs, machine.sysroot.deployments).length;
    call.out(`Total objects: ${count * 2619}\nNo unreachable objects\n`);
    return 0;
  },
};

function point(machine: Machine, call: Call, ref: string, rev: string): number {
  const commit = known(machine, rev);
  if (commit === undefined) return fail(call, `Refspec '${rev}' not found`);
  machine.refs = new Map([...machine.refs, [ref, commit]]);
  return 0;
}

function list(machine: Machine, call: Call, prefix: string, isRevision: boolean): number {
  for (const [ref, checksum] of allRefs(machine)) {
    if (isBelow(ref, prefix)) call.out(`${ref}${isRevision ? `\t${checksum}` : ''}\n`);
  }
  return 0;
}

/** True for a ref, and for what begins with it. */
function isBelow(ref: string, prefix: string): boolean {
  return prefix === '' || `${ref.replace(':', '/')}/`.startsWith(`${prefix.replace(':', '/')}/`);
}

/** What was pulled, and the refs ostree keeps for deployments. */
function allRefs(machine: Machine): readonly (readonly [ref: string, checksum: string])[] {
  const pulled = [...machine.refs].map(([ref, { checksum }]) => [ref, checksum] as const);
  const written = machine.sysroot.deployments.filter(({ staged }) => !staged);
  return [
    ...pulled.toSorted(([a], [b]) => a.localeCompare(b)),
    ...written.map(({ checksum }, index) => [`ostree/1/1/${index}`, checksum] as const),
  ];
}

/** `ostree rev-parse REV…`. */
export const revParse: Verb = {
  summary: 'Output the target of a rev',
  flags: ['-S --single'],
  values: [],
  run: (machine, call, { rest }) => {
    if (rest.length === 0) return fail(call, 'REV must be specified');
    for (const name of rest) {
      const checksum = known(machine, name)?.checksum ?? layered(machine, name);
      if (checksum === undefined) return fail(call, `Refspec '${name}' not found`);
      call.out(`${checksum}\n`);
    }
    return 0;
  },
};

/** Deployments that rpm-ostree made have commits of no remote. */
function layered({ refs: pulled, sysroot }: Machine, name: string): string | undefined {
  return objectsOf(pulled, sysroot.deployments).find((checksum) => checksum === name);
}

/** `ostree log REV`. */
export const log: Verb = {
  summary: 'Show log starting at commit or ref',
  flags: ['--raw'],
  values: [],
  run: (machine, call, { rest: [name] }) => {
    if (name === undefined) return fail(call, 'A rev argument is required');
    const commits = commitsOf(machine.refs, machine.sysroot.deployments);
    let commit = known(machine, name);
    if (commit === undefined) return fail(call, `Refspec '${name}' not found`);
    while (commit !== undefined) {
      call.out(described(commit));
      const parent = parentOf(commit);
      const isHere = commits.some(({ checksum }) => checksum === parent?.checksum);
      if (parent !== undefined && !isHere) call.out('<< History beyond this commit not fetched >>\n');
      commit = isHere ? parent : undefined;
    }
    return 0;
  },
};

/** `ostree show REV`, also one key of its metadata. */
export const show: Verb = {
  summary: 'Output a metadata object',
  flags: [],
  values: ['--print-metadata-key'],
  run: (machine, call, words) => {
    const [name = ''] = words.rest;
    const commit = known(machine, name);
    const key = words.last('--print-metadata-key');
    if (commit === undefined) return fail(call, `Refspec '${name}' not found`);
    const values: Readonly<Record<string, string>> = {
      version: commit.version,
      'ostree.linux': buildOf(commit.version).kernel,
    };
    if (key === undefined) call.out(described(commit));
    else if (values[key] === undefined) return fail(call, `No such metadata key '${key}'`);
    else call.out(`'${values[key]}'\n`);
    return 0;
  },
};

/** `ostree fsck`: nothing is ever damaged. */
export const fsck: Verb = {
  summary: 'Check the repository for consistency',
  isForRoot: true,
  flags: ['-q --quiet', '-a --all', '--delete', '--verify-bindings'],
  values: [],
  run: (machine, call, words) => {
    const count = objectsOf(machine.refs, machine.sysroot.deployments).length;
    if (!words.has('-q')) {
      call.out(
        `Validating refs...\nEnumerating commits...\nVerifying content integrity of ${count} commit objects...\n`,
      );
    }
    call.out(`object fsck of ${count} commits completed successfully - no errors found.\n`);
    return 0;
  },
};

function known({ refs: pulled, sysroot }: Machine, name: string): Commit | undefined {
  return findCommit(pulled, sysroot.deployments, name);
}

function described(commit: Commit): string {
  const { checksum, version } = commit;
  const parent = parentOf(commit);
  const date = new Date(buildOf(version).timestamp * 1000).toISOString().replace('T', ' ').slice(0, 19);
  const lines = [
    `commit ${checksum}`,
    ...(parent === undefined ? [] : [`Parent:  ${parent.checksum}`]),
    `ContentChecksum:  ${createHash('sha256').update(checksum).digest('hex')}`,
    `Date:  ${date} +0000`,
    `Version: ${version}`,
    '(no subject)',
    '',
  ];
  return lines.map((line) => `${line}\n`).join('');
}
