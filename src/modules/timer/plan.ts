import { cmd, script } from '../../core/command.ts';
import type { Change, Diff, ModuleContext } from '../../core/module.ts';
import { Secret } from '../../core/secret.ts';
import type { Step } from '../../core/step.ts';
import { ownedRefusal, planOwned } from '../owned-file.ts';
import { environmentText, pathsOf, serviceText, timerText } from './render.ts';
import type { Params } from './schema.ts';
import type { Have } from './state.ts';

type Refusal = Extract<Change, { readonly refuse: string }>;

/** Variables, both units, then what systemd has to do about them. */
export function plan(want: Params, have: Have, context: ModuleContext, before?: Have): Change {
  if (want.state === 'absent') return planAbsent(want, have);
  const [service, timer] = [serviceText(want), timerText(want)];
  const refusal =
    ownedRefusal(have.service, service, 'timer') ??
    ownedRefusal(have.timer, timer, 'timer') ??
    ofAnother(have) ??
    wrongTime(want, have) ??
    notLoaded(want, have, before);
  if (refusal !== undefined) return refusal;
  const missing = missingOf(want, have);
  if (missing.length > 0 && !context.check) {
    return { refuse: missing.join(' and '), hint: 'bring it first, with copy, user or a package' };
  }
  const environment = planEnvironment(want, have);
  const files = [planOwned(have.service, service), planOwned(have.timer, timer)];
  const written = files.flatMap((one) => one.steps);
  const verbs = unitSteps(want, have, written.length > 0, (files[1]?.steps.length ?? 0) > 0);
  const steps = [...environment.steps, ...written, ...verbs];
  return {
    steps,
    diff: [...environment.diff, ...files.flatMap((one) => one.diff), ...verbDiff(want, have, verbs)],
    notes: missing,
  };
}

/** A unit of the image of that name would be hidden by ours. */
function ofAnother({ waits, runs, timer, service }: Have): Refusal | undefined {
  const of = [
    { seen: waits, file: timer },
    { seen: runs, file: service },
  ].find(({ seen, file }) => {
    const path = seen['FragmentPath'] ?? '';
    return path !== '' && path !== file.path && file.text === undefined;
  });
  if (of === undefined) return undefined;
  return { refuse: `"${of.file.path}" would hide "${of.seen['FragmentPath'] ?? ''}"`, hint: 'choose another name' };
}

function wrongTime(want: Params, { wrongTimes }: Have): Refusal | undefined {
  const [first] = wrongTimes;
  if (first === undefined) return undefined;
  const [index, said] = first;
  return {
    refuse: `systemd on this host does not take the time "${want.on_calendar[index] ?? ''}": ${said.slice(0, 200)}`,
    hint: '"systemd-analyze calendar" on the host tries one; systemd.time(7) tells how they are written',
  };
}

function notLoaded({ name }: Params, have: Have, before: Have | undefined): Refusal | undefined {
  const bad = [have.waits, have.runs].find(({ LoadState: load }) => load === 'bad-setting' || load === 'error');
  if (before === undefined || bad === undefined) return undefined;
  const hint = `"systemd-analyze verify ${name}.timer" on the host says what is wrong`;
  return { refuse: `systemd cannot load "${name}.timer" (${bad['LoadState'] ?? ''})`, hint };
}

function missingOf(want: Params, have: Have): readonly string[] {
  const [program = ''] = want.command ?? [];
  return [
    ...(have.hasProgram ? [] : [`the host has no program "${program}"`]),
    ...(want.user === undefined || have.hasUser ? [] : [`the host has no user "${want.user}"`]),
  ];
}

function planEnvironment(want: Params, { environment }: Have): { steps: readonly Step[]; diff: readonly Diff[] } {
  const { environment: path } = pathsOf(want);
  const content = want.state === 'absent' ? undefined : environmentText(want);
  if (content === undefined) {
    if (environment.sha256 === '') return { steps: [], diff: [] };
    return { steps: [removeStep(path)], diff: [{ label: path, before: '(not shown)\n', after: '' }] };
  }
  const digest = (content instanceof Secret ? content : new Secret(content)).sha256();
  if (digest === environment.sha256 && environment.mode === '600') return { steps: [], diff: [] };
  const folder = path.slice(0, path.lastIndexOf('/'));
  const steps: readonly Step[] = [
    { do: 'run', say: `make ${folder}`, command: cmd('install', '-d', '-m', '0700', '/etc/copse', folder) },
    { do: 'put', say: `write the variables of ${want.name}`, path, content, mode: '0600' },
  ];
  const names = Object.entries(want.environment).map(([name, value]) => `${name}=${String(value)}\n`);
  const diff = [{ label: path, before: environment.sha256 === '' ? '' : '(not shown)\n', after: names.join('') }];
  return { steps, diff };
}

