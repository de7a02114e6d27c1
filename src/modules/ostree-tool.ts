import type { Answer } from '../core/answer.ts';
import { script, type Command } from '../core/command.ts';
import type { Explain, TransactionStep } from '../core/step.ts';
import { idleQuestion } from '../facts/idle.ts';
import { errorIn, reasonIn, type Reason } from './reasons.ts';

/** What the ostree of a host says it can do. */
export interface Tool {
  /** Verbs of `ostree admin`. */
  readonly verbs: ReadonlySet<string>;
  /** Whether a verb of `ostree admin` takes an option. */
  readonly takes: (verb: string, option: string) => boolean;
}

// Versions of distributions differ in what they were built with and what was added, so the tool is asked.
const HELP = `LC_ALL=C; export LC_ALL
ostree admin --help 2>/dev/null
for verb; do
  echo "== $verb"
  ostree admin "$verb" --help 2>/dev/null
done
:`;

/** Asks which verbs of `ostree admin` there are, and for the options of some. */
export function toolQuestion(...verbs: readonly string[]): Command {
  return script(HELP, ...verbs);
}

/** What the answer means. */
export function readTool(answer: Answer | undefined): Tool {
  const [admin = '', ...parts] = (answer?.stdout ?? '').split(/^== /m);
  const options = new Map(
    parts.map((part) => [part.split('\n', 1)[0] ?? '', new Set(part.match(/--[a-z][a-z-]*/g) ?? [])]),
  );
  return {
    verbs: new Set([...admin.matchAll(/^ {2}([a-z][a-z-]*)(?: |$)/gm)].flatMap(([, verb]) => verb ?? [])),
    takes: (verb, option) => options.get(verb)?.has(option) === true,
  };
}

// The place of a deployment in the list may have changed since it was looked at, so it is looked up by the same command.
const BY_ID = `id=$1
shift
at=0
for one in $(ostree admin status 2>/dev/null | sed -n 's/^[* ] \\([^ ]*\\) \\([0-9a-f]\\{64\\}\\.[0-9][0-9]*\\).*/\\1-\\2/p'); do
  [ "$one" != "$id" ] || exec ostree admin "$@" "$at"
  at=$((at + 1))
done
echo "error: there is no deployment $id any more" >&2
exit 3`;

/** A verb of `ostree admin` about one deployment, which is found by its id when the command runs. */
export function byId(id: string, ...words: readonly string[]): Command {
  return script(BY_ID, id, ...words);
}

/** A long command of ostree: it waits for what rpm-ostree does, and survives the connection. */
export function ostreeStep(
  { busy_timeout: deadlineMs }: { readonly busy_timeout: number },
  say: string,
  command: Command,
): TransactionStep {
  const waitIdle = { question: idleQuestion(), deadlineMs, say: 'a transaction of rpm-ostree is running' };
  return { do: 'transaction', say, command, waitIdle, explain: explainOstree };
}

const REASONS: readonly Reason[] = [
  {
    sign: /No space left on device|min-free-space|bootfs requires additional space/,
    code: 'E_SPACE',
    say: () => 'a file system of the host is full',
    hint: 'see "df -h / /boot /sysroot"; an old deployment goes with "undeploy", what no ref needs with "ostree prune --refs-only"',
  },
  {
    sign: /no signatures found|Can't check signature|BAD signature|[Pp]ublic key not found|expired key/,
    code: 'E_COMMAND',
    say: () => 'the commit is not signed by a key that the remote trusts; nothing was taken from it',
    hint: 'ostree_remote imports keys; a key that expired is prolonged by its owner and imported anew',
  },
  {
    sign: /chronologically older/,
    code: 'E_COMMAND',
    say: () => 'the newest commit of the remote is older than the one the host has',
    hint: 'its maker went back, or the mirror is behind; "allow_downgrade: true" takes it anyway',
  },
  {
    sign: /Remote "([^"]+)" not found/,
    code: 'E_COMMAND',
    say: ([, remote = '']) => `the repository has no remote "${remote}"`,
    hint: 'ostree_remote adds it',
  },
  {
    sign: /No such branch '([^']+)'|Refspec '([^']+)' not found/,
    code: 'E_COMMAND',
    say: ([, branch, ref]) => `there is no ref "${branch ?? ref ?? ''}"`,
    hint: '"ostree remote refs NAME" on the host lists those of a remote',
  },
  {
    sign: /[Ss]erver returned (?:HTTP )?(?:status )?(\d{3})/,
    code: 'E_COMMAND',
    say: ([, status = '']) => `the server of the remote answers ${status}`,
    hint: 'look at its "url": it must be the folder with "config", "objects" and "refs"',
  },
  {
    sign: /(?:[Cc]ould not|[Cc]ouldn't) (?:resolve host|connect to server)|[Ff]ailed to connect|[Cc]onnection refused|timed out|Timeout was reached|SSL|certificate/,
    code: 'E_COMMAND',
    say: () => 'the server of the remote cannot be reached',
    hint: 'look at the network, the proxy and the certificate; run the playbook again: what has come already is kept',
  },
  {
    sign: /System transaction in progress/,
    code: 'E_BUSY',
    say: () => 'something else changes the deployments of the host',
    hint: 'run the playbook again when it is done',
  },
];

/** Why ostree failed: its text is the only place where it says so. What is not known keeps its own words. */
export const explainOstree: Explain = (failed) => {
  const known = reasonIn(REASONS, failed);
  const error = errorIn(failed.stderr);
  if (error === undefined) return known;
  if (known !== undefined) return { ...known, message: `${known.message} (${error})` };
  return { message: `ostree failed (exit ${failed.code ?? 'unknown'}): ${error}` };
};
