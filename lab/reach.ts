import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { keyFile } from './paths.ts';
import { processOf, type Hardware } from './qemu.ts';
import { monitor, type Monitor } from './qmp.ts';
import { onConsole } from './serial.ts';
import { attempt, until, type Ran } from './shell.ts';

/** Does something with a machine's monitor. */
export async function withMonitor<T>(machine: Hardware, work: (monitor: Monitor) => Promise<T>): Promise<T> {
  const opened = await monitor(join(machine.folder, 'qmp.sock'));
  try {
    return await work(opened);
  } finally {
    opened.close();
  }
}

/** Runs shell text on the machine's console, with no need for its network. */
export function onMachineConsole(machine: Hardware, text: string, timeoutMs?: number): Promise<string> {
  return onConsole(join(machine.folder, 'serial.sock'), text, timeoutMs);
}

/** How often the machine really booted: each boot tells the serial line. A restored machine starts with 0. */
export async function boots(machine: Hardware): Promise<number> {
  return (await serialLog(machine)).split('lab-boot ').length - 1;
}

/** Everything that the machine has said on its serial line. */
export function serialLog(machine: Hardware): Promise<string> {
  return readFile(join(machine.folder, 'serial.log'), 'utf8').catch(() => '');
}

/** The words of an ssh command line to a machine, without a known_hosts file: the lab trusts its own loopback. */
export function sshWords(machine: Hardware, user = 'root'): readonly [string, ...string[]] {
  const options = [
    'StrictHostKeyChecking=no',
    'UserKnownHostsFile=/dev/null',
    'LogLevel=ERROR',
    'IdentitiesOnly=yes',
    'ConnectTimeout=10',
  ];
  return [
    'ssh',
    '-i',
    keyFile,
    '-p',
    String(machine.port),
    ...options.flatMap((option) => ['-o', option]),
    `${user}@${machine.address}`,
  ];
}

/** Runs shell text on a machine over ssh, whatever its end. */
export function onMachine(
  machine: Hardware,
  text: string,
  options: { readonly user?: string; readonly input?: string } = {},
): Promise<Ran> {
  return attempt([...sshWords(machine, options.user), text], { timeoutMs: 300_000, input: options.input ?? '' });
}

/** The identity of the running boot, as the kernel tells it. */
export async function bootId(machine: Hardware): Promise<string> {
  const { code, stdout, stderr } = await onMachine(machine, 'cat /proc/sys/kernel/random/boot_id');
  if (code !== 0) throw new Error(`${machine.name}: no boot id over ssh: ${stderr.trim()}`);
  return stdout.trim();
}

/** Waits until sshd of the machine greets; an error has what the machine said last. */
export async function sshAnswers(machine: Hardware, timeoutMs = 180_000): Promise<void> {
  try {
    await until(`${machine.name} answers ssh`, timeoutMs, async () => {
      if ((await processOf(machine)) === undefined) throw new Error(`${machine.name}: qemu has ended`);
      return (await greets(machine.address, machine.port)) ? true : undefined;
    });
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${await lastWords(machine)}`, {
      cause: error,
    });
  }
}

/** The end of what a machine and its qemu said, for the text of an error. */
export async function lastWords(machine: Hardware): Promise<string> {
  const qemu = await readFile(join(machine.folder, 'qemu.log'), 'utf8').catch(() => '');
  const state = (await processOf(machine)) === undefined ? 'off' : 'running';
  return [
    `${machine.name} is ${state}, booted ${await boots(machine)} times since it was made; its serial line ends with:`,
    ...tail(await serialLog(machine), 30),
    ...(qemu.trim() === '' ? [] : ['qemu said:', ...tail(qemu, 6)]),
  ].join('\n');
}

function tail(text: string, count: number): readonly string[] {
  const plain = text.replaceAll(/\u001b\[[0-9;?]*[A-Za-z]|\r/g, '');
  const lines = plain.split('\n').filter((line) => line.trim() !== '');
  return lines.slice(-count).map((line) => `  | ${line.slice(0, 200)}`);
}

/** The host side of a connection is open before the guest's; only the greeting tells that sshd is there. */
function greets(host: string, port: number): Promise<boolean> {
  return new Promise((done) => {
    const link = connect({ host, port, timeout: 3000 });
    const answer = (greeted: boolean) => (): void => {
      link.destroy();
      done(greeted);
    };
    link
      .once('data', answer(true))
      .once('timeout', answer(false))
      .once('error', answer(false))
      .once('close', answer(false));
  });
}
