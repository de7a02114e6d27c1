import type { Change, Diff, ModuleContext } from '../../core/module.ts';
import type { Step } from '../../core/step.ts';
import type { Engine } from './engine.ts';
import { parseLabel, type LabelCommand } from './label.ts';
import { planOstree } from './ostree.ts';
import { labelOf, phaseStep } from './phase.ts';
import { foreignRefusal, formOf, hostRefusal, isOurs, mountRefusal, type Refusal } from './refusals.ts';
import { planRemoval } from './removal.ts';
import { renderUnit, SPEC_LABEL, unitPath, type Form, type UnitFile } from './render.ts';
import type { Params } from './schema.ts';
import { cleanSteps, generationsOf, secretSteps } from './secrets.ts';
import type { Have } from './state.ts';
import {
  pullStep,
  reloadStep,
  restartIfMoved,
  restartStep,
  runStep,
  steadyStep,
  stopStep,
  tryQuadlet,
} from './steps.ts';
import { labelMountSteps, nativeSteps, surroundingSteps } from './surroundings.ts';

/** The way to a container that runs as a service, or that is gone. */
export function plan(want: Params, have: Have, context: ModuleContext, before?: Have): Change {
  if (want.storage === 'ostree') return planOstree(want, have, context);
  const { engine } = have;
  const refusal = hostRefusal(want, have, engine);
  if (refusal !== undefined || engine === undefined) return refusal ?? { refuse: 'this host has no engine' };
  if (want.state === 'absent') return planRemoval(want, have, engine, before);
  const image = imageSteps(want, have, engine, context, before);
  if ('refuse' in image || want.state === 'pulled') return image;
  return planService(want, have, { engine, context, image });
}

interface Around {
  readonly engine: Engine;
  readonly context: ModuleContext;
  readonly image: Steps;
}

function planService(want: Params, have: Have, { engine, context, image }: Around): Change {
  const label = labelCommand(want, have);
  if ('refuse' in label) return context.check && have.image === undefined ? { ...image, notes: [label.refuse] } : label;
  const foreign = foreignRefusal(want, have);
  if (foreign !== undefined) return foreign;
  const setup = setupSteps(want, have, engine, context);
  if ('refuse' in setup) return setup;
  const mounts = mountRefusal(want, have, context);
  if (mounts.refusal !== undefined) return mounts.refusal;

  const form = formOf(want, have, engine);
  const file = renderUnit({ want, engine, label: label.command, generations: generationsOf(want, have) }, form);
  const unit = unitSteps(want, have, form, file);
  const run = runSteps(want, have, engine, { file, hasUnitSteps: unit.length > 0, hasMoved: image.steps.length > 0 });
  const steps = [
    ...surroundingSteps(want, have, engine),
    ...image.steps,
    ...setup.steps,
    ...secretSteps(want, have),
    ...(unit.length === 0 ? [] : labelMountSteps(want, label.command)),
    ...unit,
    ...nativeSteps(want, have),
    ...run.steps,
    ...cleanSteps(want, have),
  ];
  const notes = [
    ...mounts.notes,
    ...setup.notes,
    ...(have.container === undefined ? [] : run.reasons.map((reason) => `it is started anew: ${reason}`)),
  ];
  return { steps, diff: diffOf(want, have, form, file), notes };
}

type Steps = { readonly steps: readonly Step[] };

function imageSteps(
  want: Params,
  have: Have,
  engine: Engine,
  context: ModuleContext,
  before: Have | undefined,
): Steps | Refusal {
  const image = want.image ?? '';
  const isThere = have.image !== undefined;
  if (want.pull === 'never') {
    if (isThere || context.check) return { steps: [] };
    return {
      refuse: `the host has no image "${image}", and it may not be pulled`,
      hint: 'bring it first, or write "pull: missing"',
    };
  }
  const looks = want.pull === 'always' && before === undefined;
  return { steps: isThere && !looks ? [] : [pullStep(image, engine, isThere)] };
}

function labelCommand(want: Params, have: Have): { readonly command: LabelCommand | undefined } | Refusal {
  if (want.run_label === undefined) return { command: undefined };
  if (have.image === undefined) return unread(want.run_label);
  const text = labelOf(have.image, want.run_label);
  if (text === undefined)
    return { refuse: `the image has no label "${want.run_label}"`, hint: 'write "command" and "mounts" instead' };
  const command = parseLabel(text, { PWD: '/root', ...want.environment, NAME: want.name, IMAGE: want.image ?? '' });
  if ('wrong' in command)
    return {
      refuse: `the label "${want.run_label}" cannot be used: ${command.wrong}`,
      hint: 'write "command" and "mounts" instead',
    };
  return { command };
}

function unread(label: string): Refusal {
  return {
    refuse: `the label "${label}" can be read only once the image is there: what it does is shown before it runs`,
    hint: 'a task with "state: pulled" goes before this one',
  };
}

function isSetUp({ setup }: Params, have: Have): boolean {
  if (setup === undefined) return true;
  if (setup.creates === undefined) return have.isSetUp;
  return setup.creates.every((path) => (have.created.get(path) ?? 'absent') !== 'absent');
}

