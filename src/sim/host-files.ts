import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { resolve, type Deployment, type Tree } from './model/deployment.ts';
import { inward } from './moved-root.ts';

/** What the files of a host are made from. */
export interface Identity {
  readonly name: string;
  readonly user: string;
  readonly machineId: string;
  /** The remote that the image brings; empty where it was pulled as a container image. */
  readonly remotes: string;
}

/** Makes the folders and files a host has before its first boot. */
export function layFiles(root: string, identity: Identity): void {
  const home = homeOf(identity.user);
  const folders = ['var/roothome', 'var/log', 'var/lib', 'var/tmp', 'var/opt', 'var/srv'];
  const more = [
    'var/mnt',
    'var/usrlocal/bin',
    'usr',
    'boot/ostree',
    'sysroot/ostree',
    'dev',
    'proc',
    'sys',
    `.${home}`,
  ];
  for (const folder of [...folders, ...more]) mkdirSync(join(root, folder), { recursive: true });
  const links: readonly (readonly [string, string])[] = [
    ['bin', 'usr/bin'],
    ['sbin', 'usr/bin'],
    ['home', 'var/home'],
    ['root', 'var/roothome'],
    ['opt', 'var/opt'],
    ['srv', 'var/srv'],
    ['mnt', 'var/mnt'],
    ['ostree', 'sysroot/ostree'],
    ['usr/sbin', 'bin'],
    ['usr/local', '../var/usrlocal'],
  ];
  for (const [path, target] of links) symlinkSync(target, join(root, path));
  layImageEtc(root, identity.remotes);
  const file = (path: string, text: string): void => writeFileSync(join(root, path), text);
  const shell = inward('/bin/bash', root);
  file('etc/passwd', passwd(identity.user, root, shell));
  file(
    'etc/group',
    `root:x:0:\nwheel:x:10:${identity.user}\nnobody:x:65534:\n${loginLine(identity.user, ':x:1000:\n')}`,
  );
  file('etc/hostname', `${identity.name}\n`);
  file('etc/machine-id', `${identity.machineId}\n`);
  file('etc/fstab', '');
}

/** What the image brings as /etc: it is the host's own, and stays below /usr to be compared with. */
function layImageEtc(root: string, remotes: string): void {
  for (const folder of ['usr/etc/systemd/system', 'usr/etc/ssh/sshd_config.d', 'usr/etc/ostree/remotes.d']) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  const file = (path: string, text: string): void => writeFileSync(join(root, 'usr/etc', path), text);
  symlinkSync('../usr/lib/os-release', join(root, 'usr/etc/os-release'));
  file('passwd', passwd('root', root, inward('/bin/bash', root)));
  file('group', 'root:x:0:\nwheel:x:10:\nnobody:x:65534:\n');
  file('hosts', '127.0.0.1 localhost\n::1 localhost\n');
  if (remotes !== '') file('ostree/remotes.d/fedora-iot.conf', remotes);
  cpSync(join(root, 'usr/etc'), join(root, 'etc'), { recursive: true, verbatimSymlinks: true });
}

function passwd(user: string, root: string, shell: string): string {
  const login = `:x:1000:1000:${user}:${root}${homeOf(user)}:${shell}\n`;
  return `root:x:0:0:root:${root}/root:${shell}\nnobody:x:65534:65534:Kernel Overflow User:/:/usr/sbin/nologin\n${loginLine(user, login)}`;
}

function loginLine(user: string, line: string): string {
  return user === 'root' ? '' : `${user}${line}`;
}

/** Home folder of a user. */
export function homeOf(user: string): string {
  return user === 'root' ? '/var/roothome' : `/var/home/${user}`;
}

/** What the kernel tells under /proc and /run at a boot. */
export interface BootFiles {
  readonly bootId: string;
  readonly deployment: Deployment;
  /** Where the boot loader's entry points, below /ostree. */
  readonly link: string;
  /** The tree of programs of that deployment. */
  readonly tree: string;
}

/** Writes what changes with a boot: an empty /run and /tmp, /proc, and the programs of the deployment. */
export function layBoot(root: string, boot: BootFiles): void {
  for (const folder of ['run', 'tmp', 'dev/shm', 'proc']) {
    rmSync(join(root, folder), { recursive: true, force: true });
    mkdirSync(join(root, folder), { recursive: true });
  }
  for (const folder of ['proc/sys/kernel/random', 'proc/self', 'proc/net', 'run/systemd/system', 'run/lock']) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  const tree = resolve(boot.deployment.origin);
  const file = (path: string, text: string): void => writeFileSync(join(root, path), text);
  file('run/ostree-booted', '');
  file('proc/sys/kernel/random/boot_id', `${boot.bootId}\n`);
  file('proc/sys/kernel/osrelease', `${tree.base.kernel}\n`);
  layKernel(root);
  file('proc/cmdline', `${boot.deployment.kargs.join(' ')} ostree=${boot.link}\n`);
  file(
    'proc/meminfo',
    'MemTotal:        8131264 kB\nMemFree:         5210044 kB\nMemAvailable:    7140580 kB\nSwapTotal:             0 kB\n',
  );
  file('proc/cpuinfo', 'processor\t: 0\nmodel name\t: Simulated\n\nprocessor\t: 1\nmodel name\t: Simulated\n');
  file('proc/stat', 'cpu  0 0 0 0\ncpu0 0 0 0 0\ncpu1 0 0 0 0\n');
  file('proc/loadavg', '0.10 0.08 0.05 1/120 900\n');
  file('proc/uptime', '1.00 2.00\n');
  file('proc/mounts', mounts(root));
  file('proc/self/mounts', mounts(root));
  file('proc/net/tcp', LISTENING);
  file('proc/net/tcp6', '');
  mkdirSync(join(root, 'usr/lib/locale/C.utf8'), { recursive: true });
  file('usr/lib/os-release', osRelease(tree));
  usePrograms(root, boot.tree);
}

