import type { Draft, GroupDraft, HostDraft } from './draft.ts';

/** How the groups of a settled draft stand to each other. */
export interface Family {
  /** Steps from `all` on the longest way. */
  depth(group: GroupDraft): number;
  /** The group, and every group above it. */
  lineage(group: GroupDraft): ReadonlySet<GroupDraft>;
  /** Hosts of the group and of all groups below it: its own first, then level by level, as Ansible lists them. */
  hosts(group: GroupDraft): ReadonlySet<HostDraft>;
}

/** Works out depths and ancestors once. */
export function familyOf(draft: Draft): Family {
  const depths = new Map<GroupDraft, number>();
  const lineages = new Map<GroupDraft, ReadonlySet<GroupDraft>>();
  for (const group of parentsFirst(draft)) {
    const parents = [...group.parents];
    depths.set(group, Math.max(-1, ...parents.map((parent) => depths.get(parent) ?? 0)) + 1);
    lineages.set(group, new Set([group, ...parents.flatMap((parent) => [...(lineages.get(parent) ?? [])])]));
  }
  return {
    depth: (group) => depths.get(group) ?? 0,
    lineage: (group) => lineages.get(group) ?? new Set([group]),
    hosts: hostsBelow,
  };
}

function hostsBelow(group: GroupDraft): ReadonlySet<HostDraft> {
  const hosts = new Set<HostDraft>();
  const below = new Set([group]);
  for (const member of below) {
    for (const host of member.hosts) hosts.add(host);
    for (const child of member.children) below.add(child);
  }
  return hosts;
}

/** All groups, each after its parents. */
function parentsFirst(draft: Draft): readonly GroupDraft[] {
  const missing = new Map([...draft.groups.values()].map((group) => [group, group.parents.size]));
  const ordered = [...draft.groups.values()].filter((group) => group.parents.size === 0);
  for (const group of ordered) {
    for (const child of group.children) {
      const left = (missing.get(child) ?? 0) - 1;
      missing.set(child, left);
      if (left === 0) ordered.push(child);
    }
  }
  return ordered;
}
