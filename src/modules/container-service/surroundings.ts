import { script } from '../../core/command.ts';
import type { Explain, Step } from '../../core/step.ts';
import type { Engine } from './engine.ts';
import type { LabelCommand } from './label.ts';
import { makeOf, missingMounts } from './refusals.ts';
import type { Params } from './schema.ts';
import type { Have } from './state.ts';
import { runStep } from './steps.ts';

/** Makes what a container needs around it and the host lacks: sources of mounts, networks, its pod. */
export function surroundingSteps(want: Params, have: Have, engine: Engine): Step[] {
  const paths = missingMounts(want.mounts, have).flatMap((mount): Step[] => {
    const make = makeOf(mount, want);
    if (make === undefined) return [];
    const path = mount.source.replace(/(?<=.)\/$/, '');
    if (make === 'folder') return [runStep(`make the folder ${path}`, 'install', '-d', '-m', '0755', '--', path)];
    return [runStep(`make the empty file ${path}`, 'install', '-D', '-m', '0644', '--', '/dev/null', path)];
  });
  const networks = want.networks
    .filter(({ name }) => !have.networks.has(name))
    .map(({ name, subnet, internal }) => {
      const more = [...(subnet === undefined ? [] : [`--subnet=${subnet}`]), ...(internal ? ['--internal'] : [])];
      return runStep(
        `make the network ${name}`,
        engine.path,
        'network',
        'create',
        `--label=copse.for=${want.name}`,
        ...more,
        name,
      );
    });
  return [...paths, ...networks, ...podSteps(want, have, engine)];
}

function podSteps(want: Params, have: Have, engine: Engine): Step[] {
  if (want.pod === undefined || have.pods.has(want.pod)) return [];
  const names = want.network === 'default' ? want.networks.map(({ name }) => name) : [want.network];
  const options = [...names.map((name) => `--network=${name}`), ...want.ports.map((port) => `--publish=${port}`)];
  return [
    runStep(
      `make the pod ${want.pod}`,
      engine.path,
      'pod',
      'create',
      `--label=copse.for=${want.name}`,
      `--name=${want.pod}`,
      ...options,
    ),
  ];
}

// Only the image knows these paths, so that they are looked at when its unit is written.
const SOURCES = `may=$1; shift
for p; do
  [ -e "$p" ] && continue
  case $may$p in yes*/) mkdir -p -- "$p" || exit;; *) printf '%s\\n' "$p" >&2; exit 66;; esac
done`;

/** Looks at the sources of the mounts in a RUN label, and makes folders where that is wished. */
export function labelMountSteps(want: Params, label: LabelCommand | undefined): Step[] {
  const paths = (label?.options ?? []).flatMap((option) => {
    const source = /^--volume=(\/[^:]*)/.exec(option)?.[1];
    return source === undefined ? [] : [source];
  });
  if (paths.length === 0) return [];
  const explain: Explain = ({ code, stderr }) =>
    code === 66
      ? {
          message: `the label mounts what the host does not have: ${stderr.trim()}`,
          hint: 'make it first with file or copy; "create_folders: true" makes all that end in a slash',
        }
      : undefined;
  const may = want.create_folders ? 'yes' : 'no';
  return [{ do: 'run', say: 'look at what the label mounts', command: script(SOURCES, may, ...paths), explain }];
}

/** Ends the native unit that the container takes over from; with the same name its unit is hidden by ours. */
export function nativeSteps(want: Params, have: Have): Step[] {
  const { migrate } = want;
  if (migrate === undefined || migrate === `${want.name}.service`) return [];
  if (['not-found', ''].includes(have.from.get('LoadState') ?? '')) return [];
  const isQuiet = ['inactive', 'failed'].includes(have.from.get('ActiveState') ?? '');
  const file = have.from.get('UnitFileState') ?? '';
  // What lies in /etc cannot be masked there.
  const isMaskable = have.from.get('FragmentPath')?.startsWith('/etc/') !== true;
  const isMasked = file.startsWith('masked');
  return [
    ...(isQuiet && !file.startsWith('enabled')
      ? []
      : [runStep(`stop and disable the native ${migrate}`, 'systemctl', 'disable', '--now', '--', migrate)]),
    ...(isMaskable && !isMasked ? [runStep(`mask the native ${migrate}`, 'systemctl', 'mask', '--', migrate)] : []),
  ];
}
