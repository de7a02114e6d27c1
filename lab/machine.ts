import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { locked } from './lock.ts';
import { machinesFolder } from './paths.ts';
import { ownPlugs, processOf, startQemu, type Hardware } from './qemu.ts';
import { onMachineConsole, sshAnswers, withMonitor } from './reach.ts';
import { run, sleep, until } from './shell.ts';

/** A built image: everything that machines are made from. */
export interface Image {
  readonly folder: string;
  /** The disk for cold boots. */
  readonly golden: string;
  /** The warm snapshot, without its suffix: .ram, .state and .qcow2. */
  readonly warm: string;
  /** What the HTTP server serves: `repo` and `packages`. */
  readonly served: string;
}

/** A machine of the lab; kept as machine.json in its folder. */
export interface Machine extends Hardware {
  /** Its address is 127.0.10.NUMBER. */
  readonly number: number;
  readonly image: Image;
  /** Sizes of its data disks, as qemu-img takes them. */
  readonly sizes: readonly string[];
  /** Its public host key, as ssh-keygen writes it. */
  readonly hostKey: string;
  /** Port of the lab's HTTP server, which the machine sees at 10.0.2.2. */
  readonly httpPort: number;
}

/** What a new machine shall have. */
export interface Wanted {
  readonly name: string;
  readonly image: Image;
  readonly httpPort: number;
  /** Sizes of empty data disks: `['1G']`. */
  readonly disks?: readonly string[];
  /** cloud-init user data on a NoCloud disk. The machine boots cold then: a restored one is past cloud-init. */
  readonly userData?: string;
  /** Boot cold instead of restoring the warm snapshot. */
  readonly cold?: boolean;
}

/** Makes a machine of its own and waits until ssh answers: some 5 s from the warm snapshot, 30 s cold. */
export async function createMachine(wanted: Wanted): Promise<Machine> {
  const reserved = await reserve(wanted);
  try {
    return await start(reserved, wanted);
  } catch (error) {
    await removeMachine(reserved);
    throw error;
  }
}

async function start(made: Machine, wanted: Wanted): Promise<Machine> {
  const { folder } = made;
  const isCold = wanted.cold === true || wanted.userData !== undefined;
  const { golden, warm } = wanted.image;
  await overlay(isCold ? golden : `${warm}.qcow2`, folder);
  for (const [index, size] of made.sizes.entries()) {
    await run(['qemu-img', 'create', '-q', '-f', 'qcow2', join(folder, `disk${index + 1}.qcow2`), size]);
  }
  if (wanted.userData !== undefined) await makeSeed(made, wanted.userData);
  if (isCold) await startQemu(made, { from: 'nothing' });
  else await restore(made, warm);
  if (isCold) await sshAnswers(made, 300_000);
  const identity = `/usr/libexec/copse-lab/identity ${made.name} ${made.httpPort}${isCold ? ' cold' : ''}`;
  const hostKey = (await onMachineConsole(made, identity)).split(' ').slice(0, 2).join(' ');
  const machine = { ...made, hostKey };
  await save(machine);
  await sshAnswers(machine, 120_000);
  return machine;
}

/** Gives a machine's folder a system disk that keeps its own changes over another disk. */
export async function overlay(base: string, folder: string): Promise<void> {
  await run(['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', base, join(folder, 'system.qcow2')]);
}

/** All machines of the lab, by number. */
export async function machines(): Promise<readonly Machine[]> {
  const names = await readdir(machinesFolder).catch(() => []);
  const texts = await Promise.all(
    names.map((name) => readFile(join(machinesFolder, name, 'machine.json'), 'utf8').catch(() => undefined)),
  );
  return texts
    .flatMap((text) => (text === undefined ? [] : [JSON.parse(text) as Machine]))
    .sort((a, b) => a.number - b.number);
}

/** A machine by name; an error says which there are. */
export async function machineNamed(name: string): Promise<Machine> {
  const all = await machines();
  const found = all.find((machine) => machine.name === name);
  if (found !== undefined) return found;
  throw new Error(
    `no machine "${name}"; there are: ${all.map((machine) => machine.name).join(', ') || 'none, run "up 3" first'}`,
  );
}

