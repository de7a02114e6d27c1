import type { Call } from '../calls.ts';
import type { Machine } from '../machine.ts';
import { packagesOf, type Deployment } from '../model/deployment.ts';
import { evr, nevra, type Package } from '../model/packages.ts';
import { bootedOf, mergeBase, rollbackOf } from '../model/sysroot.ts';
import { readWords } from '../words.ts';
import { showDifference } from './rpm-ostree-packages.ts';
import { resolve } from '../model/deployment.ts';

/** `rpm-ostree db list REV…` and `rpm-ostree db diff [FROM [TO]]`. */
export function dbCommand(machine: Machine, call: Call, args: readonly string[]): number {
  const [name, ...more] = args;
  const words = readWords(more, { flags: ['-a --advisories', '-c --changelogs', '--base'], values: ['-F --format'] });
  if (name === 'list') return list(machine, call, words.rest);
  if (name === 'diff') return diff(machine, call, words.rest, words.last('-F') ?? 'block');
  call.err(`error: Unknown "db" subcommand "${name ?? ''}"\n`);
  return 1;
}

function list(machine: Machine, call: Call, revisions: readonly string[]): number {
  for (const revision of revisions) {
    const deployment = findRevision(machine, revision);
    if (deployment === undefined) return noRevision(call, revision);
    const lines = packagesOf(deployment.origin).map((pkg) => ` ${nevra(pkg)}\n`);
    call.out(`ostree commit: ${revision} (${deployment.checksum})\n${lines.toSorted().join('')}`);
  }
  return 0;
}

function diff(machine: Machine, call: Call, revisions: readonly string[], format: string): number {
  const { sysroot } = machine;
  const booted = bootedOf(sysroot);
  const first = mergeBase(sysroot);
  const other = first === booted ? rollbackOf(sysroot) : first;
  if (revisions.length === 0 && other === undefined) {
    call.err('error: No pending or rollback deployment to diff against\n');
    return 1;
  }
  const ends = revisions.length === 0 ? [booted, other] : revisions.map((revision) => findRevision(machine, revision));
  const [from, to] = ends.length === 1 ? [booted, ends[0]] : ends;
  if (from === undefined || to === undefined) return noRevision(call, revisions.join(' '));
  // Only honoured with a revision; without one the real tool prints its blocks whatever was asked.
  if (format === 'json' && revisions.length > 0) call.out(`${JSON.stringify(document(from, to))}\n`);
  else call.out(showDifference(resolve(from.origin), resolve(to.origin)));
  return 0;
}

function findRevision(machine: Machine, revision: string): Deployment | undefined {
  return machine.sysroot.deployments.find(
    (one) => one.checksum.startsWith(revision) || one.origin.refspec === revision || one.origin.version === revision,
  );
}

function noRevision(call: Call, revision: string): number {
  call.err(`error: Refspec '${revision}' not found\n`);
  return 1;
}

function document(from: Deployment, to: Deployment): unknown {
  const before = new Map(packagesOf(from.origin).map((pkg) => [pkg.name, pkg]));
  const after = new Map(packagesOf(to.origin).map((pkg) => [pkg.name, pkg]));
  const row = (pkg: Package): readonly string[] => [pkg.name, evr(pkg), pkg.arch];
  const pkgdiff: unknown[] = [];
  for (const name of [...new Set([...before.keys(), ...after.keys()])].toSorted()) {
    const old = before.get(name);
    const next = after.get(name);
    if (old === undefined && next !== undefined) pkgdiff.push([name, 0, { NewPackage: row(next) }]);
    else if (next === undefined && old !== undefined) pkgdiff.push([name, 1, { PreviousPackage: row(old) }]);
    else if (old !== undefined && next !== undefined && evr(old) !== evr(next)) {
      pkgdiff.push([name, evr(old) < evr(next) ? 2 : 3, { PreviousPackage: row(old), NewPackage: row(next) }]);
    }
  }
  return { 'ostree-commit-from': from.checksum, 'ostree-commit-to': to.checksum, pkgdiff, advisories: [] };
}
