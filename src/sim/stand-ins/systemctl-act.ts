import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Call } from '../calls.ts';
import { log, type Machine } from '../machine.ts';
import { canReload, ended, oneshot, running, setting, type Unit } from '../model/units.ts';
import { signalGroup } from '../processes.ts';
import { isReal, runUnit, stopTimer } from '../unit-runs.ts';
import type { Words } from '../words.ts';
import { isSick } from './system-state.ts';

/** `systemctl start|stop|restart|reload|try-restart|kill|reset-failed UNIT…`. */
export function act(machine: Machine, call: Call, words: Words): number | Promise<number> {
  const [verb = '', ...rest] = words.rest;
  const names = rest.map((word) => (/\.\w+$/.test(word) ? word : `${word}.service`));
  if (call.user !== 'root') {
    call.err(`Failed to ${verb} ${names[0] ?? ''}: Interactive authentication required.\n`);
    return 4;
  }
  if (verb === 'reset-failed') return resetFailed(machine, names);
  const units = names.map((name) => machine.units.get(name));
  if (verb !== 'stop' && units.length > 0 && units.every((unit) => isReal(unit))) {
    return runAll(machine, units, words.has('--no-block'));
  }
  const codes = names.map((name) => actOn(machine, call, verb, words, name));
  if (names.includes('sshd.service') && verb !== 'stop') machine.onSshd();
  return codes.find((code) => code !== 0) ?? 0;
}

async function runAll(machine: Machine, units: readonly Unit[], isNoBlock: boolean): Promise<number> {
  const ends = Promise.all(units.map((unit) => runUnit(machine, unit)));
  if (isNoBlock) return 0;
  return (await ends).every((status) => status === 0) ? 0 : 1;
}

function actOn(machine: Machine, call: Call, verb: string, words: Words, name: string): number {
  const unit = machine.units.get(name);
  if (unit.load === 'not-found') {
    call.err(`Failed to ${verb} ${name}: Unit ${name} not ${verb === 'stop' ? 'loaded' : 'found'}.\n`);
    return 5;
  }
  if (unit.masked && verb !== 'stop') {
    call.err(`Failed to ${verb} ${name}: Unit ${name} is masked.\n`);
    return 1;
  }
  switch (verb) {
    case 'stop':
      return stop(machine, unit);
    case 'kill':
      return signal(unit, words.last('-s') ?? 'SIGTERM');
    case 'start':
      return unit.active === 'active' ? 0 : start(machine, call, unit);
    case 'try-restart':
      return unit.active === 'active' ? start(machine, call, unit) : 0;
    case 'reload':
      return reload(machine, call, unit);
    default:
      return start(machine, call, unit);
  }
}

function reload(machine: Machine, call: Call, unit: Unit): number {
  if (unit.active === 'active' && canReload(unit)) {
    machine.units.set({ ...unit, reloaded: Date.now() });
    return 0;
  }
  call.err(`${unit.name} is not active, cannot reload.\n`);
  return 1;
}

/** Starts a unit; one whose program is not there, or that is sick by a fault, fails. */
function start(machine: Machine, call: Call, unit: Unit): number {
  const { units } = machine;
  const now = Date.now();
  const status = startStatus(machine, unit);
  log(machine, 'init.scope', `Starting ${unit.name} - ${unit.description}...`);
  if (status !== 0) {
    units.set({ ...ended(unit, status, now), started: now });
    log(machine, unit.name, `${unit.name}: Failed with result 'exit-code'.`, { priority: 4 });
    call.err(`Job for ${unit.name} failed because the control process exited with error code.\n`);
    call.err(`See "systemctl status ${unit.name}" and "journalctl -xeu ${unit.name}" for details.\n`);
    return 1;
  }
  machine.sequence += 1;
  const over = oneshot(unit) === 'ends';
  units.set(over ? { ...ended(unit, 0, now), started: now } : running(unit, 1000 + machine.sequence, now));
  log(machine, 'init.scope', `Started ${unit.name} - ${unit.description}.`);
  return 0;
}

/** 203 is systemd's own status for a program that cannot be executed. */
function startStatus(machine: Machine, unit: Unit): number {
  if (isSick(machine, unit.name)) return 1;
  const program = setting(unit.text ?? '', 'ExecStart')
    ?.replace(/^[-+!@:]+/, '')
    .split(' ')[0];
  if (program === undefined || !program.startsWith('/')) return 0;
  if (program.endsWith('/false')) return 1;
  return existsSync(join(machine.root, program)) ? 0 : 203;
}

function stop(machine: Machine, unit: Unit): number {
  stopTimer(machine, unit.name);
  if (unit.transient === true && unit.mainPid !== 0) return signal(unit, 'SIGTERM');
  machine.units.set({ ...ended(unit, 0, Date.now()), exitStatus: 0 });
  log(machine, 'init.scope', `Stopped ${unit.name} - ${unit.description}.`);
  return 0;
}

/** Only transient units have a real process. */
function signal(unit: Unit, name: string): number {
  if (unit.transient !== true || unit.mainPid === 0) return 0;
  const full = name.startsWith('SIG') ? name : `SIG${name}`;
  signalGroup(unit.mainPid, full as NodeJS.Signals);
  return 0;
}

function resetFailed(machine: Machine, names: readonly string[]): number {
  for (const unit of machine.units.all()) {
    if (unit.active !== 'failed' || (names.length > 0 && !names.includes(unit.name))) continue;
    if (unit.transient === true) machine.units.remove(unit.name);
    else machine.units.set({ ...ended(unit, 0, unit.ended), exitStatus: unit.exitStatus });
  }
  return 0;
}
