import type { Answer, Answers, Questions } from '../../core/answer.ts';
import { cmd, script, withOptions } from '../../core/command.ts';
import { defineModule, type Change } from '../../core/module.ts';
import { fault } from '../../core/problem.ts';
import { LIST_REFS } from '../ostree-repository.ts';
import { explainOstree, ostreeStep } from '../ostree-tool.ts';
import { comparesEtc, Params } from './schema.ts';

/** One commit of a history. */
interface Commit {
  readonly commit: string;
  readonly date: string;
  readonly version: string;
  readonly subject: string;
}

interface Have {
  /** Paths of /etc that differ, by what happened to them. */
  readonly changes: Readonly<Record<'M' | 'D' | 'A', readonly string[]>>;
  readonly history: readonly Commit[];
  readonly refs: readonly { readonly ref: string; readonly commit: string }[];
}

// Comparing reads the whole of /etc, which takes a while on slow disks.
const SLOW_MS = 5 * 60_000;

const REFS = `${LIST_REFS}list_refs --repo="$1"`;

/** What there is to know of a host of ostree, without changing anything. */
export const ostreeCheck = defineModule<Params, Have>({
  name: 'ostree_check',
  summary: 'Tells drift, health, refs and history of ostree hosts, also as a gate.',
  notes: [
    'It changes nothing. "config_diff" tells what of /etc differs from the image the host booted; with "allow_changes" the task fails when there is more than is expected, which is told path by path.',
    '"fsck" reads every object and ends with the first kind of damage; it goes on when the connection is lost. What it finds is mended by pulling the commit again, or by "ostree fsck --delete" and a pull.',
    '"log" goes back as far as the repository has commits; a host that pulls only has few.',
  ],
  kind: 'state',
  inert: true,
  params: Params,
  returns: {
    modified: { type: 'list', description: 'paths below /etc that were changed' },
    added: { type: 'list', description: 'paths below /etc that the image does not have' },
    removed: { type: 'list', description: 'paths below /etc that only the image has' },
    history: {
      type: 'list',
      description: 'commits of the ref of "log", newest first: {commit, date, version, subject}',
    },
    refs: { type: 'list', description: 'refs of the repository: {ref, commit}' },
  },
  examples: [
    '- ostree_check: {config_diff: true}\n  become: true\n  register: drift',
    '- name: nobody has changed anything by hand\n  ostree_check:\n    allow_changes: [/etc/machine-id, /etc/hostname, "/etc/ssh/ssh_host_*", /etc/systemd/system]\n  become: true',
    '- ostree_check: {fsck: true}\n  become: true',
    '- ostree_check: {log: "fleet:os/stable/x86_64", refs: true}\n  register: known',
  ],
  probe: ask,
  read,
  plan,
  result: (_want, { changes, history, refs }) => ({
    modified: [...changes.M],
    added: [...changes.A],
    removed: [...changes.D],
    history: history.map((one) => ({ ...one })),
    refs: refs.map((one) => ({ ...one })),
  }),
});

function ask(want: Params): Questions {
  const slow = { timeoutMs: SLOW_MS };
  return {
    ...(comparesEtc(want)
      ? {
          etc: withOptions(
            script('command -v ostree >/dev/null 2>&1 || exit 127\nexec ostree admin config-diff'),
            slow,
          ),
        }
      : {}),
    ...(want.log === undefined
      ? {}
      : { log: script('LC_ALL=C exec ostree log --repo="$1" "$2"', want.repo, want.log) }),
    ...(want.refs ? { refs: script(REFS, want.repo) } : {}),
  };
}

function read(answers: Answers): Have {
  const changes: { M: string[]; D: string[]; A: string[] } = { M: [], D: [], A: [] };
  for (const line of linesOf(answers['etc'])) {
    const [, kind, path] = /^([MDA]) {4}(.+)$/.exec(line) ?? [];
    if (path !== undefined && (kind === 'M' || kind === 'D' || kind === 'A')) changes[kind].push(`/etc/${path}`);
  }
  const refs = linesOf(answers['refs']).map((line) => line.split('\t'));
  return {
    changes,
    history: historyIn(linesOf(answers['log'])),
    refs: refs.flatMap(([ref = '', commit = '']) => (commit === '' ? [] : [{ ref, commit }])),
  };
}

function linesOf(answer: Answer | undefined): readonly string[] {
  if (answer === undefined) return [];
  if (answer.code === 0) return answer.stdout.split('\n');
  const told = explainOstree({ code: answer.code, stdout: '', stderr: answer.stderr });
  throw fault({
    code: answer.code === 127 ? 'E_UNSUPPORTED' : (told?.code ?? 'E_ANSWER'),
    message:
      answer.code === 127
        ? 'this host has no ostree'
        : (told?.message ?? 'ostree does not answer, and does not say why'),
    ...(told?.hint === undefined ? {} : { hint: told.hint }),
  });
}

/** The subject is the first indented line; labels stand at the beginning of theirs. */
function historyIn(lines: readonly string[]): readonly Commit[] {
  const found: { commit: string; date: string; version: string; subject: string }[] = [];
  for (const line of lines) {
    const commit = /^commit ([0-9a-f]{64})$/.exec(line)?.[1];
    const last = found.at(-1);
    if (commit !== undefined) found.push({ commit, date: '', version: '', subject: '' });
    else if (last === undefined) continue;
    else if (line.startsWith('Date:')) last.date = line.slice('Date:'.length).trim();
    else if (line.startsWith('Version:')) last.version = line.slice('Version:'.length).trim();
    else if (line.startsWith('    ') && last.subject === '') last.subject = line.trim();
  }
  return found;
}

function plan(want: Params, { changes }: Have): Change {
  const allowed = want.allow_changes?.map(matcher);
  const drift = (['M', 'D', 'A'] as const).flatMap((kind) =>
    changes[kind]
      .filter((path) => !(allowed ?? []).some((form) => form.test(path)))
      .map((path) => `${WORDS[kind]} ${path}`),
  );
  if (allowed !== undefined && drift.length > 0) {
    const shown = drift.slice(0, 20).join(', ');
    const more = drift.length > 20 ? ` and ${drift.length - 20} more` : '';
    return {
      refuse: `/etc differs from the image where it should not: ${shown}${more}`,
      hint: 'what is right belongs into "allow_changes", a task or the image',
      code: 'E_ASSERT',
    };
  }
  if (!want.fsck) return { steps: [] };
  const command = cmd('ostree', 'fsck', '--quiet', `--repo=${want.repo}`);
  return { steps: [ostreeStep(want, 'read every object of the repository', command)], verify: false };
}

const WORDS = { M: 'changed', D: 'removed', A: 'added' } as const;

/** A folder covers what is in it. */
function matcher(pattern: string): RegExp {
  const parts = pattern.split(/(\*\*|\*)/).map((part) => {
    if (part === '**') return '.*';
    return part === '*' ? '[^/]*' : part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`);
  });
  return new RegExp(`^${parts.join('')}(?:/.*)?$`, 's');
}
