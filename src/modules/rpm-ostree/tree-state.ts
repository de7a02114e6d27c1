import { z } from 'zod';
import type { Answer, Answers, Questions } from '../../core/answer.ts';
import { script } from '../../core/command.ts';
import type { DeploymentFact } from '../../core/facts.ts';
import { fault } from '../../core/problem.ts';
import { tokensOf } from '../kargs.ts';
import type { TreeWish } from './tree-schema.ts';
import { parseUpdate, updateQuestion } from './update-check.ts';

/** What is known of newer images: undefined where nobody asked, `unknown` where the host could not tell. */
export type Update =
  | undefined
  | 'unknown'
  | 'none'
  /** An image or layered packages that the booted deployment does not have. */
  | { readonly checksum: string; readonly deployment: string };

/** What a deployment is made of beside its packages. */
export interface TreeFact {
  readonly id: string;
  readonly origin: string;
  readonly baseChecksum: string;
  readonly baseVersion: string;
  /** Digest of its container image, empty without one. */
  readonly digest: string;
  /** Packages of the image that are taken out. */
  readonly removals: readonly string[];
  /** Packages, as NEVRA, that stand in for those of the image. */
  readonly replacements: readonly string[];
  /** Names of packages that stand in for those of the image and come from a repository. */
  readonly remoteReplacements: readonly string[];
  readonly initramfs: boolean;
  readonly initramfsArgs: readonly string[];
}

/** What was asked beside the packages. */
export interface Tree {
  readonly facts: ReadonlyMap<string, TreeFact>;
  readonly update: Update;
  /** Kernel arguments of the next boot and of the running kernel; empty where nobody asked. */
  readonly kargs: { readonly next: readonly string[]; readonly running: readonly string[] };
  /** What RPM files on the host are, by path; empty text for one that is not there. */
  readonly rpms: ReadonlyMap<string, string>;
}

const names = z.array(z.string()).nullish();

const Status = z.object({
  deployments: z.array(
    z.object({
      id: z.string(),
      checksum: z.string(),
      version: z.string().nullish(),
      origin: z.string().nullish(),
      'base-checksum': z.string().nullish(),
      'base-version': z.string().nullish(),
      'container-image-reference': z.string().nullish(),
      'container-image-reference-digest': z.string().nullish(),
      'requested-base-removals': names,
      'requested-base-local-replacements': names,
      'requested-base-remote-replacements': z.array(z.tuple([z.string(), z.array(z.string())])).nullish(),
      'regenerate-initramfs': z.boolean().nullish(),
      'initramfs-args': names,
    }),
  ),
});

const KARGS = `rpm-ostree kargs || exit
echo
cat /proc/cmdline`;

// rpm tells one line for each file; where it cannot, the line says so, for the order is the answer.
const RPMS = `for file; do
  if [ -e "$file" ]; then
    rpm -qp --nosignature --qf '+%{NAME}-%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}.%{ARCH}\\n' "$file" 2>/dev/null || echo '?'
  else echo -; fi
done`;

/** The questions for what a wish names beside packages. */
export function askTree(want: TreeWish): Questions {
  const files = hostFiles(want);
  return {
    ...(want.upgrade ? { update: updateQuestion() } : {}),
    ...(want.kargs === undefined ? {} : { kargs: script(KARGS) }),
    ...(files.length === 0 ? {} : { rpms: script(RPMS, ...files) }),
  };
}

/** RPM files of the host that a wish names. */
function hostFiles({ rpms, overrides }: TreeWish): readonly string[] {
  return [...(rpms ?? []), ...(overrides?.replace ?? [])].filter((source) => source.startsWith('/'));
}

/** What the answers mean; the status has been read once before, so that it is JSON. */
export function readTree(status: string, answers: Answers, want: TreeWish): Tree {
  const files = hostFiles(want);
  const said = (answers['rpms']?.stdout ?? '').split('\n');
  return {
    facts: factsIn(status),
    update: readUpdate(answers['update']),
    kargs: readKargs(answers['kargs']),
    rpms: new Map(files.map((file, index) => [file, rpmFrom(said[index] ?? '?')])),
  };
}

/** `+nevra`, `-` for a file that is not there, anything else for one that is no RPM. */
function rpmFrom(line: string): string {
  return line.startsWith('+') ? line.slice(1) : line === '-' ? '' : '?';
}

function factsIn(status: string): Tree['facts'] {
  const parsed = Status.safeParse(JSON.parse(status));
  const deployments = parsed.success ? parsed.data.deployments : [];
  return new Map(
    deployments.map((one) => [
      one.id,
      {
        id: one.id,
        origin: one['container-image-reference'] ?? one.origin ?? '',
        baseChecksum: one['base-checksum'] ?? one.checksum,
        baseVersion: one['base-version'] ?? one.version ?? '',
        digest: one['container-image-reference-digest'] ?? '',
        removals: one['requested-base-removals'] ?? [],
        replacements: one['requested-base-local-replacements'] ?? [],
        remoteReplacements: (one['requested-base-remote-replacements'] ?? []).flatMap(([, list]) => list),
        initramfs: one['regenerate-initramfs'] ?? false,
        initramfsArgs: one['initramfs-args'] ?? [],
      },
    ]),
  );
}

function readUpdate(answer: Answer | undefined): Update {
  if (answer === undefined) return undefined;
  const { code, cached } = parseUpdate(answer);
  if (code === 77) return 'none';
  return code === 0 && cached !== undefined
    ? { checksum: cached.checksum, deployment: cached.deployment ?? '' }
    : 'unknown';
}

/** The last line is that of the running kernel; old versions say something before the first. */
function readKargs(answer: Answer | undefined): Tree['kargs'] {
  if (answer !== undefined && answer.code !== 0) {
    const said = answer.stderr.trim().split('\n').at(-1) ?? '';
    throw fault({ code: 'E_ANSWER', message: `rpm-ostree does not tell the kernel arguments: ${said.slice(0, 300)}` });
  }
  const lines = (answer?.stdout ?? '').split('\n').filter((line) => line.trim() !== '');
  // The boot loader takes quotes away.
  const running = tokensOf(lines.at(-1)?.replaceAll('"', '') ?? '');
  return { next: tokensOf(lines.at(-2) ?? ''), running };
}

/** What a deployment is made of; nothing of one the status does not tell of. */
export function treeFact(tree: Tree, one: DeploymentFact): TreeFact {
  return (
    tree.facts.get(one.id) ?? {
      id: one.id,
      origin: one.origin,
      baseChecksum: one.base_checksum,
      baseVersion: one.version,
      digest: '',
      removals: [],
      replacements: [],
      remoteReplacements: [],
      initramfs: false,
      initramfsArgs: [],
    }
  );
}