/** Pulls the power: what the guest has not written is lost. */
export async function powerOff(machine: Hardware): Promise<void> {
  const pid = await processOf(machine);
  if (pid === undefined) return;
  process.kill(pid, 'SIGKILL');
  await until(`${machine.name} is off`, 30_000, async () => ((await isOver(pid)) ? true : undefined));
  await rm(join(machine.folder, 'pid'), { force: true });
}

/** A process that is being killed is a zombie long before its last thread lets go of the disks. */
async function isOver(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => undefined);
  if (status === undefined) return true;
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  return /^State:\s+Z/m.test(status) && threads.length <= 1;
}

/** Gives the power back; returns at once, the machine boots some 25 s. */
export async function powerOn(machine: Machine): Promise<void> {
  if ((await processOf(machine)) === undefined) await startQemu(machine, { from: 'nothing' });
}

/** Ends a machine and removes all of it. */
export async function removeMachine(machine: Hardware): Promise<void> {
  await powerOff(machine);
  await rm(machine.folder, { recursive: true, force: true });
}

async function reserve(wanted: Wanted): Promise<Machine> {
  if (!/^[a-z][a-z0-9-]{0,20}$/.test(wanted.name))
    throw new Error(`"${wanted.name}" is no name for a machine: small letters, digits and -`);
  return locked(join(machinesFolder, '..', 'machines.lock'), async () => {
    const others = await machines();
    if (others.some((other) => other.name === wanted.name))
      throw new Error(`there is a machine "${wanted.name}" already`);
    const number = await freeNumber(new Set(others.map((other) => other.number)));
    if (number === undefined) throw new Error('250 machines are there already');
    const machine: Machine = {
      name: wanted.name,
      number,
      folder: join(machinesFolder, wanted.name),
      address: `127.0.10.${number}`,
      port: 2222,
      mac: `52:54:00:${randomBytes(3).toString('hex').replace(/..\B/g, '$&:')}`,
      generation: randomUUID(),
      disks: wanted.disks?.length ?? 0,
      sizes: wanted.disks ?? [],
      hasSeed: wanted.userData !== undefined,
      image: wanted.image,
      hostKey: '',
      httpPort: wanted.httpPort,
    };
    await rm(machine.folder, { recursive: true, force: true });
    await mkdir(machine.folder, { recursive: true });
    await save(machine);
    return machine;
  });
}

/** A number that no machine has, and whose address nobody uses: machines of another lab's folder share the host's loopback. */
async function freeNumber(taken: ReadonlySet<number>): Promise<number | undefined> {
  for (let number = 1; number <= 250; number += 1) {
    if (!taken.has(number) && (await isFree(`127.0.10.${number}`, 2222))) return number;
  }
  return undefined;
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen({ host, port, exclusive: true }, () => server.close(() => done(true)));
  });
}

async function save(machine: Machine): Promise<void> {
  await writeFile(join(machine.folder, 'machine.json'), `${JSON.stringify(machine, undefined, 2)}\n`);
}

async function restore(machine: Machine, warm: string): Promise<void> {
  await startQemu(machine, { from: 'snapshot', file: `${warm}.ram` });
  await withMonitor(machine, async (qmp) => {
    await qmp.send('migrate-set-capabilities', { capabilities: [{ capability: 'x-ignore-shared', state: true }] });
    await qmp.send('migrate-incoming', { uri: `exec:cat ${warm}.state` });
    await until(`${machine.name} is restored`, 60_000, async () => {
      const { status } = (await qmp.send('query-status')) as { readonly status: string };
      return status === 'inmigrate' ? undefined : true;
    });
    await qmp.send('cont');
    for (const { command, values } of ownPlugs(machine)) await qmp.send(command, values);
  });
  await sleep(100);
}

async function makeSeed(machine: Machine, userData: string): Promise<void> {
  const folder = join(machine.folder, 'seed');
  await mkdir(folder);
  await writeFile(join(folder, 'user-data'), userData);
  await writeFile(join(folder, 'meta-data'), `instance-id: ${machine.generation}\nlocal-hostname: ${machine.name}\n`);
  await run(['genisoimage', '-quiet', '-V', 'cidata', '-J', '-r', '-o', join(machine.folder, 'seed.iso'), folder]);
}
