import type { Answers, Questions } from '../../core/answer.ts';
import { script } from '../../core/command.ts';
import { fault } from '../../core/problem.ts';
import { sectionOf, type Section } from '../ostree-config.ts';
import { keysIn, type GpgKey } from '../ostree-keys.ts';
import { isSystem } from '../ostree-repository.ts';
import type { Params } from './schema.ts';

/** A file that tells of remotes. */
export interface RemoteFile {
  readonly path: string;
  readonly text: string;
}

/** What is known of a remote. */
export interface Have {
  /** Files that tell of this remote; the configuration of the repository among them. */
  readonly files: readonly RemoteFile[];
  /** Configuration of the repository; undefined where there is none. */
  readonly config: RemoteFile | undefined;
  readonly hasFolder: boolean;
  /** What is set; undefined where there is no such remote. */
  readonly section: Section | undefined;
  /** Keys that were imported for it; undefined where the keyring cannot be read. */
  readonly keys: readonly GpgKey[] | undefined;
}

/** Where the remotes of the system lie, one file each. */
export const REMOTES = '/etc/ostree/remotes.d';

// Texts are indented, so that they cannot be taken for the names of files.
const FILES = `command -v ostree >/dev/null 2>&1 || exit 127
[ ! -d "$2" ] || echo folder
set -- "$1/config" "$2"/*.conf
for file; do
  [ -f "$file" ] || continue
  echo "file $file"
  sed 's/^/ /' "$file" || exit
done`;

// Bytes as hexadecimal digits; nothing for a keyring that is not there.
const KEYRING = '[ ! -e "$1" ] || od -An -v -tx1 "$1"';

/** Asks for the files and, where keys are wished, for the keyring of the remote. */
export function ask({ name, repo, keys, keys_src: files }: Params): Questions {
  return {
    files: script(FILES, repo, isSystem(repo) ? REMOTES : '/nowhere'),
    ...((keys ?? files) === undefined ? {} : { keyring: script(KEYRING, `${repo}/${name}.trustedkeys.gpg`) }),
  };
}

/** Name of the section of a remote. */
export function sectionName(remote: string): string {
  return `remote "${remote}"`;
}

/** What the answers mean. */
export function read(answers: Answers, { name, repo }: Params): Have {
  const { code, stdout, stderr } = answers['files'] ?? { code: 1, stdout: '', stderr: '' };
  if (code === 127) {
    throw fault({
      code: 'E_UNSUPPORTED',
      message: 'this host has no ostree',
      hint: 'remotes are for hosts with ostree',
    });
  }
  if (code !== 0) {
    throw fault({ code: 'E_ANSWER', message: `the remotes cannot be read: ${stderr.trim().slice(0, 300)}` });
  }
  const all = filesIn(stdout);
  const files = all.filter(({ text }) => sectionOf(text, sectionName(name)) !== undefined);
  const [first] = files;
  return {
    files,
    config: all.find(({ path }) => path === `${repo}/config`),
    hasFolder: stdout.startsWith('folder\n'),
    section: first === undefined ? undefined : sectionOf(first.text, sectionName(name)),
    keys: keysIn(Buffer.from((answers['keyring']?.stdout ?? '').replaceAll(/\s/g, ''), 'hex')),
  };
}

function filesIn(stdout: string): readonly RemoteFile[] {
  const files: { path: string; text: string }[] = [];
  for (const line of stdout.replace(/\n$/, '').split('\n')) {
    const last = files.at(-1);
    if (line.startsWith('file ')) files.push({ path: line.slice('file '.length), text: '' });
    else if (last !== undefined) last.text += `${line.slice(1)}\n`;
  }
  return files;
}
