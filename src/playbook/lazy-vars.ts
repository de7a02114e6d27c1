import { emptyRecord } from '../config/plain.ts';
import type { Tree } from '../config/template.ts';

/** One source of variables; the tree of a name is undefined where it does not have it. */
export interface Layer {
  names(): Iterable<string>;
  find(name: string): Tree | undefined;
}

/** The strongest layer's value of a name, still to be rendered. */
export function findIn(layers: readonly Layer[], name: string): Tree | undefined {
  for (const layer of layers) {
    const tree = layer.find(name);
    if (tree !== undefined) return tree;
  }
  return undefined;
}

/** A mapping whose values are made only when something reads them. */
export function lazyRecord<V>(
  names: () => Iterable<string>,
  has: (name: string) => boolean,
  read: (name: string) => V,
): Readonly<Record<string, V>> {
  const isThere = (name: string | symbol): name is string => typeof name === 'string' && has(name);
  return new Proxy(emptyRecord<V>(), {
    get: (_target, name) => (isThere(name) ? read(name) : undefined),
    has: (_target, name) => isThere(name),
    ownKeys: () => [...new Set(names())],
    getOwnPropertyDescriptor: (_target, name) =>
      isThere(name) ? { configurable: true, enumerable: true, get: () => read(name) } : undefined,
  });
}

/** Follows references between variables; `circle` is called with the names of one that closes. */
export function createTrail<V>(circle: (names: readonly string[]) => V): (name: string, read: () => V) => V {
  const open: string[] = [];
  return (name, read) => {
    if (open.includes(name)) return circle([...open.slice(open.indexOf(name)), name]);
    open.push(name);
    try {
      return read();
    } finally {
      open.pop();
    }
  };
}
