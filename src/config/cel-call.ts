import { Secret } from '../core/secret.ts';
import type { Value } from '../core/value.ts';
import type { NodeOf } from './cel-ast.ts';
import type { CelFunction } from './cel-function.ts';
import { acceptsCount, functionsNamed, kindAt, signature } from './cel-functions.ts';
import { aKind, certain, spend, trouble, type Evaluation, type Known } from './cel-run.ts';
import { hasUnknown, kindOf, Unknown, type Kind } from './type.ts';
import { holdsSecret, opened, sealed } from './values.ts';

type Call = NodeOf<'call'>;

/** Calls a function or method; the parser made sure that there is one of that name and number of arguments. */
export function callFunction(node: Call, receiver: Known | undefined, args: readonly Known[], on: Evaluation): Known {
  const candidates = functionsNamed(node.name, receiver !== undefined).filter((one) => acceptsCount(one, args.length));
  const all = receiver === undefined ? args : [receiver, ...args];
  const chosen = candidates.find((one) => fits(one, receiver, args));
  if (chosen === undefined) return mismatch(node, receiver, args, candidates, on);
  if (on.check !== undefined && all.some(hasUnknown)) return new Unknown(chosen.gives);
  return apply(chosen, all.map(certain), node, on);
}

function mismatch(
  node: Call,
  receiver: Known | undefined,
  args: readonly Known[],
  candidates: readonly CelFunction[],
  on: Evaluation,
): never {
  const hint = `it is ${candidates.map(signature).join(' or ')}`;
  if (receiver !== undefined && !candidates.some((one) => isOf(one.on ?? 'any', receiver))) {
    return trouble(on, 'kind', node, `${aKind(receiver)} has no ${node.name}()`, hint);
  }
  return trouble(on, 'kind', node, `${node.name} does not take ${args.map(aKind).join(', ')}`, hint);
}

function fits(one: CelFunction, receiver: Known | undefined, args: readonly Known[]): boolean {
  if (receiver !== undefined && !isOf(one.on ?? 'any', receiver)) return false;
  return args.every((arg, i) => isOf(kindAt(one, i), arg));
}

function isOf(wanted: Kind, value: Known): boolean {
  if (wanted === 'any') return true;
  const kind = kindOf(value);
  return kind === wanted || (kind === 'any' && value instanceof Unknown);
}

function apply(one: CelFunction, args: readonly Value[], node: Call, on: Evaluation): Known {
  const use = {
    fail: (message: string, hint?: string) => trouble(on, 'value', node, message, hint),
    spend: (steps: number) => spend(on, node, steps),
  };
  const isSecret = (value: Value, i: number) => {
    const kind = one.on === undefined ? kindAt(one, i) : i === 0 ? one.on : kindAt(one, i - 1);
    return one.opensDeep === true ? holdsSecret(value) : kind === 'string' && value instanceof Secret;
  };
  if (!args.some(isSecret)) return one.run(args, use);
  const result = one.run(
    args.map((arg, i) => (isSecret(arg, i) ? opened(arg) : arg)),
    use,
  );
  return one.tellsNothing === true ? result : sealed(result);
}
