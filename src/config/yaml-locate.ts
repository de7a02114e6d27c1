import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  visit,
  type Node,
  type Pair,
  type ParsedNode,
  type YAMLMap,
} from 'yaml';
import type { Place } from '../core/problem.ts';
import { offsetInScalar } from './scalar-offset.ts';
import type { LinePlaces } from './line-places.ts';
import { isMergeKey, keyText } from './yaml-values.ts';

type Path = readonly (string | number)[];

interface Found {
  readonly key: Node | undefined;
  readonly value: Node | undefined;
  /** False where the path left the document; then `value` is the last thing that was there. */
  readonly whole: boolean;
}

/** Where the key or value under a path stands. A value that is empty is shown by its key, a missing one by what encloses it. */
export function locate(root: ParsedNode | null, path: Path, what: 'key' | 'value', places: LinePlaces): Place {
  const found = find(root, path);
  const node = choose(found, what);
  if (node?.range === undefined || node.range === null) return places.at(0);
  const [from, to] = node.range;
  return places.at(from, isScalar(node) || isFlow(node) || isAlias(node) ? to - from : 1);
}

/** Where a piece of the text of a scalar under a path stands; the scalar's own place when the piece cannot be told. */
export function locateInside(
  root: ParsedNode | null,
  piece: { readonly path: Path; readonly offset: number; readonly length: number },
  text: string,
  places: LinePlaces,
): Place {
  const { value, whole } = find(root, piece.path);
  if (!whole || !isScalar(value) || typeof value.value !== 'string' || !value.range)
    return locate(root, piece.path, 'value', places);
  const raw = text.slice(value.range[0], value.range[1]);
  const from = offsetInScalar(raw, value.value, value.type, piece.offset);
  const to = offsetInScalar(raw, value.value, value.type, piece.offset + piece.length);
  return places.at(value.range[0] + from, Math.max(1, to - from));
}

function choose({ key, value, whole }: Found, what: 'key' | 'value'): Node | undefined {
  if (what === 'key' && whole) return key ?? value;
  const isEmpty = value === undefined || (isScalar(value) && value.value === null && value.source === '');
  return isEmpty ? (key ?? value) : value;
}

function isFlow(node: Node): boolean {
  return (isMap(node) || isSeq(node)) && node.flow === true;
}

function find(root: ParsedNode | null, path: Path): Found {
  let key: Node | undefined;
  let value: Node | undefined = root ?? undefined;
  for (const segment of path) {
    const inner = resolveAlias(value, root);
    const next = isMap(inner)
      ? entry(inner, String(segment), root)
      : isSeq(inner)
        ? item(inner.items[Number(segment)])
        : undefined;
    if (next === undefined) return { key, value, whole: false };
    key = next.key;
    value = next.value;
  }
  return { key, value, whole: true };
}

function item(node: unknown): { key: undefined; value: Node } | undefined {
  return isNode(node) ? { key: undefined, value: node } : undefined;
}

function nodeOf(node: unknown): Node | undefined {
  return isNode(node) ? node : undefined;
}

function entry(
  map: YAMLMap,
  name: string,
  root: ParsedNode | null,
): { key: Node; value: Node | undefined } | undefined {
  const pair = index(map).get(name);
  if (pair !== undefined && isNode(pair.key)) return { key: pair.key, value: nodeOf(pair.value) };
  for (const merged of map.items.filter(({ key }) => isMergeKey(key))) {
    const source = resolveAlias(nodeOf(merged.value), root);
    const maps = isSeq(source) ? source.items.map((one) => resolveAlias(nodeOf(one), root)) : [source];
    for (const one of maps) {
      const found = isMap(one) && one !== map ? entry(one, name, root) : undefined;
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

const indexes = new WeakMap<YAMLMap, Map<string, Pair>>();

function index(map: YAMLMap): Map<string, Pair> {
  const known = indexes.get(map);
  if (known !== undefined) return known;
  const made = new Map<string, Pair>();
  for (const pair of map.items) {
    const name = keyText(pair.key);
    if (name !== undefined && !isMergeKey(pair.key)) made.set(name, pair);
  }
  indexes.set(map, made);
  return made;
}

const anchorsOf = new WeakMap<ParsedNode, Map<string, Node>>();

function resolveAlias(node: Node | undefined, root: ParsedNode | null): Node | undefined {
  if (!isAlias(node) || root === null) return node;
  let anchors = anchorsOf.get(root);
  if (anchors === undefined) {
    const found = new Map<string, Node>();
    visit(root, {
      Node: (_key, visited) => {
        if (!isAlias(visited) && visited.anchor !== undefined) found.set(visited.anchor, visited);
      },
    });
    anchors = found;
    anchorsOf.set(root, anchors);
  }
  return anchors.get(node.source);
}
