import { isAlias, isMap, isScalar, isSeq, type Alias, type ParsedNode, type Scalar, type YAMLMap } from 'yaml';
import type { Place, Problem } from '../core/problem.ts';
import { Secret } from '../core/secret.ts';
import { ansibleScalar } from './ansible-scalar.ts';
import type { LinePlaces } from './line-places.ts';
import { emptyRecord, isRecord, RESERVED_NAMES } from './plain.ts';
import { readSecret } from './secret-file.ts';

/** Whether plain scalars are read as YAML 1.2 says, or as Ansible's YAML 1.1 reader does. */
export type ScalarDialect = 'core' | 'ansible';

const MAX_DEPTH = 100;
/** How many values aliases may add by being expanded. */
const MAX_EXPANDED = 100_000;

interface Reader {
  readonly file: string;
  readonly places: LinePlaces;
  readonly scalars: ScalarDialect;
  readonly problems: Problem[];
  /** Values of anchored nodes, so that an alias shares its value; `busy` while the node is being read. */
  readonly anchors: Map<string, { value: unknown; size: number } | 'busy'>;
  expanded: number;
  size: number;
}

/** Plain data of nodes: null-prototype objects, arrays, scalars, Secrets. Every problem is collected. */
export function yamlValues(
  contents: ParsedNode | null,
  options: Pick<Reader, 'file' | 'places' | 'scalars'>,
): { value: unknown; problems: readonly Problem[] } {
  const reader: Reader = { ...options, problems: [], anchors: new Map(), expanded: 0, size: 0 };
  const value = contents === null ? null : valueOf(contents, reader, 0);
  return { value, problems: reader.problems };
}

/** Text of a mapping's key as the value holds it, or undefined when the key is not a scalar. */
export function keyText(key: unknown): string | undefined {
  if (!isScalar(key)) return undefined;
  if (typeof key.value === 'string') return key.value;
  return typeof key.source === 'string' && key.source !== '' ? key.source : String(key.value);
}

/** True for the plain key `<<`, whose value is merged into its mapping. */
export function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.value === '<<' && key.type === 'PLAIN';
}

function valueOf(node: ParsedNode, reader: Reader, depth: number): unknown {
  if (depth > MAX_DEPTH) return complain(reader, node, 'E_LIMIT', `the YAML is nested deeper than ${MAX_DEPTH} levels`);
  reader.size += 1;
  if (isAlias(node)) return aliasValue(node, reader);
  const anchor = node.anchor;
  if (anchor === undefined) return plainValue(node, reader, depth);
  const before = reader.size;
  reader.anchors.set(anchor, 'busy');
  const value = plainValue(node, reader, depth);
  reader.anchors.set(anchor, { value, size: reader.size - before });
  return value;
}

function plainValue(node: Exclude<ParsedNode, Alias.Parsed>, reader: Reader, depth: number): unknown {
  if (isMap(node)) return mapValue(node, reader, depth);
  if (isSeq(node)) return node.items.map((item) => valueOf(item, reader, depth + 1));
  return scalarValue(node, reader);
}

function aliasValue(node: Alias.Parsed, reader: Reader): unknown {
  const known = reader.anchors.get(node.source);
  if (known === undefined || known === 'busy') {
    return complain(
      reader,
      node,
      'E_YAML',
      `the alias "*${node.source}" points ${known === 'busy' ? 'into itself' : 'to nothing above it'}`,
      known === 'busy' ? undefined : `write "&${node.source}" before the value it stands for, or quote the text`,
    );
  }
  reader.size += known.size;
  reader.expanded += known.size;
  if (reader.expanded <= MAX_EXPANDED) return known.value;
  if (reader.expanded - known.size <= MAX_EXPANDED) {
    complain(reader, node, 'E_LIMIT', `the aliases of this file stand for more than ${MAX_EXPANDED} values`);
  }
  return null;
}

