import type { Call } from '../calls.ts';
import type { Machine } from '../machine.ts';
import { fileState, unitName, type Unit } from '../model/units.ts';
import { readWords, type Words } from '../words.ts';
import { orderSoftReboot } from '../power.ts';
import { rebootNow } from './reboot.ts';
import { systemState } from './system-state.ts';
import { act } from './systemctl-act.ts';
import { enableUnits } from './systemctl-enable.ts';
import { managerProperties, unitProperties } from './systemctl-show.ts';

const OPTIONS = {
  flags: [
    '--now',
    '--no-block',
    '--no-pager',
    '--no-legend',
    '--plain',
    '--value',
    '-q --quiet',
    '-a --all',
    '-f --force',
    '-i',
    '--failed',
    '--full',
    '-l',
    '--runtime',
    '--system',
    '--wait',
    '--no-ask-password',
    '--no-wall',
    '--no-reload',
  ],
  values: [
    '-p --property',
    '--state',
    '-t --type',
    '-o --output',
    '-s --signal',
    '--kill-who',
    '--kill-whom',
    '--check-inhibitors',
    '-n --lines',
    '-P',
  ],
};

type Verb = (machine: Machine, call: Call, words: Words, names: readonly string[]) => number | Promise<number>;

const VERBS: Readonly<Record<string, Verb>> = {
  show,
  'is-active': (machine, call, words, names) => isState(machine, call, words, names, ['active']),
  'is-failed': isFailed,
  'is-enabled': isEnabled,
  'is-system-running': isSystemRunning,
  'list-units': listUnits,
  'list-unit-files': listUnits,
  'list-jobs': listJobs,
  status,
  cat,
  start: act,
  stop: act,
  restart: act,
  reload: act,
  'try-restart': act,
  'reload-or-restart': act,
  kill: act,
  'reset-failed': act,
  enable: enableUnits,
  disable: enableUnits,
  reenable: enableUnits,
  mask: enableUnits,
  unmask: enableUnits,
  preset: enableUnits,
  'daemon-reload': (machine, call) => asRoot(call, 'reload daemon', () => machine.units.reload()),
  'daemon-reexec': (machine, call) => asRoot(call, 'reexecute daemon', () => machine.units.reload()),
  reboot: (machine, call, words) => rebootNow(call, machine, words.has('-f')),
  poweroff: (machine, call, words) => rebootNow(call, machine, words.has('-f')),
  'soft-reboot': (machine, call) => asRoot(call, 'soft-reboot', () => void orderSoftReboot(machine)),
};

/** The modelled systemctl. */
export function systemctl(call: Call, machine: Machine): number | Promise<number> {
  const words = readWords(call.args, OPTIONS);
  if (call.args.includes('--version')) {
    call.out('systemd 257 (257.5-1.fc42)\n+PAM +AUDIT +SELINUX -APPARMOR +IMA +SMACK +SECCOMP +GCRYPT\n');
    return 0;
  }
  if (words.unknown !== undefined) {
    call.err(`systemctl: unrecognized option '${words.unknown}'\n`);
    return 1;
  }
  const [verb = 'list-units', ...rest] = words.rest;
  const run = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  if (run === undefined) {
    call.err(`Unknown command verb '${verb}'.\n`);
    return 1;
  }
  return run(machine, call, words, rest.map(unitName));
}

function asRoot(call: Call, what: string, run: () => void): number {
  if (call.user !== 'root') {
    call.err(`Failed to ${what}: Interactive authentication required.\n`);
    return 1;
  }
  run();
  return 0;
}

function show(machine: Machine, call: Call, words: Words, names: readonly string[]): number {
  const wanted = [...words.all('-p'), ...words.all('-P')].flatMap((list) => list.split(','));
  const bare = words.has('--value') || words.has('-P');
  const documents =
    names.length === 0
      ? [managerProperties(machine)]
      : names.flatMap((name) => matching(machine, name)).map((unit) => unitProperties(machine, unit));
  const blocks = documents.map((properties) =>
    [...properties]
      .filter(([key]) => wanted.length === 0 || wanted.includes(key))
      .map(([key, value]) => (bare ? `${value}\n` : `${key}=${value}\n`))
      .join(''),
  );
  call.out(blocks.join('\n'));
  return 0;
}

