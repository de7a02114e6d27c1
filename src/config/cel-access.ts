import { didYouMean } from '../core/nearest.ts';
import { Secret } from '../core/secret.ts';
import { ANSIBLE_NAMES } from './ansible-names.ts';
import { pathText, type Node, type NodeOf } from './cel-ast.ts';
import { ABSENT, aKind, missing, trouble, type Evaluation, type Got, type Known, type Scope } from './cel-run.ts';
import { isRecord } from './plain.ts';
import { ANY, Unknown } from './type.ts';

/** What a name stands for. */
export function nameIn(node: NodeOf<'name'>, on: Evaluation): Known {
  const bound = on.names.get(node.name);
  if (bound !== undefined) return bound;
  if (isName(on.scope, node.name)) return on.scope[node.name] ?? null;
  return trouble(on, 'name', node, `"${node.name}" is not known here`, nameHint(node.name, on));
}

/** Names a scope has itself or inherits from another; what every object has is no name. */
function isName(scope: Scope, name: string): boolean {
  return Object.hasOwn(scope, name) || (name in scope && !(name in Object.prototype));
}

function namesIn(scope: Scope): readonly string[] {
  const names: string[] = [];
  for (const name in scope) names.push(name);
  return names;
}

function nameHint(name: string, on: Evaluation): string {
  const { vars } = on.scope;
  if (isRecord(vars) && Object.hasOwn(vars, name)) return `write vars.${name}`;
  const known = ANSIBLE_NAMES.get(name);
  if (known !== undefined) return `write ${known}`;
  const names = [...on.names.keys(), ...namesIn(on.scope)];
  const near = didYouMean(name, names);
  if (near !== undefined) return near;
  const inVars = isRecord(vars) ? didYouMean(name, Object.keys(vars)) : undefined;
  return inVars === undefined
    ? `known here: ${listed(names)}; a variable is written vars.${name}`
    : inVars.replace('"', '"vars.');
}

/** `of.key` and `of.?key`. */
export function access(node: NodeOf<'field'>, of: Got, on: Evaluation): Got {
  if (of === ABSENT) return ABSENT;
  const relaxed = node.optional && !on.lenient ? { ...on, lenient: true } : on;
  if (of instanceof Unknown) return unknownField(node, of, relaxed);
  if (isRecord(of)) return ofRecord(of, node.key, node, relaxed);
  const hint =
    node.key === 'length' || node.key === 'count'
      ? 'write .size()'
      : Array.isArray(of)
        ? 'go over it: list.map(x, x.name)'
        : undefined;
  if (of === null && relaxed.lenient) return ABSENT;
  return trouble(on, 'kind', keySpan(node), `${described(node.of, of)} has no "${node.key}"`, hint);
}

function described(node: Node, value: Known): string {
  const path = pathText(node);
  return path === undefined ? aKind(value) : `${path} is ${aKind(value)} and`;
}

function unknownField(node: NodeOf<'field'>, of: Unknown, on: Evaluation): Got {
  const { type } = of;
  if (type.kind === 'any') return new Unknown(ANY);
  if (type.kind === 'map') return new Unknown(type.of);
  if (type.kind !== 'record')
    return trouble(on, 'kind', keySpan(node), `${described(node.of, of)} has no "${node.key}"`);
  const field = type.fields.get(node.key);
  if (field !== undefined) return new Unknown(field);
  if (on.lenient) return ABSENT;
  const names = [...type.fields.keys()];
  return trouble(
    on,
    'name',
    keySpan(node),
    `${pathText(node.of) ?? type.says} has no "${node.key}"`,
    didYouMean(node.key, names) ?? `it has: ${listed(names)}`,
  );
}

function ofRecord(record: object, key: string, node: NodeOf<'field' | 'index'>, on: Evaluation, isSecret = false): Got {
  if (Object.hasOwn(record, key)) {
    const reader = on.check?.readers.get(record);
    return reader === undefined ? valueIn(record, key) : reader(key, on);
  }
  const path = pathText(node.of);
  const names = Object.keys(record);
  const message = `${path ?? 'the mapping'} has no "${isSecret ? '***' : key}"`;
  const hint =
    (isSecret ? undefined : didYouMean(key, names)) ??
    (names.length === 0 ? 'it is empty' : `it has: ${listed(names)}`);
  return missing(on, node.op === 'field' ? keySpan(node) : node.index, {
    message,
    hint,
    path: path === undefined ? undefined : `${path}.${key}`,
  });
}

/** `of[index]` and `of[?index]`. */
export function element(node: NodeOf<'index'>, of: Got, index: Known, on: Evaluation): Got {
  if (of === ABSENT) return ABSENT;
  const relaxed = node.optional && !on.lenient ? { ...on, lenient: true } : on;
  if (of instanceof Unknown)
    return of.type.kind === 'list' || of.type.kind === 'map' ? new Unknown(of.type.of) : new Unknown(ANY);
  if (index instanceof Unknown) return new Unknown(ANY);
  if (Array.isArray(of)) return ofList(of, index, node, relaxed);
  if (isRecord(of)) return ofRecord(of, keyFrom(index, node, on), node, relaxed, index instanceof Secret);
  return trouble(on, 'kind', node, `${described(node.of, of)} has no elements`);
}

function keyFrom(index: Known, node: NodeOf<'index'>, on: Evaluation): string {
  if (index instanceof Secret) return index.reveal();
  if (typeof index === 'string' || typeof index === 'number') return String(index);
  return trouble(on, 'kind', node.index, `a key must be a string, found ${aKind(index)}`);
}

function ofList(list: readonly Known[], index: Known, node: NodeOf<'index'>, on: Evaluation): Got {
  if (typeof index !== 'number' || !Number.isInteger(index)) {
    return trouble(on, 'kind', node.index, `the index of a list must be a whole number, found ${aKind(index)}`);
  }
  if (index >= 0 && index < list.length) return list[index] ?? null;
  if (on.lenient) return ABSENT;
  const hint = index < 0 ? 'write .last() for the last element' : undefined;
  return trouble(on, 'value', node.index, `the list has ${list.length} elements, there is none at ${index}`, hint);
}

function keySpan(node: NodeOf<'field'>): { from: number; to: number } {
  return { from: node.to - node.key.length, to: node.to };
}

function listed(names: readonly string[]): string {
  return names.length > 12 ? `${names.slice(0, 12).join(', ')}, …` : names.join(', ');
}

function valueIn(record: object, key: string): Known {
  const value: Known | undefined = Reflect.get(record, key);
  return value ?? null;
}
