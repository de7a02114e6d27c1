import { Command } from 'commander';
import { showDuration } from '../core/units.ts';
import { foldRun } from '../journal/fold.ts';
import { readJournal, type ReadJournal } from '../journal/read.ts';
import { listRuns, runFolder, stateFolder } from '../journal/runs.ts';
import { createPaint, wantsColour } from '../report/paint.ts';
import { createRecord } from '../report/plain.ts';
import { EXIT } from './exit.ts';
import type { Action } from './action.ts';
import type { Terminal } from './streams.ts';

/** The command `copse runs`. */
export function runsCommand(act: (action: Action) => Promise<void>): Command {
  return new Command('runs')
    .description('the runs there were, newest first')
    .option('-n, --number <count>', 'how many', Number, 20)
    .action((options: { readonly number: number }) => act((terminal) => tellRuns(options.number, terminal)));
}

/** The command `copse show`. */
export function showCommand(act: (action: Action) => Promise<void>): Command {
  return new Command('show')
    .description('what happened in a run, from its journal')
    .argument('<run>', 'the run, as copse runs lists it')
    .option('-v, --verbose', 'every task and step')
    .action((id: string, options: { readonly verbose?: true }) =>
      act((terminal) => tellRun(id, options.verbose === true, terminal)),
    );
}

async function tellRuns(count: number, terminal: Terminal): Promise<number> {
  const state = stateFolder(terminal.env);
  const ids = (await listRuns(state)).slice(0, count);
  if (ids.length === 0) terminal.stdout.write(`no run yet in ${state}\n`);
  for (const id of ids) {
    const journal = await readJournal(runFolder(state, id).journal).catch(() => undefined);
    terminal.stdout.write(`${id}  ${journal === undefined ? 'journal cannot be read' : outline(journal)}\n`);
  }
  return EXIT.ok;
}

/** `failed (2)  12 hosts  15s  site.yaml`, or that it did not end. */
function outline({ records }: ReadJournal): string {
  const { start, end } = foldRun(records);
  const hosts = `${start?.hosts.length ?? 0} hosts`.padEnd(10);
  const files = `${start?.playbooks.join(' ') ?? ''}${start?.check === true ? '  (check)' : ''}`;
  if (end === undefined) return `${'not ended'.padEnd(16)}${hosts}${''.padEnd(8)}${files}`;
  return `${statusWord(end.status).padEnd(16)}${hosts}${showDuration(end.ms).padEnd(8)}${files}`;
}

function statusWord(status: number): string {
  const words: Readonly<Record<number, string>> = {
    [EXIT.ok]: 'ok',
    [EXIT.hostFailed]: 'failed',
    [EXIT.incomplete]: 'incomplete',
    [EXIT.unreachable]: 'unreachable',
    [EXIT.interrupted]: 'interrupted',
  };
  return `${words[status] ?? 'ended'} (${status})`;
}

async function tellRun(id: string, verbose: boolean, terminal: Terminal): Promise<number> {
  const { records, torn } = await readJournal(runFolder(stateFolder(terminal.env), id).journal);
  const paint = createPaint(wantsColour(terminal.stdout.isTTY === true, terminal.env));
  const record = createRecord({ paint, verbosity: verbose ? 2 : 0 });
  for (const { event } of records) for (const line of record(event)) terminal.stdout.write(`${line}\n`);
  if (torn > 0) terminal.stdout.write(paint.note(`the last ${torn} bytes of the journal were torn off by a crash\n`));
  if (foldRun(records).end === undefined)
    terminal.stdout.write(`this run did not end; go on with:  copse resume ${id}\n`);
  return EXIT.ok;
}
