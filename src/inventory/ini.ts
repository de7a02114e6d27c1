import { linePlaces, type LinePlaces } from '../config/line-places.ts';
import { didYouMean } from '../core/nearest.ts';
import type { Place, Problem } from '../core/problem.ts';
import { addChild, addGroup, type Draft } from './draft.ts';
import { readHostLine, readVariable, type IniLine } from './ini-line.ts';
import { addGroupLayer } from './group-vars.ts';
import { emptyRecord } from '../config/plain.ts';
import type { Value } from '../core/value.ts';

const SECTION = /^\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?$/;
const GROUP_NAME = /^([^:\]\s]+)\s*(?:#.*)?$/;
const KINDS = ['hosts', 'children', 'vars'];

interface Section {
  readonly group: string;
  readonly kind: string;
}

/** A group that was named before its own section came, or whose own section never comes. */
interface Pending {
  readonly kind: 'children' | 'vars';
  readonly at: Place;
  readonly parents: { readonly name: string; readonly at: Place }[];
}

interface Reader {
  readonly draft: Draft;
  readonly places: LinePlaces;
  readonly pending: Map<string, Pending>;
  section: Section | undefined;
}

/** Reads an inventory in Ansible's INI format. What is wrong is added to the draft's problems, line by line. */
export function readIni(draft: Draft, file: string, text: string): void {
  const reader: Reader = {
    draft,
    places: linePlaces(file, text),
    pending: new Map(),
    section: { group: 'ungrouped', kind: 'hosts' },
  };
  for (const line of significantLines(text)) readLine(reader, line);
  for (const [name, pending] of reader.pending) draft.problems.push(undefinedGroup(draft, name, pending));
}

function* significantLines(text: string): Generator<IniLine> {
  let offset = 0;
  for (const line of text.split('\n')) {
    const trimmed = line.trim();
    const isComment = trimmed.startsWith('#') || trimmed.startsWith(';');
    if (trimmed !== '' && !isComment) yield { text: trimmed, offset: offset + line.indexOf(trimmed) };
    offset += line.length + 1;
  }
}

function readLine(reader: Reader, line: IniLine): void {
  const header = SECTION.exec(line.text);
  if (header !== null) {
    startSection(reader, line, { group: header[1] ?? '', kind: header[2] ?? 'hosts' });
  } else if (/^\[(?:.*\]|[^\]]*)$/.test(line.text)) {
    reader.section = undefined;
    complain(
      reader,
      line,
      `"${line.text}" is no section`,
      'write [group], [group:children] or [group:vars], without spaces',
    );
  } else if (reader.section !== undefined) {
    readEntry(reader, line, reader.section);
  }
}

function startSection(reader: Reader, line: IniLine, section: Section): void {
  const { draft, pending } = reader;
  const at = reader.places.at(line.offset, line.text.length);
  reader.section = section;
  if (!KINDS.includes(section.kind)) {
    reader.section = undefined;
    const guess = didYouMean(section.kind, KINDS) ?? 'write [group], [group:children] or [group:vars]';
    complain(reader, line, `a section is of hosts, children or vars, found "${section.kind}"`, guess);
    return;
  }
  if (!draft.groups.has(section.group)) {
    if (section.kind === 'vars' && !pending.has(section.group)) {
      pending.set(section.group, { kind: 'vars', at, parents: [] });
    }
    addGroup(draft, section.group);
  }
  if (section.kind !== 'vars') resolvePending(reader, section.group);
}

/** A group gets its parents when its own section begins; this decides the order of children, as in Ansible. */
function resolvePending({ draft, pending }: Reader, name: string): void {
  const found = pending.get(name);
  if (found === undefined) return;
  pending.delete(name);
  for (const parent of found.parents) {
    addChild(draft, addGroup(draft, parent.name), addGroup(draft, name), parent.at);
  }
}

function readEntry(reader: Reader, line: IniLine, { group, kind }: Section): void {
  if (kind === 'hosts') readHostLine(reader.draft, line, addGroup(reader.draft, group), reader.places);
  else if (kind === 'vars') readVariableLine(reader, line, group);
  else readChild(reader, line, group);
}

function readVariableLine({ draft, places }: Reader, line: IniLine, group: string): void {
  const read = readVariable(line);
  if ('wrong' in read) {
    draft.problems.push({
      code: 'E_INVENTORY',
      message: read.wrong,
      hint: read.hint,
      at: places.at(line.offset, line.text.length),
    });
    return;
  }
  const vars = emptyRecord<Value>();
  vars[read.name] = read.value;
  addGroupLayer(draft, addGroup(draft, group), vars, () => places.at(line.offset, line.text.length));
}

function readChild(reader: Reader, line: IniLine, group: string): void {
  const { draft, pending } = reader;
  const name = GROUP_NAME.exec(line.text)?.[1];
  if (name === undefined) {
    complain(reader, line, `a group name is expected, found "${line.text}"`, 'write one group name per line');
    return;
  }
  const at = reader.places.at(line.offset, name.length);
  if (draft.groups.has(name)) {
    addChild(draft, addGroup(draft, group), addGroup(draft, name), at);
    return;
  }
  const known = pending.get(name);
  if (known === undefined) pending.set(name, { kind: 'children', at, parents: [{ name: group, at }] });
  else known.parents.push({ name: group, at });
}

function complain({ draft, places }: Reader, line: IniLine, message: string, hint: string): void {
  draft.problems.push({ code: 'E_INVENTORY', message, hint, at: places.at(line.offset, line.text.length) });
}

function undefinedGroup(draft: Draft, name: string, { kind, at }: Pending): Problem {
  const others = [...draft.groups.keys()].filter((group) => group !== name);
  const what = kind === 'vars' ? `the section [${name}:vars]` : `the child "${name}"`;
  return {
    code: 'E_INVENTORY',
    message: `${what} names a group that is not defined`,
    hint: didYouMean(name, others) ?? `add a section [${name}]`,
    at,
  };
}
