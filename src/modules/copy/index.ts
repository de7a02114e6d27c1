import type { Answer } from '../../core/answer.ts';
import { sha256Of, type Bytes } from '../../core/bytes.ts';
import { defineModule, type Change, type Diff, type ModuleContext } from '../../core/module.ts';
import { fault } from '../../core/problem.ts';
import { Secret } from '../../core/secret.ts';
import type { Step } from '../../core/step.ts';
import { checkContent } from '../content-check.ts';
import { closedFolder, missingFolder, planAttributes, unknownAccount } from '../path-attributes.ts';
import { askPath, readPath, type PathState } from '../path-state.ts';
import { Params } from './schema.ts';

/** The file that is there now. */
interface Have {
  readonly path: PathState;
  /** sha256 as hex; empty when there is no file. */
  readonly sha256: string;
  /** The former text when it is small and is text; undefined otherwise. */
  readonly text: string | undefined;
}

/** Contents up to this many bytes are shown as a diff. */
const DIFF_BYTES = 65_536;

const CONTENT = `if [ -f "$p" ] && ! [ -L "$p" ]; then
  s=$(sha256sum <"$p") || exit 1
  s=\${s%% *}
  echo "$s"
  if [ -n "$4" ] && [ "$s" != "$4" ]; then head -c ${DIFF_BYTES + 1} <"$p"; fi
fi
`;

/** Files with the wished content. */
export const copy = defineModule<Params, Have>({
  name: 'copy',
  summary: 'Writes a file from this machine or from text.',
  notes: [
    'Content is compared by sha256, so that nothing is sent when it is right. A file is replaced whole by a rename: nobody ever sees half of it.',
    'A link at "dest" is replaced by the file. Its folder must be there already: make it with file. Folders are not copied.',
  ],
  kind: 'state',
  params: Params,
  localFiles: ['src'],
  returns: {
    dest: { type: 'string', description: 'path of the file' },
    sha256: { type: 'string', description: 'sha256 of what is there now, as hex; empty when nothing is' },
    mode: { type: 'string', description: 'four octal digits, empty when absent' },
    owner: { type: 'string', description: 'name of the owner' },
    group: { type: 'string', description: 'name of the group' },
    size: { type: 'int', description: 'bytes' },
    backup: { type: 'string', description: 'path of the kept former file, empty when there is none' },
  },
  examples: [
    '- copy:\n    dest: /etc/motd\n    content: |\n      ${{ host.name }} is managed by copse\n  notify: restart app',
    '- copy: {src: files/sshd.conf, dest: /etc/ssh/sshd_config.d/10-fleet.conf, mode: "0600", validate: [sshd, -t, -f, "%s"]}',
    '- copy: {src: files/check.sh, dest: /usr/local/bin/, mode: preserve, owner: root}',
  ],
  probe: (want) => {
    const { owner, group } = want;
    const shown = want.content instanceof Secret ? '' : digestOf(want);
    return { file: askPath({ path: destOf(want), owner, group, more: CONTENT, values: [shown] }) };
  },
  read: (answers, want) => read(answers['file'], want),
  plan,
  result: (want, have, done) => {
    const put = done.map((one) => one.step).findLast((step) => step.do === 'put');
    const suffix = put?.do === 'put' ? (put.backupSuffix ?? '') : '';
    const { mode, owner, group, size } = have.path;
    return {
      dest: destOf(want),
      sha256: have.sha256,
      mode,
      owner,
      group,
      size,
      backup: suffix && destOf(want) + suffix,
    };
  },
});

function destOf({ dest, src }: Params): string {
  return dest.endsWith('/') ? dest + (src?.path.split('/').at(-1) ?? '') : dest;
}

function contentOf(want: Params): Bytes | Secret {
  if (want.content instanceof Secret) return want.content;
  return want.content === undefined ? (want.src?.bytes ?? new Uint8Array()) : new TextEncoder().encode(want.content);
}

/** Digests of files of this machine, as a fleet is asked about the same one again and again. */
const digests = new WeakMap<Bytes, string>();

function digestOf(want: Params): string {
  const content = contentOf(want);
  if (content instanceof Secret) return content.sha256();
  const digest = digests.get(content) ?? sha256Of(content);
  digests.set(content, digest);
  return digest;
}

function read(answer: Answer | undefined, want: Params): Have {
  const path = readPath(answer, destOf(want));
  if (path.type !== 'file') return { path, sha256: '', text: undefined };
  const sha256 = path.rest.slice(0, 64);
  if (!/^[0-9a-f]{64}$/.test(sha256)) {
    const message = `expected the sha256 of "${destOf(want)}", found "${path.rest.slice(0, 80).trim()}"`;
    throw fault({ code: 'E_ANSWER', message, hint: 'add "become: true" when only root may read it' });
  }
  const text = path.rest.slice(65);
  return { path, sha256, text: path.size <= DIFF_BYTES && isText(text) ? text : undefined };
}

function isText(text: string): boolean {
  return !text.includes('\0') && !text.includes('\uFFFD');
}

function plan(want: Params, have: Have, context: ModuleContext): Change {
  const dest = destOf(want);
  const { refusal, notes } = unknownAccount(want, have.path, context);
  if (refusal !== undefined) return refusal;
  const mode = want.mode === 'preserve' ? want.src?.mode : want.mode;
  const { type } = have.path;
  if (type === 'file' && have.sha256 === digestOf(want)) {
    return { ...planAttributes(dest, { ...want, mode }, have.path, 'target'), notes };
  }
  if (have.path.through.type === 'directory') {
    return { refuse: `"${dest}" is a folder, expected a file or nothing`, hint: `to write into it: dest: ${dest}/` };
  }
  if (type === 'other') return { refuse: `"${dest}" is neither a file nor a folder; it is not replaced` };
  const closed = closedFolder(dest, have.path, context);
  if (closed !== undefined) return closed;
  const steps = [...checkContent(dest, contentOf(want), want.validate), putStep(want, have, mode, context)];
  return { steps, diff: [diffOf(want, have)], notes: [...notes, ...missingFolder(dest, have.path)] };
}

function putStep(want: Params, have: Have, mode: string | undefined, context: ModuleContext): Step {
  const path = destOf(want);
  const isThere = have.path.type === 'file';
  return {
    do: 'put',
    say: `write ${path}`,
    path,
    content: contentOf(want),
    ...(mode === undefined ? {} : { mode }),
    ...(want.owner === undefined ? {} : { owner: want.owner }),
    ...(want.group === undefined ? {} : { group: want.group }),
    ...(want.backup && isThere ? { backupSuffix: `.copse-${context.run}` } : {}),
  };
}

function diffOf(want: Params, have: Have): Diff {
  const label = destOf(want);
  const content = contentOf(want);
  if (content instanceof Secret) return { label, before: '(not shown)\n', after: '(a secret)\n' };
  const after = content.length <= DIFF_BYTES ? new TextDecoder().decode(content) : undefined;
  const isThere = have.path.type === 'file';
  if (after !== undefined && isText(after) && (have.text !== undefined || !isThere)) {
    return { label, before: have.text ?? '', after };
  }
  const before = isThere ? `${have.path.size} bytes, sha256 ${have.sha256}\n` : '';
  return { label, before, after: `${content.length} bytes, sha256 ${digestOf(want)}\n` };
}
