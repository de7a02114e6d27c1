import { resolve } from 'node:path';
import { parseSource, readSource, type Source } from '../config/source.ts';
import { fault, throwIfAny } from '../core/problem.ts';
import type { Value, Vars } from '../core/value.ts';

/** Variables of `-e`: `name=value` (a text), a YAML or JSON mapping (typed), or `@file` with one. Later ones win. */
export async function readExtraVars(words: readonly string[], cwd: string): Promise<Vars> {
  const merged: Record<string, Value> = Object.create(null) as Record<string, Value>;
  for (const word of words) Object.assign(merged, await readOne(word, cwd));
  return merged;
}

async function readOne(word: string, cwd: string): Promise<Vars> {
  if (word.startsWith('@')) return mapping(await readSource(resolve(cwd, word.slice(1))), word);
  if (word.trimStart().startsWith('{')) return mapping(parseSource('-e', word), word);
  const pair = /^([A-Za-z_]\w*)=(.*)$/s.exec(word);
  if (pair === null) {
    const hint = 'write -e name=value, -e \'{"name": 3}\' or -e @file.yaml';
    throw fault({ code: 'E_USAGE', message: `-e ${JSON.stringify(word)} is no variable`, hint });
  }
  return { [pair[1] ?? '']: pair[2] ?? '' };
}

function mapping(source: Source, word: string): Vars {
  throwIfAny(source.problems);
  const { root } = source;
  if (root === null || typeof root !== 'object' || Array.isArray(root)) {
    throw fault({ code: 'E_USAGE', message: `-e ${word}: expected a mapping of names to values` });
  }
  // parseSource gives plain data only: JSON values and secrets.
  return root as Vars;
}