function mapValue(map: YAMLMap.Parsed, reader: Reader, depth: number): Record<string, unknown> {
  const value = emptyRecord();
  const merged: Record<string, unknown>[] = [];
  for (const { key, value: node } of map.items) {
    if (isMergeKey(key)) {
      merged.push(...mergeSources(node === null ? null : valueOf(node, reader, depth + 1), reader, key));
      continue;
    }
    const name = keyOf(key, reader);
    if (name === undefined) continue;
    if (Object.hasOwn(value, name)) {
      complain(reader, key, 'E_YAML', `the key "${name}" stands here for the second time`, 'keep one of them');
    }
    value[name] = node === null ? null : valueOf(node, reader, depth + 1);
  }
  for (const source of merged) mergeInto(value, source);
  return value;
}

function keyOf(key: ParsedNode, reader: Reader): string | undefined {
  const known = isAlias(key) ? reader.anchors.get(key.source) : undefined;
  const name = known !== undefined && known !== 'busy' && typeof known.value === 'string' ? known.value : keyText(key);
  if (name === undefined) return complainOfKey(key, reader);
  if (!RESERVED_NAMES.has(name)) return name;
  complain(reader, key, 'E_KEY', `"${name}" cannot be used as a name`, 'choose another name');
  return undefined;
}

function complainOfKey(key: ParsedNode, reader: Reader): undefined {
  if (isMap(key) && key.flow === true) {
    const hint = 'write ${{ vars.name }} instead of {{ name }}';
    complain(reader, key, 'E_ANSIBLE', 'unquoted "{{ }}" is a mapping in YAML', hint);
  } else {
    complain(reader, key, 'E_YAML', 'a key must be text, this one is a list or mapping', 'quote it');
  }
}

function mergeSources(value: unknown, reader: Reader, key: ParsedNode): readonly Record<string, unknown>[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.every(isRecord)) return list;
  complain(reader, key, 'E_YAML', '"<<" takes a mapping or a list of mappings', 'write: <<: *anchor');
  return [];
}

function mergeInto(value: Record<string, unknown>, source: Record<string, unknown>): void {
  for (const [name, merged] of Object.entries(source)) {
    if (!Object.hasOwn(value, name)) value[name] = merged;
  }
}

function scalarValue(node: Scalar, reader: Reader): unknown {
  if (node.tag === '!secret') return secretValue(node, reader);
  const source = node.source ?? '';
  const isPlain = node.type === 'PLAIN' && node.tag === undefined;
  if (isPlain && reader.scalars === 'ansible') {
    const read = ansibleScalar(source);
    if (read !== undefined) return read;
  }
  return typeof node.value === 'number' && isPlain ? numberValue(node, source, reader) : node.value;
}

/** A number; where it is none that can be kept its text, so that one mistake is told once. */
function numberValue(node: Scalar, source: string, reader: Reader): unknown {
  const value = Number(node.value);
  const quote = `quote it: '${source}'`;
  if (!Number.isFinite(value)) complain(reader, node, 'E_VALUE', `"${source}" is not a number that can be used`, quote);
  else if (Number.isInteger(value) && !Number.isSafeInteger(value) && /^[-+]?\d+$/.test(source)) {
    complain(reader, node, 'E_VALUE', `${source} has more digits than a number can keep`, quote);
  } else if (reader.scalars === 'core' && /^[-+]?0\d+$/.test(source)) {
    complain(reader, node, 'E_ANSIBLE', `${source} without quotes is a number whose leading zero would be lost`, quote);
  } else return value;
  return source;
}

function secretValue(node: Scalar, reader: Reader): unknown {
  const read = readSecret(reader.file, node.value);
  if (!('problem' in read)) return read.secret;
  complain(reader, node, 'E_SECRET', read.problem, read.hint);
  return new Secret('');
}

function complain(
  reader: Reader,
  node: { range?: readonly [number, number, number] | null | undefined },
  code: Problem['code'],
  message: string,
  hint?: string,
): null {
  const [from, to] = node.range ?? [0, 1];
  const at: Place = reader.places.at(from, to - from);
  reader.problems.push({ code, message, at, ...(hint === undefined ? {} : { hint }) });
  return null;
}
