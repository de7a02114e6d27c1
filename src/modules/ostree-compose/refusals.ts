import type { Change, ModuleContext } from '../../core/module.ts';
import { keyRefusal } from '../ostree-signature.ts';
import { baseName } from './ask.ts';
import type { Git, Params } from './schema.ts';
import type { Have } from './state.ts';
import { MARK } from './units.ts';

type Refusal = Extract<Change, { readonly refuse: string }>;

const LAYER: Readonly<Record<string, string>> = {
  'rpm-ostree': 'composes are made on a host of the Fedora family: layer or install rpm-ostree there',
  ostree: 'rpm_ostree: {packages: [ostree]}',
  git: 'rpm_ostree: {packages: [git]}',
  gpg: 'layer gnupg2, or leave "sign" out',
};

/** Why the wish cannot or must not be met; undefined when it can. */
export function refusalOf(want: Params, have: Have, context: ModuleContext): Refusal | undefined {
  return (
    missingTool(have) ?? wrongRepo(want, have, context) ?? wrongTreefile(want, have, context) ?? wrongTimer(want, have)
  );
}

/** The commit a working tree must be at. A tag goes before a branch of the same name, as with git fetch. */
export function gitTarget({ revision }: Git, { remote, head }: Have['git']): string {
  if (/^[0-9a-f]{40}$/.test(revision)) return revision;
  const names =
    revision === 'HEAD' ? ['HEAD'] : [`refs/tags/${revision}^{}`, `refs/tags/${revision}`, `refs/heads/${revision}`];
  return names.flatMap((name) => remote.get(name) ?? [])[0] ?? head;
}

function missingTool({ lacks }: Have): Refusal | undefined {
  const [tool] = lacks;
  if (tool === undefined) return undefined;
  return { refuse: `the host has no ${tool}`, hint: LAYER[tool] ?? 'layer it', code: 'E_UNSUPPORTED' };
}

function wrongRepo(want: Params, have: Have, { check }: ModuleContext): Refusal | undefined {
  if (!have.hasRepo && !check) {
    return {
      refuse: `there is no repository at "${want.repo}"`,
      hint: `make it with a task before: ostree_repo: {path: ${want.repo}}`,
    };
  }
  if (have.closed) {
    return {
      refuse: `"${want.repo}" cannot be written by this user`,
      hint: 'add "become: true" to the task',
      code: 'E_BECOME',
    };
  }
  return want.sign === undefined ? undefined : keyRefusal(want.sign, have.keys, 'secret');
}

function wrongTreefile(want: Params, have: Have, { check }: ModuleContext): Refusal | undefined {
  const { git } = want;
  if (git !== undefined) return wrongGit(git, have);
  const isCopied = want.files?.some(({ path }) => baseName(path) === baseName(want.treefile)) === true;
  if (have.hasTreefile || isCopied || check) return undefined;
  return {
    refuse: `there is no treefile "${want.treefile}"`,
    hint: 'bring it with "files" or "git", or with copy before',
  };
}

function wrongGit(git: Git, { git: seen }: Have): Refusal | undefined {
  if (seen.isTaken) {
    return { refuse: `"${git.path}" holds something that git did not bring`, hint: 'give a folder of its own' };
  }
  const isPinned = /^[0-9a-f]{40}$/.test(git.revision);
  // What is there already needs no network.
  if (isPinned && seen.head === git.revision) return undefined;
  if (!seen.isReached) {
    return {
      refuse: `git cannot read "${git.url}"`,
      hint: `"git ls-remote ${git.url}" on the host says why; nobody is asked for passwords`,
    };
  }
  if (isPinned || seen.remote.size > 0) return undefined;
  return {
    refuse: `"${git.url}" has no branch or tag "${git.revision}"`,
    hint: 'a commit is written with all its 40 digits',
  };
}

function wrongTimer({ timer }: Params, { unitFiles, isBadCalendar }: Have): Refusal | undefined {
  const [foreign] = [...unitFiles].filter(([, text]) => !text.split('\n', 2).includes(MARK));
  if (timer !== undefined && foreign !== undefined) {
    return {
      refuse: `${foreign[0]} is there and was not written by copse`,
      hint: 'give another "name", or remove it first',
    };
  }
  if (timer?.state !== 'present' || !isBadCalendar) return undefined;
  return {
    refuse: `systemd does not understand the time "${timer.on_calendar}"`,
    hint: `"systemd-analyze calendar '${timer.on_calendar}'" says why; "daily" and "Mon *-*-* 02:30" are times`,
  };
}
