import { cmd, script } from '../../core/command.ts';
import type { Change, Diff, ModuleContext } from '../../core/module.ts';
import type { Step } from '../../core/step.ts';
import { contentsOf, lvmLabelOf, usesOf } from '../block-use.ts';
import { daemonKeys } from './plan-daemon.ts';
import type { Params, Setup } from './schema.ts';
import { emptyStep, restartStep, startStep, stopSteps } from './service.ts';
import { SETUP_FILE, STORAGE_FILE, setupText } from './setup-file.ts';
import { DAEMON_FILE, isForeign, type Have, type Pool } from './state.ts';

type Refusal = Extract<Change, { readonly refuse: string }>;

/** Options that container-storage-setup adds by itself. */
const OWN_OPTIONS = [
  'dm.fs',
  'dm.thinpooldev',
  'dm.use_deferred_removal',
  'dm.use_deferred_deletion',
  'overlay2.override_kernel_check',
];

/** The pool docker is started with, or the one that container-storage-setup would find. */
export function poolOf(want: Params, have: Have): Pool | undefined {
  const device = have.storage?.options.get('dm.thinpooldev');
  if (device !== undefined) return have.pools.find((pool) => pool.device === device);
  const group = want.setup?.vg;
  return have.pools.find(({ name }) =>
    group === undefined ? name.endsWith('/docker-pool') : name === `${group}/docker-pool`,
  );
}

/** Converges a host with container-storage-setup: its settings always, docker's storage only when it would differ. */
export function planSetup(want: Params, setup: Setup, have: Have, context: ModuleContext): Change {
  const refusal = whyNot(have);
  if (refusal !== undefined) return refusal;
  const text = setupText(want, setup);
  const isConfigured = text === have.setupText;
  const rebuild = whyRebuild(want, setup, have);
  const rewrite = rebuild ?? whyRewrite(want, have);
  const steps: Step[] = [];
  const diff: Diff[] = isConfigured ? [] : [{ label: SETUP_FILE, before: have.setupText, after: text }];
  const runs = !isConfigured || rewrite !== undefined;
  const disks = runs ? checkDisks(setup, have, context) : { destroys: [], notes: [] };
  if ('refuse' in disks) return disks;
  if (!isConfigured)
    steps.push({ do: 'put', say: `write ${SETUP_FILE}`, path: SETUP_FILE, content: text, mode: '0644' });
  if (rewrite !== undefined) steps.push(...clearSteps(want, have, rebuild !== undefined));
  if (runs) steps.push(runTool(have, [], `run ${toolName(have)}`, undefined, disks.destroys));
  steps.push(...serviceSteps(want, have, rewrite !== undefined));
  const why = rebuild === undefined ? 'docker is started with other storage' : 'the storage of docker is made anew';
  return { steps, diff, notes: [...(rewrite === undefined ? [] : [`${why}: ${rewrite}`]), ...disks.notes] };
}

function toolName(have: Have): string {
  return have.tool.split('/').at(-1) ?? 'container-storage-setup';
}

function whyNot(have: Have): Refusal | undefined {
  if (have.tool === '') {
    const hint =
      'such hosts have no container-storage-setup: leave "setup" out, make a pool with lvm, and name it with "thinpool"';
    return { refuse: 'the host has no container-storage-setup', hint, code: 'E_UNSUPPORTED' };
  }
  const daemon = daemonKeys(have.daemonText);
  if (daemon === undefined) return { refuse: `${DAEMON_FILE} is no JSON object`, hint: 'correct it or remove it' };
  const both = ['storage-driver', 'storage-opts'].filter((key) => key in daemon);
  if (both.length === 0) return undefined;
  return {
    refuse: `${DAEMON_FILE} has ${both.map((key) => `"${key}"`).join(' and ')}, which container-storage-setup gives docker too; it would not start`,
    hint: `take ${both.length === 1 ? 'it' : 'them'} out of the file and use "driver" and "options"`,
  };
}

/** Why pool and data of docker must go before it can have the wished storage; undefined when they may stay. */
function whyRebuild(want: Params, setup: Setup, have: Have): string | undefined {
  const { storage, runtime } = have;
  const configured = storage?.driver ?? '';
  const driver = configured === '' && have.isFilled ? (runtime?.driver ?? '') : configured;
  if (driver !== '' && driver !== want.driver) return `it has ${driver}, expected ${want.driver ?? ''}`;
  return want.driver === 'devicemapper' ? whyNewPool(want, setup, have) : undefined;
}

function whyNewPool(want: Params, setup: Setup, have: Have): string | undefined {
  const { storage, runtime, hasDeviceList } = have;
  const device = storage?.options.get('dm.thinpooldev');
  const isFallback = device === undefined && (have.hasLoopFile || storage?.driver === 'devicemapper');
  if (runtime?.isLoopback === true || isFallback) return 'it fell back to files on loop devices';
  const pool = poolOf(want, have);
  if (pool === undefined) {
    if (device !== undefined) return `its pool ${device} is not there`;
    return hasDeviceList ? 'it knows a pool that is not there' : undefined;
  }
  if (setup.vg !== undefined && !pool.name.startsWith(`${setup.vg}/`)) {
    return `its pool is ${pool.name}, expected one in ${setup.vg}`;
  }
  return isForeign(pool, have) ? `the pool ${pool.name} holds data of which this docker knows nothing` : undefined;
}

