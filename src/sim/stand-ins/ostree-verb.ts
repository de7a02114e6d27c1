import type { Call } from '../calls.ts';
import type { Machine } from '../machine.ts';
import { readWords, type OptionSpec, type Words } from '../words.ts';

/** One verb of the modelled ostree. */
export interface Verb extends OptionSpec {
  readonly summary: string;
  /** What it does is only for root. */
  readonly isForRoot?: boolean;
  readonly run: (machine: Machine, call: Call, words: Words) => number | Promise<number>;
}

/** The verbs of a command, by name. */
export type Verbs = Readonly<Record<string, Verb>>;

/** Runs one of the verbs, or tells which there are; `title` is what was typed before it. */
export function runVerb(
  machine: Machine,
  call: Call,
  verbs: Verbs,
  title: string,
  args: readonly string[],
): number | Promise<number> {
  const [name = '', ...rest] = args;
  const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  if (name === '--help' || name === '-h') {
    call.out(helpOf(verbs, title));
    return 0;
  }
  if (verb === undefined) {
    call.err(helpOf(verbs, title));
    return fail(call, name === '' ? 'No command specified' : `the simulated ${title} does not know "${name}"`);
  }
  if (rest.includes('--help')) {
    call.out(`Usage:\n  ${title} ${name} [OPTION…]\n\n${verb.summary}\n\nApplication Options:\n${optionsOf(verb)}`);
    return 0;
  }
  const words = readWords(rest, { ...verb, values: [...verb.values, '--repo', '--sysroot'] });
  if (words.unknown !== undefined) return fail(call, `Unknown option ${words.unknown}`);
  if (verb.isForRoot === true && call.user !== 'root') {
    return fail(call, 'Remounting /sysroot read-write: Permission denied');
  }
  const repo = words.last('--repo');
  if (repo !== undefined && !['/ostree/repo', '/sysroot/ostree/repo'].includes(repo)) {
    return fail(call, `opening repo: opendir(${repo}): No such file or directory`);
  }
  return verb.run(machine, call, words);
}

function helpOf(verbs: Verbs, title: string): string {
  const rows = Object.entries(verbs).map(([name, { summary }]) => `  ${name.padEnd(18)} ${summary}\n`);
  return `Usage:\n  ${title} [OPTION…] COMMAND\n\nBuiltin Commands:\n${rows.join('')}\nHelp Options:\n  -h, --help         Show help options\n`;
}

function optionsOf({ flags, values }: Verb): string {
  const row = (names: string, value: string): string => {
    const [first = '', second] = names.split(' ');
    const [short, long] = first.startsWith('--') ? [second, first] : [first, second];
    const shown = short?.startsWith('--') === false ? `${short}, ${long ?? ''}` : (long ?? first);
    return `  ${shown}${value}\n`;
  };
  return [...flags.map((one) => row(one, '')), ...values.map((one) => row(one, '=VALUE'))].join('');
}

/** Says `error: …` and gives 1. */
export function fail(call: Call, message: string): number {
  call.err(`error: ${message}\n`);
  return 1;
}

/** Works on the deployments alone: waits for rpm-ostree's daemon and for other calls of ostree. Going down ends it. */
export async function locked(machine: Machine, call: Call, work: () => number | Promise<number>): Promise<number> {
  while (holder(machine) !== undefined) await waited(machine, call);
  const { power } = machine;
  const done = Promise.resolve(work()).catch((error: unknown) => {
    if (!power.signal.aborted) throw error;
    return 1;
  });
  machine.sysrootLock = done;
  const code = await done;
  if (machine.sysrootLock === done) machine.sysrootLock = undefined;
  return code;
}

/** Waits for whoever works on the deployments. */
export async function idle(machine: Machine, call: Call): Promise<void> {
  while (holder(machine) !== undefined) await waited(machine, call);
}

async function waited(machine: Machine, call: Call): Promise<void> {
  call.out('Waiting for sysroot lock...\n');
  call.flush();
  await holder(machine);
}

function holder({ transaction, sysrootLock }: Machine): Promise<unknown> | undefined {
  return transaction?.done ?? sysrootLock;
}
