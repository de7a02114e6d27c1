import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { folderName } from './host-files.ts';
import { resolve, type Deployment } from './model/deployment.ts';
import { dictionaryBytes, type Dictionary } from './model/gvariant.ts';
import { originText } from './model/origin-file.ts';
import { objectsOf, type Refs } from './model/repo.ts';
import { bootedOf, type Sysroot } from './model/sysroot.ts';

/** Lays what ostree keeps below /ostree, /boot and /run: deployments with their origins, entries of the boot loader, what is staged. */
export function layOstree(root: string, sysroot: Sysroot, refs: Refs): void {
  layDeployments(root, sysroot.deployments);
  layEntries(root, sysroot.deployments);
  layRun(root, sysroot);
  layRepo(root, sysroot.deployments, refs);
}

/** Where the entry of a deployment points: `/ostree/boot.1/STATEROOT/KERNEL/N`, counted among those of the same kernel. */
export function bootLink(deployments: readonly Deployment[], one: Deployment): string {
  const sameKernel = deployments.filter((other) => !other.staged && linkFolder(other) === linkFolder(one));
  return `/ostree/boot.1/${linkFolder(one)}/${sameKernel.indexOf(one)}`;
}

function linkFolder(one: Deployment): string {
  return `${one.osname}/${kernelSum(one)}`;
}

function kernelSum({ origin }: Deployment): string {
  return createHash('sha256').update(resolve(origin).base.kernel).digest('hex');
}

/** The folders of all deployments, with the package database scripts look for, and the origin beside each; those of others go. */
function layDeployments(root: string, deployments: readonly Deployment[]): void {
  for (const osname of new Set(deployments.map((one) => one.osname))) layStateroot(root, osname);
  for (const osname of readdirSync(join(root, STATEROOTS))) {
    const own = deployments.filter((one) => one.osname === osname);
    const folder = join(root, STATEROOTS, osname, 'deploy');
    const wanted = new Set(own.flatMap((one) => [folderName(one), `${folderName(one)}.origin`]));
    for (const name of readdirSync(folder)) if (!wanted.has(name)) rmSync(join(folder, name), { recursive: true });
    for (const one of own) {
      mkdirSync(join(folder, folderName(one), 'usr/share/rpm'), { recursive: true });
      writeFileSync(join(folder, `${folderName(one)}.origin`), originText(one));
    }
  }
}

const STATEROOTS = 'sysroot/ostree/deploy';

/** The folders of a stateroot. */
export function layStateroot(root: string, osname: string): void {
  for (const folder of ['deploy', 'var']) mkdirSync(join(root, STATEROOTS, osname, folder), { recursive: true });
}

/** True where a stateroot was made. */
export function hasStateroot(root: string, osname: string): boolean {
  return existsSync(join(root, STATEROOTS, osname));
}

/** One entry and one link for each deployment that is not only staged. */
function layEntries(root: string, deployments: readonly Deployment[]): void {
  const entries = join(root, 'boot/loader/entries');
  const links = join(root, 'sysroot/ostree/boot.1.1');
  for (const folder of [entries, links]) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
  }
  const written = deployments.filter(({ staged }) => !staged);
  for (const [index, one] of written.entries()) {
    const link = bootLink(deployments, one);
    const number = written.length - index;
    const boot = `/ostree/${one.osname}-${kernelSum(one)}`;
    const { base } = resolve(one.origin);
    const text = [
      `title Fedora Linux ${base.version} (IoT Edition, simulated) (ostree:${index})`,
      `version ${number}`,
      `options ${[...one.kargs, `ostree=${link}`].join(' ')}`,
      `linux ${boot}/vmlinuz-${base.kernel}`,
      `initrd ${boot}/initramfs-${base.kernel}.img`,
    ];
    writeFileSync(join(entries, `ostree-${number}-${one.osname}.conf`), text.map((line) => `${line}\n`).join(''));
    const path = join(root, 'sysroot', link.replace('boot.1', 'boot.1.1'));
    mkdirSync(dirname(path), { recursive: true });
    symlinkSync(`../../../deploy/${one.osname}/deploy/${folderName(one)}`, path);
  }
  const version = join(root, 'sysroot/ostree/boot.1');
  if (!existsSync(version)) symlinkSync('boot.1.1', version);
}

/** What goes with the boot: the staged deployment, and whether the running one is writable. */
function layRun(root: string, sysroot: Sysroot): void {
  const folder = join(root, 'run/ostree');
  const booted = bootedOf(sysroot);
  const [first] = sysroot.deployments;
  rmSync(folder, { recursive: true, force: true });
  if (first?.staged === true) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'staged-deployment'), dictionaryBytes(stagedRecord(first, booted)));
  }
  if (booted.unlocked === 'development' || booted.unlocked === 'transient') {
    const state = join(folder, 'deployment-state', folderName(booted));
    mkdirSync(state, { recursive: true });
    writeFileSync(join(state, `unlocked-${booted.unlocked}`), '');
  }
}

/** What ostree writes of a staged deployment, in its order. */
function stagedRecord(staged: Deployment, merge: Deployment): Dictionary {
  const told = (one: Deployment): Dictionary => ({
    name: folderName(one),
    osname: one.osname,
    bootcsum: kernelSum(one),
  });
  return {
    target: told(staged),
    ...(staged.locked ? { locked: true } : {}),
    'merge-deployment': told(merge),
    kargs: staged.kargs,
  };
}

/** Configuration, refs and commits of the repository; the objects hold nothing. */
function layRepo(root: string, deployments: readonly Deployment[], refs: Refs): void {
  const repo = join(root, 'sysroot/ostree/repo');
  mkdirSync(join(repo, 'state'), { recursive: true });
  for (const folder of ['objects', 'refs']) rmSync(join(repo, folder), { recursive: true, force: true });
  if (!existsSync(join(repo, 'config'))) {
    writeFileSync(
      join(repo, 'config'),
      '[core]\nrepo_version=1\nmode=bare\n\n[sysroot]\nreadonly=true\nbootloader=none\n',
    );
  }
  const file = (path: string, text: string): void => {
    mkdirSync(dirname(join(repo, path)), { recursive: true });
    writeFileSync(join(repo, path), text);
  };
  for (const sum of objectsOf(refs, deployments)) file(`objects/${sum.slice(0, 2)}/${sum.slice(2)}.commit`, '');
  for (const [ref, { checksum }] of refs) {
    file(`refs/${ref.includes(':') ? `remotes/${ref.replace(':', '/')}` : `heads/${ref}`}`, `${checksum}\n`);
  }
  const written = deployments.filter(({ staged }) => !staged);
  for (const [index, { checksum }] of written.entries()) file(`refs/heads/ostree/1/1/${index}`, `${checksum}\n`);
}
