import { spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { faults, type Fault } from './faults.ts';
import { prepareHost } from './host.ts';
import { ensureImage } from './image.ts';
import { writeInventory } from './inventory.ts';
import { createMachine, machineNamed, machines, removeMachine, type Machine, type Wanted } from './machine.ts';
import { isInUseByTests } from './names.ts';
import { boots, sshWords, withMonitor } from './reach.ts';
import { processOf } from './qemu.ts';
import { home, inventoryFile, knownHostsFile } from './paths.ts';
import { ensureServer, runningServers, serveForever, stopServer } from './servers.ts';

const help = `The lab: real machines on this host, for tests and for trying things out. docs/lab.md says more.

  npm run lab -- up N                 N more machines (lab1, lab2, …), and an inventory of all of them
      --disk 1G                       an empty data disk each; may be repeated
      --cold                          boot them instead of restoring the warm snapshot
      --user-data FILE                boot them with cloud-init and this user data
  npm run lab -- status               what is there
  npm run lab -- ssh NAME [COMMAND]   a shell on a machine; -l USER for another user than root (admin, ops)
  npm run lab -- fault NAME KIND [VALUE]
                                      something bad; "fault" alone lists what there is
  npm run lab -- reset [NAME…]        the machines (all of them) as they were when they were new
  npm run lab -- down [NAME…]         the machines (all of them) are gone, nothing is left running
`;

const commands: Readonly<Record<string, (words: readonly string[]) => Promise<number>>> = {
  up,
  status,
  ssh,
  fault,
  reset,
  down,
  serve: ([folder = '']) => serveForever(folder),
};

/** Reads the command line and does it; gives the exit status. */
async function main(argv: readonly string[]): Promise<number> {
  const [name = '', ...words] = argv;
  const command = commands[name];
  if (command === undefined) {
    say(help);
    return name === '' || name === '--help' || name === '-h' || name === 'help' ? 0 : 64;
  }
  return command(words);
}

async function up(words: readonly string[]): Promise<number> {
  const options = {
    disk: { type: 'string', multiple: true },
    cold: { type: 'boolean' },
    'user-data': { type: 'string' },
  } as const;
  const { values, positionals } = parseArgs({ args: [...words], options, allowPositionals: true });
  const count = Number(positionals[0] ?? '1');
  if (!Number.isInteger(count) || count < 1) throw new Error(`"${positionals[0] ?? ''}" is no number of machines`);
  await prepareHost(say);
  const image = await ensureImage(say);
  const httpPort = await ensureServer(image.served, [fileURLToPath(import.meta.url), 'serve']);
  const userData = values['user-data'] === undefined ? {} : { userData: await readFile(values['user-data'], 'utf8') };
  const taken = new Set((await machines()).map(({ name }) => name));
  const names = Array.from({ length: 250 }, (_, index) => `lab${index + 1}`).filter((name) => !taken.has(name));
  const wanted = names
    .slice(0, count)
    .map((name) => ({ name, image, httpPort, disks: values.disk ?? [], cold: values.cold === true, ...userData }));
  await twoAtATime(wanted, create);
  return announce();
}

async function create(wanted: Wanted): Promise<void> {
  const began = Date.now();
  const { name, address, port } = await createMachine(wanted);
  say(`${name}  ${address} port ${port}  ${((Date.now() - began) / 1000).toFixed(1)} s`);
}

async function status(): Promise<number> {
  for (const machine of await machines()) {
    const disks = machine.sizes.length === 0 ? '' : `  disks ${machine.sizes.join(' ')}`;
    say(
      `${machine.name}  ${machine.address} port ${machine.port}  ${await stateOf(machine)}  reboots ${await boots(machine)}${disks}`,
    );
  }
  const servers = await runningServers();
  if (servers.length === 0) say('no HTTP server runs');
  for (const { port } of servers) say(`an HTTP server is at 127.0.0.1:${port} (10.0.2.2 for its machines)`);
  return 0;
}

async function stateOf(machine: Machine): Promise<string> {
  if ((await processOf(machine)) === undefined) return 'off';
  const answer = (await withMonitor(machine, (qmp) => qmp.send('query-status'))) as { readonly status: string };
  return answer.status;
}

async function ssh(words: readonly string[]): Promise<number> {
  const [flag, user, ...others] = words;
  const [name, ...text] = flag === '-l' ? others : words;
  if (name === undefined) throw new Error('which machine? ssh NAME [COMMAND]');
  const [program, ...sshOptions] = sshWords(await machineNamed(name), flag === '-l' ? user : 'root');
  const child = spawn(program, [...sshOptions, ...text], { stdio: 'inherit' });
  return new Promise((done) => child.once('close', (code) => done(code ?? 1)));
}

async function fault(words: readonly string[]): Promise<number> {
  const [name, kind, ...rest] = words;
  if (name === undefined) {
    for (const [known, { say: what }] of Object.entries(faults)) say(`${known.padEnd(12)}${what}`);
    return 0;
  }
  const found = new Map<string, Fault>(Object.entries(faults)).get(kind ?? '');
  if (found === undefined) throw new Error(`no fault "${kind ?? ''}"; there are: ${Object.keys(faults).join(', ')}`);
  await found.does(await machineNamed(name), rest.length === 0 ? undefined : rest.join(' '));
  return 0;
}

async function reset(words: readonly string[]): Promise<number> {
  await twoAtATime(await chosen(words), async (machine) => {
    const { name, image, httpPort, sizes } = machine;
    await removeMachine(machine);
    await create({ name, image, httpPort, disks: sizes });
  });
  return announce();
}

async function down(words: readonly string[]): Promise<number> {
  for (const machine of await chosen(words)) await removeMachine(machine);
  const left = await byHand();
  const served = new Set(left.map(({ image }) => image.served));
  for (const server of await runningServers()) if (!served.has(server.folder)) await stopServer(server);
  if (left.length > 0) return announce();
  for (const file of [inventoryFile, knownHostsFile]) await rm(file, { force: true });
  say('no machine is left');
  return 0;
}

async function chosen(names: readonly string[]): Promise<readonly Machine[]> {
  return names.length === 0 ? byHand() : Promise.all(names.map(machineNamed));
}

/** All machines but those of tests that run: they end with their test, and only by its name anybody else touches one. */
async function byHand(): Promise<readonly Machine[]> {
  return (await machines()).filter(({ name }) => !isInUseByTests(name));
}

async function announce(): Promise<number> {
  await writeInventory(home, await byHand());
  say(`inventory: ${inventoryFile}`);
  return 0;
}

/** More at once would only make each of them slower: the machines are emulated, and there are few cores. */
async function twoAtATime<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const queue = [...all];
  const worker = async (): Promise<void> => {
    for (let one = queue.shift(); one !== undefined; one = queue.shift()) await work(one);
  };
  await Promise.all([worker(), worker()]);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(`lab: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