/** What the kernel begins with, and what systemd-sysctl makes of it at boot. */
function layKernel(root: string): void {
  const set = (path: string, value: string): void => {
    const at = join(root, 'proc/sys', path);
    mkdirSync(dirname(at), { recursive: true });
    writeFileSync(at, `${value}\n`);
  };
  for (const [path, value] of Object.entries(KERNEL)) set(path, value);
  const folder = join(root, 'etc/sysctl.d');
  for (const name of existsSync(folder) ? readdirSync(folder).toSorted() : []) {
    for (const [, key = '', value = ''] of readFileSync(join(folder, name), 'utf8').matchAll(
      /^([a-z][^=\s]*)\s*=\s*(.*)$/gm,
    )) {
      const path = key.replaceAll('.', '/');
      if (Object.hasOwn(KERNEL, path)) set(path, value);
    }
  }
}

const KERNEL: Readonly<Record<string, string>> = {
  'kernel/pid_max': '4194304',
  'kernel/sysrq': '16',
  'net/core/somaxconn': '4096',
  'net/ipv4/ip_forward': '0',
  'net/ipv4/ip_local_port_range': '32768\t60999',
  'vm/swappiness': '60',
};

/** Makes the programs of a tree the host's own, in one step. */
export function usePrograms(root: string, tree: string): void {
  const next = join(root, 'usr/.bin');
  rmSync(next, { force: true });
  symlinkSync(join(tree, 'bin'), next);
  renameSync(next, join(root, 'usr/bin'));
}

function osRelease({ base }: Tree): string {
  const release = base.version.split('.')[0] ?? '';
  return [
    'NAME="Fedora Linux"',
    `VERSION="${base.version} (IoT Edition)"`,
    'ID=fedora',
    `VERSION_ID=${release}`,
    `PRETTY_NAME="Fedora Linux ${base.version} (IoT Edition, simulated)"`,
    'VARIANT="IoT Edition"',
    'VARIANT_ID=iot',
    `OSTREE_VERSION='${base.version}'`,
    '',
  ].join('\n');
}

/** Only sshd listens, on port 22. */
const LISTENING = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 20110 1 0 100 0 0 10 0
`;

/** Mounts as /proc/mounts lists them; `inward`, because scripts compare them with paths. */
function mounts(root: string): string {
  const rows = [
    '/dev/vda4 /sysroot xfs ro',
    '/dev/vda4 /etc xfs rw',
    '/dev/vda4 /var xfs rw',
    '/dev/vda3 /boot ext4 rw',
  ];
  const all = [`/dev/vda4 / xfs rw`, ...rows, 'tmpfs /run tmpfs rw', 'tmpfs /tmp tmpfs rw'];
  return all.map((row) => `${row.replaceAll(/ (\/\w+)/g, ` ${root}$1`)},relatime 0 0\n`).join('');
}

/** `CHECKSUM.SERIAL`, as ostree names the folder of a deployment. */
export function folderName({ checksum, serial }: Deployment): string {
  return `${checksum}.${serial}`;
}

/** Gives a deployment its own /etc from the running one, as finalization does. Returns both folders. */
export function forkEtc(root: string, deployment: Deployment): { readonly from: string; readonly to: string } {
  const from = join(root, 'etc');
  const to = etcOf(root, deployment);
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
  return { from, to };
}

/** Swaps /etc when another deployment boots: each has its own. */
export function swapEtc(root: string, from: Deployment, to: Deployment): void {
  if (folderName(from) === folderName(to)) return;
  if (!existsSync(etcOf(root, to))) forkEtc(root, to);
  const aside = etcOf(root, from);
  mkdirSync(dirname(aside), { recursive: true });
  rmSync(aside, { recursive: true, force: true });
  renameSync(join(root, 'etc'), aside);
  renameSync(etcOf(root, to), join(root, 'etc'));
}

function etcOf(root: string, deployment: Deployment): string {
  return join(root, 'sysroot/ostree/deploy', deployment.osname, 'deploy', folderName(deployment), 'etc');
}
