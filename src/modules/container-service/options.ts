import type { Engine } from './engine.ts';
import type { Mount } from './mount-schema.ts';
import type { SecretWish } from './schema-parts.ts';
import type { Params } from './schema.ts';
import { seconds } from '../unit-words.ts';

/** One option of `podman run` and `docker run`, and the Quadlet key that says the same from a version on. */
export interface RunOption {
  readonly flag: string;
  /** Undefined for a flag without a value. */
  readonly value?: string;
  readonly key?: string;
  /** The first podman whose Quadlet knows the key. */
  readonly since?: string;
  /** The key's value is split into words by Quadlet, so it is quoted like one. */
  readonly quoted?: true;
}

/** Where the secrets of a container are kept. `/etc`, so that a rollback of the host takes unit and secrets back together. */
export function homeOf(name: string): string {
  return `/etc/copse/containers/${name}`;
}

/** The file of one generation of a secret: a changed secret gets a new file, so that the unit and with it the container differ. */
export function secretPath(name: string, secret: string, generation: number): string {
  return `${homeOf(name)}/secrets/${secret}@${generation}`;
}

/** The options of a wish in a fixed order, without name, labels of copse, image and command. */
export function optionsOf(
  want: Params,
  engine: Engine,
  generations: ReadonlyMap<string, number>,
): readonly RunOption[] {
  return [
    ...networkOptions(want),
    ...securityOptions(want),
    ...want.mounts.map(mountOption),
    ...want.secrets.map((secret) => secretOption(want.name, secret, generations.get(secret.name) ?? 1)),
    ...Object.entries(want.environment).map(([key, value]): RunOption => ({
      flag: '--env',
      value: `${key}=${value}`,
      key: 'Environment',
      since: '4.4',
      quoted: true,
    })),
    ...Object.entries(want.labels).map(([key, value]): RunOption => ({
      flag: '--label',
      value: `${key}=${value}`,
      key: 'Label',
      since: '4.4',
      quoted: true,
    })),
    ...valueOption(want.user, { flag: '--user' }),
    ...valueOption(want.hostname, { flag: '--hostname', key: 'HostName', since: '4.6' }),
    ...valueOption(want.entrypoint, { flag: '--entrypoint' }),
    ...(want.read_only ? [{ flag: '--read-only' }] : []),
    ...valueOption(want.auto_update, { flag: '--label' }).map((one) => ({
      ...one,
      value: `io.containers.autoupdate=${one.value}`,
    })),
    { flag: '--stop-timeout', value: seconds(want.stop_timeout), key: 'StopTimeout', since: '5.0' },
    ...healthOptions(want, engine),
    ...want.options.map((flag): RunOption => ({ flag })),
  ];
}

function valueOption(value: string | undefined, option: RunOption): { flag: string; value: string }[] {
  return value === undefined ? [] : [{ ...option, value }];
}

/** In a pod the network is the pod's: its ports are published where the pod is made. */
function networkOptions(want: Params): RunOption[] {
  if (want.pod !== undefined) return [{ flag: '--pod', value: want.pod }];
  const names = want.network === 'default' ? want.networks.map(({ name }) => name) : [want.network];
  return [
    ...names.map((value): RunOption => ({ flag: '--network', value, key: 'Network', since: '4.4' })),
    ...want.ports.map((value): RunOption => ({ flag: '--publish', value, key: 'PublishPort', since: '4.4' })),
  ];
}

function securityOptions(want: Params): RunOption[] {
  const label = want.selinux === 'disable' ? 'label=disable' : `label=type:${want.selinux}`;
  return [
    ...(want.privileged ? [{ flag: '--privileged' }] : []),
    ...bare(want.capabilities).map((value): RunOption => ({
      flag: '--cap-add',
      value,
      key: 'AddCapability',
      since: '4.4',
    })),
    ...bare(want.drop_capabilities).map((value): RunOption => ({
      flag: '--cap-drop',
      value,
      key: 'DropCapability',
      since: '4.4',
    })),
    ...(want.selinux === undefined ? [] : [{ flag: '--security-opt', value: label }]),
    ...want.devices.map((value): RunOption => ({ flag: '--device', value, key: 'AddDevice', since: '4.4' })),
  ];
}

function bare(capabilities: readonly string[]): string[] {
  return capabilities.map((name) => name.replace(/^CAP_/, ''));
}

function mountOption(mount: Mount): RunOption {
  const relabel = mount.relabel === 'none' ? [] : [mount.relabel === 'shared' ? 'z' : 'Z'];
  const words = [...(mount.mode === 'ro' ? ['ro'] : []), ...relabel];
  const value = [mount.source, mount.target, ...(words.length === 0 ? [] : [words.join(',')])].join(':');
  return { flag: '--volume', value, key: 'Volume', since: '4.4' };
}

// The file is ours, so that its label may be changed for the container.
function secretOption(name: string, secret: SecretWish, generation: number): RunOption {
  const path = secretPath(name, secret.name, generation);
  if (secret.env !== undefined)
    return { flag: '--env-file', value: `${path}.env`, key: 'EnvironmentFile', since: '4.4' };
  return {
    flag: '--volume',
    value: `${path}:${secret.target ?? `/run/secrets/${secret.name}`}:ro,Z`,
    key: 'Volume',
    since: '4.4',
  };
}

function healthOptions({ health }: Params, engine: Engine): RunOption[] {
  if (health === undefined) return [];
  const times = (ms: number): string => `${seconds(ms)}s`;
  return [
    { flag: '--health-cmd', value: health.command },
    { flag: '--health-interval', value: times(health.interval), key: 'HealthInterval', since: '4.5' },
    { flag: '--health-timeout', value: times(health.timeout), key: 'HealthTimeout', since: '4.5' },
    { flag: '--health-retries', value: String(health.retries), key: 'HealthRetries', since: '4.5' },
    ...(health.start_period === 0
      ? []
      : [{ flag: '--health-start-period', value: times(health.start_period), key: 'HealthStartPeriod', since: '4.5' }]),
    ...(health.on_failure === 'none' || engine.name === 'docker'
      ? []
      : [{ flag: '--health-on-failure', value: health.on_failure, key: 'HealthOnFailure', since: '4.5' }]),
  ];
}

/** The words of a command line. */
export function flagWords(options: readonly RunOption[]): string[] {
  return options.map(({ flag, value }) => (value === undefined ? flag : `${flag}=${value}`));
}
