import type { Answer, Answers, Questions } from '../../core/answer.ts';
import { script, withOptions } from '../../core/command.ts';
import { fault } from '../../core/problem.ts';
import { KINDS, type Params } from './schema.ts';
import { readPorts, type PortRules } from './port-rules.ts';

/** A mode as the kernel has it; off where SELinux does not run at all. */
export type Mode = 'enforcing' | 'permissive' | 'off';

/** A switch of the policy; undefined where the policy has none of that name. */
export interface Switch {
  readonly now: boolean | undefined;
  readonly kept: boolean | undefined;
}

/** What `selinux` knows of a host. */
export interface Have {
  readonly now: Mode;
  /** /etc/selinux/config; undefined where there is none. */
  readonly config: string | undefined;
  readonly isWritable: boolean;
  readonly policy: string;
  /** Policies that are on the disk, of those that were asked for. */
  readonly hasPolicy: boolean;
  readonly cmdline: readonly string[];
  readonly tools: readonly string[];
  readonly booleans: ReadonlyMap<string, Switch>;
  /** Types of rules for files by `fileKey`: those of this host, and those of the policy. */
  readonly localFiles: ReadonlyMap<string, string>;
  readonly baseFiles: ReadonlyMap<string, string>;
  readonly ports: PortRules;
  readonly restore: readonly Labels[];
}

/** What restorecon would do below a path. */
export interface Labels {
  readonly path: string;
  readonly isThere: boolean;
  /** Lines of files that differ; the first forty. */
  readonly differing: readonly string[];
}

// The policy is the one that the file says; what stands there is made a word that can be a folder.
const TYPE = `t=$(sed -n 's/^[[:blank:]]*SELINUXTYPE=[[:blank:]]*//p' /etc/selinux/config 2>/dev/null | tail -n 1)
t=\${t%%[!A-Za-z0-9_-]*}
t=\${t:-targeted}
export LC_ALL=C
`;

const STATE = `${TYPE}if [ -e /sys/fs/selinux/enforce ]; then printf 'now %s\\n' "$(cat /sys/fs/selinux/enforce)"; else echo 'now off'; fi
echo "policy $t"
[ -z "$1" ] || ! [ -d "/etc/selinux/$1/policy" ] || echo 'has policy'
[ -w /etc/selinux ] && echo writable
printf 'cmdline %s\\n' "$(cat /proc/cmdline)"
for c in setenforce setsebool semanage restorecon; do command -v "$c" >/dev/null && echo "tool $c"; done
[ -f /etc/selinux/config ] || exit 0
echo config
cat /etc/selinux/config`;

// A boolean in the policy that boots: three numbers of four bytes (its own, its value, the length of its name), then the name.
const BOOLEANS = `${TYPE}v=$(ls "/etc/selinux/$t/policy" 2>/dev/null | sed -n 's/^policy[.]\\([0-9]*\\)$/\\1/p' | sort -n | tail -n 1)
p=/etc/selinux/$t/policy/policy.$v
for b do
  printf 'bool %s %s\\n' "$b" "$(cat "/sys/fs/selinux/booleans/$b" 2>/dev/null)"
  grep -abo -e "$b" -- "$p" 2>/dev/null | while IFS=: read -r o _; do
    [ "$o" -lt 12 ] || od -An -v -tu1 -j"$((o - 12))" -N12 -- "$p"
  done
done
exit 0`;

const CONTEXTS = `${TYPE}d=/etc/selinux/$t/contexts/files
cat "$d/file_contexts.local" 2>/dev/null
echo
echo base
for p do grep -hF -e "$p" -- "$d/file_contexts" "$d/file_contexts.homedirs" 2>/dev/null; done
exit 0`;

const PORTS = `export LC_ALL=C
command -v semanage >/dev/null || exit 0
semanage port -l -n -C || exit
echo all
semanage port -l -n || exit
echo end`;

const RESTORE = `export LC_ALL=C
[ -e /sys/fs/selinux/enforce ] || exit 0
command -v restorecon >/dev/null || exit 0
for p do
  printf 'path %s\\n' "$p"
  if [ -e "$p" ]; then { restorecon -n -v -R "$p" || echo failed; } | sed -n -e 's/^/ /' -e '1,40p' -e '1,40!{$p' -e '}'; else echo missing; fi
done
exit 0`;

/** Labels of a large tree take their time. */
const RESTORE_MS = 600_000;

/** One question for the state, and one for each kind of wish. */
export function ask(want: Params): Questions {
  const booleans = Object.keys(want.booleans);
  const paths = want.file_contexts.map(({ path }) => path);
  return {
    state: script(STATE, want.policy ?? ''),
    ...(booleans.length === 0 ? {} : { booleans: script(BOOLEANS, ...booleans) }),
    ...(paths.length === 0 ? {} : { contexts: script(CONTEXTS, ...paths) }),
    ...(want.ports.length === 0 ? {} : { ports: script(PORTS) }),
    ...(want.restore.length === 0
      ? {}
      : { restore: withOptions(script(RESTORE, ...want.restore), { timeoutMs: RESTORE_MS }) }),
  };
}

