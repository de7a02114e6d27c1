import { cmd } from '../../core/command.ts';
import type { Change } from '../../core/module.ts';
import type { Step } from '../../core/step.ts';
import type { Daemon, Params } from './schema.ts';
import { restartStep, startStep } from './service.ts';
import { STORAGE_FILE, mapperPath } from './setup-file.ts';
import { DAEMON_FILE, isForeign, type Have } from './state.ts';

type Refusal = Extract<Change, { readonly refuse: string }>;

/** Converges a host whose docker is configured by daemon.json. */
export function planDaemon(want: Params, have: Have): Change {
  const existing = daemonKeys(have.daemonText);
  if (existing === undefined) return { refuse: `${DAEMON_FILE} is no JSON object`, hint: 'correct it or remove it' };
  const refusal = whyNot(want, have);
  if (refusal !== undefined) return refusal;
  const wished = wishedKeys(want, existing);
  const isSame = JSON.stringify(sorted(wished)) === JSON.stringify(sorted(existing));
  const steps = isSame ? [] : writeSteps(wished, have);
  const isOther = have.runtime !== undefined && have.runtime.driver !== want.driver;
  if (want.running && !have.isActive) steps.push(startStep(want));
  else if (have.isActive && (!isSame || isOther)) steps.push(restartStep(want));
  const text = jsonText(wished);
  const diff = isSame ? [] : [{ label: DAEMON_FILE, before: have.daemonText, after: text }];
  const left = isOther
    ? [`images and containers of the ${have.runtime.driver} driver stay below ${want.data_root}, unseen by docker`]
    : [];
  return { steps, diff, notes: left };
}

/** The keys of daemon.json; undefined when it is no JSON object. No file and an empty one have none. */
export function daemonKeys(text: string): Daemon | undefined {
  if (text.trim() === '') return {};
  try {
    const parsed: unknown = JSON.parse(text);
    const isObject = typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed);
    // JSON.parse gives JSON.
    return isObject ? (parsed as Daemon) : undefined;
  } catch {
    return undefined;
  }
}

/** The driver and its options are ours; a key of the wish replaces one of the file, every other key stays. */
function wishedKeys(want: Params, existing: Daemon): Daemon {
  const { 'storage-opts': _dropped, ...others } = existing;
  const pool = want.thinpool?.split('/') ?? [];
  const [group, volume] = pool;
  const options = [
    ...(group === undefined || volume === undefined ? [] : [`dm.thinpooldev=${mapperPath(group, volume)}`]),
    ...Object.entries(want.options).map(([key, value]) => `${key}=${value}`),
  ];
  return {
    ...others,
    ...want.daemon,
    'storage-driver': want.driver ?? '',
    ...(options.length === 0 ? {} : { 'storage-opts': options }),
  };
}

function whyNot(want: Params, have: Have): Refusal | undefined {
  if (have.storage !== undefined) {
    return {
      refuse: `docker is given its storage by ${STORAGE_FILE}; the same settings in ${DAEMON_FILE} would keep it from starting`,
      hint: 'this host has container-storage-setup: use "setup"',
    };
  }
  if (want.thinpool === undefined) return undefined;
  const pool = have.pools.find(({ name }) => name === want.thinpool);
  if (pool === undefined) {
    const hint = 'make it first, with lvm: type thin-pool, zero: false';
    return { refuse: `there is no thin pool "${want.thinpool}"`, hint };
  }
  if (!isForeign(pool, have)) return undefined;
  return {
    refuse: `the pool "${pool.name}" holds data of which this docker knows nothing; docker would refuse it`,
    hint: `bring the former ${want.data_root} back; or remove the pool with lvm (state: absent) and make it anew`,
  };
}

function writeSteps(keys: Daemon, have: Have): Step[] {
  const folder: Step = {
    do: 'run',
    say: 'make the folder /etc/docker',
    command: cmd('mkdir', '-p', '-m', '0755', '--', '/etc/docker'),
  };
  const write: Step = {
    do: 'put',
    say: `write ${DAEMON_FILE}`,
    path: DAEMON_FILE,
    content: jsonText(keys),
    mode: '0644',
  };
  return have.hasFolder ? [write] : [folder, write];
}

function jsonText(keys: Daemon): string {
  return `${JSON.stringify(keys, null, 2)}\n`;
}

/** The same value with the keys of its objects in order, to be compared. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
