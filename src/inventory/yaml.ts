import { isRecord } from '../config/plain.ts';
import type { Path, Source } from '../config/source.ts';
import { didYouMean } from '../core/nearest.ts';
import type { Place } from '../core/problem.ts';
import type { Vars } from '../core/value.ts';
import { addChild, addGroup, type Draft, type GroupDraft } from './draft.ts';
import { addGroupLayer } from './group-vars.ts';
import { addHosts } from './hosts.ts';

const SECTIONS = ['hosts', 'vars', 'children'];

interface Reader {
  readonly draft: Draft;
  readonly source: Source;
}

/** Reads an inventory in Ansible's YAML format: groups by name, each with `hosts`, `vars` and `children`. */
export function readYaml(draft: Draft, source: Source): void {
  const reader: Reader = { draft, source };
  if (!isRecord(source.root)) {
    complain(reader, [], `an inventory is a mapping of groups, found ${kindOf(source.root)}`, 'begin with: all:');
    return;
  }
  for (const [name, body] of Object.entries(source.root)) readGroup(reader, name, body, [name]);
}

function readGroup(reader: Reader, name: string, body: unknown, path: Path): GroupDraft {
  const group = addGroup(reader.draft, name);
  if (body === null) return group;
  if (!isRecord(body)) {
    const hint = `write a mapping with ${SECTIONS.join(', ')} under "${name}"`;
    complain(reader, path, `the group "${name}" must be a mapping, found ${kindOf(body)}`, hint);
    return group;
  }
  for (const [section, value] of Object.entries(body)) readSection(reader, group, section, value, [...path, section]);
  return group;
}

function readSection(reader: Reader, group: GroupDraft, section: string, value: unknown, path: Path): void {
  if (!SECTIONS.includes(section)) {
    unknownSection(reader, group, section, path);
    return;
  }
  if (value === null) return;
  const entries = isRecord(value) ? value : bareName(section, value);
  if (entries === undefined) {
    const hint = Array.isArray(value)
      ? 'write each name with a ":" instead of a "-" before it'
      : 'write a mapping here';
    complain(reader, path, `"${section}" of "${group.name}" must be a mapping, found ${kindOf(value)}`, hint);
  } else if (section === 'vars') {
    addGroupLayer(reader.draft, group, entries as Vars, (name, what) => reader.source.place([...path, name], what));
  } else if (section === 'children') {
    readChildren(reader, group, entries, path);
  } else {
    for (const [name, vars] of Object.entries(entries)) readHost(reader, group, name, vars, [...path, name]);
  }
}

/** A bare name is one host or one child, as in Ansible. */
function bareName(section: string, value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'string' && section !== 'vars' && /^\S+$/.test(value) ? { [value]: null } : undefined;
}

function readChildren(reader: Reader, group: GroupDraft, entries: Record<string, unknown>, path: Path): void {
  for (const [name, body] of Object.entries(entries)) {
    const child = readGroup(reader, name, body, [...path, name]);
    addChild(reader.draft, group, child, place(reader, [...path, name], 'key'));
  }
}

function readHost(reader: Reader, group: GroupDraft, name: string, vars: unknown, path: Path): void {
  if (vars !== null && !isRecord(vars)) {
    const hint = 'write its variables as a mapping, or nothing after the ":"';
    complain(reader, path, `the variables of host "${name}" must be a mapping, found ${kindOf(vars)}`, hint);
    return;
  }
  addHosts(reader.draft, name, {
    group,
    vars: vars === null ? undefined : (vars as Vars),
    at: place(reader, path, 'key'),
    place: (variable, what) => reader.source.place([...path, variable], what),
    form: 'yaml',
  });
}

function unknownSection(reader: Reader, group: GroupDraft, section: string, path: Path): void {
  const guess = didYouMean(section, SECTIONS);
  reader.draft.problems.push({
    code: 'E_KEY',
    message: `a group has hosts, vars and children, found "${section}" in "${group.name}"`,
    hint:
      guess ?? 'move it under "hosts" when it is a host, "children" when it is a group, "vars" when it is a variable',
    at: place(reader, path, 'key'),
  });
}

function complain(reader: Reader, path: Path, message: string, hint: string): void {
  reader.draft.problems.push({ code: 'E_INVENTORY', message, hint, at: place(reader, path, 'value') });
}

function place({ source }: Reader, path: Path, what: 'key' | 'value'): Place {
  return source.place(path, what);
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  return typeof value === 'string' ? `the text "${value}"` : JSON.stringify(value);
}
