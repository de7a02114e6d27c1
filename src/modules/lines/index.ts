import type { Answer } from '../../core/answer.ts';
import { defineModule, type Change, type ModuleContext } from '../../core/module.ts';
import { fault } from '../../core/problem.ts';
import type { Step } from '../../core/step.ts';
import { checkContent } from '../content-check.ts';
import { closedFolder, missingFolder, planAttributes, unknownAccount } from '../path-attributes.ts';
import { askPath, readPath, type PathState } from '../path-state.ts';
import { edit } from './edit.ts';
import { Params } from './schema.ts';

/** The file as it is. */
interface Have {
  readonly path: PathState;
  /** Where the file really lies when the path is a link; the path itself otherwise. */
  readonly real: string;
  /** The folder of that place can be written to. */
  readonly open: boolean;
  readonly text: string;
}

/** Files up to this many bytes are edited. */
const LIMIT = 1_048_576;

const CONTENT = `if [ -f "$p" ]; then
  r=$p
  if [ -L "$p" ]; then r=$(readlink -f -- "$p") || exit 1; fi
  d=\${r%/*}
  if [ -w "\${d:-/}" ]; then echo open; else echo shut; fi
  printf '%s\\n' "$r"
  head -c ${LIMIT + 1} <"$p" || exit 1
fi
`;

/** Single lines and marked blocks of a file that others write too. */
export const lines = defineModule<Params, Have>({
  name: 'lines',
  summary: 'Keeps a line or a marked block in a file that others write too.',
  notes: [
    'The new text is computed here from the text that is there, so that --diff shows exactly what is written; the file is replaced whole by a rename. Up to 1 MiB of text; what is not UTF-8 text is refused.',
    'Where the program reads a folder of drop-in files (sshd_config.d, sysctl.d, sudoers.d), a file of your own with copy is the better way: it cannot meet a line that somebody else wrote.',
    'It stands for lineinfile ("line", "regexp", "search_string") and blockinfile ("block", "marker") of Ansible. Regular expressions are those of JavaScript and look at one line at a time.',
  ],
  kind: 'state',
  params: Params,
  returns: {
    path: { type: 'string', description: 'the file itself, behind links' },
    size: { type: 'int', description: 'bytes' },
    backup: { type: 'string', description: 'path of the kept former file, empty when there is none' },
  },
  examples: [
    '- lines: {path: /etc/default/app, regexp: "^#?THREADS=", line: THREADS=8}\n  notify: restart app',
    '- name: peers have names\n  lines:\n    path: /etc/hosts\n    marker: "# {mark} peers"\n    block: |\n      10.0.0.1 edge01\n      10.0.0.2 edge02',
    '- lines: {path: /etc/fstab, regexp: "^/dev/sdb1 ", state: absent, backup: true}',
    '- lines: {path: /etc/ssh/sshd_config, regexp: "^#?PermitRootLogin ", line: PermitRootLogin no, insertbefore: "^Match ", firstmatch: true, validate: [sshd, -t, -f, "%s"]}',
  ],
  probe: ({ path, owner, group }) => ({ file: askPath({ path, owner, group, more: CONTENT }) }),
  read: (answers, want) => read(answers['file'], want),
  plan,
  result: (_want, have, done) => {
    const put = done.map((one) => one.step).findLast((step) => step.do === 'put');
    const suffix = put?.do === 'put' ? (put.backupSuffix ?? '') : '';
    return { path: have.real, size: have.path.through.size, backup: suffix && have.real + suffix };
  },
});

function read(answer: Answer | undefined, want: Params): Have {
  const path = readPath(answer, want.path);
  if (path.through.type !== 'file') return { path, real: want.path, open: true, text: '' };
  const [, state, real, text] = /^(open|shut)\n([^\n]*)\n([^]*)$/.exec(path.rest) ?? [];
  if (state === undefined || real === undefined || text === undefined || answer?.code !== 0) {
    const message = `expected the content of "${want.path}", found exit ${answer?.code ?? 0}`;
    throw fault({ code: 'E_ANSWER', message, hint: 'add "become: true" when only root may read it' });
  }
  if (path.through.size > LIMIT || answer.truncated === true) {
    const message = `"${want.path}" has ${path.through.size} bytes, expected at most ${LIMIT}`;
    throw fault({ code: 'E_LIMIT', message, hint: 'write the whole file with copy' });
  }
  if (text.includes('\0') || text.includes('\uFFFD')) {
    const message = `"${want.path}" is not UTF-8 text, so its lines are not edited`;
    throw fault({ code: 'E_ANSWER', message, hint: 'write the whole file with copy' });
  }
  return { path, real, open: state === 'open', text };
}

function plan(want: Params, have: Have, context: ModuleContext): Change {
  const { refusal, notes } = unknownAccount(want, have.path, context);
  if (refusal !== undefined) return refusal;
  const { type } = have.path.through;
  if (type === 'absent') return planMissing(want, have, context, notes);
  if (type !== 'file') return { refuse: `"${want.path}" is ${type === 'directory' ? 'a folder' : 'no file'}` };
  const edited = edit(have.text, want);
  if ('wrong' in edited) {
    return {
      refuse: `"${want.path}" is damaged: ${edited.wrong}`,
      hint: 'put the marker back, or remove the other one',
    };
  }
  const told = [...notes, ...edited.notes];
  if (edited.text === have.text) return { ...planAttributes(want.path, want, have.path, 'target'), notes: told };
  if (!have.open) {
    const above = have.real.slice(0, have.real.lastIndexOf('/')) || '/';
    const closed = closedFolder(have.real, { ...have.path, blocked: '', closed: above }, context);
    if (closed !== undefined) return closed;
  }
  return write(want, have, edited.text, context, told);
}

function planMissing(want: Params, have: Have, context: ModuleContext, notes: readonly string[]): Change {
  const { path } = want;
  if (want.state === 'absent') return { steps: [], notes };
  if (have.path.type === 'link') return { refuse: `"${path}" is a link to "${have.path.target}", which is not there` };
  if (!want.create) {
    const missing = `"${path}" does not exist`;
    if (context.check) return { steps: [], notes: [...notes, `${missing} yet`] };
    return { refuse: missing, hint: 'add "create: true", or write it with copy first' };
  }
  const closed = closedFolder(path, have.path, context);
  if (closed !== undefined) return closed;
  const edited = edit('', want);
  const text = 'text' in edited ? edited.text : '';
  return write(want, have, text, context, [...notes, ...missingFolder(path, have.path)]);
}

function write(want: Params, have: Have, text: string, context: ModuleContext, notes: readonly string[]): Change {
  const isThere = have.path.through.type === 'file';
  const step: Step = {
    do: 'put',
    say: `write ${have.real}`,
    path: have.real,
    content: text,
    ...(want.mode === undefined ? {} : { mode: want.mode }),
    ...(want.owner === undefined ? {} : { owner: want.owner }),
    ...(want.group === undefined ? {} : { group: want.group }),
    ...(want.backup && isThere ? { backupSuffix: `.copse-${context.run}` } : {}),
  };
  const steps = [...checkContent(have.real, text, want.validate), step];
  return { steps, diff: [{ label: have.real, before: have.text, after: text }], notes };
}
