import { cmd, script, withOptions } from '../../core/command.ts';
import type { Explain, RunStep, Step, TransactionStep } from '../../core/step.ts';
import type { GpgKey } from '../ostree-signature.ts';

const HOUR_MS = 3_600_000;

/** Makes the repository with the folders above it. */
export function initStep(path: string, mode: string): RunStep {
  // Before 2017.5 an archive could only be called by its old name, which all later versions take too.
  const name = mode === 'archive' ? 'archive-z2' : mode;
  const text = 'mkdir -p -- "$1" && exec ostree init --repo="$1" --mode="$2"';
  return { do: 'run', say: `make the repository ${path}`, command: script(text, path, name), explain };
}

// libostree refuses to open a repository with a value it cannot read, and could then not even take it back.
const CONFIGURE = `r=$1; shift
cp -p -- "$r/config" "$r/config.copse" || exit
while [ $# -gt 1 ]; do
  ostree config --repo="$r" set "$1" "$2" || break
  shift 2
done
if [ $# -eq 0 ] && ostree refs --repo="$r" >/dev/null; then rm -f -- "$r/config.copse"; exit 0; fi
mv -f -- "$r/config.copse" "$r/config"
exit 65
`;

/** Sets keys of its configuration, all or none. */
export function configStep(path: string, pairs: readonly (readonly [string, string])[]): RunStep {
  return {
    do: 'run',
    say: `set ${pairs.map(([key]) => key).join(', ')}`,
    command: script(CONFIGURE, path, ...pairs.flat()),
    explain: ({ stderr }) => ({
      message: `ostree does not take the configuration: ${lastOf(stderr)}`,
      hint: 'the former configuration is in place again; "man ostree.repo-config" lists keys and values',
    }),
  };
}

/** Brings the newest commits of refs from another repository of the host. */
export function pullStep(path: string, from: string, refs: readonly string[]): TransactionStep {
  return long(`pull ${refs.join(', ')} from ${from}`, 'pull-local', `--repo=${path}`, from, ...refs);
}

/** Signs a commit. */
export function signStep(path: string, ref: string, commit: string, { key, home }: GpgKey): RunStep {
  return {
    do: 'run',
    say: `sign ${ref} (${commit.slice(0, 10)}) with ${key}`,
    command: cmd('ostree', 'gpg-sign', `--repo=${path}`, `--gpg-homedir=${home}`, commit, key),
    explain: explainSign(home),
  };
}

/** Makes a static delta, from nothing or from another commit. */
export function deltaStep(
  path: string,
  ref: string,
  delta: { readonly from?: string; readonly to: string },
): TransactionStep {
  const { from, to } = delta;
  const start = from === undefined ? '--empty' : `--from=${from}`;
  const say = `make the delta of ${ref} (${to.slice(0, 10)}) from ${from === undefined ? 'nothing' : from.slice(0, 10)}`;
  return long(say, 'static-delta', 'generate', `--repo=${path}`, start, `--to=${to}`);
}

/** Removes commits that are older than the kept ones, and what no ref leads to. */
export function pruneStep(path: string, keep: number, count: number, rules: readonly string[]): TransactionStep {
  const say = `remove ${count} commit${count === 1 ? '' : 's'} beyond the newest ${keep} of each ref`;
  return { ...long(say, 'prune', `--repo=${path}`, '--refs-only', ...rules), destroys: [path] };
}

/** Tells anew what there is, signed when there is a key. */
export function summaryStep(path: string, why: string, sign: GpgKey | undefined): RunStep {
  const key = sign === undefined ? [] : [`--gpg-sign=${sign.key}`, `--gpg-homedir=${sign.home}`];
  return {
    do: 'run',
    say: `write the summary: ${why}`,
    command: withOptions(cmd('ostree', 'summary', '-u', `--repo=${path}`, ...key), { timeoutMs: HOUR_MS / 4 }),
    explain: explainSign(sign?.home ?? ''),
  };
}

/** Reads every object and compares it with its checksum. */
export function fsckStep(path: string, isOnlyLooking: boolean): Step {
  return {
    ...long('read and verify every object', 'fsck', `--repo=${path}`, '--quiet'),
    ...(isOnlyLooking ? { unchangedCodes: [0] } : {}),
    explain: ({ stdout, stderr }) => ({
      message: `objects of ${path} are missing or damaged: ${lastOf(stderr) || lastOf(stdout)}`,
      hint: `look at the disk; "ostree fsck --repo=${path} --delete" drops damaged objects, then compose or pull them again`,
    }),
  };
}

function long(say: string, ...words: readonly string[]): TransactionStep {
  return { do: 'transaction', say, command: withOptions(cmd('ostree', ...words), { timeoutMs: 2 * HOUR_MS }), explain };
}

function explainSign(home: string): Explain {
  return (failed) => {
    if (/passphrase|pinentry|ioctl/i.test(failed.stderr)) {
      return {
        message: `the key in ${home} asks for a passphrase, and nobody is there to give it`,
        hint: 'use a key without one that only root can read, or unlock it in a gpg-agent that runs for this user',
      };
    }
    return explain(failed);
  };
}

/** A failure with what ostree said last; a full disk by its own code. */
function explain({ code, stderr }: Parameters<Explain>[0]): ReturnType<Explain> {
  const said = lastOf(stderr);
  if (/No space left on device|min-free-space|would be exceeded/i.test(stderr)) {
    return {
      message: `there is not enough space: ${said}`,
      hint: 'prune with "keep", or lower core.min-free-space-percent with "config"',
      code: 'E_SPACE',
    };
  }
  return { message: `ostree failed (exit ${code ?? 'unknown'}): ${said}` };
}

function lastOf(text: string): string {
  return (text.trim().split('\n').at(-1) ?? '').replace(/^error: /, '').slice(0, 300);
}
