import type { Answer, Answers, Questions } from '../../core/answer.ts';
import { script, withOptions } from '../../core/command.ts';
import type { OstreeFacts } from '../../core/facts.ts';
import type { ModuleContext } from '../../core/module.ts';
import { fault, type Problem } from '../../core/problem.ts';
import { BootcHost, bootcDeployments } from '../../facts/bootc.ts';
import { orderedFacts } from '../../facts/boot-order.ts';
import { readUpdaters, TELL_UPDATERS, type Updaters } from '../other-updaters.ts';
import { hostOf, type Host } from './deployed.ts';
import { explain } from './explain.ts';

/** What is known of a host that bootc may update. */
export interface Have {
  readonly host: Host;
  readonly ostree: OstreeFacts;
  /** Options that the bootc of this host knows, as `upgrade --download-only`. */
  readonly options: ReadonlySet<string>;
  readonly updaters: Updaters;
  /** Whether the registry was asked for a newer build, and what it said where that failed. */
  readonly look: 'none' | 'done' | { readonly failed: string };
}

/** The wish, as far as it matters for what is asked. */
export interface Asking {
  readonly upgrade: boolean;
  readonly image?: string | undefined;
}

// A look for a newer build notes what it found beside the status; a host that follows another image than the wished one need not look.
const STATUS = `command -v bootc >/dev/null 2>&1 || exit 127
[ "$(id -u)" = 0 ] || exit 126
tell() { bootc status --json --format-version=1 2>/dev/null || bootc status --json; }
now=$(tell) || exit
case $1$now in
  look*"\\"$2"*)
    if said=$(bootc upgrade --check 2>&1 >/dev/null); then echo looked; else echo "failed $said" | tr '\\n' ' '; echo; fi
    tell ;;
  *) printf '%s\\n' "$now" ;;
esac`;

const OPTIONS = `for verb in upgrade switch; do
  bootc "$verb" --help 2>/dev/null | sed -n "s/^ *\\(-[A-Za-z], \\)*\\(--[a-z-]*\\).*/option $verb \\2/p"
done
${TELL_UPDATERS}`;

/** Five minutes: a slow registry is asked for its manifest. */
const LOOK_MS = 5 * 60_000;

/** The questions of the module. */
export function ask({ upgrade, image = '' }: Asking): Questions {
  const status = script(STATUS, upgrade ? 'look' : '', image.replace(/:latest$/, ''));
  return { status: upgrade ? withOptions(status, { timeoutMs: LOOK_MS }) : status, around: script(OPTIONS) };
}

/** What the answers mean. */
export function read(answers: Answers, context: ModuleContext): Have {
  const { look, host } = readStatus(answers['status'], context);
  const lines = (answers['around']?.stdout ?? '').split('\n');
  return {
    host: hostOf(host),
    look,
    ostree: orderedFacts('bootc', bootcDeployments(host)),
    options: new Set(lines.filter((line) => line.startsWith('option ')).map((line) => line.slice('option '.length))),
    updaters: readUpdaters(answers['around']),
  };
}

function readStatus(
  answer: Answer | undefined,
  context: ModuleContext,
): { readonly host: BootcHost; readonly look: Have['look'] } {
  if (answer?.code !== 0) throw fault(failure(answer, context));
  const [line = ''] = answer.stdout.split('\n', 1);
  const look = lookOf(line);
  const parsed = BootcHost.safeParse(parseJson(look === 'none' ? answer.stdout : answer.stdout.slice(line.length)));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const message = `expected the status of bootc as JSON, found something else at "${issue?.path.join('.') ?? ''}": ${issue?.message ?? ''}`;
    throw fault({ code: 'E_ANSWER', message, hint: 'see "bootc status --json" and "bootc --version" on the host' });
  }
  return { host: parsed.data, look };
}

function lookOf(line: string): Have['look'] {
  if (line === 'looked') return 'done';
  return line.startsWith('failed ') ? { failed: line.slice('failed '.length).trim() } : 'none';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function failure(answer: Answer | undefined, { facts }: ModuleContext): Problem {
  const { code = null, stderr = '' } = answer ?? {};
  if (code === 127) {
    const hasRpmOstree = facts.tools['rpm-ostree'] !== undefined;
    return {
      code: 'E_UNSUPPORTED',
      message: 'this host has no bootc',
      hint: hasRpmOstree
        ? 'rpm-ostree updates it: write "rpm_ostree: {upgrade: true}", or {rebase: …} for another image'
        : 'only hosts that run from a container image have it',
    };
  }
  if (code === 126) {
    return { code: 'E_BECOME', message: 'bootc tells its status to root only', hint: 'add "become: true"' };
  }
  const told = explain({ code, stdout: '', stderr }) ?? {
    message: 'it says nothing',
    hint: 'see "bootc status" there',
  };
  const message = `bootc does not tell its status: ${told.message}`;
  return { ...told, code: told.code === 'E_SPACE' ? 'E_SPACE' : 'E_ANSWER', message };
}