function unitSteps({ name, state }: Params, have: Have, isWritten: boolean, isTimerWritten: boolean): readonly Step[] {
  const { waits, runs } = have;
  const isStale = waits['NeedDaemonReload'] === 'yes' || runs['NeedDaemonReload'] === 'yes';
  const isActive = waits['ActiveState'] === 'active';
  const isEnabled = waits['UnitFileState'] === 'enabled';
  const isAnew = isTimerWritten || waits['NeedDaemonReload'] === 'yes';
  const timer = `${name}.timer`;
  const reload = isWritten || isStale ? [reloadStep()] : [];
  if (state === 'stopped') {
    return [...reload, ...(isActive ? [verb('stop', timer)] : []), ...(isEnabled ? [verb('disable', timer)] : [])];
  }
  return [
    ...reload,
    ...(isEnabled ? [] : [verb('enable', timer)]),
    ...(isActive ? (isAnew ? [verb('restart', timer)] : []) : [verb('start', timer)]),
  ];
}

function verbDiff({ name, state }: Params, { waits }: Have, steps: readonly Step[]): readonly Diff[] {
  const before = `${waits['ActiveState'] ?? ''}, ${waits['UnitFileState'] || 'not there'}\n`;
  const after = state === 'started' ? 'active, enabled\n' : 'inactive, disabled\n';
  const isOther = steps.some((step) => !step.say.startsWith('let systemd'));
  return isOther && before !== after ? [{ label: `${name}.timer`, before, after }] : [];
}

function planAbsent(want: Params, have: Have): Change {
  const { name } = want;
  const refusal = ownedRefusal(have.timer, undefined, 'timer') ?? ownedRefusal(have.service, undefined, 'timer');
  if (refusal !== undefined) return refusal;
  const files = [planOwned(have.timer, undefined), planOwned(have.service, undefined), planEnvironment(want, have)];
  const removed = files.flatMap((one) => one.steps);
  const isOurs = have.timer.text !== undefined;
  const isActive = isOurs && have.waits['ActiveState'] === 'active';
  const isEnabled = isOurs && have.waits['UnitFileState'] === 'enabled';
  const isStale = have.waits['FragmentPath'] === have.timer.path || have.runs['FragmentPath'] === have.service.path;
  const isRunning = have.runs['ActiveState'] === 'activating';
  const steps = [
    ...(isActive ? [verb('stop', `${name}.timer`)] : []),
    ...(isEnabled ? [verb('disable', `${name}.timer`)] : []),
    ...removed,
    ...(have.hasStamp && isOurs ? [removeStep(pathsOf(want).stamp)] : []),
    ...(removed.length > 0 || isStale ? [forgetStep(name)] : []),
  ];
  const notes = isRunning && steps.length > 0 ? [`"${name}.service" runs at this moment, and goes on to its end`] : [];
  return { steps, diff: files.flatMap((one) => one.diff), notes };
}

function removeStep(path: string): Step {
  return { do: 'run', say: `remove ${path}`, command: cmd('rm', '-f', '--', path) };
}

function reloadStep(): Step {
  return { do: 'run', say: 'let systemd read its files again', command: cmd('systemctl', 'daemon-reload') };
}

// A service that once failed would be remembered as a failed unit of this host.
const FORGET = 'systemctl daemon-reload || exit; systemctl reset-failed -- "$1" 2>/dev/null; exit 0';

function forgetStep(name: string): Step {
  return { do: 'run', say: `let systemd forget ${name}`, command: script(FORGET, `${name}.service`) };
}

function verb(word: string, unit: string): Step {
  return {
    do: 'run',
    say: `${word} ${unit}`,
    command: cmd('systemctl', word, '--', unit),
    explain: ({ code, stderr }) => ({
      message: `systemctl ${word} ${unit} failed (exit ${code ?? 'unknown'}): ${stderr.trim().slice(0, 300)}`,
      hint: `"systemd-analyze verify ${unit}" on the host says what is wrong`,
    }),
  };
}
