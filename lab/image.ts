import { createHash, randomUUID } from 'node:crypto';
import { access, mkdir, readFile, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { mirrors } from './host.ts';
import { locked } from './lock.ts';
import { machines, overlay, powerOff, type Image } from './machine.ts';
import { buildPackages } from './packages.ts';
import { home, keyFile, sources } from './paths.ts';
import { processOf, startQemu, type Hardware } from './qemu.ts';
import { onMachine, sshAnswers, withMonitor } from './reach.ts';
import { run, sleep, until } from './shell.ts';

/**
 * The image that belongs to these sources, built when it is not there: some 90 s on two cores, less when Debian's
 * packages are known already. One build at a time; others wait for it. Images that nobody asked for in two days are
 * removed, but never one that a machine uses: other working copies of the lab, with images of their own, may be at work.
 */
export async function ensureImage(say: (line: string) => void): Promise<Image> {
  return locked(join(home, 'image.lock'), async () => {
    await ensureKey();
    const image = imageAt(join(home, `image-${await hashOfInputs()}`));
    const done = join(image.folder, 'done');
    if (await isThere(done)) {
      await run(['touch', done]);
      return image;
    }
    await endKilledBuilds();
    await rm(image.folder, { recursive: true, force: true });
    await mkdir(image.folder, { recursive: true });
    await build(image, say);
    return image;
  });
}

function imageAt(folder: string): Image {
  return { folder, golden: join(folder, 'golden.qcow2'), warm: join(folder, 'warm'), served: join(folder, 'served') };
}

async function build(image: Image, say: (line: string) => void): Promise<void> {
  const log = join(image.folder, 'build.log');
  const start = Date.now();
  const step = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    const began = Date.now();
    await work();
    say(`${what.padEnd(44)}${((Date.now() - began) / 1000).toFixed(1).padStart(7)} s`);
  };
  const script = (name: string, ...words: readonly string[]): Promise<string> =>
    // a mount namespace of its own: whatever a script leaves mounted is gone when it ends, however it ends
    run(['unshare', '--mount', '--propagation', 'private', 'bash', join(sources, 'image', name), ...words], { log });

  const rootfs = join(home, `rootfs-${await hashOf([join(sources, 'image', 'rootfs.sh')])}`);
  const tree = join(image.folder, 'tree');
  await removeUnused(image, rootfs);
  if (!(await isThere(rootfs))) {
    const { main, security } = await mirrors();
    await step(`Debian's packages from ${main}`, async () => {
      const fresh = `${rootfs}.new`;
      await rm(fresh, { recursive: true, force: true });
      const env = { MIRROR: main, SECURITY: security };
      await run(['bash', join(sources, 'image', 'rootfs.sh'), fresh, join(home, 'debs')], { log, env });
      await rename(fresh, rootfs);
    });
  }
  await step('the tree in the shape of ostree', () =>
    script('tree.sh', rootfs, tree, join(sources, 'guest'), `${keyFile}.pub`),
  );
  await step('the disk', () => script('disk.sh', rootfs, tree, image.golden));
  await step('the repository to upgrade from', () => script('repo.sh', rootfs, tree, image.served));
  await step('the packages to layer', () => buildPackages(join(image.served, 'packages')));
  await warmUp(image, rootfs, step);
  await rm(tree, { recursive: true, force: true });
  await run(['touch', join(image.folder, 'done')]);
  say(`the image is built: ${((Date.now() - start) / 1000).toFixed(0)} s in all`);
}

/** Nobody else builds now, so a template that still runs belongs to a build that was killed. */
async function endKilledBuilds(): Promise<void> {
  const folders = (await readdir(home)).filter((name) => name.startsWith('image-'));
  for (const name of folders) await powerOff(templateOf(imageAt(join(home, name))));
}

/** The machine that is booted once for the snapshot. */
function templateOf(image: Image): Hardware {
  return {
    name: 'template',
    folder: join(image.folder, 'template'),
    address: '127.0.11.1',
    port: 2222,
    mac: '52:54:00:00:00:01',
    generation: randomUUID(),
    disks: 0,
    hasSeed: false,
  };
}

type StepRunner = (what: string, work: () => Promise<unknown>) => Promise<void>;

/** Boots the disk once, lets it do once what is slow the first time, and saves its memory. */
async function warmUp(image: Image, rootfs: string, step: StepRunner): Promise<void> {
  const template = templateOf(image);
  const { folder } = template;
  await mkdir(folder);
  await overlay(image.golden, folder);
  try {
    await step('the first boot', async () => {
      await startQemu(template, { from: 'file', file: `${image.warm}.ram` });
      await sshAnswers(template, 600_000);
    });
    await step('warm', async () => {
      const busybox = await containerImage(image, rootfs);
      const copied = await onMachine(template, 'cat > /var/tmp/busybox.tar', { input: busybox });
      const { code, stderr } = await onMachine(template, warmUpText);
      if (copied.code !== 0 || code !== 0)
        throw new Error(`the first boot cannot be warmed up: ${copied.stderr}${stderr}`);
    });
    await step('saved', async () => saveSnapshot(template, image));
  } finally {
    await powerOff(template);
  }
  await rename(join(folder, 'system.qcow2'), `${image.warm}.qcow2`);
  await rm(folder, { recursive: true, force: true });
}

