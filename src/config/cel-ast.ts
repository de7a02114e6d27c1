import type { Value } from '../core/value.ts';

/** Offsets of a piece of an expression's text. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What is wrong in an expression's text, and where. */
export interface ParseTrouble extends Span {
  readonly message: string;
  readonly hint?: string;
}

/** A parsed expression, free of the parser's own shapes. */
export type Node = Span &
  (
    | { readonly op: 'value'; readonly value: Value }
    | { readonly op: 'name'; readonly name: string }
    /** `of.key`; `optional` for `of.?key`. */
    | { readonly op: 'field'; readonly of: Node; readonly key: string; readonly optional: boolean }
    /** `of[index]`; `optional` for `of[?index]`. */
    | { readonly op: 'index'; readonly of: Node; readonly index: Node; readonly optional: boolean }
    | { readonly op: 'list'; readonly items: readonly Node[] }
    | { readonly op: 'map'; readonly entries: readonly (readonly [Node, Node])[] }
    | { readonly op: 'not' | 'minus'; readonly of: Node }
    | { readonly op: 'and' | 'or'; readonly left: Node; readonly right: Node }
    | { readonly op: 'if'; readonly test: Node; readonly yes: Node; readonly no: Node }
    | { readonly op: 'binary'; readonly sign: Sign; readonly left: Node; readonly right: Node }
    /** A function, or a method when it has a receiver. */
    | {
        readonly op: 'call';
        readonly name: string;
        readonly receiver: Node | undefined;
        readonly args: readonly Node[];
      }
    /** A macro that goes over a list or the keys of a mapping. */
    | {
        readonly op: 'each';
        readonly macro: EachMacro;
        readonly over: Node;
        readonly name: string;
        readonly where: Node | undefined;
        readonly body: Node;
      }
    | { readonly op: 'has'; readonly of: Node }
    /** `default(of, fallback)` and `of.orValue(fallback)`. */
    | { readonly op: 'default'; readonly of: Node; readonly fallback: Node }
  );

/** The operators with two sides that are not `&&` and `||`. */
export type Sign = '==' | '!=' | '<' | '<=' | '>' | '>=' | '+' | '-' | '*' | '/' | '%' | 'in';

/** The macros that bind a name to each element. */
export type EachMacro = 'all' | 'exists' | 'exists_one' | 'map' | 'filter' | 'sortBy';

/** `vars.web.port` of a chain of fields that begins with a name; undefined for anything else. */
export function pathText(node: Node): string | undefined {
  if (node.op === 'name') return node.name;
  if (node.op !== 'field') return undefined;
  const before = pathText(node.of);
  return before === undefined ? undefined : `${before}.${node.key}`;
}

/** The nodes of one kind. */
export type NodeOf<Op extends Node['op']> = Extract<Node, { op: Op }>;

/** The nodes directly under a node. */
export function childrenOf(node: Node): readonly Node[] {
  if ('of' in node)
    return node.op === 'index' ? [node.of, node.index] : node.op === 'default' ? [node.of, node.fallback] : [node.of];
  if ('left' in node) return [node.left, node.right];
  if (node.op === 'list') return node.items;
  if (node.op === 'map') return node.entries.flat();
  if (node.op === 'if') return [node.test, node.yes, node.no];
  if (node.op === 'call') return node.receiver === undefined ? node.args : [node.receiver, ...node.args];
  if (node.op === 'each') return [node.over, ...(node.where === undefined ? [] : [node.where]), node.body];
  return [];
}
