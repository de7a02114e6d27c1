import { emptyRecord } from '../config/plain.ts';
import type { Place } from '../core/problem.ts';
import { Secret } from '../core/secret.ts';
import type { Value, Vars } from '../core/value.ts';
import { SECRET_VARIABLES } from './connection-variables.ts';
import { isReference } from './jinja.ts';

/** Variables that one place in one file gives to a group or host. */
export interface Layer {
  /** Whose variables they are: `group "web"`, `host "web01"`. */
  readonly owner: string;
  readonly vars: Vars;
  /** Where a variable of this layer stands: its value, or its name. */
  place(variable: string, what?: 'key' | 'value'): Place | undefined;
}

/** Makes a layer; passwords in it become secrets. */
export function layerOf(owner: string, vars: Vars, place: Layer['place']): Layer {
  return { owner, vars: seal(vars), place };
}

/** A password that is Jinja or `${{ }}` only refers to one, and stays readable so that it can be evaluated or reported. */
function seal(vars: Vars): Vars {
  let sealed: Record<string, Value> | undefined;
  for (const name of SECRET_VARIABLES) {
    const value = vars[name];
    if ((typeof value !== 'string' && typeof value !== 'number') || isReference(value)) continue;
    sealed ??= Object.assign(emptyRecord<Value>(), vars);
    sealed[name] = new Secret(String(value));
  }
  return sealed ?? vars;
}
