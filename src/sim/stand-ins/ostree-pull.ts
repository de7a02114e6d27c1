import type { Call } from '../calls.ts';
import { sleepOn, type Machine } from '../machine.ts';
import { buildOf } from '../model/deployment.ts';
import { publishedOf, type Commit } from '../model/repo.ts';
import type { Words } from '../words.ts';
import { remoteNamed, trusts, type Remote } from './ostree-remote-files.ts';
import { fail, type Verb } from './ostree-verb.ts';
import { writeFailure } from './transactions.ts';

/** `ostree pull REMOTE [BRANCH[@COMMIT]…]`. */
export const pull: Verb = {
  summary: 'Download data from remote repository',
  isForRoot: true,
  flags: ['-T --timestamp-check', '--commit-metadata-only', '--disable-static-deltas'],
  values: ['--depth'],
  run: pullIt,
};

async function pullIt(machine: Machine, call: Call, words: Words): Promise<number> {
  const [name, ...named] = words.rest;
  if (name === undefined) return fail(call, 'REMOTE must be specified');
  const remote = remoteNamed(machine.root, name);
  if (remote === undefined) return fail(call, `Remote "${name}" not found`);
  const branches = named.length > 0 ? named : remote.branches;
  if (branches.length === 0) return fail(call, `No configured branches for remote ${name}`);
  const { power } = machine;
  try {
    await sleepOn(machine, machine.timing.transaction);
  } catch (error) {
    if (power.signal.aborted) return 1;
    throw error;
  }
  for (const branch of branches) {
    const commit = fetched(machine, remote, branch, words.has('-T'));
    if (typeof commit === 'string') return fail(call, commit);
    machine.refs = new Map([...machine.refs, [commit.refspec, commit]]);
  }
  call.out(
    `${branches.length * 412} metadata, ${branches.length * 2207} content objects fetched; 71204 KiB transferred in 2 seconds\n`,
  );
  return 0;
}

/** The commit a branch brings, or what is in its way. */
function fetched(machine: Machine, remote: Remote, wish: string, isNewer: boolean): Commit | string {
  const [branch = '', wanted] = wish.split('@');
  const obstacle = unreachable(remote) ?? (branch.includes('no-such') ? noBranch(branch) : undefined);
  if (obstacle !== undefined) return obstacle;
  const published = publishedOf(`${remote.name}:${branch}`);
  const commit = wanted === undefined ? published.at(-1) : published.find(({ checksum }) => checksum === wanted);
  if (commit === undefined) {
    const object = (wanted ?? '').replace(/^../, '$&/');
    return `While fetching ${remote.url}/objects/${object}.commit: Server returned HTTP 404`;
  }
  if (!trusts(machine.root, remote)) {
    return `Commit ${commit.checksum}: Can't check signature: public key not found`;
  }
  const older = isNewer ? olderThan(machine, commit) : undefined;
  const full = writeFailure(machine)?.replace(/^error: Importing packages: |\n/g, '');
  return older ?? full ?? commit;
}

/** Why a commit is not taken where only a newer one may be. */
function olderThan({ refs }: Machine, { refspec, version, checksum }: Commit): string | undefined {
  const has = refs.get(refspec);
  if (has === undefined || buildOf(has.version).timestamp <= buildOf(version).timestamp) return undefined;
  return `Upgrade target revision '${checksum}' with timestamp '${dateOf(version)}' is chronologically older than current revision '${has.checksum}' with timestamp '${dateOf(has.version)}'; use --allow-downgrade to permit`;
}

/** What the address of a remote says of its server. Names tell the model which ones. */
export function unreachable({ url }: Remote): string | undefined {
  if (/^https?:\/\/[^/]*\.invalid(?:[:/]|$)/.test(url)) {
    return `While fetching ${url}/summary.sig: [6] Could not resolve hostname`;
  }
  return url.includes('/private') ? `While fetching ${url}/config: Server returned HTTP 403` : undefined;
}

function noBranch(branch: string): string {
  return `No such branch '${branch}' in repository summary`;
}

function dateOf(version: string): string {
  return new Date(buildOf(version).timestamp * 1000).toUTCString();
}
