import type { Change, Diff, ModuleContext } from '../../core/module.ts';
import type { Step } from '../../core/step.ts';
import { keepWords } from '../ostree-keep.ts';
import { refusalOf, summaryRefusal } from './refusals.ts';
import type { Params } from './schema.ts';
import { planServe } from './serve.ts';
import { wishedRefs, type Chains, type Have } from './state.ts';
import { configStep, deltaStep, fsckStep, initStep, pruneStep, pullStep, signStep, summaryStep } from './steps.ts';

/** The way from the repository there is to the wished one. */
export function plan(want: Params, have: Have, context: ModuleContext, before?: Have): Change {
  const refusal = refusalOf(want, have, context);
  if (refusal !== undefined) return refusal;
  const pulled = pulledOf(want, have);
  const chains: Chains = new Map([...have.refs, ...pulled]);
  const notes = missingRefs(want, chains);
  const steps = [
    ...(have.kind === 'repository' ? [] : [initStep(want.path, want.mode)]),
    ...configSteps(want, have),
    ...(want.from === undefined || pulled.size === 0 ? [] : [pullStep(want.path, want.from, [...pulled.keys()])]),
    ...signSteps(want, have, chains),
  ];
  const deltas = missingDeltas(want, have, chains);
  steps.push(...deltas.map(({ ref, ...delta }) => deltaStep(want.path, ref, delta)));
  const old = oldCommits(want, have, chains);
  if (old.length > 0 && want.keep !== undefined) {
    steps.push(pruneStep(want.path, want.keep, old.length, keepWords(want.keep, headsOf(chains), parentsOf(chains))));
  }
  const stale = whyStale(want, have, chains, deltas.length + old.length);
  const unsignable = stale === undefined ? undefined : summaryRefusal(want, have);
  if (unsignable !== undefined) return unsignable;
  if (stale !== undefined) steps.push(summaryStep(want.path, stale, want.sign));
  steps.push(...fsckSteps(want, steps.length > 0, context, before));
  const served = want.serve === undefined ? { steps: [] } : planServe(want, want.serve, have);
  if ('refuse' in served) return served;
  return { steps: [...steps, ...served.steps], diff: [...diffOf(want, have, pulled), ...(served.diff ?? [])], notes };
}

/** Chains of the refs whose newest commit is another one in the repository that is pulled from. */
function pulledOf(want: Params, have: Have): Chains {
  if (want.from === undefined) return new Map();
  return new Map([...have.sources].filter(([ref, [head]]) => head !== undefined && have.refs.get(ref)?.[0] !== head));
}

/** Only under --check: without it they are refused. */
function missingRefs(want: Params, chains: Chains): readonly string[] {
  const missing = wishedRefs(want, chains).filter((ref) => chains.get(ref)?.[0] === undefined);
  return missing.map((ref) => `the repository has no ref "${ref}" yet`);
}

function configSteps(want: Params, have: Have): readonly Step[] {
  const pairs = configPairs(want, have);
  return pairs.length === 0 ? [] : [configStep(want.path, pairs)];
}

function configPairs(want: Params, have: Have): readonly (readonly [string, string])[] {
  return Object.entries(want.config).filter(([key, value]) => have.config.get(key) !== value);
}

function signSteps(want: Params, have: Have, chains: Chains): readonly Step[] {
  const { sign } = want;
  if (sign === undefined) return [];
  const [key] = have.keys;
  const heads = wishedRefs(want, chains).flatMap((ref) => {
    const [commit] = chains.get(ref) ?? [];
    const isSigned = commit !== undefined && have.signed.get(commit)?.includes(key?.fingerprint ?? '') === true;
    return commit === undefined || isSigned ? [] : [[commit, ref] as const];
  });
  // Two refs may share a commit; it is signed once.
  return [...new Map(heads)].map(([commit, ref]) => signStep(want.path, ref, commit, sign));
}

interface Delta {
  readonly ref: string;
  readonly from?: string;
  readonly to: string;
}

function missingDeltas(want: Params, have: Have, chains: Chains): readonly Delta[] {
  const { deltas } = want;
  if (deltas === undefined) return [];
  const wished = wishedRefs(want, chains).flatMap((ref): Delta[] => {
    const [to, ...former] = chains.get(ref) ?? [];
    if (to === undefined) return [];
    const from = former.slice(0, deltas.previous).map((one) => ({ ref, from: one, to }));
    return [...(deltas.empty ? [{ ref, to }] : []), ...from];
  });
  const named = new Map(wished.map((one) => [one.from === undefined ? one.to : `${one.from}-${one.to}`, one]));
  return [...named].filter(([name]) => !have.deltas.includes(name)).map(([, one]) => one);
}

function oldCommits({ keep }: Params, { commits }: Have, chains: Chains): readonly string[] {
  if (keep === undefined) return [];
  const kept = new Set([...chains.values()].flatMap((chain) => chain.slice(0, keep)));
  return commits.filter((commit) => !kept.has(commit));
}

function headsOf(chains: Chains): ReadonlyMap<string, string> {
  return new Map([...chains].flatMap(([ref, [head]]) => (head === undefined ? [] : [[ref, head]])));
}

function parentsOf(chains: Chains): ReadonlyMap<string, string> {
  const pairs = [...chains.values()].flatMap((chain) =>
    chain.slice(1).map((parent, index) => [chain[index] ?? '', parent] as const),
  );
  return new Map(pairs);
}

/** Why the summary must be written; undefined when it tells what there will be. */
function whyStale(want: Params, have: Have, chains: Chains, changes: number): string | undefined {
  if (!(want.summary ?? want.mode === 'archive')) return undefined;
  const { summary } = have;
  if (summary === undefined) return 'there is none';
  const local = [...chains].filter(([ref, [head]]) => !ref.includes(':') && head !== undefined);
  const isSame = local.length === summary.refs.size && local.every(([ref, [head]]) => summary.refs.get(ref) === head);
  if (!isSame) return 'refs have changed';
  const telling = { ...Object.fromEntries(have.config), ...want.config }['core.no-deltas-in-summary'] !== 'true';
  const told = new Set(telling ? summary.deltas : have.deltas);
  const isTold = told.size === have.deltas.length && have.deltas.every((one) => told.has(one));
  if (changes > 0 || !isTold) return 'deltas have changed';
  const [key] = have.keys;
  const isSigned = want.sign === undefined || have.summarySigned.includes(key?.fingerprint ?? '');
  return isSigned ? undefined : 'it has no good signature';
}

function fsckSteps(
  want: Params,
  changes: boolean,
  { check }: ModuleContext,
  before: Have | undefined,
): readonly Step[] {
  if (want.fsck === 'never' || before !== undefined) return [];
  if (changes) return [fsckStep(want.path, false)];
  return want.fsck === 'always' && !check ? [fsckStep(want.path, true)] : [];
}

function diffOf(want: Params, have: Have, pulled: Chains): readonly Diff[] {
  const pairs = configPairs(want, have);
  const line = ([key, value]: readonly [string, string]): string => `${key}=${value}\n`;
  const former = pairs.flatMap(([key]): [string, string][] => {
    const value = have.config.get(key);
    return value === undefined ? [] : [[key, value]];
  });
  const config = { label: `${want.path}/config`, before: former.map(line).join(''), after: pairs.map(line).join('') };
  const refs = [...pulled].map(([ref, [head = '']]) => {
    const [now] = have.refs.get(ref) ?? [];
    return { label: ref, before: now === undefined ? '' : `${now}\n`, after: `${head}\n` };
  });
  return [...(pairs.length === 0 ? [] : [config]), ...refs];
}
