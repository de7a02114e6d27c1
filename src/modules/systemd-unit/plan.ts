import type { Change, Diff, ModuleContext } from '../../core/module.ts';
import type { Explain, Step } from '../../core/step.ts';
import { isRunning, planRun, startFailure } from './run-state.ts';
import type { Params } from './schema.ts';
import { systemctl, type Unit } from './state.ts';

/** The verbs of systemctl that bring a unit to the wished state, in the order systemd needs them. */
export function plan(want: Params, unit: Unit | undefined, context: ModuleContext, before?: Unit): Change {
  const { name } = want;
  if (name === undefined || unit === undefined) {
    // Without a unit there is nothing to look at afterwards.
    return { steps: [step(want, 'daemon-reload')], verify: false };
  }
  const missing = missingUnit(want, unit, name, before);
  if (missing !== undefined && !(context.check && unit.load === 'not-found')) return missing;
  const refusal = impossible(want, unit, name) ?? startFailure(want, unit, name, before);
  if (refusal !== undefined) return refusal;
  const run = planRun(want, unit, before);
  const isUnmasked = want.masked === false && isMasked(unit);
  const isToMask = want.masked === true && !isMasked(unit);
  const verbs = [
    ...(isUnmasked ? ['unmask'] : []),
    ...(needsDaemonReload(want, unit, before) ? ['daemon-reload'] : []),
    ...enablement(want, unit, isUnmasked),
    ...(run === undefined ? [] : [run]),
    ...(isToMask ? ['mask'] : []),
  ];
  const notes = missing === undefined ? [] : [`the host has no unit "${name}" yet`];
  return { steps: verbs.map((verb) => step(want, verb)), diff: diffOf(want, unit, verbs), notes };
}

function missingUnit(want: Params, unit: Unit, name: string, before: Unit | undefined): Change | undefined {
  const needsUnit = want.enabled === true || (want.state !== undefined && want.state !== 'stopped');
  if (unit.load !== 'not-found' || !needsUnit) return undefined;
  // A generator such as Quadlet brings the unit once systemd reads its files again.
  if (want.daemon_reload === true && before === undefined) return undefined;
  return {
    refuse: `the host has no unit "${name}"`,
    hint: 'write its file with copy first, or layer the package that brings it',
  };
}

function impossible(want: Params, unit: Unit, name: string): Change | undefined {
  const isStarting = want.state !== undefined && want.state !== 'stopped';
  if (want.masked === undefined && isMasked(unit) && (isStarting || want.enabled === true)) {
    return { refuse: `"${name}" is masked, so it can neither be started nor enabled`, hint: 'add "masked: false"' };
  }
  if (isStarting && (unit.load === 'bad-setting' || unit.load === 'error')) {
    const hint = `"systemd-analyze verify ${name}" on the host says what is wrong`;
    return { refuse: `systemd cannot load "${name}" (${unit.load})`, hint };
  }
  if (want.enabled === true && ['static', 'generated', 'transient'].includes(unit.file)) {
    const hint =
      unit.file === 'generated'
        ? 'its [Install] section belongs into the file it is generated from; leave "enabled" out'
        : 'it has no [Install] section: other units start it; leave "enabled" out';
    return { refuse: `"${name}" is ${unit.file}, so it cannot be enabled`, hint };
  }
  if (want.state === 'reloaded' && isRunning(unit) && !unit.canReload) {
    return { refuse: `"${name}" cannot reload its configuration`, hint: 'write "state: restarted"' };
  }
  return undefined;
}

function isMasked({ load, file }: Unit): boolean {
  return load === 'masked' || file.startsWith('masked');
}

function needsDaemonReload({ daemon_reload: wish }: Params, unit: Unit, before: Unit | undefined): boolean {
  if (wish === true) return before === undefined;
  return wish !== false && unit.needsReload;
}

/** An unmasked unit may be enabled or not: only doing it again makes it certain. `indirect` is as enabled as it can be. */
function enablement({ enabled }: Params, unit: Unit, isUnmasked: boolean): readonly string[] {
  if (enabled === undefined) return [];
  if (enabled) return ['enabled', 'alias', 'indirect'].includes(unit.file) && !isUnmasked ? [] : ['enable'];
  return isUnmasked || ['enabled', 'enabled-runtime', 'alias'].includes(unit.file) ? ['disable'] : [];
}

function step(want: Params, verb: string): Step {
  const name = want.name ?? '';
  if (verb === 'daemon-reload') {
    return { do: 'run', say: 'let systemd read its files again', command: systemctl(want, verb) };
  }
  return {
    do: 'run',
    say: `${verb} ${name}`,
    command: systemctl(want, verb, '--', name),
    explain: explain(verb, name),
  };
}

function explain(verb: string, name: string): Explain {
  return ({ code, stderr }) => {
    const [said = ''] = stderr.trim().split('\n');
    return {
      message: `systemctl ${verb} ${name} failed (exit ${code ?? 'unknown'}): ${said.slice(0, 300)}`,
      hint: `"journalctl -u ${name} -n 20 --no-pager" on the host says why`,
    };
  };
}

const AFTER: Readonly<Record<string, string>> = {
  start: 'started',
  restart: 'restarted',
  reload: 'reloaded',
  stop: 'stopped',
  enable: 'enabled',
  disable: 'disabled',
  mask: 'masked',
  unmask: 'not masked',
};

function diffOf({ name = '' }: Params, unit: Unit, verbs: readonly string[]): readonly Diff[] {
  const after = verbs.flatMap((verb) => AFTER[verb] ?? []);
  if (after.length === 0) return [];
  const before = [`${unit.active} (${unit.sub})`, unit.file].filter((one) => one !== '');
  return [{ label: name, before: `${before.join(', ')}\n`, after: `${after.join(', ')}\n` }];
}
