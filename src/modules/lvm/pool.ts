import { cmd } from '../../core/command.ts';
import { showSize } from '../../core/units.ts';
import { profileName } from './ask.ts';
import { addDiff, fullName, showExtents, type Draft } from './draft.ts';
import { explain } from './explain.ts';
import { tagWords } from './group.ts';
import { poolNeeds, type PoolNeeds } from './pool-size.ts';
import type { LogicalVolume } from './state.ts';
import { changeProperties, fits, isKind, planActivation, skipWords } from './volume.ts';
import type { Volume } from './volume-schema.ts';

/** Plans a thin pool: made or grown with its metadata, extending itself, watched, and not too full. */
export function planPool(draft: Draft, want: Volume): void {
  const lv = draft.volumes.get(want.name);
  if (lv === undefined) makePool(draft, want);
  else if (isKind(draft, want, lv) && isSound(draft, lv)) changePool(draft, want, lv);
}

function makePool(draft: Draft, want: Volume): void {
  const name = fullName(draft, want.name);
  const needs = poolNeeds(draft, want, undefined);
  if (needs === undefined) {
    draft.refusals.push({ refuse: `there is no thin pool "${name}"`, hint: 'give "size" to make it' });
    return;
  }
  if (!fits(draft, name, needs.taken, needs.data)) return;
  writeProfile(draft, want);
  draft.steps.push({
    do: 'run',
    say: `make the thin pool ${name} of ${showExtents(draft, needs.data)}, metadata ${showExtents(draft, needs.metadata)}`,
    command: cmd('lvm', 'lvcreate', '-y', '--type', 'thin-pool', '-n', want.name, ...creation(draft, want, needs)),
    explain,
  });
  // lvcreate does not take these two for a pool in every version.
  const later = [
    ...(want.when_full === 'error' ? ['--errorwhenfull', 'y'] : []),
    ...(want.skip_activation === true ? ['-k', 'y'] : []),
  ];
  changeProperties(draft, want.name, later);
  if (!want.active) deactivate(draft, name);
  take(draft, want, needs);
  addDiff(draft, name, '', `thin-pool ${showSize(needs.data * draft.extentSize)}`);
}

function creation(draft: Draft, want: Volume, needs: PoolNeeds): readonly string[] {
  const isWatched = shouldBeWatched(want);
  const sizes = ['-l', String(needs.data), '-c', `${needs.chunk}b`];
  const metadata = ['--poolmetadatasize', `${needs.metadata * draft.extentSize}b`, '--poolmetadataspare', 'y'];
  return [
    ...sizes,
    ...metadata,
    '-Z',
    want.zero === false ? 'n' : 'y',
    ...(want.discards === undefined ? [] : ['--discards', want.discards]),
    ...(isWatched === undefined ? [] : ['--monitor', isWatched ? 'y' : 'n']),
    ...(want.autoextend ? ['--metadataprofile', profileName(draft.want.vg, want.name)] : []),
    ...(want.tags ?? []).flatMap((tag) => ['--addtag', tag]),
    draft.want.vg,
  ];
}

function deactivate(draft: Draft, name: string): void {
  draft.steps.push({ do: 'run', say: `deactivate ${name}`, command: cmd('lvm', 'lvchange', '-an', name), explain });
}

/** Counts what the new pool takes, and lets later volumes of the wish find it. */
function take(draft: Draft, want: Volume, needs: PoolNeeds): void {
  draft.free -= needs.taken;
  draft.spare = needs.spare;
  draft.volumes.set(want.name, {
    name: want.name,
    uuid: '',
    kind: 'thin-pool',
    segtype: 'thin-pool',
    bytes: needs.data * draft.extentSize,
    metadataBytes: needs.metadata * draft.extentSize,
    pool: '',
    origin: '',
    isActive: want.active,
    isOpen: false,
    isSkipped: false,
    isPartial: false,
    health: '',
    dataPercent: 0,
    metadataPercent: 0,
    profile: '',
    tags: [],
    monitor: '',
    chunk: needs.chunk,
    isZeroing: want.zero !== false,
    discards: '',
    whenFull: undefined,
    segments: [],
  });
}

/** False, with a refusal, for a pool that needs a repair before anything else. */
function isSound(draft: Draft, lv: LogicalVolume): boolean {
  const why: Readonly<Record<string, string>> = {
    F: 'it has failed',
    M: 'its metadata is read-only',
    c: 'its metadata needs a check',
  };
  const found = why[lv.health];
  if (found === undefined) return true;
  const name = fullName(draft, lv.name);
  draft.refusals.push({
    refuse: `the thin pool "${name}" is not sound: ${found}`,
    hint: `stop what uses it, then on the host: lvchange -an ${name}; lvconvert --repair ${name}`,
    code: 'E_UNSUPPORTED',
  });
  return false;
}

function changePool(draft: Draft, want: Volume, lv: LogicalVolume): void {
  const name = fullName(draft, want.name);
  if (want.chunk_size !== undefined && want.chunk_size !== lv.chunk) {
    const refuse = `the thin pool "${name}" has chunks of ${showSize(lv.chunk)}, expected ${showSize(want.chunk_size)}`;
    draft.refusals.push({ refuse, hint: 'the size of chunks is fixed when a pool is made: leave "chunk_size" out' });
    return;
  }
  if (want.when_full !== undefined && lv.whenFull === undefined) {
    draft.refusals.push({
      refuse: 'lvm on this host is too old to tell what a full pool does',
      hint: 'leave "when_full" out',
    });
    return;
  }
  const isActivated = planActivation(draft, want, lv);
  const needs = poolNeeds(draft, want, lv);
  if (needs !== undefined && want.resize !== 'never') growPool(draft, lv, needs);
  writeProfile(draft, want);
  changeProperties(draft, want.name, propertyWords(draft, want, lv));
  watch(draft, want, lv, isActivated);
  checkUsage(draft, want, draft.volumes.get(want.name) ?? lv);
}

