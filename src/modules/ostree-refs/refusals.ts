import type { Change } from '../../core/module.ts';
import { sourceOf } from '../ostree-names.ts';
import type { Have } from './read.ts';
import type { Params } from './schema.ts';

type Refusal = Extract<Change, { readonly refuse: string }>;

/** Why the refs cannot or must not be as wished; undefined when they can. */
export function refusalOf(want: Params, have: Have, check: boolean): Refusal | undefined {
  return followed(want, have) ?? aliased(want, have) ?? taken(want, have) ?? (check ? undefined : missing(want, have));
}

/** A deployment would have nothing to be upgraded from. */
function followed({ absent }: Params, { deployed }: Have): Refusal | undefined {
  const found = deployed.find(({ follows }) => absent?.includes(follows) === true);
  if (found === undefined) return undefined;
  return {
    refuse: `"${found.follows}" is the ref that a deployment follows (${found.commit.slice(0, 10)})`,
    hint: 'deploy another ref first: ostree: {deploy: REMOTE:BRANCH}, and undeploy what follows this one',
  };
}

/** An alias that leads nowhere makes ostree fail with every ref of the repository. */
function aliased({ absent, aliases = {} }: Params, have: Have): Refusal | undefined {
  const found = [...have.aliases].find(
    ([name, target]) =>
      absent?.includes(target) === true && !absent.includes(name) && (aliases[name] ?? target) === target,
  );
  if (found === undefined) return undefined;
  const [name, target] = found;
  return {
    refuse: `"${target}" cannot go: the alias "${name}" leads to it`,
    hint: `let both go: absent: [${name}, ${target}], or let the alias lead elsewhere: "aliases"`,
  };
}

/** A name is a branch or an alias, and what it is now is not replaced by accident. */
function taken({ refs, aliases }: Params, have: Have): Refusal | undefined {
  const branch = Object.keys(aliases ?? {}).find((name) => have.refs.has(name));
  if (branch !== undefined) {
    return {
      refuse: `"${branch}" is a branch of its own, not an alias`,
      hint: `let it go in a task before: absent: ${branch}`,
    };
  }
  const alias = (refs ?? []).map((text) => sourceOf(text).ref).find((ref) => have.aliases.has(ref));
  if (alias === undefined) return undefined;
  return {
    refuse: `"${alias}" is an alias of "${have.aliases.get(alias) ?? ''}", not a branch of its own`,
    hint: `move that branch, or let the alias go in a task before: absent: ${alias}`,
  };
}

/** What is not in the repository, and nobody brings. */
function missing({ refs, aliases, repo }: Params, have: Have): Refusal | undefined {
  const sources = (refs ?? []).map(sourceOf);
  const lost = sources.find(({ remote, commit }) => remote === '' && !have.whole.includes(commit));
  if (lost !== undefined) {
    return {
      refuse: `the repository ${repo} does not have the commit ${lost.commit}`,
      hint: 'write REMOTE:BRANCH@COMMIT, so that it can be pulled',
    };
  }
  const made = new Set([...have.refs.keys(), ...have.aliases.keys(), ...sources.map(({ ref }) => ref)]);
  const target = Object.values(aliases ?? {}).find((name) => !made.has(name));
  if (target === undefined) return undefined;
  const found = [...have.refs.keys()].filter((ref) => !/^(?:ostree|rpmostree)\/|:/.test(ref)).toSorted();
  return {
    refuse: `the repository ${repo} has no branch "${target}" that an alias could lead to: found ${found.join(', ') || 'none'}`,
    hint: 'an alias leads to a branch without a remote: make one with refs: BRANCH@COMMIT',
  };
}
