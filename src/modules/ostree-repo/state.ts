import type { Answers } from '../../core/answer.ts';
import { fault } from '../../core/problem.ts';
import { keysOf, type KeySeen } from '../ostree-signature.ts';
import type { Params } from './schema.ts';
import { readSummary, type Summary } from './summary.ts';

/** Commits of a ref, newest first, as far as they are in the repository. */
export type Chains = ReadonlyMap<string, readonly string[]>;

/** What `ostree_repo` knows of a host. */
export interface Have {
  /** Programs that are not there: ostree, gpg. */
  readonly lacks: readonly string[];
  readonly version: string;
  readonly kind: 'repository' | 'empty' | 'folder' | 'other' | 'absent';
  /** It cannot be written by this user. */
  readonly closed: boolean;
  /** Values by GROUP.KEY. */
  readonly config: ReadonlyMap<string, string>;
  readonly refs: Chains;
  /** The same of the repository that is pulled from; no commits where it has no such ref. */
  readonly sources: Chains;
  /** Fingerprints of primary keys with good signatures, by commit. */
  readonly signed: ReadonlyMap<string, readonly string[]>;
  /** Keys that fit the one that was named. */
  readonly keys: readonly KeySeen[];
  /** COMMIT or FROM-COMMIT. */
  readonly deltas: readonly string[];
  /** All commits, where that was asked for. */
  readonly commits: readonly string[];
  readonly summary: Summary | undefined;
  /** Somebody signed the summary, and who did so well. */
  readonly hasSummarySignature: boolean;
  readonly summarySigned: readonly string[];
  /** Paths of programs that can serve, by name, the preferred first. */
  readonly servers: ReadonlyMap<string, string>;
  readonly unit: ReadonlyMap<string, string>;
  readonly unitFile: string | undefined;
  /** The URL really gives this repository. */
  readonly answers: boolean;
}

/** What the answer to `ask` means. Throws E_ANSWER when it was cut off. */
export function read(answers: Answers, want: Params): Have {
  const answer = answers['repo'];
  const lines = (answer?.stdout ?? '').split('\n');
  if (answer === undefined || lines.at(-2) !== 'end') {
    const found = answer === undefined ? 'nothing' : `exit ${answer.code}: ${answer.stderr.trim().slice(0, 200)}`;
    throw fault({
      code: 'E_ANSWER',
      message: `expected a description of the repository "${want.path}", found ${found}`,
    });
  }
  const all = (key: string): string[] =>
    lines.filter((line) => line.startsWith(`${key} `)).map((line) => line.slice(key.length + 1));
  const has = (key: string): boolean => all(key).length > 0;
  const [unitFile] = all('unit-file').map((one) => Buffer.from(one, 'base64').toString('utf8'));
  return {
    lacks: all('lacks'),
    version: all('version')[0] ?? '',
    kind: kindOf(all('kind')[0], want),
    closed: has('closed'),
    config: configOf(all('config')),
    refs: chainsOf(all('ref')),
    sources: chainsOf(all('source')),
    signed: signedOf(all('signed')),
    keys: keysOf(all('key')),
    deltas: all('delta'),
    commits: all('commit'),
    summary: summaryOf(all('summary')[0]),
    hasSummarySignature: has('summary-sig'),
    summarySigned: all('summary-signed'),
    servers: new Map(all('server').map((line) => halves(line, ' '))),
    unit: new Map(all('unit').map((line) => halves(line, '='))),
    unitFile,
    answers: has('answers'),
  };
}

/** Refs that are to be signed, pulled and given deltas; those of remotes are nobody's here. */
export function wishedRefs(want: Params, chains: Chains): readonly string[] {
  return want.refs ?? [...chains.keys()].filter((ref) => !ref.includes(':'));
}

function kindOf(word: string | undefined, { path }: Params): Have['kind'] {
  const known: readonly Have['kind'][] = ['repository', 'empty', 'folder', 'other', 'absent'];
  const found = known.find((one) => one === word);
  if (found !== undefined) return found;
  throw fault({ code: 'E_ANSWER', message: `expected what lies at "${path}", found "${word ?? 'nothing'}"` });
}

/** Lines of a GLib key file. */
function configOf(lines: readonly string[]): ReadonlyMap<string, string> {
  const config = new Map<string, string>();
  let group = '';
  for (const line of lines) {
    const header = /^\[(.+)\]\s*$/.exec(line)?.[1];
    if (header !== undefined) group = header;
    else if (!line.startsWith('#') && line.includes('=')) {
      const [key, value] = halves(line, '=');
      config.set(`${group}.${key.trim()}`, value.trim());
    }
  }
  return config;
}

/** Sorted, as ostree lists them in no order. */
function chainsOf(lines: readonly string[]): Chains {
  return new Map(
    lines.toSorted().map((line) => {
      const [name = '', ...commits] = line.split(' ');
      return [name, commits];
    }),
  );
}

function signedOf(lines: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const signed = new Map<string, string[]>();
  for (const line of lines) {
    const [commit, key] = halves(line, ' ');
    signed.set(commit, [...(signed.get(commit) ?? []), key]);
  }
  return signed;
}

function summaryOf(text: string | undefined): Summary | undefined {
  return text === undefined ? undefined : readSummary(Buffer.from(text, 'base64'));
}

function halves(line: string, at: string): [string, string] {
  const index = line.indexOf(at);
  return index < 0 ? [line, ''] : [line.slice(0, index), line.slice(index + at.length)];
}
