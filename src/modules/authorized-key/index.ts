import type { Answer } from '../../core/answer.ts';
import { script } from '../../core/command.ts';
import { defineModule, type Change, type ModuleContext } from '../../core/module.ts';
import { fault } from '../../core/problem.ts';
import type { Step } from '../../core/step.ts';
import { parseKey, showKey, type Key } from './key.ts';
import { keyLines, Params } from './schema.ts';

/** The user's keys as they are. */
interface Have {
  /** undefined when there is no such user. */
  readonly user: { readonly uid: string; readonly gid: string } | undefined;
  readonly path: string;
  /** What lies in the place of the folder and of the file. */
  readonly folder: 'directory' | 'absent' | 'other';
  readonly file: 'file' | 'absent' | 'other';
  readonly text: string;
}

const LIMIT = 1_048_576;

const ASK = `e=$(getent passwd "$1"); code=$?
[ $code = 0 ] || [ $code = 2 ] || exit 3
echo "user $(printf %s "$e" | cut -d: -f3,4)"
f=$2
[ -n "$f" ] || f=$(printf %s "$e" | cut -d: -f6)/.ssh/authorized_keys
echo "path $f"
d=\${f%/*}
if [ -d "$d" ] && { [ -n "$2" ] || ! [ -L "$d" ]; }; then echo directory; elif [ -e "$d" ] || [ -L "$d" ]; then echo other; else echo absent; fi
if [ -d "$d" ] && ! [ -x "$d" ]; then exit 4
elif [ -L "$f" ]; then echo other
elif [ -f "$f" ]; then echo file; head -c ${LIMIT + 1} <"$f" || exit 4
elif [ -e "$f" ]; then echo other
else echo absent
fi
`;

/** Keys that may log in as a user. */
export const authorizedKey = defineModule<Params, Have>({
  name: 'authorized_key',
  summary: 'Says which ssh keys may log in as a user.',
  notes: [
    'Keys are compared by themselves, not by their comment: a key that is there is not added twice, and one that goes is found whatever its comment is. Lines that are not concerned stay as they are.',
    'The folder .ssh is made when it is missing, for the user and with mode 0700; the file gets 0600. A link in their place is refused, because a user could lead root elsewhere with it.',
    'Fedora CoreOS also reads .ssh/authorized_keys.d/: Ignition writes its keys into the file "ignition" there. Name that file with "path" to change them.',
  ],
  kind: 'state',
  params: Params,
  returns: {
    path: { type: 'string', description: 'the file' },
    keys: { type: 'int', description: 'how many keys it holds' },
  },
  examples: [
    '- authorized_key:\n    user: core\n    key: |\n      ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBd3QK0hhT6PPpzZCyPq1d9Zz6Wx9yQm2rNf5Zl0aVbc ops@bastion',
    '- name: a former colleague is out\n  authorized_key: {user: core, key: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBd3QK0hhT6PPpzZCyPq1d9Zz6Wx9yQm2rNf5Zl0aVbd, state: absent}',
  ],
  probe: ({ user, path = '' }) => ({ keys: script(ASK, user, path) }),
  read: (answers, want) => read(answers['keys'], want),
  plan,
  result: (_want, { path, text }) => ({
    path,
    keys: text.split('\n').filter((line) => !line.startsWith('#') && parseKey(line) !== undefined).length,
  }),
});

const ANSWER = /^user (?:(\d+):(\d+))?\npath ([^\n]*)\n(directory|absent|other)\n(file|absent|other)\n([^]*)$/;

