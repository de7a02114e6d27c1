import { sha256Of } from '../../core/bytes.ts';
import { cmd, script, withOptions } from '../../core/command.ts';
import type { Change, Diff, LocalFile, ModuleContext } from '../../core/module.ts';
import type { Step } from '../../core/step.ts';
import { baseName } from './ask.ts';
import { BUILD, buildWords, wishDigest } from './build.ts';
import { explain } from './explain.ts';
import { gitTarget, refusalOf } from './refusals.ts';
import { folderOf, type Params, type Timer } from './schema.ts';
import type { Have } from './state.ts';
import { unitFiles, unitPaths } from './units.ts';

/** The way from what was built to what is wished. */
export function plan(want: Params, have: Have, context: ModuleContext, before?: Have): Change {
  const refusal = refusalOf(want, have, context);
  if (refusal !== undefined) return refusal;
  const files = (want.files ?? []).filter(({ path, bytes }) => have.files.get(baseName(path)) !== sha256Of(bytes));
  const why = whyBuild(want, have, files.length > 0, before);
  const timer = want.timer === undefined ? { steps: [], diff: [] } : planTimer(want, want.timer, have);
  const steps = [
    ...copySteps(want, have, files),
    ...(why === undefined ? [] : [buildStep(want, have, why)]),
    ...timer.steps,
  ];
  const copied = files.map(({ path, bytes }): Diff => {
    const label = `${folderOf(want.treefile)}/${baseName(path)}`;
    return { label, before: '', after: new TextDecoder().decode(bytes) };
  });
  return {
    steps,
    diff: [...copied.filter(({ after }) => !after.includes('\uFFFD')), ...timer.diff],
    notes: notes(want, have, why),
  };
}

function notes({ name, rebuild }: Params, { service }: Have, why: string | undefined): readonly string[] {
  const result = service.get('Result') ?? 'success';
  return [
    ...(['success', ''].includes(result)
      ? []
      : [`the last build by the timer failed (${result}): "journalctl -u ${name}" on the host says why`]),
    ...(rebuild === 'always' && why !== undefined
      ? ['whether there are newer packages is known only while it composes']
      : []),
  ];
}

/** Why it must be composed; undefined when what is in the repository is what would be made. */
function whyBuild(want: Params, have: Have, isCopied: boolean, before: Have | undefined): string | undefined {
  if (have.head === undefined) return 'there is no commit yet';
  const { git } = have;
  const isMoved = want.git !== undefined && (git.head !== gitTarget(want.git, git) || git.isDirty);
  if (isCopied || isMoved || have.inputs !== have.note.split(' ')[0]) return 'files differ from those of the last time';
  if (have.note.split(' ')[1] !== wishDigest(want)) return 'the parameters differ from those of the last time';
  const [key] = have.keys;
  if (want.sign !== undefined && !have.signed.includes(key?.fingerprint ?? ''))
    return 'the commit has no good signature';
  return want.rebuild === 'always' && before === undefined ? 'there may be newer packages' : undefined;
}

function copySteps({ treefile }: Params, { inputs }: Have, files: readonly LocalFile[]): readonly Step[] {
  const folder = folderOf(treefile);
  const make: Step = {
    do: 'run',
    say: `make the folder ${folder}`,
    command: cmd('mkdir', '-p', '-m', '0755', '--', folder),
  };
  return [
    ...(files.length === 0 || inputs !== undefined ? [] : [make]),
    ...files.map(({ path, bytes }): Step => {
      const dest = `${folder}/${baseName(path)}`;
      return { do: 'put', say: `write ${dest}`, path: dest, content: bytes, mode: '0644' };
    }),
  ];
}

function buildStep(want: Params, { version }: Have, why: string): Step {
  return {
    do: 'transaction',
    say: `compose ${want.ref}: ${why}`,
    command: withOptions(script(BUILD, ...buildWords(want, version)), { timeoutMs: want.timeout }),
    unchangedCodes: [77],
    ...(want.keep === undefined ? {} : { destroys: [want.repo] }),
    explain: explain(want),
  };
}

function planTimer(want: Params, timer: Timer, have: Have): { steps: readonly Step[]; diff: readonly Diff[] } {
  const clock = `${want.name}.timer`;
  if (timer.state === 'absent') return { steps: have.unitFiles.size === 0 ? [] : removal(want), diff: [] };
  const files = unitFiles(want, timer, have.version).filter(({ path, text }) => have.unitFiles.get(path) !== text);
  const isStale = [have.timer, have.service].some((unit) => unit.get('NeedDaemonReload') === 'yes');
  const units = files.filter(({ path }) => path.startsWith('/etc/systemd/'));
  const mustReload = units.length > 0 || isStale;
  const isUp = have.timer.get('ActiveState') === 'active';
  const isEnabled = have.timer.get('UnitFileState') === 'enabled';
  const isMade = files.some(({ path }) => path === unitPaths(want)[0]) && !have.unitFiles.has(unitPaths(want)[0]);
  const folder: Step = {
    do: 'run',
    say: 'make the folder /etc/copse/compose',
    command: cmd('mkdir', '-p', '-m', '0755', '--', '/etc/copse/compose'),
  };
  const steps = [
    ...(isMade ? [folder] : []),
    ...files.map(({ path, mode, text }): Step => ({ do: 'put', say: `write ${path}`, path, content: text, mode })),
    ...(mustReload ? [systemctl('let systemd read its files again', 'daemon-reload')] : []),
    ...(isEnabled ? [] : [systemctl(`enable ${clock}`, 'enable', '--', clock)]),
    ...(mustReload || !isUp ? [systemctl(`start ${clock}`, 'restart', '--', clock)] : []),
  ];
  const diff = files.map(({ path, text }) => ({ label: path, before: have.unitFiles.get(path) ?? '', after: text }));
  return { steps, diff };
}

function removal(want: Params): readonly Step[] {
  const clock = `${want.name}.timer`;
  const stop = 'systemctl disable --now -- "$1" 2>/dev/null; rm -f -- "$2" "$3" "$4" && exec systemctl daemon-reload';
  return [{ do: 'run', say: `stop ${clock} and remove its files`, command: script(stop, clock, ...unitPaths(want)) }];
}

function systemctl(say: string, ...words: readonly string[]): Step {
  return { do: 'run', say, command: cmd('systemctl', ...words) };
}
