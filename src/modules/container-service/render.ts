import { sha256Of } from '../../core/bytes.ts';
import { isAtLeast, type Engine } from './engine.ts';
import { flagWords, optionsOf, type RunOption } from './options.ts';
import type { Params } from './schema.ts';
import { seconds, unitText, unitWord, unitWords } from '../unit-words.ts';

/** How a container becomes a unit. */
export type Form = 'quadlet' | 'plain';

/** A rendered unit file. */
export interface UnitFile {
  readonly path: string;
  readonly text: string;
  /** sha256 of what was rendered; the container carries it as a label, so that a running one tells what it was made from. */
  readonly spec: string;
}

/** What is to run: the wish, the options and command from a RUN label where there is one, and the generations of the secrets. */
export interface Job {
  readonly want: Params;
  readonly engine: Engine;
  readonly label: { readonly options: readonly string[]; readonly command: readonly string[] } | undefined;
  readonly generations: ReadonlyMap<string, number>;
}

/** The label a container made by copse carries. */
export const SPEC_LABEL = 'copse.spec';

/** The first line of every file written here; a file without it belongs to somebody else. */
export const MARK = '# Written by copse (container_service). Changes here are overwritten.';

/** The path of a unit file. */
export function unitPath(name: string, form: Form): string {
  return form === 'quadlet' ? `/etc/containers/systemd/${name}.container` : `/etc/systemd/system/${name}.service`;
}

/** The whole unit file of a wish. The same wish gives the same text. */
export function renderUnit(job: Job, form: Form): UnitFile {
  const render = form === 'quadlet' ? quadlet : plain;
  const draft = render(job, []);
  const spec = sha256Of(new TextEncoder().encode(draft));
  const text = render(job, [
    { flag: '--label', value: `${SPEC_LABEL}=${spec}`, key: 'Label', since: '4.4', quoted: true },
  ]);
  return { path: unitPath(job.want.name, form), text, spec };
}

function optionsAndLabel({ want, engine, generations, label }: Job, own: readonly RunOption[]): RunOption[] {
  return [
    ...(label?.options ?? []).map((flag): RunOption => ({ flag })),
    ...optionsOf(want, engine, generations),
    ...own,
  ];
}

function commandOf({ want, label }: Job): readonly string[] {
  return label === undefined ? want.command : label.command;
}

function quadlet(job: Job, own: readonly RunOption[]): string {
  const { want, engine } = job;
  const lines = optionsAndLabel(job, own).map((one) => keyLine(one, engine));
  const command = commandOf(job);
  return [
    MARK,
    '[Unit]',
    ...unitLines(want, []),
    '',
    '[Container]',
    `Image=${want.image ?? ''}`,
    `ContainerName=${want.name}`,
    ...lines,
    ...(command.length === 0 ? [] : [`Exec=${unitWords(command)}`]),
    '',
    '[Service]',
    ...serviceLines(want),
    ...(want.enabled ? ['', '[Install]', 'WantedBy=multi-user.target default.target'] : []),
    '',
  ].join('\n');
}

/** A key where this podman knows it, the option itself otherwise: an unknown key would be fatal for the whole file. */
function keyLine(option: RunOption, engine: Engine): string {
  const { key, since, value, quoted } = option;
  if (key === undefined || since === undefined || value === undefined || !isAtLeast(engine.version, since)) {
    return `PodmanArgs=${unitWords(flagWords([option]))}`;
  }
  return `${key}=${quoted === true ? unitWord(value) : value}`;
}

function plain(job: Job, own: readonly RunOption[]): string {
  const { want, engine } = job;
  const service = serviceOf(engine, want.name);
  const words = [...flagWords(optionsAndLabel(job, own)), want.image ?? '', ...commandOf(job)];
  return [
    MARK,
    '[Unit]',
    ...unitLines(want, engine.name === 'docker' ? ['docker.service'] : []),
    ...(engine.name === 'podman' ? ['RequiresMountsFor=%t/containers'] : ['PartOf=docker.service']),
    '',
    '[Service]',
    ...service.lines,
    `ExecStart=${engine.path} run ${service.words.join(' ')} ${unitWords(words)}`,
    `ExecStop=-${engine.path} stop ${want.name}`,
    ...(service.after === '' ? [] : [`ExecStopPost=${service.after}`]),
    ...serviceLines(want),
    '',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n');
}

/** What differs between engines: podman tells systemd itself when the container runs; docker and podman before 2 stay in the foreground. */
function serviceOf({ name, path, version }: Engine, box: string): { lines: string[]; words: string[]; after: string } {
  if (name === 'docker' || !isAtLeast(version, '2.1')) {
    return {
      lines: ['Type=simple', `ExecStartPre=-${path} rm -f ${box}`],
      words: ['--rm', `--name=${box}`],
      after: `-${path} rm -f ${box}`,
    };
  }
  return {
    lines: [
      'Type=notify',
      'NotifyAccess=all',
      'Environment=PODMAN_SYSTEMD_UNIT=%n',
      'Delegate=yes',
      'KillMode=mixed',
      'ExecStartPre=/bin/rm -f %t/%n.ctr-id',
    ],
    words: [
      '--cidfile=%t/%n.ctr-id',
      '--cgroups=no-conmon',
      '--rm',
      '--sdnotify=conmon',
      '-d',
      '--replace',
      `--name=${box}`,
    ],
    after: `-${path} rm -f --ignore --cidfile=%t/%n.ctr-id`,
  };
}

function unitLines(want: Params, needed: readonly string[]): string[] {
  const requires = [...needed, ...want.requires];
  const after = ['network-online.target', ...requires, ...want.after];
  return [
    `Description=${unitText(want.description ?? `Container ${want.name}`)}`,
    'Wants=network-online.target',
    `After=${[...new Set(after)].join(' ')}`,
    ...(requires.length === 0 ? [] : [`Requires=${requires.join(' ')}`]),
    'StartLimitIntervalSec=120',
    'StartLimitBurst=5',
  ];
}

function serviceLines(want: Params): string[] {
  return [
    `Restart=${want.restart}`,
    'RestartSec=2',
    `TimeoutStartSec=${seconds(want.start_timeout)}`,
    `TimeoutStopSec=${seconds(want.stop_timeout + 10_000)}`,
  ];
}