/** Metadata first: LVM would enlarge it by itself where more data needs it, out of extents we have not counted. */
function growPool(draft: Draft, lv: LogicalVolume, needs: PoolNeeds): void {
  const name = fullName(draft, lv.name);
  const data = lv.bytes / draft.extentSize;
  const metadata = lv.metadataBytes / draft.extentSize;
  if (needs.taken === 0 || !fits(draft, name, needs.taken, needs.data)) return;
  if (needs.metadata > metadata) {
    draft.steps.push({
      do: 'run',
      say: `grow the metadata of ${name} to ${showExtents(draft, needs.metadata)}`,
      command: cmd('lvm', 'lvextend', '--poolmetadatasize', `${needs.metadata * draft.extentSize}b`, name),
      explain,
    });
  }
  if (needs.data > data) {
    draft.steps.push({
      do: 'run',
      say: `grow ${name} from ${showSize(lv.bytes)} to ${showExtents(draft, needs.data)}`,
      command: cmd('lvm', 'lvextend', '-l', String(needs.data), name),
      explain,
    });
  }
  draft.free -= needs.taken;
  draft.spare = needs.spare;
  const bytes = needs.data * draft.extentSize;
  const metadataBytes = needs.metadata * draft.extentSize;
  const scaled = (percent: number | undefined, before: number, after: number): number | undefined =>
    percent === undefined ? undefined : (percent * before) / after;
  draft.volumes.set(lv.name, {
    ...lv,
    bytes,
    metadataBytes,
    dataPercent: scaled(lv.dataPercent, lv.bytes, bytes),
    metadataPercent: scaled(lv.metadataPercent, lv.metadataBytes, metadataBytes),
  });
  const show = (size: number, meta: number): string => `thin-pool ${showSize(size)}, metadata ${showSize(meta)}`;
  addDiff(draft, name, show(lv.bytes, lv.metadataBytes), show(bytes, metadataBytes));
}

function propertyWords(draft: Draft, want: Volume, lv: LogicalVolume): readonly string[] {
  const profile = profileName(draft.want.vg, want.name);
  return [
    ...tagWords(want.tags ?? [], want.remove_tags ?? [], lv.tags),
    ...skipWords(want, lv),
    ...(want.zero === undefined || want.zero === lv.isZeroing ? [] : ['-Z', want.zero ? 'y' : 'n']),
    ...(want.discards === undefined || want.discards === lv.discards ? [] : ['--discards', want.discards]),
    ...(want.when_full === undefined || want.when_full === lv.whenFull
      ? []
      : ['--errorwhenfull', want.when_full === 'error' ? 'y' : 'n']),
    ...(want.autoextend && lv.profile !== profile ? ['--metadataprofile', profile] : []),
    ...(want.autoextend === false && lv.profile !== '' ? ['--detachprofile'] : []),
  ];
}

/** Writes the profile that makes dmeventd extend the pool; it is read anew each time the pool is looked at. */
function writeProfile(draft: Draft, want: Volume): void {
  if (!want.autoextend) return;
  const { threshold, percent } = want.autoextend;
  const name = profileName(draft.want.vg, want.name);
  const content = `activation {\n\tthin_pool_autoextend_threshold=${threshold}\n\tthin_pool_autoextend_percent=${percent}\n}\n`;
  const before = draft.have.profiles.get(name) ?? '';
  if (before === content) return;
  const path = `${draft.have.profileFolder}/${name}.profile`;
  draft.steps.push({ do: 'put', say: `write ${path}`, path, content, mode: '0644' });
  draft.diff.push({ label: path, before, after: content });
}

function shouldBeWatched(want: Volume): boolean | undefined {
  return want.monitor ?? (want.autoextend ? true : undefined);
}

/** An inactive pool is not watched by anybody; one that was just activated may be watched already, which does no harm. */
function watch(draft: Draft, want: Volume, lv: LogicalVolume, isActivated: boolean): void {
  const wish = shouldBeWatched(want);
  if (wish === undefined || !want.active) return;
  if (!isActivated && (lv.monitor === 'monitored') === wish) return;
  const name = fullName(draft, want.name);
  const say = wish ? `have ${name} watched by dmeventd` : `stop watching ${name}`;
  draft.steps.push({ do: 'run', say, command: cmd('lvm', 'lvchange', '--monitor', wish ? 'y' : 'n', name), explain });
  addDiff(draft, `monitoring of ${name}`, lv.monitor, wish ? 'monitored' : 'not monitored');
}

function checkUsage(draft: Draft, want: Volume, lv: LogicalVolume): void {
  const name = fullName(draft, lv.name);
  const shown = (percent: number): string => `${Math.round(percent * 100) / 100}%`;
  for (const [what, used, most] of [
    ['data', lv.dataPercent, want.max_data_percent],
    ['metadata', lv.metadataPercent, want.max_metadata_percent],
  ] as const) {
    if (most === undefined || used === undefined || used <= most) continue;
    draft.refusals.push({
      refuse: `${shown(used)} of the ${what} of the thin pool "${name}" is in use, allowed are ${shown(most)}`,
      hint: 'make "size" or "metadata_size" larger, add a disk to "pvs", or remove what is not needed from the pool',
      code: 'E_ASSERT',
    });
  }
  if (lv.health === 'D') draft.notes.push(`${name} is out of data space`);
  if (want.autoextend && draft.free * draft.extentSize < (lv.bytes * want.autoextend.percent) / 100) {
    draft.notes.push(`the group has less free than one step of the extension of ${name}`);
  }
}