/** Units of a name, or of a pattern among the loaded ones. */
function matching(machine: Machine, name: string): readonly Unit[] {
  if (!/[*?[]/.test(name)) return [machine.units.get(name)];
  const pattern = new RegExp(
    `^${name
      .replaceAll('.', String.raw`\.`)
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
  );
  return machine.units.all().filter((unit) => pattern.test(unit.name));
}

function isState(
  machine: Machine,
  call: Call,
  words: Words,
  names: readonly string[],
  good: readonly string[],
): number {
  const units = names.map((name) => machine.units.get(name));
  if (!words.has('-q')) call.out(units.map((unit) => `${unit.active}\n`).join(''));
  if (units.some((unit) => good.includes(unit.active))) return 0;
  return units.every((unit) => unit.load === 'not-found') ? 4 : 3;
}

/** Exit 1 for what is known and has not failed, as systemd 257 has it. */
function isFailed(machine: Machine, call: Call, words: Words, names: readonly string[]): number {
  const code = isState(machine, call, words, names, ['failed']);
  return code === 3 ? 1 : code;
}

/** Nothing waits to be started or stopped here. */
function listJobs(_machine: Machine, call: Call, words: Words): number {
  if (!words.has('--no-legend')) call.out('No jobs running.\n');
  return 0;
}

function isEnabled(machine: Machine, call: Call, words: Words, names: readonly string[]): number {
  const units = names.map((name) => machine.units.get(name));
  const states = units.map((unit) => fileState(unit) || 'not-found');
  if (!words.has('-q')) call.out(states.map((state) => `${state}\n`).join(''));
  if (states.some((state) => state === 'enabled' || state === 'static')) return 0;
  return states.every((state) => state === 'not-found') ? 4 : 1;
}

function isSystemRunning(machine: Machine, call: Call, words: Words): number {
  const state = systemState(machine);
  if (!words.has('-q')) call.out(`${state}\n`);
  return state === 'running' ? 0 : 1;
}

function listUnits(machine: Machine, call: Call, words: Words, names: readonly string[]): number {
  const states = [
    ...words.all('--state').flatMap((list) => list.split(',')),
    ...(words.has('--failed') ? ['failed'] : []),
  ];
  const types = words.all('-t').flatMap((list) => list.split(','));
  const all = names.length === 0 ? machine.units.all() : names.flatMap((name) => matching(machine, name));
  const shown = all
    .filter((unit) => types.length === 0 || types.some((type) => unit.name.endsWith(`.${type}`)))
    .filter((unit) =>
      states.length === 0 ? words.has('-a') || unit.active !== 'inactive' : matchesState(unit, states),
    )
    .toSorted((a, b) => a.name.localeCompare(b.name));
  if (words.last('-o')?.startsWith('json') === true) {
    const rows = shown.map(({ name, load, active, sub, description }) => ({
      unit: name,
      load,
      active,
      sub,
      description,
    }));
    call.out(`${JSON.stringify(rows)}\n`);
    return 0;
  }
  const mark = (unit: Unit): string => (words.has('--plain') ? '' : unit.active === 'failed' ? '● ' : '  ');
  call.out(
    shown
      .map((unit) => `${mark(unit)}${unit.name} ${unit.load} ${unit.active} ${unit.sub} ${unit.description}\n`)
      .join(''),
  );
  if (!words.has('--no-legend')) call.out(`\n${shown.length} loaded units listed.\n`);
  return 0;
}

function matchesState(unit: Unit, states: readonly string[]): boolean {
  return [unit.active, unit.sub, unit.load].some((state) => states.includes(state));
}

function status(machine: Machine, call: Call, _words: Words, names: readonly string[]): number {
  const units = names.map((name) => machine.units.get(name));
  for (const unit of units) {
    if (unit.load === 'not-found') call.err(`Unit ${unit.name} could not be found.\n`);
    else
      call.out(
        `● ${unit.name} - ${unit.description}\n     Loaded: ${unit.load} (${unit.fragment}; ${unit.file})\n     Active: ${unit.active} (${unit.sub})\n`,
      );
  }
  if (units.some((unit) => unit.load === 'not-found')) return 4;
  return units.every((unit) => unit.active === 'active') ? 0 : 3;
}

function cat(machine: Machine, call: Call, _words: Words, names: readonly string[]): number {
  for (const name of names) {
    const unit = machine.units.get(name);
    if (unit.load === 'not-found') {
      call.err(`No files found for ${name}.\n`);
      return 1;
    }
    call.out(`# ${unit.fragment}\n${unit.text ?? `[Unit]\nDescription=${unit.description}\n`}`);
  }
  return 0;
}
