import type { Place, Problem } from '../core/problem.ts';
import type { Layer } from './layer.ts';

/** A group while inventories are being read. */
export interface GroupDraft {
  readonly name: string;
  /** Hosts written in the group itself, in order. */
  readonly hosts: Set<HostDraft>;
  readonly children: Set<GroupDraft>;
  readonly parents: Set<GroupDraft>;
  /** What inventories say about its variables; later layers win. */
  readonly layers: Layer[];
  priority: number;
}

/** A host while inventories are being read. */
export interface HostDraft {
  readonly name: string;
  /** Groups in which it is written. */
  readonly groups: Set<GroupDraft>;
  readonly layers: Layer[];
  readonly at: Place | undefined;
}

/** What all sources said so far. */
export interface Draft {
  readonly groups: Map<string, GroupDraft>;
  readonly hosts: Map<string, HostDraft>;
  readonly problems: Problem[];
  readonly notes: Problem[];
}

/** An inventory in which nothing is written: `all` with its child `ungrouped`. */
export function newDraft(): Draft {
  const draft: Draft = { groups: new Map(), hosts: new Map(), problems: [], notes: [] };
  linkGroups(addGroup(draft, 'all'), addGroup(draft, 'ungrouped'));
  return draft;
}

/** The group of a name, made when it is new. */
export function addGroup(draft: Draft, name: string): GroupDraft {
  const known = draft.groups.get(name);
  if (known !== undefined) return known;
  const group: GroupDraft = {
    name,
    hosts: new Set(),
    children: new Set(),
    parents: new Set(),
    layers: [],
    priority: 1,
  };
  draft.groups.set(name, group);
  return group;
}

/** The host of a name as a member of a group, made when it is new. */
export function addHost(draft: Draft, name: string, group: GroupDraft, at: Place | undefined): HostDraft {
  let host = draft.hosts.get(name);
  if (host === undefined) {
    host = { name, groups: new Set(), layers: [], at };
    draft.hosts.set(name, host);
    const wrong = wrongHostName(name);
    if (wrong !== undefined) draft.problems.push({ code: 'E_INVENTORY', ...wrong, ...(at && { at }) });
  }
  group.hosts.add(host);
  host.groups.add(group);
  return host;
}

function wrongHostName(name: string): { message: string; hint: string } | undefined {
  if (name.trim() === '') return { message: 'a host has no name', hint: 'write a name, such as web01' };
  if (name.startsWith('-')) {
    return { message: `the host name "${name}" begins with "-"`, hint: 'ssh would take it for an option; rename it' };
  }
  if (!/[\u0000-\u001f\u007f]/.test(name)) return undefined;
  return { message: `the host name ${JSON.stringify(name)} holds a control character`, hint: 'remove it' };
}

/** Makes one group the child of another; a loop is a problem at the place where it was written. */
export function addChild(draft: Draft, parent: GroupDraft, child: GroupDraft, at: Place | undefined): void {
  const loop = pathDown(child, parent);
  if (loop === undefined && child.name !== 'all') {
    linkGroups(parent, child);
    return;
  }
  const names = [parent, ...(loop ?? [child, parent])].map((group) => group.name).join(' > ');
  draft.problems.push({
    code: 'E_INVENTORY',
    message: `"${child.name}" cannot be a child of "${parent.name}", the groups would form a loop: ${names}`,
    hint: child.name === 'all' ? '"all" is above every group' : `remove "${child.name}" from the children here`,
    ...(at && { at }),
  });
}

function linkGroups(parent: GroupDraft, child: GroupDraft): void {
  parent.children.add(child);
  child.parents.add(parent);
}

/** The way from a group down to another one, both included. */
function pathDown(from: GroupDraft, to: GroupDraft): readonly GroupDraft[] | undefined {
  const cameFrom = new Map<GroupDraft, GroupDraft | undefined>([[from, undefined]]);
  for (const group of cameFrom.keys()) {
    if (group === to) return pathBack(group, cameFrom);
    for (const child of group.children) if (!cameFrom.has(child)) cameFrom.set(child, group);
  }
  return undefined;
}

function pathBack(last: GroupDraft, cameFrom: ReadonlyMap<GroupDraft, GroupDraft | undefined>): readonly GroupDraft[] {
  const path: GroupDraft[] = [];
  for (let group: GroupDraft | undefined = last; group !== undefined; group = cameFrom.get(group)) path.unshift(group);
  return path;
}

/** Ends the reading: every group descends from `all`, and `ungrouped` holds exactly the hosts that are in no other group. */
export function settle(draft: Draft): void {
  const all = addGroup(draft, 'all');
  const ungrouped = addGroup(draft, 'ungrouped');
  for (const group of draft.groups.values()) if (group !== all && group.parents.size === 0) linkGroups(all, group);
  for (const host of draft.hosts.values()) {
    const isGrouped = [...host.groups].some((group) => group !== all && group !== ungrouped);
    if (isGrouped) {
      host.groups.delete(ungrouped);
      ungrouped.hosts.delete(host);
    } else {
      host.groups.add(ungrouped);
      ungrouped.hosts.add(host);
    }
  }
  for (const name of draft.hosts.keys()) if (draft.groups.has(name)) draft.notes.push(sameName(draft, name));
}

function sameName(draft: Draft, name: string): Problem {
  const at = draft.hosts.get(name)?.at;
  return {
    code: 'E_INVENTORY',
    message: `"${name}" is a host and also a group`,
    hint: `a pattern "${name}" means the host; rename one of them`,
    ...(at && { at }),
  };
}
