import { Command } from 'commander';
import { didYouMean } from '../core/nearest.ts';
import { fault } from '../core/problem.ts';
import { findModule, modules } from '../modules/index.ts';
import { guard } from '../playbook/guard.ts';
import { createPaint, wantsColour } from '../report/paint.ts';
import { listText, moduleText } from './doc-text.ts';
import type { Action } from './action.ts';
import type { Terminal } from './streams.ts';

/** Lines longer than this are hard to read on the widest terminal. */
const WIDEST = 100;

/** The command `copse doc`. */
export function docCommand(act: (action: Action) => Promise<void>): Command {
  return new Command('doc')
    .description('tell what modules there are, and everything about one: parameters, results, examples')
    .argument('[module]', 'name of a module')
    .action((name: string | undefined) => act(async (terminal) => tell(name, terminal)));
}

function tell(name: string | undefined, terminal: Terminal): number {
  const { stdout, env } = terminal;
  const width = Math.min(stdout.columns ?? 80, WIDEST);
  const paint = createPaint(wantsColour(stdout.isTTY === true, env));
  if (name === undefined) {
    stdout.write(listText(modules, width, paint));
    return 0;
  }
  if (name === guard.name) {
    stdout.write(moduleText(guard, width, paint));
    return 0;
  }
  const module = findModule(name);
  if (module === undefined) throw noModule(name);
  stdout.write(moduleText(module, width, paint));
  return 0;
}

function noModule(name: string): Error {
  const names = modules.map((module) => module.name);
  const hint = didYouMean(name.replaceAll('-', '_'), names) ?? `there are: ${names.join(', ')}`;
  return fault({ code: 'E_USAGE', message: `no module named "${name}"`, hint });
}
