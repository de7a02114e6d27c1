import { Fault, type Place, type Problem } from '../core/problem.ts';
import { Secret } from '../core/secret.ts';
import type { Value, Vars } from '../core/value.ts';
import type { Known } from './cel-run.ts';
import { evaluate, isExpression, parseExpression, type Expression } from './expression.ts';
import { jinjaIn } from './jinja-in-text.ts';
import { emptyRecord, isRecord } from './plain.ts';
import type { Path } from './source.ts';
import { ANY, Unknown } from './type.ts';
import { scanTemplate } from './template-scan.ts';
import { entry, textOfPieces } from './values.ts';

/** A YAML value in which `${{ }}` may stand, parsed once, with its places. */
export interface Template {
  readonly raw: unknown;
  readonly at: Place;
  readonly tree: Tree;
  /** The place of what lies under a path of keys and indexes. */
  place(path: Path, what?: 'key' | 'value'): Place;
}

/** A template's value taken apart: what is plain stays as it is, whatever it holds. */
export type Tree =
  | { readonly kind: 'plain'; readonly value: Value }
  | { readonly kind: 'expression'; readonly expression: Expression }
  | { readonly kind: 'text'; readonly pieces: readonly (string | Expression)[] }
  | { readonly kind: 'list'; readonly items: readonly Tree[] }
  | { readonly kind: 'map'; readonly entries: ReadonlyMap<string, Tree> }
  /** A text with an expression that could not be parsed. */
  | { readonly kind: 'broken'; readonly problems: readonly Problem[] };

/** Where a template comes from: it can tell the place of everything in it. */
export interface Origin {
  place(path: Path, what?: 'key' | 'value'): Place;
  inside(path: Path, offset: number, length: number): Place;
}

/** Parses every `${{ }}` under a path of a source; what is wrong with them is added to `problems`. */
export function templateOf(value: unknown, origin: Origin, path: Path, problems: Problem[]): Template {
  const tree = treeOf(value, origin, path, problems);
  return { raw: value, at: origin.place(path), tree, place: (inner, what) => origin.place([...path, ...inner], what) };
}

/** The value of a template on a scope. A text that is one whole `${{ }}` keeps its type; mixed text becomes text. */
export function render(template: Template, scope: Vars): Value {
  return renderTree(template.tree, scope);
}

/** The value of a part of a template. */
export function renderTree(tree: Tree, scope: Vars): Value {
  switch (tree.kind) {
    case 'plain':
      return tree.value;
    case 'expression':
      return evaluate(tree.expression, scope);
    case 'text':
      return textOfPieces(tree.pieces.map((piece) => (typeof piece === 'string' ? piece : evaluate(piece, scope))));
    case 'list':
      return tree.items.map((item) => renderTree(item, scope));
    case 'map': {
      const rendered = emptyRecord<Value>();
      for (const [key, inner] of tree.entries) rendered[key] = renderTree(inner, scope);
      return rendered;
    }
    case 'broken':
      throw new Fault(tree.problems);
  }
}

/** Mappings laid over each other: the key of a later one wins. */
export function mergedTemplate(templates: readonly Template[]): Template {
  const [first, ...rest] = templates;
  if (first === undefined) throw new TypeError('at least one template is merged');
  if (rest.length === 0) return first;
  const owners = new Map<string, Template>();
  const entries = new Map<string, Tree>();
  const raw = emptyRecord();
  for (const template of templates) {
    for (const [key, tree] of entriesOf(template.tree)) {
      entries.set(key, tree);
      owners.set(key, template);
      raw[key] = isRecord(template.raw) ? template.raw[key] : undefined;
    }
  }
  const place: Template['place'] = (path, what) => (owners.get(String(path[0])) ?? first).place(path, what);
  return { raw, at: first.at, tree: { kind: 'map', entries }, place };
}

/** The entries of a template that is a mapping, each still to be rendered. */
export function entriesOf(tree: Tree): ReadonlyMap<string, Tree> {
  if (tree.kind === 'map') return tree.entries;
  const known = plainEntries.get(tree);
  if (known !== undefined) return known;
  const entries = new Map<string, Tree>();
  if (tree.kind === 'plain' && isRecord(tree.value)) {
    for (const key of Object.keys(tree.value)) entries.set(key, { kind: 'plain', value: entry(tree.value, key) });
  }
  plainEntries.set(tree, entries);
  return entries;
}

const plainEntries = new WeakMap<Tree, ReadonlyMap<string, Tree>>();

