import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { environment, log, sleepOn, type Machine } from './machine.ts';
import { ended, oneshot, running, setting, type Unit } from './model/units.ts';
import { inward } from './moved-root.ts';

/** The times that run on a host, by the name of their timer. */
const waiting = new WeakMap<Machine, Map<string, AbortController>>();

/** True for a unit that does something on the host: a timer of a file, or a oneshot service whose program is a shell. */
export function isReal(unit: Unit): boolean {
  return delayOf(unit) !== undefined || shellOf(unit) !== undefined;
}

/** Starts such a unit: a timer waits, a service runs to its end; its exit status. */
export function runUnit(machine: Machine, unit: Unit): Promise<number> {
  const delay = delayOf(unit);
  if (delay === undefined) return runShell(machine, unit);
  startTimer(machine, unit, delay);
  return Promise.resolve(0);
}

/** Ends the waiting of a timer. */
export function stopTimer(machine: Machine, name: string): void {
  waiting.get(machine)?.get(name)?.abort();
}

/** Starts what links below /etc want at a boot. */
export function startWanted(machine: Machine): void {
  for (const target of ['timers.target', 'multi-user.target']) {
    const folder = join(machine.root, 'etc/systemd/system', `${target}.wants`);
    for (const name of existsSync(folder) ? readdirSync(folder) : []) {
      const unit = machine.units.get(name);
      if (isReal(unit)) void runUnit(machine, unit);
    }
  }
}

function delayOf(unit: Unit): number | undefined {
  const seconds = setting(unit.text ?? '', 'OnActiveSec');
  return unit.name.endsWith('.timer') && seconds !== undefined ? Number(seconds) * 1000 : undefined;
}

function shellOf(unit: Unit): string | undefined {
  if (oneshot(unit) !== 'ends') return undefined;
  return /^\/bin\/sh -c '(.*)'$/.exec(setting(unit.text ?? '', 'ExecStart') ?? '')?.[1];
}

function startTimer(machine: Machine, unit: Unit, ms: number): void {
  const timers = waiting.get(machine) ?? new Map<string, AbortController>();
  waiting.set(machine, timers);
  timers.get(unit.name)?.abort();
  const stop = new AbortController();
  timers.set(unit.name, stop);
  machine.units.set({ ...running(unit, 0, Date.now()), sub: 'waiting' });
  void sleepOn(machine, ms, AbortSignal.any([stop.signal, machine.power.signal, machine.life.signal])).then(
    () => {
      const fires = machine.units.get(setting(unit.text ?? '', 'Unit') ?? unit.name.replace('.timer', '.service'));
      if (isReal(fires)) void runUnit(machine, fires);
    },
    // Stopped, started anew, or the host went down.
    () => undefined,
  );
}

function runShell(machine: Machine, unit: Unit): Promise<number> {
  const { root, units } = machine;
  const boot = machine.boots;
  const child = machine.processes.start(['/bin/sh', '-c', inward(shellOf(unit) ?? '', root)], {
    env: environment(machine, 'root'),
    cwd: root,
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  units.set(running(unit, child.pid ?? 0, Date.now()));
  log(machine, 'init.scope', `Starting ${unit.name} - ${unit.description}...`);
  return new Promise((resolve) => {
    child.on('exit', (code) => {
      const status = code ?? 128;
      if (machine.boots === boot && machine.up) units.set(ended(unit, status, Date.now()));
      resolve(status);
    });
  });
}
