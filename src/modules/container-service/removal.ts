import type { Change } from '../../core/module.ts';
import type { Step } from '../../core/step.ts';
import type { Engine } from './engine.ts';
import { isPath } from './mount-schema.ts';
import { homeOf } from './options.ts';
import { phaseStep } from './phase.ts';
import { foreignRefusal, isOurs } from './refusals.ts';
import { unitPath } from './render.ts';
import type { Params } from './schema.ts';
import type { Have, Shared } from './state.ts';
import { pullStep, runStep, stopStep } from './steps.ts';

/** Takes away what was made for a container, and nothing else: stop, uninstall, files, container, secrets, what nobody else uses. */
export function planRemoval(want: Params, have: Have, engine: Engine, before: Have | undefined): Change {
  const foreign = foreignRefusal(want, have);
  if (foreign !== undefined) return foreign;
  const uninstall = uninstallSteps(want, have, engine);
  if ('refuse' in uninstall) return uninstall;
  const volumes = want.remove_volumes
    ? want.mounts.filter((mount) => !isPath(mount) && have.volumes.includes(mount.source))
    : [];
  const steps = [
    ...stopSteps(want, have),
    ...uninstall.steps,
    ...fileSteps(want, have),
    ...(have.container === undefined ? [] : [removeContainer(want, engine)]),
    ...sharedSteps(want, have, engine),
    ...volumes.map(({ source }): Step => ({
      ...runStep(`remove the volume ${source} with its data`, engine.path, 'volume', 'rm', source),
      destroys: [source],
    })),
    ...(want.remove_image && have.image !== undefined && before === undefined
      ? [removeImage(want, have.image.id, engine)]
      : []),
    ...(have.hasHome
      ? [runStep(`remove ${homeOf(want.name)} with its secrets`, 'rm', '-rf', '--', homeOf(want.name))]
      : []),
    ...nativeBack(want, have),
  ];
  const kept = [...have.networks, ...have.pods].filter(([, one]) => others(one, want).length > 0).map(([name]) => name);
  return { steps, notes: kept.map((name) => `"${name}" is kept: other containers use it`) };
}

function stopSteps(want: Params, have: Have): Step[] {
  const isQuiet = ['inactive', 'failed'].includes(have.unit.get('ActiveState') ?? 'inactive');
  const isEnabled = have.unit.get('UnitFileState') === 'enabled' && isOurs(have.files.plain);
  return [
    ...(isQuiet || !hasUnit(have) ? [] : [stopStep(want)]),
    ...(isEnabled ? [runStep(`disable ${want.name}`, 'systemctl', 'disable', '--', `${want.name}.service`)] : []),
  ];
}

function hasUnit(have: Have): boolean {
  return isOurs(have.files.quadlet) || isOurs(have.files.plain);
}

function uninstallSteps(
  want: Params,
  have: Have,
  engine: Engine,
): { readonly steps: readonly Step[] } | { readonly refuse: string; readonly hint?: string } {
  if (want.uninstall === undefined || !(hasUnit(have) || have.hasHome)) return { steps: [] };
  if (want.uninstall.label !== undefined && have.image === undefined) {
    return {
      refuse: `the label "${want.uninstall.label}" can be read only once the image is there`,
      hint: 'a task with "state: pulled" goes before this one',
    };
  }
  const step = phaseStep('uninstall', want.uninstall, want, engine, have.image);
  if ('wrong' in step) return { refuse: step.wrong };
  return { steps: [...(have.image === undefined ? [pullStep(want.image ?? '', engine, false)] : []), step] };
}

function fileSteps(want: Params, have: Have): Step[] {
  const paths = (['quadlet', 'plain'] as const)
    .filter((form) => isOurs(have.files[form]))
    .map((form) => unitPath(want.name, form));
  if (paths.length === 0) return [];
  const forget: Step = {
    do: 'run',
    say: 'forget its failures',
    command: { argv: ['systemctl', 'reset-failed', '--', `${want.name}.service`] },
    okCodes: [0, 1],
    unchangedCodes: [1],
  };
  return [
    ...paths.map((path) => runStep(`remove ${path}`, 'rm', '-f', '--', path)),
    runStep('let systemd read its files again', 'systemctl', 'daemon-reload'),
    forget,
  ];
}

// Stopping the unit removes it too; then there is nothing left to remove.
function removeContainer(want: Params, engine: Engine): Step {
  return {
    do: 'run',
    say: `remove the container ${want.name}`,
    command: { argv: [engine.path, 'rm', '-f', want.name] },
    okCodes: [0, 1],
    unchangedCodes: [1],
  };
}

// By its id, which the engine refuses while the image is in use or has another name; by name it would only lose the name.
function removeImage(want: Params, id: string, engine: Engine): Step {
  return {
    do: 'run',
    say: `remove the image ${want.image ?? ''} unless it is in use`,
    command: { argv: [engine.path, 'rmi', id] },
    okCodes: [0, 1, 2, 125],
    unchangedCodes: [1, 2, 125],
  };
}

function sharedSteps(want: Params, have: Have, engine: Engine): Step[] {
  const isFree = (one: Shared): boolean => one.madeFor === want.name && others(one, want).length === 0;
  const pods = [...have.pods]
    .filter(([, one]) => isFree(one))
    .map(([name]) => runStep(`remove the pod ${name}`, engine.path, 'pod', 'rm', '-f', name));
  const networks = [...have.networks]
    .filter(([, one]) => isFree(one))
    .map(([name]) => runStep(`remove the network ${name}`, engine.path, 'network', 'rm', name));
  return [...pods, ...networks];
}

function others({ users }: Shared, want: Params): readonly string[] {
  return users.filter((user) => user !== want.name);
}

function nativeBack(want: Params, have: Have): Step[] {
  if (want.migrate === undefined || have.from.get('UnitFileState')?.startsWith('masked') !== true) return [];
  return [runStep(`unmask the native ${want.migrate}`, 'systemctl', 'unmask', '--', want.migrate)];
}