/** Templates of names or lists of names as one template of a list. */
export function joinedTemplates(templates: readonly Template[]): Template | undefined {
  const [first, ...rest] = templates;
  if (first === undefined || rest.length === 0) return first;
  const items = templates.flatMap(({ tree }): readonly Tree[] => {
    if (tree.kind === 'list') return tree.items;
    if (tree.kind === 'plain' && Array.isArray(tree.value))
      return tree.value.map((value: Value) => ({ kind: 'plain', value }));
    return [tree];
  });
  return { ...first, raw: templates.map(({ raw }) => raw), tree: { kind: 'list', items } };
}

/** Every expression in a part of a template. */
export function expressionsIn(tree: Tree): readonly Expression[] {
  if (tree.kind === 'expression') return [tree.expression];
  if (tree.kind === 'text') return tree.pieces.filter((piece) => typeof piece !== 'string');
  if (tree.kind === 'list') return tree.items.flatMap(expressionsIn);
  return tree.kind === 'map' ? [...tree.entries.values()].flatMap(expressionsIn) : [];
}

/** What is wrong with the texts in a part of a template. */
export function problemsIn(tree: Tree): readonly Problem[] {
  if (tree.kind === 'broken') return tree.problems;
  if (tree.kind === 'list') return tree.items.flatMap(problemsIn);
  return tree.kind === 'map' ? [...tree.entries.values()].flatMap(problemsIn) : [];
}

/** A part of a template rendered by another way of evaluating, for checks that know only some values. */
export function renderKnown(
  tree: Tree,
  evaluateKnown: (expression: Expression) => Known,
  text: (pieces: readonly Known[]) => Known,
): Known {
  switch (tree.kind) {
    case 'plain':
      return tree.value;
    case 'expression':
      return evaluateKnown(tree.expression);
    case 'text':
      return text(tree.pieces.map((piece) => (typeof piece === 'string' ? piece : evaluateKnown(piece))));
    case 'list':
      return tree.items.map((item) => renderKnown(item, evaluateKnown, text));
    case 'map': {
      const rendered = emptyRecord<Known>();
      for (const [key, inner] of tree.entries) rendered[key] = renderKnown(inner, evaluateKnown, text);
      return rendered;
    }
    case 'broken':
      return new Unknown(ANY);
  }
}

function treeOf(value: unknown, origin: Origin, path: Path, problems: Problem[]): Tree {
  if (typeof value === 'string') return textTree(value, origin, path, problems);
  if (Array.isArray(value)) {
    const items = value.map((item: unknown, i) => treeOf(item, origin, [...path, i], problems));
    return items.every((item) => item.kind === 'plain') ? plain(value) : { kind: 'list', items };
  }
  if (!isRecord(value)) return plain(value);
  const entries = new Map<string, Tree>();
  for (const [key, inner] of Object.entries(value)) {
    if (key.includes('${{')) problems.push(templateKey(origin.place([...path, key], 'key')));
    entries.set(key, treeOf(inner, origin, [...path, key], problems));
  }
  return [...entries.values()].every((inner) => inner.kind === 'plain') ? plain(value) : { kind: 'map', entries };
}

function templateKey(at: Place): Problem {
  return {
    code: 'E_EXPR',
    message: 'a key cannot hold ${{ }}',
    hint: 'make the whole mapping an expression: ${{ {vars.name: 1} }}',
    at,
  };
}

function plain(value: unknown): Tree {
  return { kind: 'plain', value: isValue(value) ? value : null };
}

/** True for what a YAML source gives: it makes nothing else. */
function isValue(value: unknown): value is Value {
  return value === null || value instanceof Secret || ['string', 'number', 'boolean', 'object'].includes(typeof value);
}

function textTree(text: string, origin: Origin, path: Path, problems: Problem[]): Tree {
  const pieces: (string | Expression)[] = [];
  const before = problems.length;
  for (const piece of scanTemplate(text)) {
    if (piece.kind === 'text') {
      pieces.push(piece.text);
      const jinja = jinjaIn(piece.text);
      if (jinja !== undefined)
        problems.push({ ...jinja.problem, at: origin.inside(path, piece.from + jinja.from, jinja.length) });
    } else if (piece.kind === 'unclosed') {
      problems.push({
        code: 'E_EXPR',
        message: '"${{" is not closed',
        hint: 'add "}}"',
        at: origin.inside(path, piece.from, 3),
      });
    } else {
      const parsed = parseExpression(piece.text, ({ from, to }) =>
        origin.inside(path, piece.from + from, Math.max(1, to - from)),
      );
      if (isExpression(parsed)) pieces.push(parsed);
      else problems.push(parsed);
    }
  }
  if (problems.length > before) return { kind: 'broken', problems: problems.slice(before) };
  const [only] = pieces;
  if (pieces.length === 1 && only !== undefined && typeof only !== 'string')
    return { kind: 'expression', expression: only };
  return pieces.every((piece) => typeof piece === 'string') ? plain(text) : { kind: 'text', pieces };
}