/** A container image is in podman's store, modules are loaded, programs are in the page cache, the journal is quiet. */
const warmUpText = `set -e
base64 -d /var/tmp/busybox.tar > /var/tmp/b.tar
podman import -q /var/tmp/b.tar localhost/busybox:1
podman run --rm localhost/busybox:1 /bin/true
modprobe -a dm_thin_pool dm_snapshot sch_netem
lvs; ostree admin status; rpm-ostree status; sudo -u admin sudo -n true
rm -f /var/tmp/busybox.tar /var/tmp/b.tar
systemctl is-system-running --wait
sync; fstrim -a 2>/dev/null || :; sync`;

/** The root file system of a container as a tar, in base64: one static busybox. */
async function containerImage(image: Image, rootfs: string): Promise<string> {
  const script = `set -e; dir=$(mktemp -d); trap 'rm -rf "$dir"' EXIT; chmod 755 "$dir"
mkdir -p "$dir"/{bin,etc,tmp,proc,sys,dev,run,usr/share/www}; cp "$1/usr/bin/busybox" "$dir/bin/"
"$1/usr/bin/busybox" --list | while read -r name; do [ "$name" = busybox ] || ln -s busybox "$dir/bin/$name"; done
echo root:x:0:0:root:/:/bin/sh > "$dir/etc/passwd"; echo root:x:0: > "$dir/etc/group"; echo 'hello from a container' > "$dir/usr/share/www/index.html"
tar -C "$dir" --owner=0 --group=0 --numeric-owner -cf - . | base64`;
  return run(['bash', '-c', script, 'busybox', rootfs], { log: join(image.folder, 'build.log') });
}

/** The network card is unplugged before and each machine gets its own; the memory file itself is the snapshot. */
async function saveSnapshot(template: Hardware, image: Image): Promise<void> {
  await withMonitor(template, async (qmp) => {
    await qmp.send('device_del', { id: 'nic0' });
    await qmp.event('DEVICE_DELETED', (data) => data['device'] === 'nic0');
    await qmp.send('netdev_del', { id: 'net0' });
    await sleep(1500); // the guest's udev and networkd see it
    await qmp.send('stop');
    await qmp.send('migrate-set-capabilities', { capabilities: [{ capability: 'x-ignore-shared', state: true }] });
    await qmp.send('migrate', { uri: `exec:cat > ${image.warm}.state` });
    await until('the snapshot is written', 60_000, async () => {
      const { status } = (await qmp.send('query-migrate')) as { readonly status?: string };
      if (status === 'failed') throw new Error('qemu could not save the state of the template');
      return status === 'completed' ? true : undefined;
    });
    await qmp.send('quit').catch(() => undefined);
  });
  await until('the template has ended', 30_000, async () =>
    (await processOf(template)) === undefined ? true : undefined,
  );
}

async function ensureKey(): Promise<void> {
  if (await isThere(`${keyFile}.pub`)) return;
  await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-C', 'copse-lab', '-f', keyFile]);
}

/** Everything that the image is made of: the scripts, the guest's files, the hardware, the key, the version of qemu. */
async function hashOfInputs(): Promise<string> {
  const files = [...(await filesUnder(join(sources, 'image'))), ...(await filesUnder(join(sources, 'guest')))];
  const code = ['qemu.ts', 'image.ts', 'packages.ts'].map((name) => join(sources, name));
  const version = await run(['qemu-system-x86_64', '--version']);
  return hashOf([...files, ...code, `${keyFile}.pub`], version);
}

async function hashOf(files: readonly string[], more = ''): Promise<string> {
  const hash = createHash('sha256').update(more);
  for (const file of [...files].sort()) hash.update(`\0${file.replace(sources, '')}\0`).update(await readFile(file));
  return hash.digest('hex').slice(0, 12);
}

async function filesUnder(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

async function removeUnused(image: Image, rootfs: string): Promise<void> {
  const used = [rootfs, image.folder, ...(await machines()).map((machine) => machine.image.folder)];
  const folders = (await readdir(home)).filter((name) => /^(image|rootfs)-/.test(name)).map((name) => join(home, name));
  for (const folder of folders.filter((name) => !used.includes(name))) {
    if ((await ageOf(folder)) > 2 * 24 * 3600_000) await rm(folder, { recursive: true, force: true });
  }
}

/** Milliseconds since a build was asked for last, or since it stopped in its middle. */
async function ageOf(folder: string): Promise<number> {
  const { mtimeMs } = await stat(join(folder, 'done')).catch(() => stat(folder));
  return Date.now() - mtimeMs;
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