function read(answer: Answer | undefined, want: Params): Have {
  const parts = answer?.code === 0 && answer.truncated !== true ? ANSWER.exec(answer.stdout) : null;
  const text = parts?.[6] ?? '';
  if (parts === null || text.length > LIMIT || /[\0\uFFFD]/.test(text)) {
    const found = text.length > LIMIT ? 'more than 1 MiB' : `exit ${answer?.code ?? 0}`;
    const message = `expected the authorized keys of "${want.user}" as text, found ${found}`;
    throw fault({ code: 'E_ANSWER', message, hint: 'add "become: true" when they are those of another user' });
  }
  const [, uid, gid, path = '', folder, file] = parts;
  return {
    user: uid === undefined || gid === undefined ? undefined : { uid, gid },
    path,
    folder: placeOf(folder, 'directory'),
    file: placeOf(file, 'file'),
    text,
  };
}

function placeOf<Kind extends string>(found: string | undefined, kind: Kind): Kind | 'absent' | 'other' {
  return found === kind ? kind : found === 'absent' ? 'absent' : 'other';
}

function plan(want: Params, have: Have, context: ModuleContext): Change {
  const { user, path, folder } = have;
  if (user === undefined) {
    const missing = `the host has no user "${want.user}"`;
    if (want.state === 'absent') return { steps: [] };
    return context.check
      ? { steps: [], notes: [`${missing} yet`] }
      : { refuse: missing, hint: 'make it first with user' };
  }
  const at = path.slice(0, path.lastIndexOf('/')) || '/';
  const odd = folder === 'other' ? at : have.file === 'other' ? path : undefined;
  if (odd !== undefined) {
    return {
      refuse: `"${odd}" is a link or something else than expected; keys are not written through it`,
      hint: 'look at it on the host',
    };
  }
  const text = edited(want, have.text);
  if (text === have.text) return { steps: [] };
  if (folder === 'absent' && want.path !== undefined) {
    return { refuse: `the folder "${at}" is not there`, hint: 'make it first with file' };
  }
  const { uid, gid } = user;
  const steps: Step[] = [
    ...(folder === 'absent' ? [makeFolder(at, `${uid}:${gid}`)] : []),
    {
      do: 'put',
      say: `write ${path}`,
      path,
      content: text,
      ...(have.file === 'file' ? {} : { mode: '0600', owner: uid, group: gid }),
    },
  ];
  return { steps, diff: [{ label: path, before: have.text, after: text }] };
}

function makeFolder(path: string, owner: string): Step {
  const text = `mkdir -m 0700 -- "$1" && chown -- "$2" "$1" || exit
! command -v restorecon >/dev/null || restorecon -- "$1"`;
  return { do: 'run', say: `make the folder ${path}`, command: script(text, path, owner) };
}

/** The text of the file as it should be. */
function edited(want: Params, text: string): string {
  const wanted = new Map<string, Key>();
  for (const line of keyLines(want.key)) {
    const key = parseKey(line);
    if (key !== undefined) wanted.set(key.blob, { ...key, options: want.key_options ?? key.options });
  }
  const lines = text === '' ? [] : text.replace(/\n$/, '').split('\n');
  const met = new Set<string>();
  const kept = lines.flatMap((line) => {
    const key = line.startsWith('#') ? undefined : parseKey(line);
    const wish = key === undefined ? undefined : wanted.get(key.blob);
    if (want.state === 'absent') return wish === undefined ? [line] : [];
    if (key === undefined || wish === undefined) return want.exclusive ? [] : [line];
    // What is there twice stays once.
    if (met.has(key.blob)) return [];
    met.add(key.blob);
    return [matches(wish, key) ? line : showKey({ ...key, ...merged(wish, key) })];
  });
  const added = want.state === 'absent' ? [] : [...wanted.values()].filter((key) => !met.has(key.blob)).map(showKey);
  const all = [...kept, ...added];
  if (all.join('\n') === lines.join('\n')) return text;
  return all.length === 0 ? '' : `${all.join('\n')}\n`;
}

function merged(wish: Key, key: Key): Pick<Key, 'options' | 'comment'> {
  return { options: wish.options || key.options, comment: wish.comment || key.comment };
}

function matches(wish: Key, key: Key): boolean {
  const { options, comment } = merged(wish, key);
  return options === key.options && comment === key.comment;
}
