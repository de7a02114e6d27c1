import { resolve, idOf, type Deployment, type Origin } from './deployment.ts';
import { refspecOf } from './image.ts';
import { BUILDS } from './packages.ts';
import type { Sysroot } from './sysroot.ts';

/** Where the base image comes from. */
export const REFSPEC = 'fedora-iot:fedora/stable/x86_64/iot';

/** The remote of that name, as the image describes it. */
export const IMAGE_REMOTE =
  '[remote "fedora-iot"]\nurl=https://ostree.fedoraproject.org/iot\ngpg-verify=true\ngpgkeypath=/etc/pki/rpm-gpg/\n';

const KARGS = ['root=UUID=6f0e5b7c-1c5e-4b8f-9a53-0d6a4f0c9e11', 'rw', 'console=tty0'];

/** A host as it is found: on the middle build, the build before it as the way back. */
export function firstSysroot(packages: readonly string[], image?: string): Sysroot {
  const versions = BUILDS.slice(0, 2).map((build) => build.version);
  const [old, booted] = versions.map((version) => plainDeployment(version, packages, image));
  if (old === undefined || booted === undefined) throw new Error('two builds are needed');
  return { deployments: [booted, old], bootedId: idOf(booted) };
}

function plainDeployment(version: string, requested: readonly string[], image: string | undefined): Deployment {
  const refspec = image === undefined ? REFSPEC : refspecOf({ name: image, transport: 'registry', isSigned: false });
  const origin: Origin = { refspec, version, pinnedBuild: false, requested, requestedLocal: [], removals: [] };
  const tree = resolve(origin);
  return {
    osname: image === undefined ? 'fedora-iot' : 'default',
    checksum: tree.checksum,
    serial: 0,
    origin,
    kargs: KARGS,
    timestamp: tree.base.timestamp,
    staged: false,
    locked: false,
    pinned: false,
    unlocked: 'none',
    madeBy: '',
  };
}
