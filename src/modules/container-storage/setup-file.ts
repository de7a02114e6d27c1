import type { Params, Setup } from './schema.ts';

/** Where container-storage-setup reads its settings, and where it writes what docker is started with. */
export const SETUP_FILE = '/etc/sysconfig/docker-storage-setup';
/** What docker is started with; container-storage-setup writes it. */
export const STORAGE_FILE = '/etc/sysconfig/docker-storage';

/** The whole text of the settings of container-storage-setup (container-storage-setup(1)). */
export function setupText(want: Params, setup: Setup): string {
  const { autoextend, root_volume: root } = setup;
  const options = Object.entries(want.options).map(([key, value]) => `--storage-opt ${key}=${value}`);
  const pairs: readonly (readonly [string, string | number | boolean | undefined])[] = [
    ['STORAGE_DRIVER', want.driver],
    ['DEVS', setup.devs?.join(' ')],
    ['VG', setup.vg],
    ['DATA_SIZE', setup.data_size],
    ['MIN_DATA_SIZE', setup.min_data_size],
    ['POOL_META_SIZE', setup.metadata_size],
    ['CHUNK_SIZE', setup.chunk_size],
    ['ROOT_SIZE', setup.root_size],
    ['GROWPART', setup.growpart],
    ['AUTO_EXTEND_POOL', autoextend === undefined ? undefined : autoextend === false ? 'no' : 'yes'],
    ['POOL_AUTOEXTEND_THRESHOLD', autoextend ? autoextend.threshold : undefined],
    ['POOL_AUTOEXTEND_PERCENT', autoextend ? autoextend.percent : undefined],
    ['DEVICE_WAIT_TIMEOUT', setup.device_wait],
    ['WIPE_SIGNATURES', setup.wipe_signatures],
    ['CONTAINER_ROOT_LV_NAME', root?.name],
    ['CONTAINER_ROOT_LV_MOUNT_PATH', root?.path],
    ['CONTAINER_ROOT_LV_SIZE', root?.size],
    ['EXTRA_STORAGE_OPTIONS', options.length === 0 ? undefined : options.join(' ')],
  ];
  const lines = pairs.flatMap(([key, value]) => (value === undefined ? [] : [`${key}="${String(value)}"`]));
  return `# Written by copse; docker is started with ${STORAGE_FILE}.\n${lines.join('\n')}\n`;
}

/** What docker is started with: a driver and its options. */
export interface StorageOptions {
  /** Empty when none is named. */
  readonly driver: string;
  readonly options: ReadonlyMap<string, string>;
}

/** Reads `DOCKER_STORAGE_OPTIONS="--storage-driver overlay2 --storage-opt dm.fs=xfs …"`; undefined when the file has none. */
export function readStorageFile(text: string): StorageOptions | undefined {
  const line = text.split('\n').findLast((one) => /^\s*DOCKER_STORAGE_OPTIONS=/.test(one));
  const value = line
    ?.slice(line.indexOf('=') + 1)
    .trim()
    .replace(/^(["'])(.*)\1$/, '$2');
  if (value === undefined || value.trim() === '') return undefined;
  const words = value
    .trim()
    .split(/\s+/)
    .flatMap((word) => (word.startsWith('--') ? word.split(/=(.*)/s, 2) : [word]));
  let driver = '';
  const options = new Map<string, string>();
  for (const [index, word] of words.entries()) {
    const next = words[index + 1] ?? '';
    if (word === '--storage-driver' || word === '-s') driver = next;
    if (word !== '--storage-opt') continue;
    const at = next.indexOf('=');
    options.set(at < 0 ? next : next.slice(0, at), at < 0 ? '' : next.slice(at + 1));
  }
  return { driver, options };
}

/** The device-mapper name of a volume: every dash of a name is doubled. */
export function mapperPath(group: string, volume: string): string {
  return `/dev/mapper/${group.replaceAll('-', '--')}-${volume.replaceAll('-', '--')}`;
}