function setupSteps(
  want: Params,
  have: Have,
  engine: Engine,
  context: ModuleContext,
): (Steps & { notes: readonly string[] }) | Refusal {
  const { setup } = want;
  if (setup === undefined || isSetUp(want, have)) return { steps: [], notes: [] };
  if (setup.label !== undefined && have.image === undefined) {
    const refusal = unread(setup.label);
    return context.check ? { steps: [], notes: [refusal.refuse] } : refusal;
  }
  const step = phaseStep('setup', setup, want, engine, have.image);
  if ('wrong' in step) return { refuse: step.wrong };
  return { steps: [step], notes: ['the setup is root on the host: it may change everything there'] };
}

/** Writes the unit in the wished form, removes the other form, and lets systemd know. */
function unitSteps(want: Params, have: Have, form: Form, file: UnitFile): Step[] {
  const other: Form = form === 'quadlet' ? 'plain' : 'quadlet';
  const moves = (['quadlet', 'plain'] as const)
    .filter((one) => have.files[one] !== undefined && !isOurs(have.files[one]))
    .map((one) => {
      const path = unitPath(want.name, one);
      return runStep(`keep the former ${path} beside it`, 'mv', '-f', '--', path, `${path}.before-copse`);
    });
  const isOtherOurs = isOurs(have.files[other]);
  const gone = isOtherOurs
    ? [
        ...(have.unit.get('ActiveState') === 'active' ? [stopStep(want)] : []),
        ...disableSteps(want, have),
        runStep(`remove ${unitPath(want.name, other)}`, 'rm', '-f', '--', unitPath(want.name, other)),
      ]
    : [];
  const write: Step[] =
    have.files[form] === file.text
      ? []
      : [
          ...(form === 'quadlet' ? [tryQuadlet(want, file)] : []),
          ...(form === 'quadlet'
            ? [runStep('make the folder of Quadlet', 'install', '-d', '-m', '0755', '/etc/containers/systemd')]
            : []),
          { do: 'put', say: `write ${file.path}`, path: file.path, content: file.text, mode: '0644' },
        ];
  const isKnown =
    have.unit.get('LoadState') === 'loaded' && have.unit.get('NeedDaemonReload') !== 'yes' && isFromOurFile(have, file);
  const changes = [...moves, ...gone, ...write];
  return [...changes, ...(changes.length > 0 || !isKnown ? [reloadStep(want)] : []), ...enableSteps(want, have, form)];
}

// Quadlet's units come from a file that systemd names as their source.
function isFromOurFile(have: Have, file: UnitFile): boolean {
  return [have.unit.get('SourcePath'), have.unit.get('FragmentPath')].includes(file.path);
}

function disableSteps(want: Params, have: Have): Step[] {
  return have.unit.get('UnitFileState') === 'enabled'
    ? [runStep(`disable ${want.name}`, 'systemctl', 'disable', '--', `${want.name}.service`)]
    : [];
}

function enableSteps(want: Params, have: Have, form: Form): Step[] {
  if (form === 'quadlet') return [];
  const isEnabled = have.unit.get('UnitFileState') === 'enabled' && isOurs(have.files.plain);
  if (!want.enabled) return disableSteps(want, have);
  return isEnabled ? [] : [runStep(`start ${want.name} at boot`, 'systemctl', 'enable', '--', `${want.name}.service`)];
}

interface RunState {
  readonly file: UnitFile;
  readonly hasUnitSteps: boolean;
  readonly hasMoved: boolean;
}

function runSteps(
  want: Params,
  have: Have,
  engine: Engine,
  { file, hasMoved }: RunState,
): Steps & { reasons: readonly string[] } {
  const active = have.unit.get('ActiveState') ?? 'inactive';
  if (want.state === 'stopped') {
    return { steps: ['inactive', 'failed'].includes(active) ? [] : [stopStep(want)], reasons: [] };
  }
  const reasons = reasonsOf(have, file);
  if (reasons.length > 0) return { steps: [restartStep(want), steadyStep(want, engine)], reasons };
  if (hasMoved) return { steps: [restartIfMoved(want, engine), steadyStep(want, engine)], reasons };
  return { steps: have.container?.health === 'starting' ? [steadyStep(want, engine)] : [], reasons };
}

/** Why the container must be made anew; nothing when it is as it should be. */
function reasonsOf(have: Have, file: UnitFile): readonly string[] {
  const { container, image } = have;
  if (container === undefined) return ['it does not run'];
  const isUp = have.unit.get('ActiveState') === 'active' && container.status === 'running';
  return [
    ...(isUp ? [] : ['it does not run']),
    ...(container.labels[SPEC_LABEL] !== file.spec ? ['it was made from another unit'] : []),
    ...(image !== undefined && container.image !== image.id ? ['it runs another image'] : []),
    ...(image === undefined ? ['its image is not there'] : []),
    ...(container.health === 'unhealthy' ? ['it is unhealthy'] : []),
  ];
}

function diffOf(want: Params, have: Have, form: Form, file: UnitFile): readonly Diff[] {
  const text = have.files[form] ?? '';
  const unit = text === file.text ? [] : [{ label: file.path, before: text, after: file.text }];
  const now = `${have.unit.get('ActiveState') ?? 'inactive'}, image ${have.container?.image ?? 'none'}\n`;
  const then = `${want.state === 'stopped' ? 'inactive' : 'active'}, image ${have.image?.id ?? 'pulled'}\n`;
  const isSame =
    have.container?.image === have.image?.id &&
    have.unit.get('ActiveState') === (want.state === 'stopped' ? 'inactive' : 'active');
  return isSame || want.state === 'stopped' ? unit : [...unit, { label: want.name, before: now, after: then }];
}
