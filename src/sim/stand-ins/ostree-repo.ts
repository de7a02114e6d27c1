import { createHash } from 'node:crypto';
import type { Machine } from '../machine.ts';
import { buildOf } from '../model/deployment.ts';
import { commitOf, commitsOf, findCommit, objectsOf, parentOf, type Commit } from '../model/repo.ts';
import { fail, type Verb } from './ostree-verb.ts';

/** `ostree refs [--list] [--revision] [PREFIX]`. */
export const refs: Verb = {
  summary: 'List refs',
  flags: ['--list', '-r --revision'],
  values: [],
  run: (machine, call, words) => {
    const [prefix = ''] = words.rest;
    for (const [ref, checksum] of allRefs(machine)) {
      if (!`${ref.replace(':', '/')}/`.startsWith(prefix === '' ? '' : `${prefix.replace(':', '/')}/`)) continue;
      call.out(`${ref}${words.has('-r') ? `\t${checksum}` : ''}\n`);
    }
    return 0;
  },
};

/** What was pulled, and the refs ostree keeps for deployments. */
function allRefs(machine: Machine): readonly (readonly [ref: string, checksum: string])[] {
  const pulled = [...machine.refs].map(([ref, version]) => [ref, commitOf(ref, version).checksum] as const);
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
