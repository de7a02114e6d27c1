import { createHash, randomBytes } from 'node:crypto';
import { exitCode, type Outcome } from '../core/answer.ts';
import type { Bytes } from '../core/bytes.ts';
import { script, type Command } from '../core/command.ts';
import { fault, type Problem } from '../core/problem.ts';
import { Secret } from '../core/secret.ts';
import type { PutStep } from '../core/step.ts';
import { showSize } from '../core/units.ts';
import { cksum } from './cksum.ts';
import { endingFault } from './faults.ts';

/** Writes a file whole and checks it. Rejects with E_FILE or E_SPACE and an unchanged file, or with E_LOST. */
export async function putFile(step: PutStep, run: (command: Command) => Promise<Outcome>): Promise<void> {
  const bytes = contentOf(step);
  const temporary = `.copse-${randomBytes(6).toString('hex')}`;
  const { ending, stdout, stderr } = await run(putCommand(step, bytes, temporary));
  const code = exitCode(ending);
  if (code === null) throw endingFault(ending, `writing "${step.path}"`);
  if (code !== 0) throw fault(problemOf(step, bytes, code, stdout, stderr.trim().split('\n').at(-1) ?? ''));
}

function contentOf({ content }: PutStep): Bytes {
  if (content instanceof Secret) return Buffer.from(content.reveal());
  return typeof content === 'string' ? Buffer.from(content) : content;
}

/**
 * Writes its stdin to a file: into a temporary file beside it, checked, with owner, mode and label set before it takes the
 * old one's place in one rename. Whatever goes wrong before that leaves the old file as it was and the temporary one removed.
 */
function putCommand(step: PutStep, bytes: Bytes, temporary: string): Command {
  const { path, mode = '', owner = '', group = '', backupSuffix = '' } = step;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const sums = `${bytes.length} ${sha256} ${cksum(bytes)}`;
  const command = script(WRITE, path, temporary, mode, owner, group, backupSuffix);
  // From the sums of a short secret it could be guessed: they are kept out of the argument list then.
  return step.content instanceof Secret
    ? { ...command, stdin: step.content, env: { COPSE_SUMS: new Secret(sums) } }
    : { ...command, stdin: bytes, env: { COPSE_SUMS: sums } };
}

/** Exit statuses of the script; the text on stderr is the failed tool's own. */
const STAGE = {
  folder: 71,
  directory: 72,
  create: 73,
  write: 74,
  sum: 75,
  owner: 76,
  mode: 77,
  backup: 78,
  rename: 79,
  label: 80,
};

const WRITE = `
path=$1 name=$2 mode=$3 owner=$4 group=$5 backup=$6
size=\${COPSE_SUMS%% *} crc=\${COPSE_SUMS##* } sha=\${COPSE_SUMS#* } sha=\${sha% *}
unset COPSE_SUMS
case $path in */*) dir=\${path%/*} ;; *) dir=. ;; esac
dir=\${dir:-/}
[ -d "$dir" ] || exit ${STAGE.folder}
if [ -d "$path" ]; then exit ${STAGE.directory}; fi
temp=$dir/$name
umask 077
trap 'rm -f -- "$temp"' EXIT
trap 'exit 130' HUP INT TERM PIPE
set -C
true >"$temp" || exit ${STAGE.create}
set +C
cat >"$temp" || { rm -f -- "$temp"; df -Pk -- "$dir" | tail -n 1; exit ${STAGE.write}; }
if command -v sha256sum >/dev/null; then
  sum=$(sha256sum <"$temp") && [ "\${sum%% *}" = "$sha" ] || exit ${STAGE.sum}
else
  sum=$(cksum <"$temp") && [ "$sum" = "$crc $size" ] || exit ${STAGE.sum}
fi
old=
if [ -f "$path" ] && [ ! -L "$path" ]; then old=yes; fi
was() { [ "$(stat -c "$1" -- "$temp")" = "$(stat -c "$1" -- "$path")" ]; }
if [ -n "$old" ]; then
  : "\${mode:=$(stat -c %a -- "$path")}"
  was %u:%g || chown -- "$(stat -c %u:%g -- "$path")" "$temp" || exit ${STAGE.owner}
fi
[ -z "$owner" ] || chown -- "$owner" "$temp" || exit ${STAGE.owner}
[ -z "$group" ] || chgrp -- "$group" "$temp" || exit ${STAGE.owner}
mode=\${mode:-644}
[ "$(stat -c %a -- "$temp")" = "\${mode#0}" ] || chmod -- "$mode" "$temp" || exit ${STAGE.mode}
if [ -n "$old" ] && [ -e /sys/fs/selinux/enforce ]; then
  was %C || chcon --reference="$path" -- "$temp" || exit ${STAGE.label}
fi
sync -- "$temp" 2>/dev/null
if [ -n "$old" ] && [ -n "$backup" ]; then
  ln -f -- "$path" "$path$backup" 2>/dev/null || cp -p -- "$path" "$path$backup" || exit ${STAGE.backup}
fi
mv -f -- "$temp" "$path" || exit ${STAGE.rename}
trap - EXIT
if [ -z "$old" ] && [ -e /sys/fs/selinux/enforce ] && command -v restorecon >/dev/null; then restorecon -- "$path"; fi
sync -- "$dir" 2>/dev/null
exit 0
`;

