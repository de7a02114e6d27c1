/** A command line taken apart. */
export interface Words {
  /** Options without a value, by every name they may have, the first one counting. */
  has(name: string): boolean;
  /** Values of an option, in order. */
  all(name: string): readonly string[];
  last(name: string): string | undefined;
  readonly rest: readonly string[];
  /** The first option nobody knows. */
  readonly unknown: string | undefined;
}

/** The options of a tool: names that belong together (`-y --assumeyes`), with or without a value. */
export interface OptionSpec {
  readonly flags: readonly string[];
  readonly values: readonly string[];
  /** What follows the first plain word is not ours: the command of sudo. */
  readonly stopAtWord?: boolean;
}

/** Takes a command line apart as getopt does: clusters, `--name=value`, `--name value`, `--`. */
export function readWords(args: readonly string[], spec: OptionSpec): Words {
  const state: State = { found: new Map(), rest: [], unknown: undefined, queue: [...args], names: namesOf(spec) };
  for (let word = state.queue.shift(); word !== undefined; word = state.queue.shift()) {
    if (word === '--') {
      state.rest.push(...state.queue.splice(0));
    } else if (word.startsWith('--')) takeLong(state, word);
    else if (word.startsWith('-') && word !== '-') takeShort(state, word);
    else {
      state.rest.push(word);
      if (spec.stopAtWord === true) state.rest.push(...state.queue.splice(0));
    }
  }
  const { found, rest, unknown } = state;
  const all = (name: string): readonly string[] => found.get(name) ?? [];
  return { has: (name) => found.has(name), all, last: (name) => all(name).at(-1), rest, unknown };
}

interface State {
  readonly found: Map<string, string[]>;
  readonly rest: string[];
  unknown: string | undefined;
  readonly queue: string[];
  readonly names: ReadonlyMap<string, { readonly main: string; readonly value: boolean }>;
}

function namesOf(spec: OptionSpec): State['names'] {
  const names = new Map<string, { main: string; value: boolean }>();
  const add = (list: readonly string[], value: boolean): void => {
    for (const entry of list) {
      const [main = '', ...others] = entry.split(' ');
      for (const name of [main, ...others]) names.set(name, { main, value });
    }
  };
  add(spec.flags, false);
  add(spec.values, true);
  return names;
}

function takeLong(state: State, word: string): void {
  const at = word.indexOf('=');
  const name = at === -1 ? word : word.slice(0, at);
  const known = state.names.get(name);
  if (known === undefined) state.unknown ??= name;
  else if (!known.value) keep(state, known.main, '');
  else keep(state, known.main, at === -1 ? (state.queue.shift() ?? '') : word.slice(at + 1));
}

function takeShort(state: State, word: string): void {
  for (let at = 1; at < word.length; at += 1) {
    const known = state.names.get(`-${word.charAt(at)}`);
    if (known === undefined) {
      state.unknown ??= `-${word.charAt(at)}`;
      return;
    }
    if (known.value) {
      keep(state, known.main, at + 1 < word.length ? word.slice(at + 1) : (state.queue.shift() ?? ''));
      return;
    }
    keep(state, known.main, '');
  }
}

function keep(state: State, name: string, value: string): void {
  state.found.set(name, [...(state.found.get(name) ?? []), value]);
}
