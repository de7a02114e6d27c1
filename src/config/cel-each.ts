import type { Node, NodeOf } from './cel-ast.ts';
import { aKind, certain, spend, trouble, type Evaluation, type Known } from './cel-run.ts';
import { isRecord } from './plain.ts';
import { ANY, BOOL, hasUnknown, listOf, STRING, typeOf, Unknown } from './type.ts';
import { order } from './values.ts';

type Each = NodeOf<'each'>;
type Evaluate = (node: Node, on: Evaluation) => Known;

/** `list.map(x, …)` and its kin; over a mapping they go over its keys. */
export function each(node: Each, over: Known, on: Evaluation, evaluate: Evaluate): Known {
  if (over instanceof Unknown) return overUnknown(node, over, on, evaluate);
  const items: readonly Known[] | undefined = Array.isArray(over)
    ? over
    : isRecord(over)
      ? Object.keys(over)
      : undefined;
  if (items === undefined)
    return trouble(on, 'kind', node.over, `${node.macro} goes over a list or mapping, found ${aKind(over)}`);
  if (items.length === 0 && on.check !== undefined)
    visit(node, new Unknown(ANY), { ...on, certainty: 'dead' }, evaluate);
  const names = new Map(on.names);
  const inner = { ...on, names };
  const body = (item: Known, of: Node) => {
    spend(on, node, 1);
    names.set(node.name, item);
    return evaluate(of, inner);
  };
  return collect(node, items, body, on);
}

type Body = (item: Known, of: Node) => Known;

function collect(node: Each, items: readonly Known[], body: Body, on: Evaluation): Known {
  const asked = (item: Known, of: Node) => truth(of, body(item, of), node, on);
  switch (node.macro) {
    case 'all':
    case 'exists':
      return quantified(items.values(), node.macro === 'exists', (item) => asked(item, node.body));
    case 'exists_one': {
      const answers = items.map((item) => asked(item, node.body));
      return answers.some((answer) => answer instanceof Unknown)
        ? new Unknown(BOOL)
        : answers.filter((answer) => answer === true).length === 1;
    }
    case 'filter':
      return filtered(items, (item) => asked(item, node.body));
    case 'map': {
      const { where } = node;
      const kept = where === undefined ? items : filtered(items, (item) => asked(item, where));
      return kept instanceof Unknown || !Array.isArray(kept)
        ? new Unknown(listOf(ANY))
        : kept.map((item: Known) => body(item, node.body));
    }
    case 'sortBy':
      return sortedBy(node, items, body, on);
  }
}

function quantified(items: Iterable<Known>, decides: boolean, asked: (item: Known) => boolean | Unknown): Known {
  let open = false;
  for (const item of items) {
    const answer = asked(item);
    if (answer === decides) return decides;
    open ||= answer instanceof Unknown;
  }
  return open ? new Unknown(BOOL) : !decides;
}

function filtered(items: readonly Known[], asked: (item: Known) => boolean | Unknown): Known {
  const kept: Known[] = [];
  let open = false;
  for (const item of items) {
    const answer = asked(item);
    if (answer === true) kept.push(item);
    open ||= answer instanceof Unknown;
  }
  return open ? new Unknown(listOf(ANY)) : kept;
}

function sortedBy(node: Each, items: readonly Known[], body: Body, on: Evaluation): Known {
  const keyed = items.map((item) => ({ item, key: body(item, node.body) }));
  if (keyed.some(({ key }) => hasUnknown(key))) return new Unknown(listOf(ANY));
  spend(on, node, keyed.length * 4);
  const compare = (a: Known, b: Known) =>
    order(certain(a), certain(b)) ??
    trouble(on, 'value', node.body, 'sortBy needs numbers or texts, not both, to sort by');
  return keyed.toSorted((a, b) => compare(a.key, b.key)).map(({ item }) => item);
}

function overUnknown(node: Each, over: Unknown, on: Evaluation, evaluate: Evaluate): Known {
  const { type } = over;
  if (type.kind === 'string' || type.kind === 'number' || type.kind === 'bool' || type.kind === 'null') {
    return trouble(on, 'kind', node.over, `${node.macro} goes over a list or mapping, found ${aKind(over)}`);
  }
  const item = type.kind === 'list' ? type.of : type.kind === 'any' ? ANY : STRING;
  const result = visit(
    node,
    new Unknown(item),
    { ...on, certainty: on.certainty === 'dead' ? 'dead' : 'possible' },
    evaluate,
  );
  if (node.macro === 'all' || node.macro === 'exists' || node.macro === 'exists_one') return new Unknown(BOOL);
  return new Unknown(listOf(node.macro === 'map' ? typeOf(result) : item));
}

function visit(node: Each, item: Unknown, on: Evaluation, evaluate: Evaluate): Known {
  const inner = { ...on, names: new Map(on.names).set(node.name, item) };
  if (node.where !== undefined) truth(node.where, evaluate(node.where, inner), node, inner);
  const result = evaluate(node.body, inner);
  return node.macro === 'map' || node.macro === 'sortBy' ? result : truth(node.body, result, node, inner);
}

function truth(of: Node, value: Known, node: Each, on: Evaluation): boolean | Unknown {
  if (typeof value === 'boolean') return value;
  if (value instanceof Unknown && (value.type.kind === 'bool' || value.type.kind === 'any')) return value;
  return trouble(on, 'kind', of, `${node.macro} asks for true or false, found ${aKind(value)}`);
}
