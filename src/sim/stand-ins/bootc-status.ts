import type { Call } from '../calls.ts';
import { sleepOn, type Machine } from '../machine.ts';
import { baseChecksum, buildOf, idOf, resolve, type Deployment } from '../model/deployment.ts';
import { digestOf, imageOf, isPrivate, versionNamed, type ImageName } from '../model/image.ts';
import { bootedOf } from '../model/sysroot.ts';
import type { Words } from '../words.ts';

/** Hosts that have looked for a newer build: what they found stands in their status. */
const looked = new WeakSet<Machine>();

/** `bootc status --json`. On a host that follows an ostree ref the entries have no image, and the host no type. */
export function bootcStatus(machine: Machine, call: Call, words: Words): number {
  const { deployments } = machine.sysroot;
  const booted = bootedOf(machine.sysroot);
  const staged = deployments.find((one) => one.staged);
  const [first, ...others] = deployments.filter((one) => one !== staged && one !== booted);
  const image = imageOf((staged ?? booted).origin.refspec);
  const isQueued = deployments.find((one) => one !== staged) !== booted;
  const entry = (one: Deployment | undefined): unknown => (one === undefined ? null : entryOf(machine, one));
  const document = {
    apiVersion: 'org.containers.bootc/v1',
    kind: 'BootcHost',
    metadata: { name: 'host' },
    spec: { image: image === undefined ? null : reference(image), bootOrder: isQueued ? 'rollback' : 'default' },
    status: {
      staged: entry(staged),
      booted: entry(booted),
      rollback: entry(first),
      ...(others.length === 0 ? {} : { otherDeployments: others.map(entry) }),
      rollbackQueued: isQueued,
      type: imageOf(booted.origin.refspec) === undefined ? null : 'bootcHost',
    },
  };
  call.out(words.has('--json') ? `${JSON.stringify(document)}\n` : `● Booted image: ${image?.name ?? 'none'}\n`);
  return 0;
}

/** `bootc upgrade --check`: 0 whether or not there is something. */
export async function lookFor(machine: Machine, call: Call, image: ImageName): Promise<number> {
  await sleepOn(machine, machine.timing.transaction / 4);
  const version = versionNamed(image.name);
  if (isPrivate(image.name) || version === undefined) {
    call.err('error: Upgrading: Creating importer: failed to invoke method OpenImage: unauthorized\n');
    return 1;
  }
  looked.add(machine);
  call.out(`Update available for: docker://${image.name}\n  Digest: ${digestOf(image.name, version)}\n`);
  return 0;
}

/** True where rpm-ostree changed what the image brings. */
export function isLayered(deployment: Deployment): boolean {
  return deployment.checksum !== baseChecksum(deployment.origin);
}

function entryOf(machine: Machine, one: Deployment): unknown {
  const image = isLayered(one) ? undefined : imageOf(one.origin.refspec);
  return {
    image: image === undefined ? null : imageStatus(image, one.origin.version),
    cachedUpdate: image === undefined ? null : newer(machine, image, one.origin.version),
    incompatible: isLayered(one),
    pinned: one.pinned,
    softRebootCapable: isCapable(machine, one),
    downloadOnly: one.staged && one.locked,
    store: 'ostreeContainer',
    ostree: { checksum: one.checksum, deploySerial: one.serial, stateroot: one.osname },
    composefs: null,
  };
}

/** Userspace alone can be restarted into it: its kernel is the running one. */
export function isCapable(machine: Machine, one: Deployment): boolean {
  const booted = bootedOf(machine.sysroot);
  const kernel = ({ origin }: Deployment): string => resolve(origin).base.kernel;
  if (idOf(one) === idOf(booted)) return false;
  return machine.options.sameKernel === true || kernel(one) === kernel(booted);
}

function newer(machine: Machine, image: ImageName, version: string): unknown {
  const newest = versionNamed(image.name);
  return !looked.has(machine) || newest === undefined || newest === version ? null : imageStatus(image, newest);
}

function imageStatus(image: ImageName, version: string): object {
  const { timestamp } = buildOf(version);
  return {
    image: reference(image),
    version,
    timestamp: new Date(timestamp * 1000).toISOString(),
    imageDigest: digestOf(image.name, version),
    architecture: 'amd64',
  };
}

function reference({ name, transport, isSigned }: ImageName): object {
  return { image: name, transport, ...(isSigned ? { signature: 'containerPolicy' } : {}) };
}
