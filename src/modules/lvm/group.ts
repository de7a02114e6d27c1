import { cmd } from '../../core/command.ts';
import { showSize } from '../../core/units.ts';
import { wipeStep } from '../block-use.ts';
import { addDiff, type Draft, type Refusal } from './draft.ts';
import { explain } from './explain.ts';
import { memberOf, type Member } from './member.ts';
import { removeMembers } from './member-removal.ts';
import { repair } from './repair.ts';
import type { PhysicalVolume } from './state.ts';

type NewMember = Extract<Member, { is: 'new' }>;

const DEFAULT_EXTENT = 4 * 1024 ** 2;

/** What stands in the way of any change of the group. */
export function groupTrouble({ want, have }: Pick<Draft, 'want' | 'have'>): Refusal | undefined {
  const { group } = have;
  if (group === undefined) return undefined;
  const name = `the volume group "${group.name}"`;
  const copies = have.pvs.filter((pv) => pv.isDuplicate && pv.group === group.name).map((pv) => pv.name);
  if (copies.length > 0) {
    const hint = 'a clone of a disk is attached; detach it, or give it a new identity with vgimportclone';
    return { refuse: `${name} has the same physical volume twice: ${copies.join(', ')}`, hint };
  }
  if (group.isExported)
    return { refuse: `${name} is exported`, hint: `"vgimport ${group.name}" on the host brings it back` };
  if (group.isShared) return { refuse: `${name} is shared with other hosts; copse does not change it` };
  if (group.isReadOnly) return { refuse: `${name} is read-only`, hint: `"vgchange -prw ${group.name}" allows changes` };
  if (want.extent_size !== undefined && want.extent_size !== group.extentSize && want.state === 'present') {
    const refuse = `${name} has extents of ${showSize(group.extentSize)}, expected ${showSize(want.extent_size)}`;
    return { refuse, hint: 'the size of extents is fixed when a group is made: leave "extent_size" out' };
  }
  return undefined;
}

/** Plans the group and its members: repaired, made, extended, reduced, tagged. Sets what space there is for volumes. */
export function planGroup(draft: Draft): void {
  const { want, have, context } = draft;
  const members = (want.pvs ?? []).map((path) => memberOf(path, want, have, context.check));
  for (const member of members) {
    if (member.is === 'refused') draft.refusals.push(member);
    if (member.is === 'later') draft.notes.push(`${member.path} is not there yet`);
  }
  refuseTwins(draft, members);
  draft.extentSize = have.group?.extentSize ?? want.extent_size ?? DEFAULT_EXTENT;
  const present = have.pvs.filter((pv) => pv.group === want.vg && !pv.isDuplicate);
  draft.total = present.reduce((sum, pv) => sum + pv.extents, 0);
  draft.free = present.reduce((sum, pv) => sum + freeOf(pv), 0);
  const added = members.filter((member) => member.is === 'new');
  draft.named =
    want.pvs === undefined ? draft.total : members.reduce((sum, member) => sum + extentsOf(draft, member), 0);
  if (have.group === undefined) create(draft, members, added);
  else {
    if (draft.refusals.length === 0) repair(draft);
    const early = added.filter((member) => member.leaving.length === 0);
    extend(draft, early);
    removeMembers(
      draft,
      early.map(({ path }) => path),
    );
    extend(
      draft,
      added.filter((member) => member.leaving.length > 0),
    );
    if (want.grow_pvs) growMembers(draft, members);
    planTags(draft, have.group.tags);
  }
}

/** Extents that new volumes can take from a member. */
function freeOf(pv: PhysicalVolume): number {
  return pv.isAllocatable && !pv.isMissing ? pv.extents - pv.allocated : 0;
}

/** Two paths of the wish may lead to one disk. */
function refuseTwins(draft: Draft, members: readonly Member[]): void {
  const seen = new Map<string, string>();
  for (const member of members) {
    if (member.is !== 'new') continue;
    const { node } = member.device.self;
    const twin = seen.get(node);
    if (twin !== undefined) draft.refusals.push({ refuse: `"${twin}" and "${member.path}" are the same device` });
    seen.set(node, member.path);
  }
}

