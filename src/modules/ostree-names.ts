import { z } from 'zod';

/** A remote of an ostree repository. */
export function remoteName(): z.ZodType<string, string> {
  const error = 'expected the name of a remote: letters, digits, ".", "_" and "-", not beginning with "-" or "."';
  return z
    .string({ error })
    .regex(/^[A-Za-z0-9_][\w.-]*$/, { error })
    .meta({ title: 'name' });
}

/** A commit: 64 hexadecimal digits. */
export const COMMIT = /^[0-9a-f]{64}$/;

const BRANCH = String.raw`[A-Za-z0-9_][\w.-]*(?:/[A-Za-z0-9_][\w.-]*)*`;
const REMOTE = String.raw`[A-Za-z0-9_][\w.-]*`;
const BRANCH_FORM = new RegExp(`^${BRANCH}$`);
const REF_FORM = new RegExp(`^(?:${REMOTE}:)?${BRANCH}$`);
const POINT_FORM = new RegExp(`^(?:${REMOTE}:)?${BRANCH}(?:@[0-9a-f]{64})?$`);
const SOURCE_FORM = new RegExp(`^(?:(?:${REMOTE}:)?${BRANCH}(?:@[0-9a-f]{64})?|[0-9a-f]{64})$`);

/** A branch of a repository, without its remote. */
export function branchName(): z.ZodType<string, string> {
  const error = 'expected a branch such as "fedora/42/x86_64/iot"';
  return z.string({ error }).max(200, { error }).regex(BRANCH_FORM, { error }).meta({ title: 'branch' });
}

/** A ref as a repository names it: BRANCH, or REMOTE:BRANCH. */
export function refName(): z.ZodType<string, string> {
  const error = 'expected a ref such as "fedora:fedora/42/x86_64/iot"';
  return z.string({ error }).regex(REF_FORM, { error }).meta({ title: 'ref' });
}

/** A ref, or a ref at a commit of it (`REF@COMMIT`). */
export function refOrPoint(): z.ZodType<string, string> {
  const error = 'expected a ref such as "fedora:fedora/42/x86_64/iot", or REF@COMMIT';
  return z
    .string({ error })
    .regex(POINT_FORM, { error })
    .refine((text) => !COMMIT.test(text), { error })
    .meta({ title: 'ref' });
}

/** What can be deployed or pulled: a ref, a ref at a commit of it (`REF@COMMIT`), or a commit. */
export function commitSource(): z.ZodType<string, string> {
  const error =
    'expected a ref such as "fedora:fedora/42/x86_64/iot", REF@COMMIT, or a commit of 64 hexadecimal digits';
  return z.string({ error }).regex(SOURCE_FORM, { error }).meta({ title: 'ref or commit' });
}

/** The parts of what `commitSource` takes. */
export interface Source {
  /** The ref, `REMOTE:BRANCH` or `BRANCH`; empty for a commit alone. */
  readonly ref: string;
  /** Empty for a branch of the repository itself, and for a commit alone. */
  readonly remote: string;
  readonly branch: string;
  /** The commit that is wished; empty for what the ref points at. */
  readonly commit: string;
}

/** Takes a wish of `commitSource` apart. */
export function sourceOf(text: string): Source {
  if (COMMIT.test(text)) return { ref: '', remote: '', branch: '', commit: text };
  const [ref = '', commit = ''] = text.split('@');
  const [remote, branch] = ref.includes(':') ? ref.split(':') : ['', ref];
  return { ref, remote: remote ?? '', branch: branch ?? '', commit };
}
