import { Command } from 'commander';
import pLimit from 'p-limit';
import type { Facts } from '../core/facts.ts';
import { problemsOf } from '../core/problem.ts';
import { showSize } from '../core/units.ts';
import { understandFacts } from '../engine/understand.ts';
import { selectHosts } from '../inventory/pattern.ts';
import { findHost } from '../inventory/types.ts';
import { factsQuestion } from '../facts/index.ts';
import { createPaint, wantsColour } from '../report/paint.ts';
import { createSecrets } from '../session/secrets.ts';
import { renderProblems } from '../config/frame.ts';
import { EXIT } from './exit.ts';
import { withInterrupts } from './interrupt.ts';
import { loadHosts } from './load-hosts.ts';
import { withHostOptions, type HostOptions } from './options.ts';
import { createPrompter } from './prompt.ts';
import type { Action } from './action.ts';
import type { Terminal } from './streams.ts';
import { askLogin, sessionOpener } from './wire.ts';

/** The command `copse facts`. */
export function factsCommand(act: (action: Action) => Promise<void>): Command {
  return withHostOptions(new Command('facts'))
    .description('read the typed facts of hosts: one connection and one question each')
    .argument('<pattern>', 'hosts, as in a play')
    .action((pattern: string, options: HostOptions) => act((terminal) => showFacts(pattern, options, terminal)));
}

type Read = { readonly name: string; readonly facts: Facts } | { readonly name: string; readonly failed: string };

function showFacts(pattern: string, options: HostOptions, terminal: Terminal): Promise<number> {
  return withInterrupts(terminal, async (signal) => {
    const inventory = await loadHosts(options, terminal, signal);
    const names = selectHosts(inventory, pattern, { limit: options.limit });
    const secrets = createSecrets();
    const prompter = createPrompter(terminal, () => () => undefined);
    const login = await askLogin(options, prompter, secrets);
    const open = sessionOpener({ login, prompter, secrets, terminal });
    const slots = pLimit(options.forks);
    const read = names.flatMap((name) => {
      const host = findHost(inventory, name);
      return host === undefined ? [] : [slots(() => readOne(name, open(host), signal))];
    });
    return tell(await Promise.all(read), options, terminal, signal.aborted);
  });
}

async function readOne(
  name: string,
  session: ReturnType<ReturnType<typeof sessionOpener>>,
  signal: AbortSignal,
): Promise<Read> {
  try {
    const { facts } = await session.ask({ facts: factsQuestion() }, undefined, signal);
    return { name, facts: understandFacts(facts) };
  } catch (error) {
    return { name, failed: renderProblems(problemsOf(error)) };
  } finally {
    await session.close();
  }
}

function tell(read: readonly Read[], options: HostOptions, terminal: Terminal, interrupted: boolean): number {
  const good = read.flatMap((one) => ('facts' in one ? [one] : []));
  const bad = read.flatMap((one) => ('failed' in one ? [one] : []));
  const asTable =
    options.output === 'plain' || options.output === 'live' || (options.output === undefined && good.length > 1);
  if (options.output === 'json') {
    for (const { name, facts } of good) terminal.stdout.write(`${JSON.stringify({ host: name, facts })}\n`);
  } else if (asTable) terminal.stdout.write(`${table(good, terminal).join('\n')}\n`);
  else for (const { facts } of good) terminal.stdout.write(`${JSON.stringify(facts, null, 2)}\n`);
  for (const { name, failed } of bad) terminal.stderr.write(`${name}: ${failed}\n`);
  if (interrupted) return EXIT.interrupted;
  return bad.length > 0 ? EXIT.unreachable : EXIT.ok;
}

/** One line a host: what one wants to see of a fleet at a glance. */
function table(
  read: readonly { readonly name: string; readonly facts: Facts }[],
  terminal: Terminal,
): readonly string[] {
  const paint = createPaint(wantsColour(terminal.stdout.isTTY === true, terminal.env));
  const rows = read.map(({ name, facts }) => [
    name,
    facts.os.name,
    facts.kernel,
    facts.arch,
    showSize(facts.memory.total),
    facts.ostree.booted.id === '' ? '-' : `${facts.ostree.booted.version} ${facts.ostree.booted.checksum.slice(0, 10)}`,
    facts.ostree.pending ? 'pending' : '-',
    facts.systemd.failed_units.length === 0 ? '-' : facts.systemd.failed_units.join(','),
  ]);
  const head = ['HOST', 'SYSTEM', 'KERNEL', 'ARCH', 'MEMORY', 'BOOTED', 'NEXT BOOT', 'FAILED UNITS'];
  const widths = head.map((cell, column) => Math.max(cell.length, ...rows.map((row) => (row[column] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [paint.bold(line(head)), ...rows.map(line)];
}