/** What the answers mean. */
export function read(answers: Answers, want: Params): Have {
  const text = answers['state']?.stdout ?? '';
  const at = text.indexOf('\nconfig\n');
  const lines = (at < 0 ? text : text.slice(0, at)).split('\n');
  const after = (key: string): string[] =>
    lines.filter((line) => line.startsWith(`${key} `)).map((line) => line.slice(key.length + 1));
  const [enforce] = after('now');
  const now = enforce === undefined ? undefined : MODES[enforce.trim()];
  if (now === undefined) throw unclear('the mode of SELinux', answers['state']);
  const [local = '', base = ''] = (answers['contexts']?.stdout ?? '').split('\nbase\n');
  return {
    now,
    config: at < 0 ? undefined : text.slice(at + '\nconfig\n'.length),
    isWritable: lines.includes('writable'),
    policy: after('policy')[0] ?? '',
    hasPolicy: lines.includes('has policy'),
    cmdline: (after('cmdline')[0] ?? '').split(/\s+/),
    tools: after('tool'),
    booleans: switchesOf(answers['booleans']),
    localFiles: filesOf(local),
    baseFiles: filesOf(base),
    ports: portsOf(answers['ports'], after('tool')),
    restore: labelsOf(answers['restore'], want),
  };
}

const MODES: Readonly<Record<string, Mode>> = { '1': 'enforcing', '0': 'permissive', off: 'off' };

function unclear(what: string, answer: Answer | undefined): Error {
  const found = answer === undefined ? 'nothing' : `exit ${answer.code}: ${answer.stderr.trim().slice(-200)}`;
  return fault({ code: 'E_ANSWER', message: `expected ${what}, found ${found}` });
}

function switchesOf(answer: Answer | undefined): Have['booleans'] {
  const switches = new Map<string, Switch>();
  for (const [, name = '', now, bytes = ''] of (answer?.stdout ?? '').matchAll(
    /^bool (\w+) ?(\d)?.*\n((?:[ \d]+\n)*)/gm,
  )) {
    const kept = bytes.split('\n').map((line) => keptIn(line.trim().split(/\s+/).map(Number), name.length));
    switches.set(name, {
      now: now === undefined ? undefined : now === '1',
      kept: kept.find((one) => one !== undefined),
    });
  }
  return switches;
}

/** The value in the twelve bytes before a name, if a boolean of just that name stands there. */
function keptIn(bytes: readonly number[], length: number): boolean | undefined {
  const word = (at: number): number => [3, 2, 1, 0].reduce((sum, index) => sum * 256 + (bytes[at + index] ?? 0), 0);
  const isBoolean = bytes.length === 12 && word(0) > 0 && word(4) <= 1 && word(8) === length;
  return isBoolean ? word(4) === 1 : undefined;
}

/** `PATH [KIND] CONTEXT` of selabel_file(5); the type is the third part of a context. */
function filesOf(text: string): ReadonlyMap<string, string> {
  const kinds = Object.values(KINDS);
  return new Map(
    text.split('\n').flatMap((line): (readonly [string, string])[] => {
      const [path = '', second = '', third] = line.trim().split(/\s+/);
      if (!path.startsWith('/')) return [];
      const hasKind = third !== undefined && kinds.includes(second);
      const context = hasKind ? third : second;
      return [[hasKind ? `${path} ${second}` : path, context.split(':')[2] ?? context]];
    }),
  );
}

function portsOf(answer: Answer | undefined, tools: readonly string[]): PortRules {
  if (answer === undefined || !tools.includes('semanage')) return { local: [], base: [] };
  if (answer.code !== 0 || !answer.stdout.endsWith('end\n')) throw unclear('the ports of "semanage port -l"', answer);
  return readPorts(answer.stdout);
}

function labelsOf(answer: Answer | undefined, want: Params): readonly Labels[] {
  if (answer === undefined) return [];
  return answer.stdout
    .split(/^path /m)
    .slice(1)
    .map((part, index) => {
      const lines = part.split('\n').slice(1);
      const path = want.restore[index] ?? '';
      if (lines.includes(' failed')) throw unclear(`the labels below "${path}"`, answer);
      const differing = lines.filter((line) => RELABEL.test(line)).map((line) => line.trim());
      return { path, isThere: !lines.includes('missing'), differing };
    });
}

/** A line of restorecon about a file ends in two contexts; what is said of a path without a rule does not. */
const RELABEL = /[^\s:]+:[^\s:]+:[^\s:]+\S*(?: \w+ |->)[^\s:]+:[^\s:]+:[^\s:]+\S*$/;