/** Why docker must be started with other options, though its pool and data may stay. */
function whyRewrite(want: Params, have: Have): string | undefined {
  if (have.storage === undefined) return `${STORAGE_FILE} names no storage`;
  const { options } = have.storage;
  const wrong = Object.entries(want.options).filter(([key, value]) => options.get(key) !== value);
  const extra = [...options.keys()].filter((key) => !(key in want.options) && !OWN_OPTIONS.includes(key));
  if (wrong.length + extra.length === 0) return undefined;
  return `options differ: ${[...wrong.map(([key]) => key), ...extra].join(', ')}`;
}

// The devices of a docker that was stopped go a moment later, and hold the pool until then.
const REMOVE_POOL = `if command -v udevadm >/dev/null 2>&1; then udevadm settle --timeout=30; fi
for pause in 1 1 2 3 5 0; do
  said=$(lvm lvremove -y "$1" 2>&1) && exit 0
  code=$?
  sleep "$pause"
done
printf '%s\\n' "$said" >&2
exit "$code"`;

/** Docker is stopped, what it was started with is removed; pool and data only when they have to go. */
function clearSteps(want: Params, have: Have, isRebuild: boolean): readonly Step[] {
  const pool = isRebuild ? poolOf(want, have) : undefined;
  const steps: Step[] = [...stopSteps(want, have)];
  if (isRebuild && have.isFilled) steps.push(emptyStep(want, have));
  if (pool !== undefined) {
    steps.push({
      do: 'run',
      say: `remove the pool ${pool.name}`,
      command: script(REMOVE_POOL, pool.name),
      destroys: [pool.name, ...pool.volumes],
    });
  }
  if (have.storage !== undefined) {
    steps.push({ do: 'run', say: `remove ${STORAGE_FILE}`, command: cmd('rm', '-f', '--', STORAGE_FILE) });
  }
  return steps;
}

/** Runs container-storage-setup; it may wait for disks and format them. */
export function runTool(
  have: Have,
  words: readonly string[],
  say: string,
  pool: Pool | undefined,
  disks: readonly string[] = [],
): Step {
  const destroys = [...(pool === undefined ? [] : [pool.name, ...pool.volumes]), ...disks];
  return {
    do: 'transaction',
    say,
    command: cmd(have.tool, ...words),
    ...(destroys.length === 0 ? {} : { destroys }),
    explain: ({ code, stdout, stderr }) => {
      const lines = `${stdout}\n${stderr}`.split('\n').filter((line) => line.startsWith('ERROR:'));
      const said = (lines.length === 0 ? (stderr || stdout).trim().split('\n').slice(-2) : lines)
        .join(' | ')
        .slice(0, 400);
      return {
        message: `${toolName(have)} failed (exit ${code ?? 'unknown'}): ${said}`,
        hint: 'docker is stopped; correct the settings and run the task again',
      };
    },
  };
}

/** What the tool would find on its disks: it takes empty ones, and members of its group as they are. */
function checkDisks(
  setup: Setup,
  have: Have,
  context: ModuleContext,
): { readonly destroys: readonly string[]; readonly notes: readonly string[] } | Refusal {
  const destroys: string[] = [];
  const notes: string[] = [];
  for (const [path, block] of have.disks) {
    if (block.is !== 'block') {
      if (!context.check) return { refuse: `"${path}" is not there`, hint: '"lsblk" on the host lists what there is' };
      notes.push(`${path} is not there yet`);
      continue;
    }
    const nodes = [block.self, ...block.parts];
    const contents = contentsOf(block);
    if (nodes.some((node) => lvmLabelOf(node) !== undefined)) continue;
    const uses = usesOf(block);
    if (uses.length > 0) return { refuse: `"${path}" is in use: ${uses.join(', ')}`, code: 'E_DESTROY' };
    if (contents.length === 0) continue;
    if (setup.wipe_signatures !== true) {
      const hint = 'add "wipe_signatures: true", and name the disk in allow_destroy';
      return { refuse: `"${path}" is not empty (${contents.join(', ')})`, hint, code: 'E_DESTROY' };
    }
    destroys.push(path);
  }
  return { destroys, notes };
}

function serviceSteps(want: Params, have: Have, isStopped: boolean): readonly Step[] {
  if (!want.running) return [];
  if (isStopped || !have.isActive) return [startStep(want)];
  const device = have.storage?.options.get('dm.thinpooldev') ?? '';
  const { runtime } = have;
  const isOther = runtime !== undefined && (runtime.driver !== want.driver || !device.endsWith(runtime.pool));
  return isOther ? [restartStep(want)] : [];
}