function create(draft: Draft, members: readonly Member[], added: readonly NewMember[]): void {
  const { want, have } = draft;
  if (members.length === 0) {
    const hint = 'give "pvs", the disks to make it of; "vgs" and "lvmdevices" on the host show what lvm sees';
    draft.refusals.push({ refuse: `the host has no volume group "${want.vg}"`, hint });
  }
  // Every member is new then: one that is ours would have brought its group along.
  if (added.length === 0 || have.pvs.some((pv) => pv.group === want.vg)) return;
  prepare(draft, added);
  const tags = (want.tags ?? []).flatMap((tag) => ['--addtag', tag]);
  const paths = added.map(({ path }) => path);
  draft.steps.push({
    do: 'run',
    say: `make the volume group ${want.vg} of ${paths.join(', ')}`,
    command: cmd('lvm', 'vgcreate', '-s', `${draft.extentSize}b`, ...tags, want.vg, ...paths),
    explain,
  });
  addDiff(draft, `volume group ${want.vg}`, '', added.map((member) => describe(draft, member)).join('\n'));
}

function extend(draft: Draft, added: readonly NewMember[]): void {
  if (added.length === 0) return;
  const { vg } = draft.want;
  prepare(draft, added);
  const paths = added.map(({ path }) => path);
  draft.steps.push({
    do: 'run',
    say: `add ${paths.join(', ')} to the volume group ${vg}`,
    command: cmd('lvm', 'vgextend', vg, ...paths),
    explain,
  });
  addDiff(draft, `volume group ${vg}`, '', added.map((member) => describe(draft, member)).join('\n'));
}

function describe(draft: Draft, member: NewMember): string {
  return `${member.path} ${showSize(extentsOf(draft, member) * draft.extentSize)}`;
}

/** Erases what is on new members, and counts their space. */
function prepare(draft: Draft, added: readonly NewMember[]): void {
  for (const member of added) {
    if (member.isFilled) draft.steps.push(wipeStep(member.path, member.device, member.leaving));
    const extents = extentsOf(draft, member);
    if (extents < 1) {
      const found = showSize(member.device.self.bytes);
      draft.refusals.push({ refuse: `"${member.path}" is too small for a member: ${found}`, code: 'E_SPACE' });
    }
    draft.total += extents;
    draft.free += extents;
  }
}

/** Extents of a member as it is, or as lvm will make it: whole extents after its label, which is aligned as the disk wishes. */
function extentsOf(draft: Draft, member: Member): number {
  if (member.is === 'ours') return member.pv.extents;
  if (member.is !== 'new') return 0;
  const { orphan, device } = member;
  const start = orphan?.start ?? firstExtentAt(device.self.io);
  return Math.max(0, Math.floor((device.self.bytes - start) / draft.extentSize));
}

const ALIGNMENT = 1024 ** 2;

/** Where lvm puts the first extent: at 1 MiB, or where the disk's own unit ends when 1 MiB is no multiple of it. */
function firstExtentAt(io: { readonly minimum: number; readonly optimal: number; readonly offset: number }): number {
  const units = [io.minimum, io.optimal].filter((unit) => unit > 0 && unit % 4096 === 0 && ALIGNMENT % unit !== 0);
  return Math.max(ALIGNMENT, ...units) + Math.max(0, io.offset);
}

function growMembers(draft: Draft, members: readonly Member[]): void {
  for (const member of members) {
    if (member.is !== 'ours') continue;
    const { name, deviceBytes, start, extents } = member.pv;
    const more = Math.floor((deviceBytes - start) / draft.extentSize) - extents;
    if (more < 1) continue;
    draft.steps.push({
      do: 'run',
      say: `use the whole of ${name}, which became larger by ${showSize(more * draft.extentSize)}`,
      command: cmd('lvm', 'pvresize', name),
      explain,
    });
    draft.total += more;
    draft.free += more;
    draft.named += more;
  }
}

function planTags(draft: Draft, have: readonly string[]): void {
  const { vg, tags = [], remove_tags: unwanted = [] } = draft.want;
  const words = tagWords(tags, unwanted, have);
  if (words.length === 0) return;
  const command = cmd('lvm', 'vgchange', ...words, vg);
  draft.steps.push({ do: 'run', say: `set the tags of the volume group ${vg}`, command, explain });
  const after = [...have.filter((tag) => !unwanted.includes(tag)), ...tags.filter((tag) => !have.includes(tag))];
  addDiff(draft, `tags of ${vg}`, have.join(' '), after.join(' '));
}

/** The words that add missing tags and take away unwanted ones. */
export function tagWords(
  tags: readonly string[],
  unwanted: readonly string[],
  have: readonly string[],
): readonly string[] {
  return [
    ...tags.filter((tag) => !have.includes(tag)).flatMap((tag) => ['--addtag', tag]),
    ...unwanted.filter((tag) => have.includes(tag)).flatMap((tag) => ['--deltag', tag]),
  ];
}
