import type { Change, ModuleContext } from '../../core/module.ts';
import { sourceOf, type Source } from '../ostree-names.ts';
import { pullStep } from '../ostree-pull.ts';
import { prunePiece } from './prune.ts';
import type { Have } from './read.ts';
import { refusalOf } from './refusals.ts';
import type { Params } from './schema.ts';
import { aliasStep, deleteStep, pointStep, type Piece } from './steps.ts';

/** The way to the wished refs. What is pulled comes first and what goes last, so that an alias may move from one to the other. */
export function plan(want: Params, have: Have, { check }: ModuleContext, before?: Have): Change {
  if (!have.isThere) {
    const refuse = `there is no ostree repository at ${want.repo}`;
    return check ? { steps: [], notes: [refuse] } : { refuse, hint: 'ostree_repo makes one' };
  }
  const refusal = refusalOf(want, have, check);
  if (refusal !== undefined) return refusal;
  const pieces = [refsPiece(want, have, before !== undefined), aliasesPiece(want, have), absentPiece(want, have)];
  const pruning = prunePiece(want, have, before?.now ?? have.now);
  if ('refuse' in pruning) return pruning;
  const all = [...pieces, pruning];
  return { steps: all.flatMap(({ steps }) => steps), diff: all.flatMap(({ diff }) => diff) };
}

function refsPiece(want: Params, have: Have, wasTried: boolean): Piece {
  const found = (want.refs ?? []).map((text) => refPiece(want, have, sourceOf(text), wasTried));
  return { steps: found.flatMap(({ steps }) => steps), diff: found.flatMap(({ diff }) => diff) };
}

function refPiece(want: Params, have: Have, source: Source, wasTried: boolean): Piece {
  const { ref, remote, branch, commit } = source;
  const from = have.refs.get(ref) ?? '';
  const to = commit === '' ? newestOf(want, have, source, wasTried) : commit;
  if (to === from) return { steps: [], diff: [] };
  const diff = [{ label: ref, before: lineOf(from), after: lineOf(to ?? 'the newest commit') }];
  if (commit !== '' && have.whole.includes(commit)) {
    return { steps: [pointStep(want.repo, ref, commit, from !== '')], diff };
  }
  const what = commit === '' ? branch : `${branch}@${commit}`;
  const mayBeOlder = commit !== '' || want.allow_downgrade || !want.update;
  const pulling = { remote, what, mayBeOlder, repo: want.repo };
  // Whether a remote that does not tell its refs has something new is known after the pull.
  return { steps: [pullStep(want, to === undefined ? { ...pulling, from } : pulling)], diff };
}

/** Commit that a ref of a remote must be at; undefined where only a pull can tell. */
function newestOf({ update }: Params, { refs, newest }: Have, { ref }: Source, wasTried: boolean): string | undefined {
  const here = refs.get(ref);
  if (here !== undefined && (!update || wasTried)) return here;
  return newest.get(ref);
}

function aliasesPiece(want: Params, have: Have): Piece {
  const moved = Object.entries(want.aliases ?? {}).filter(([name, target]) => have.aliases.get(name) !== target);
  return {
    steps: moved.map(([name, target]) => aliasStep(want.repo, name, target)),
    diff: moved.map(([name, target]) => ({
      label: `alias ${name}`,
      before: lineOf(have.aliases.get(name) ?? ''),
      after: lineOf(target),
    })),
  };
}

/** Aliases first: ostree keeps a branch that an alias leads to. */
function absentPiece(want: Params, have: Have): Piece {
  const names = [...new Set(want.absent)];
  const aliases = names.filter((name) => have.aliases.has(name));
  const refs = names.filter((name) => have.refs.has(name));
  return {
    steps: [...aliases, ...refs].map((name) => deleteStep(want.repo, name)),
    diff: [
      ...aliases.map((name) => ({ label: `alias ${name}`, before: lineOf(have.aliases.get(name) ?? ''), after: '' })),
      ...refs.map((name) => ({ label: name, before: lineOf(have.refs.get(name) ?? ''), after: '' })),
    ],
  };
}

function lineOf(text: string): string {
  return text === '' ? '' : `${text}\n`;
}
