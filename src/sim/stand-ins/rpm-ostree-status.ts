import type { Call } from '../calls.ts';
import { DRIVER_UNIT, type Machine } from '../machine.ts';
import { baseChecksum, buildOf, idOf, resolve, type Deployment } from '../model/deployment.ts';
import { digestOf, imageOf } from '../model/image.ts';
import { bootedOf } from '../model/sysroot.ts';
import { readWords } from '../words.ts';
import { cachedUpdate } from './rpm-ostree-check.ts';

/** `rpm-ostree status`: the JSON document, or the text where the reason of a failed finalization stands. */
export function statusCommand(machine: Machine, call: Call, args: readonly string[]): number {
  const flags = ['--json', '-b --booted', '-v --verbose', '-a --advisories', '--pending-exit-77', '-q --quiet'];
  const words = readWords(args, { flags, values: ['-J --jsonpath'] });
  if (words.unknown !== undefined) {
    call.err(`error: Unknown option ${words.unknown}\n`);
    return 1;
  }
  const { deployments, bootedId } = machine.sysroot;
  const shown = words.has('-b') ? deployments.filter((one) => idOf(one) === bootedId) : deployments;
  if (words.has('--json')) call.out(`${JSON.stringify(statusDocument(machine, shown), null, 2)}\n`);
  else call.out(statusText(machine, shown));
  const pending = deployments[0] !== undefined && idOf(deployments[0]) !== bootedId;
  return words.has('--pending-exit-77') && pending ? 77 : 0;
}

function statusDocument(machine: Machine, shown: readonly Deployment[]): unknown {
  const { transaction, sysroot } = machine;
  const path = `/org/projectatomic/rpmostree1/${bootedOf(sysroot).osname.replaceAll('-', '_')}`;
  return {
    deployments: shown.map((deployment) => describe(deployment, idOf(deployment) === sysroot.bootedId)),
    transaction: transaction === undefined ? null : [transaction.method, transaction.sender, path],
    'cached-update': cachedUpdate(machine),
    'update-driver':
      machine.options.driver === undefined ? null : { 'driver-name': 'Zincati', 'driver-sd-unit': DRIVER_UNIT },
  };
}

function describe(deployment: Deployment, booted: boolean): unknown {
  const { origin } = deployment;
  const tree = resolve(origin);
  const base = buildOf(origin.version);
  const plain = tree.checksum === baseChecksum(origin);
  const layers = plain
    ? {}
    : {
        'base-checksum': baseChecksum(origin),
        'base-version': origin.version,
        'base-timestamp': base.timestamp,
        'layered-commit-meta': { 'rpmostree.clientlayer': true, version: origin.version, 'ostree.linux': base.kernel },
      };
  return {
    id: idOf(deployment),
    osname: deployment.osname,
    checksum: deployment.checksum,
    serial: deployment.serial,
    version: origin.version,
    timestamp: deployment.timestamp,
    booted,
    staged: deployment.staged,
    pinned: deployment.pinned,
    unlocked: deployment.unlocked,
    ...(deployment.locked && deployment.staged ? { 'finalization-locked': true } : {}),
    ...sourceOf(origin),
    'gpg-enabled': false,
    ...layers,
    'base-commit-meta': { version: origin.version, 'ostree.linux': base.kernel, 'ostree.bootable': true },
    'requested-packages': origin.requested,
    packages: layeredRequests(deployment),
    'requested-local-packages': origin.requestedLocal,
    'requested-local-fileoverride-packages': [],
    'requested-base-removals': origin.removals,
    'base-removals': [],
    'requested-base-local-replacements': origin.replacements ?? [],
    'base-local-replacements': [],
    'regenerate-initramfs': origin.initramfs !== undefined,
    ...(origin.initramfs === undefined ? {} : { 'initramfs-args': origin.initramfs }),
    ...(deployment.live === undefined ? {} : { 'live-replaced': deployment.live }),
    ...(deployment.liveCut === undefined ? {} : { 'live-inprogress': deployment.liveCut }),
  };
}

/** A container image stands under keys of its own, and there is no origin then. */
function sourceOf({ refspec, version, follows }: Deployment['origin']): object {
  const image = imageOf(refspec);
  if (image === undefined) return { origin: follows ?? refspec };
  return {
    'container-image-reference': refspec,
    'container-image-reference-digest': digestOf(image.name, version),
  };
}

/** Requests that led to a package; the others are inactive. */
function layeredRequests({ origin }: Deployment): readonly string[] {
  const inactive = resolve(origin).inactive.map(({ request }) => request);
  return origin.requested.filter((request) => !inactive.includes(request)).toSorted();
}

function statusText(machine: Machine, shown: readonly Deployment[]): string {
  const { transaction, sysroot, finalizeFailure } = machine;
  const state =
    transaction === undefined
      ? 'State: idle\n'
      : `State: busy\nTransaction: ${transaction.title}\n  Initiator: ${transaction.initiator}\n`;
  const failed =
    finalizeFailure === undefined
      ? ''
      : `Warning: failed to finalize previous deployment\n         error: ${finalizeFailure}\n` +
        '         check `journalctl -b -1 -u ostree-finalize-staged.service`\n';
  const blocks = shown.map((deployment) => block(deployment, idOf(deployment) === sysroot.bootedId));
  return `${state}${failed}Deployments:\n${blocks.join('\n')}`;
}

function block(deployment: Deployment, booted: boolean): string {
  const { origin } = deployment;
  const rows: readonly (readonly [string, string])[] = [
    ['Version', `${origin.version} (${new Date(deployment.timestamp * 1000).toISOString().slice(0, 19)}Z)`],
    resolve(origin).checksum === baseChecksum(origin)
      ? ['Commit', deployment.checksum]
      : ['BaseCommit', baseChecksum(origin)],
    ...(deployment.staged ? [['Staged', deployment.locked ? 'yes (finalization locked)' : 'yes'] as const] : []),
    ...(origin.requested.length === 0 ? [] : [['LayeredPackages', layeredRequests(deployment).join(' ')] as const]),
    ...(deployment.pinned ? [['Pinned', 'yes'] as const] : []),
  ];
  const lines = rows.map(([key, value]) => `${key.padStart(26)}: ${value}\n`);
  return `${booted ? '●' : ' '} ${origin.refspec}\n${lines.join('')}`;
}