/** What went wrong, from the script's exit status. */
function problemOf(step: PutStep, bytes: Bytes, code: number, stdout: string, said: string): Problem {
  const { path } = step;
  const folder = path.slice(0, path.lastIndexOf('/')) || '/';
  const why = said === '' ? '' : `: ${said}`;
  switch (code) {
    case STAGE.folder:
      return {
        code: 'E_FILE',
        message: `cannot write "${path}": the folder "${folder}" does not exist`,
        hint: `create it in a task before: file: {path: ${folder}, state: directory}`,
      };
    case STAGE.directory:
      return { code: 'E_FILE', message: `cannot write "${path}": it is a folder`, hint: 'name the file in it' };
    case STAGE.create:
      return {
        code: 'E_FILE',
        message: `cannot create a file in "${folder}"${why}; "${path}" is unchanged`,
        hint: 'the folder is read-only or belongs to somebody else; become: true writes as root',
      };
    case STAGE.write:
      return full(path, folder, bytes, stdout, why);
    case STAGE.sum:
      return {
        code: 'E_FILE',
        message: `the checksum of what arrived for "${path}" is wrong; "${path}" is unchanged`,
        hint: 'run again; if it stays so, the disk or the memory of the host is bad',
      };
    case STAGE.owner:
      return {
        code: 'E_FILE',
        message: `cannot set the owner of "${path}"${why}; "${path}" is unchanged`,
        hint: 'only root gives files away (become: true); owner and group must exist on the host',
      };
    case STAGE.mode:
      return {
        code: 'E_FILE',
        message: `cannot set the mode of "${path}"${why}; "${path}" is unchanged`,
        hint: "a mode is octal and quoted, as in mode: '0644'",
      };
    default:
      return {
        code: 'E_FILE',
        message: `writing "${path}" failed (exit ${code})${why}; "${path}" is unchanged`,
        hint: 'see what the host says about it: ls -la and lsattr of the file and its folder',
      };
  }
}

/** Writing stopped half-way: a full disk, if the free space says so. */
function full(path: string, folder: string, bytes: Bytes, stdout: string, why: string): Problem {
  const available = /(\d+)\s+\d+%\s/.exec(stdout)?.[1];
  const free = available === undefined ? Number.NaN : Number(available) * 1024;
  if (free < bytes.length) {
    return {
      code: 'E_SPACE',
      message: `"${path}" needs ${showSize(bytes.length)}, but "${folder}" has ${showSize(free)} free; "${path}" is unchanged`,
      hint: `make room on the disk of "${folder}", then run again`,
    };
  }
  return {
    code: 'E_FILE',
    message: `writing "${path}" failed${why}; "${path}" is unchanged`,
    hint: `a quota, a full disk or an unhealthy one: df -h ${folder}; dmesg`,
  };
}
