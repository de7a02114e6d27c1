import type { Rule } from '../params.ts';
import { isPath } from './mount-schema.ts';
import { wrongPhase } from './phase-schema.ts';
import type { Shape } from './shape.ts';

/** What the parameters must not be together. */
export const RULES: readonly Rule<Shape>[] = [
  {
    at: 'image',
    wrong: (want) =>
      want.image === undefined && (want.state !== 'absent' || want.uninstall !== undefined || want.remove_image),
    say: 'expected the image',
  },
  {
    at: 'setup',
    wrong: (want) => wrongPhase(want.setup) !== undefined,
    say: 'expected either "label" or "command"; "host_data" goes with "command"; a secret is "env" or "file"',
  },
  {
    at: 'uninstall',
    wrong: (want) => wrongPhase(want.uninstall) !== undefined,
    say: 'expected either "label" or "command"; "host_data" goes with "command"; a secret is "env" or "file"',
  },
  {
    at: 'pull',
    wrong: (want) => want.pull === 'always' && want.image?.includes('@') === true,
    say: 'a digest cannot move: "always" goes with a tag',
  },
  {
    at: 'auto_update',
    wrong: (want) => want.auto_update !== undefined && want.image?.includes('@') === true,
    say: 'a digest cannot move: expected an image by its tag',
  },
  {
    at: 'networks',
    wrong: (want) => want.networks.length > 0 && want.network !== 'default',
    say: 'expected either "network" or "networks"',
  },
  {
    at: 'ports',
    wrong: (want) => want.ports.length > 0 && want.network !== 'default',
    say: 'ports are published only from a network of its own',
  },
  {
    at: 'run_label',
    wrong: (want) => want.run_label !== undefined && (want.command.length > 0 || want.entrypoint !== undefined),
    say: 'the command stands in the label: expected either "run_label" or "command"',
  },
  {
    at: 'command',
    wrong: (want) => want.command.includes(';'),
    say: 'a lone ";" would end the command for systemd; to run more than one: [sh, -c, "one; two"]',
  },
  { at: 'unit', wrong: (want) => want.unit === 'quadlet' && want.engine === 'docker', say: 'docker has no Quadlet' },
  {
    at: 'options',
    wrong: (want) => want.options.some((one) => !/^--[a-z]/.test(one) || FORBIDDEN.test(one)),
    say: 'expected options such as "--memory=512m"; name, restart, detach, rm, replace, env and labels have their own parameters',
  },
  {
    at: 'mounts',
    wrong: (want) => hasTwice(want.mounts.map((one) => one.target.replace(/(?<=.)\/$/, ''))),
    say: 'two mounts have the same target',
  },
  {
    at: 'secrets',
    wrong: (want) => hasTwice(want.secrets.map((one) => one.name)),
    say: 'two secrets have the same name',
  },
  {
    at: 'remove_volumes',
    wrong: (want) => want.remove_volumes && want.mounts.every(isPath),
    say: 'there is no named volume under "mounts"',
  },
  {
    at: 'storage',
    wrong: (want) => want.storage === 'ostree' && hasEngineWish(want),
    say: 'a system container takes its mounts, command and unit from its image: expected only name, image, state, enabled and settings',
  },
  {
    at: 'state',
    wrong: (want) => want.storage === 'ostree' && want.state === 'pulled',
    say: 'a system container is pulled when it is installed',
  },
  {
    at: 'settings',
    wrong: (want) => want.storage !== 'ostree' && Object.keys(want.settings).length > 0,
    say: '"settings" goes with "storage: ostree"',
  },
];

const FORBIDDEN =
  /^--(?:name|restart|detach|rm|replace|env|env-file|label|cidfile|cgroups|sdnotify|interactive|tty)(?:=|$)/;

function hasTwice(names: readonly string[]): boolean {
  return new Set(names).size < names.length;
}

function hasEngineWish(want: Shape): boolean {
  const lists = [
    want.command,
    want.mounts,
    want.secrets,
    want.ports,
    want.networks,
    want.options,
    Object.keys(want.environment),
  ];
  return (
    lists.some((one) => one.length > 0) ||
    [want.setup, want.uninstall, want.pod, want.health, want.run_label].some((one) => one !== undefined)
  );
}
