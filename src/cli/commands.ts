import type { Command } from 'commander';
import { checkCommand } from './check.ts';
import { demoCommand } from './demo.ts';
import { docCommand } from './doc.ts';
import { execCommand } from './exec.ts';
import { factsCommand } from './facts.ts';
import { inventoryCommand } from './inventory.ts';
import type { Action } from './action.ts';
import { resumeCommand, runCommand } from './run.ts';
import { runsCommand, showCommand } from './runs.ts';
import { schemaCommand } from './schema.ts';
import { simCommand } from './sim.ts';
import type { Terminal } from './streams.ts';

/** Every command, in the order help shows them. */
export function commands(terminal: Terminal, exit: (status: number) => void): readonly Command[] {
  const act = async (action: Action): Promise<void> => exit(await action(terminal));
  return [
    runCommand(act),
    checkCommand(act),
    resumeCommand(act),
    runsCommand(act),
    showCommand(act),
    execCommand(act),
    factsCommand(act),
    inventoryCommand(act),
    docCommand(act),
    schemaCommand(act),
    demoCommand(act),
    simCommand(act),
  ];
}
