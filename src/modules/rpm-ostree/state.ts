import { z } from 'zod';
import type { Answer, Answers, Questions } from '../../core/answer.ts';
import { cmd, script, type Command } from '../../core/command.ts';
import type { DeploymentFact, OstreeFacts } from '../../core/facts.ts';
import type { ModuleContext } from '../../core/module.ts';
import { fault } from '../../core/problem.ts';
import { parseDeployments } from '../../facts/deployments.ts';
import { aroundQuestion, readAround, type Around } from './around.ts';
import { readRpms, type Rpms } from './rpms.ts';
import type { Params } from './schema.ts';
import { askTree, readTree, type Tree } from './tree-state.ts';

/** What `rpm_ostree` knows of a host. */
export interface Have {
  readonly ostree: OstreeFacts;
  /** What each deployment provides of the packages in question, by `checksum.serial`; no entry where it could not be asked. */
  readonly provided: ReadonlyMap<string, ReadonlySet<string>>;
  /** Version of rpm-ostree, empty when not known. */
  readonly version: string;
  /** Version of ostree, empty when not known. */
  readonly ostreeVersion: string;
  /** Checksum that a live apply was interrupted on its way to, empty when none was. */
  readonly interrupted: string;
  readonly around: Around;
  /** Images, overrides, kernel arguments and the like. */
  readonly tree: Tree;
  /** The RPM files that are wished. */
  readonly rpms: Rpms;
}

// The daemon starts on demand, and in old versions the first call could come too early.
const STATUS = `command -v rpm-ostree >/dev/null 2>&1 || exit 127
rpm-ostree status --json || { sleep 1; exec rpm-ostree status --json; }`;

// Between any two answers of rpm stands what it says of a package that cannot exist, so that they are told apart by order and
// not by words. A deployment's own database is read where it is checked out; a staged one is too.
const PROVIDED = `command -v rpm >/dev/null 2>&1 || exit 0
for p; do set -- "$@" "$p" copse..none; shift; done
for d in /ostree/deploy/*/deploy/*.[0-9]*; do
  for db in "$d/usr/share/rpm" "$d/usr/lib/sysimage/rpm"; do
    [ -d "$db" ] || continue
    echo "deployment \${d##*/}"
    rpm --dbpath "$db" -q --whatprovides --qf '+%{NAME}\\n' "$@" 2>/dev/null
    break
  done
done
:`;

/** The names a wish is about. */
function namesOf(want: Params): readonly string[] {
  return [...(want.packages ?? []), ...(want.absent ?? [])];
}

/** The questions of the module: the status, and what the deployments provide without being asked to. */
export function ask(want: Params, context: ModuleContext): Questions {
  const names = namesOf(want);
  return {
    status: statusQuestion(),
    around: aroundQuestion(),
    ...askTree(want),
    ...(names.length === 0 ? {} : { provided: script(PROVIDED, ...names) }),
    ...(context.facts.tools['rpm-ostree'] === undefined ? { version: cmd('rpm-ostree', '--version') } : {}),
  };
}

/** Asks for the deployments. */
export function statusQuestion(): Command {
  return script(STATUS);
}

/** The deployments. */
export function readStatus(answer: Answer | undefined): OstreeFacts {
  return parseDeployments(statusText(answer));
}

/** What the answers mean. */
export function read(answers: Answers, want: Params, context: ModuleContext): Have {
  const status = statusText(answers['status']);
  const tree = readTree(status, answers, want);
  return {
    tree,
    rpms: readRpms(want, tree.rpms, context),
    ostree: parseDeployments(status),
    ostreeVersion: context.facts.tools['ostree'] ?? '',
    interrupted: interruptedIn(status),
    around: readAround(answers['around']),
    provided: parseProvided(answers['provided']?.stdout ?? '', namesOf(want)),
    version: context.facts.tools['rpm-ostree'] ?? /\d+(?:\.\d+)+/.exec(answers['version']?.stdout ?? '')?.[0] ?? '',
  };
}

function statusText(answer: Answer | undefined): string {
  if (answer?.code === 127) {
    throw fault({
      code: 'E_UNSUPPORTED',
      message: 'this host has no rpm-ostree',
      hint: 'packages can be layered on hosts of rpm-ostree only',
    });
  }
  if (answer?.code !== 0) {
    const said = answer?.stderr.trim().split('\n').at(-1) ?? 'nothing';
    throw fault({
      code: 'E_ANSWER',
      message: `rpm-ostree does not tell its status: ${said.slice(0, 300)}`,
      hint: '"journalctl -u rpm-ostreed -n 30" on the host says more',
    });
  }
  return answer.stdout;
}

const Interrupted = z.object({
  deployments: z.array(z.object({ booted: z.boolean(), 'live-inprogress': z.string().nullish() })),
});

/** The status was read as a whole before, so that only this one key may be missing. */
function interruptedIn(status: string): string {
  const parsed = Interrupted.safeParse(JSON.parse(status));
  const booted = parsed.success ? parsed.data.deployments.find((one) => one.booted) : undefined;
  return booted?.['live-inprogress'] ?? '';
}

/** The names each deployment provides. A line of `+` answers the name whose turn it is; the separator ends its turn. */
function parseProvided(text: string, names: readonly string[]): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  let provides = new Set<string>();
  let turn = 0;
  for (const line of text.split('\n')) {
    const name = names[turn];
    if (line.startsWith('deployment ')) {
      provides = new Set();
      turn = 0;
      found.set(line.slice('deployment '.length), provides);
    } else if (line.includes('copse..none')) turn += 1;
    else if (line.startsWith('+') && name !== undefined) provides.add(name);
  }
  return found;
}

/** True where a deployment is known to provide a package, requested or not. */
export function provides(have: Have, one: DeploymentFact, name: string): boolean {
  return have.provided.get(one.id.slice(one.stateroot.length + 1))?.has(name) === true;
}
