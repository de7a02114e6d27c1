import type { Change, ModuleContext } from '../../core/module.ts';
import { keyRefusal } from '../ostree-signature.ts';
import type { Params } from './schema.ts';
import { wishedRefs, type Have } from './state.ts';

type Refusal = Extract<Change, { readonly refuse: string }>;

/** Why the wish cannot or must not be met; undefined when it can. */
export function refusalOf(want: Params, have: Have, { check }: ModuleContext): Refusal | undefined {
  return (
    missingTool(have) ??
    wrongPlace(want, have) ??
    wrongKey(want, have) ??
    (check ? undefined : noRef(want, have)) ??
    unsigned(want, have)
  );
}

function missingTool({ lacks }: Have): Refusal | undefined {
  const [tool] = lacks;
  if (tool === undefined) return undefined;
  const hint =
    tool === 'gpg'
      ? 'layer gnupg2, or leave "sign" and "verify" out'
      : 'layer ostree: rpm_ostree: {packages: [ostree]}';
  return { refuse: `the host has no ${tool}`, hint, code: 'E_UNSUPPORTED' };
}

function wrongPlace({ path, mode }: Params, { kind, config, closed }: Have): Refusal | undefined {
  if (kind === 'folder' || kind === 'other') {
    const what = kind === 'folder' ? 'a folder with other things in it' : 'no folder';
    return {
      refuse: `"${path}" is ${what}, expected an ostree repository or nothing`,
      hint: 'give a folder of its own',
    };
  }
  if (kind !== 'repository') return undefined;
  const found = config.get('core.mode') ?? 'bare';
  if (found !== mode && !(mode === 'archive' && found === 'archive-z2')) {
    return {
      refuse: `"${path}" is a repository in ${found} mode, expected ${mode}: a mode cannot be changed`,
      hint: `make another repository, and bring its refs over with from: ${path}`,
    };
  }
  if (!closed) return undefined;
  return {
    refuse: `"${path}" cannot be written by this user`,
    hint: 'add "become: true" to the task',
    code: 'E_BECOME',
  };
}

function wrongKey({ sign, verify }: Params, { keys }: Have): Refusal | undefined {
  const key = sign ?? verify;
  return key === undefined ? undefined : keyRefusal(key, keys, sign === undefined ? 'public' : 'secret');
}

/** Why a summary that must be written anew is not; undefined when it may. */
export function summaryRefusal({ sign }: Params, { hasSummarySignature }: Have): Refusal | undefined {
  if (sign !== undefined || !hasSummarySignature) return undefined;
  return {
    refuse: 'the summary is signed, and a new one would lose its signature',
    hint: 'name the key with "sign", or write "summary: false"',
  };
}

function noRef(want: Params, have: Have): Refusal | undefined {
  const chains = want.from === undefined ? have.refs : have.sources;
  const missing = wishedRefs(want, chains).filter((ref) => chains.get(ref)?.[0] === undefined);
  if (missing.length === 0) return undefined;
  const where = want.from ?? want.path;
  return {
    refuse: `"${where}" has no ref ${missing.map((ref) => `"${ref}"`).join(', ')}`,
    hint: `"ostree refs --repo=${where}" on the host lists them; ostree_compose makes one`,
  };
}

/** Only for `verify`: somebody else signs. */
function unsigned(want: Params, have: Have): Refusal | undefined {
  if (want.verify === undefined) return undefined;
  const [key] = have.keys;
  const chains = want.from === undefined ? have.refs : have.sources;
  const bad = wishedRefs(want, chains).filter((ref) => {
    const [head] = chains.get(ref) ?? [];
    return head !== undefined && have.signed.get(head)?.includes(key?.fingerprint ?? '') !== true;
  });
  if (bad.length === 0) return undefined;
  return {
    refuse: `no good signature of ${want.verify.key} on ${bad.map((ref) => `"${ref}"`).join(', ')}`,
    hint: 'the commit is not signed, by another key, or the object was changed: nothing was done',
    code: 'E_ASSERT',
  };
}
