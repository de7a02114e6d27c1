import { openSync, closeSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { join } from 'node:path';
import { quote } from '../../core/command.ts';
import type { Call } from '../calls.ts';
import { environment, log, sleepOn, type Machine } from '../machine.ts';
import { ended, imageUnit, running, unitName, type Unit } from '../model/units.ts';
import { inward } from '../moved-root.ts';
import { readWords, type Words } from '../words.ts';
import { knownUser } from './accounts.ts';

const OPTIONS = {
  flags: [
    '-G --collect',
    '--no-block',
    '--wait',
    '-P --pipe',
    '-q --quiet',
    '-r --remain-after-exit',
    '--no-ask-password',
    '--system',
    '-d --same-dir',
    '--expand-environment=no',
    '--send-sighup',
  ],
  values: [
    '-u --unit',
    '-p --property',
    '--description',
    '-E --setenv',
    '--slice',
    '--uid',
    '--gid',
    '--working-directory',
    '--service-type',
    '--nice',
    '--on-active',
    '--on-boot',
    '--timer-property',
    '--expand-environment',
  ],
  stopAtWord: true,
};

/** systemd-run: starts a transient unit that belongs to the host, not to the connection. */
export async function systemdRun(call: Call, machine: Machine): Promise<number> {
  const words = readWords(call.args, OPTIONS);
  if (words.unknown !== undefined) return fail(call, `systemd-run: unrecognized option '${words.unknown}'`);
  if (call.user !== 'root')
    return fail(call, 'Failed to start transient service unit: Interactive authentication required.');
  machine.sequence += 1;
  const name = unitName(words.last('-u') ?? `run-r${machine.random.hex(16)}`);
  if (machine.units.get(name).load !== 'not-found') {
    return fail(
      call,
      `Failed to start transient service unit: Unit ${name} was already loaded or has a fragment file.`,
    );
  }
  if (words.rest.length === 0) return fail(call, 'Command line to execute required.');
  if (words.has('-P')) return inPlace(call, words);
  const delay = seconds(words.last('--on-active'));
  if (delay !== undefined) return onTimer(call, machine, words, name, delay);
  const exit = start(machine, words, name);
  if (!words.has('-q')) call.err(`Running as unit: ${name}\n`);
  if (!words.has('--wait')) return 0;
  call.flush();
  return exit;
}

/** With `--pipe` the caller's own outputs are used, so the caller's shell runs it. */
function inPlace(call: Call, words: Words): number {
  call.become(`exec 9<&-\nshift $(($# - ${words.rest.length}))\nexec ${settings(words).map(quote).join(' ')} "$@"`);
  return 0;
}

function settings(words: Words): readonly string[] {
  return ['env', ...words.all('-E')];
}

async function onTimer(call: Call, machine: Machine, words: Words, name: string, ms: number): Promise<number> {
  const timer = name.replace(/\.service$/, '.timer');
  machine.units.set({
    ...running(imageUnit(timer, false), 0, Date.now()),
    sub: 'waiting',
    transient: true,
    file: 'transient',
  });
  call.err(`Running timer as unit: ${timer}\nWill run service as unit: ${name}\n`);
  void sleepOn(machine, ms).then(
    () => {
      if (machine.units.get(timer).active !== 'active') return;
      machine.units.remove(timer);
      void start(machine, words, name);
    },
    // The host went down first: a timer of this boot never fires.
    () => undefined,
  );
  return 0;
}

function seconds(text: string | undefined): number | undefined {
  const match = /^(\d+)(ms|s|sec|m|min|h)?$/.exec(text ?? '');
  if (match === null) return undefined;
  const unit = { ms: 1, m: 60_000, min: 60_000, h: 3_600_000 }[match[2] ?? ''] ?? 1000;
  return Number(match[1]) * unit;
}

/** Starts the unit's process; resolves with its exit status. */
function start(machine: Machine, words: Words, name: string): Promise<number> {
  const user = knownUser(machine, words.last('--uid') ?? 'root')?.name ?? 'root';
  const { root } = machine;
  const extra = Object.fromEntries(words.all('-E').map((pair) => inward(pair, root).split(/=(.*)/s).slice(0, 2)));
  const child = machine.processes.start(
    ['/bin/sh', '-c', 'exec "$@"', 'sh', ...words.rest.map((word) => inward(word, root))],
    {
      env: { ...environment(machine, user), ...extra, INVOCATION_ID: machine.random.hex(32) },
      cwd: `${root}${property(words, 'WorkingDirectory') ?? words.last('--working-directory') ?? '/'}`,
      stdio: ['ignore', output(machine, words, 'StandardOutput'), output(machine, words, 'StandardError')],
    },
  );
  const unit: Unit = {
    ...running(imageUnit(name, false), child.pid ?? 0, Date.now()),
    description: words.last('--description') ?? words.rest.join(' '),
    fragment: `/run/systemd/transient/${name}`,
    file: 'transient',
    transient: true,
  };
  machine.units.set(unit);
  log(machine, 'init.scope', `Started ${name} - ${unit.description}.`);
  for (const stream of [child.stdout, child.stderr]) toJournal(machine, name, stream);
  const boot = machine.boots;
  return new Promise((resolve) => {
    child.on('exit', (code, signal) => {
      const status = code ?? 128;
      if (machine.boots === boot && machine.up) settle(machine, words, unit, status, signal);
      resolve(status);
    });
  });
}

function settle(machine: Machine, words: Words, unit: Unit, status: number, signal: string | null): void {
  const remains = words.has('-r') || property(words, 'RemainAfterExit') === 'yes';
  const over: Unit = {
    ...ended(unit, status, Date.now()),
    ...(signal === null ? {} : { result: 'signal', exitStatus: 15 }),
  };
  if (status === 0 && remains) machine.units.set({ ...over, active: 'active', sub: 'exited' });
  else if (status === 0 || words.has('-G')) machine.units.remove(unit.name);
  else machine.units.set(over);
  log(
    machine,
    unit.name,
    `${unit.name}: ${status === 0 ? 'Deactivated successfully.' : `Main process exited, code=exited, status=${status}`}`,
  );
}

function property(words: Words, key: string): string | undefined {
  return words
    .all('-p')
    .find((pair) => pair.startsWith(`${key}=`))
    ?.slice(key.length + 1);
}

/** `file:` and `append:` go to a file of the host, everything else to the journal. */
function output(machine: Machine, words: Words, key: string): 'pipe' | number {
  const match = /^(file|append|truncate):(.*)$/.exec(property(words, key) ?? '');
  if (match === null) return 'pipe';
  const fd = openSync(join(machine.root, match[2] ?? ''), match[1] === 'append' ? 'a' : 'w');
  setImmediate(() => closeSync(fd));
  return fd;
}

function toJournal(machine: Machine, name: string, stream: Readable | null): void {
  let held = '';
  stream?.setEncoding('utf8');
  stream?.on('data', (text: string) => {
    const lines = `${held}${text}`.split('\n');
    held = lines.pop() ?? '';
    for (const line of lines) log(machine, name, line);
  });
  stream?.on('end', () => {
    if (held !== '') log(machine, name, held);
  });
}

function fail(call: Call, message: string): number {
  call.err(`${message}\n`);
  return 1;
}
