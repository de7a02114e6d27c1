import type { Answers } from '../../core/answer.ts';
import { fault } from '../../core/problem.ts';
import { keysOf, type KeySeen } from '../ostree-signature.ts';
import type { Params } from './schema.ts';

/** What `ostree_compose` knows of a host. */
export interface Have {
  /** Programs that are not there. */
  readonly lacks: readonly string[];
  /** Version of rpm-ostree, empty without it. */
  readonly version: string;
  readonly hasTreefile: boolean;
  /** One checksum over the files it is composed by; undefined when their folder is not there. */
  readonly inputs: string | undefined;
  /** The checksums of files and wish that were noted by the last build. */
  readonly note: string;
  readonly hasRepo: boolean;
  readonly closed: boolean;
  /** Newest commit of the ref, and the keys that signed it well. */
  readonly head: string | undefined;
  readonly signed: readonly string[];
  readonly keys: readonly KeySeen[];
  /** sha256 by name of those files that are to be copied. */
  readonly files: ReadonlyMap<string, string>;
  readonly git: GitSeen;
  /** Text by path. */
  readonly unitFiles: ReadonlyMap<string, string>;
  readonly timer: ReadonlyMap<string, string>;
  readonly service: ReadonlyMap<string, string>;
  readonly isBadCalendar: boolean;
}

/** The working tree, and what its origin has. */
interface GitSeen {
  /** Its folder holds something else. */
  readonly isTaken: boolean;
  readonly head: string;
  readonly isDirty: boolean;
  readonly isReached: boolean;
  /** Commits by name: HEAD, refs/heads/x, refs/tags/x and refs/tags/x^{} where the tag leads. */
  readonly remote: ReadonlyMap<string, string>;
}

/** What the answer to `ask` means. Throws E_ANSWER when it was cut off. */
export function read(answers: Answers, want: Params): Have {
  const answer = answers['compose'];
  const lines = (answer?.stdout ?? '').split('\n');
  if (answer === undefined || lines.at(-2) !== 'end') {
    const found = answer === undefined ? 'nothing' : `exit ${answer.code}: ${answer.stderr.trim().slice(0, 200)}`;
    throw fault({ code: 'E_ANSWER', message: `expected a description of the build of "${want.ref}", found ${found}` });
  }
  const all = (key: string): string[] =>
    lines.filter((line) => line.startsWith(`${key} `)).map((line) => line.slice(key.length + 1));
  const one = (key: string): string => all(key)[0] ?? '';
  const [inputs] = all('inputs');
  const [head] = all('head');
  return {
    lacks: all('lacks'),
    version: one('version'),
    hasTreefile: one('treefile') === 'yes',
    inputs,
    note: one('note'),
    hasRepo: one('repo') === 'yes',
    closed: one('closed') === 'yes',
    head,
    signed: all('signed'),
    keys: keysOf(all('key')),
    files: new Map(all('file').map((line) => swapped(halves(line, ' ')))),
    git: {
      isTaken: one('taken') === 'yes',
      head: one('checked-out'),
      isDirty: one('dirty') === 'yes',
      isReached: one('reached') === 'yes',
      remote: new Map(all('remote').map((line) => swapped(halves(line, '\t')))),
    },
    unitFiles: new Map(all('unit-file').map((line) => decoded(halves(line, ' ')))),
    timer: new Map(all('timer').map((line) => halves(line, '='))),
    service: new Map(all('service').map((line) => halves(line, '='))),
    isBadCalendar: one('calendar') === 'bad',
  };
}

function decoded([base64, path]: readonly [string, string]): [string, string] {
  return [path, Buffer.from(base64, 'base64').toString('utf8')];
}

function swapped([first, second]: readonly [string, string]): [string, string] {
  return [second, first];
}

function halves(line: string, at: string): [string, string] {
  const index = line.indexOf(at);
  return index < 0 ? [line, ''] : [line.slice(0, index), line.slice(index + at.length)];
}
