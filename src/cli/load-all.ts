import { dirname, resolve } from 'node:path';
import { inOrder } from '../config/frame.ts';
import { Fault, problemsOf, throwIfAny } from '../core/problem.ts';
import type { Inventory } from '../inventory/types.ts';
import { checkPlaybook } from '../playbook/check.ts';
import { readPlaybooks } from '../playbook/load.ts';
import type { Playbook } from '../playbook/types.ts';
import type { Vars } from '../core/value.ts';
import { readExtraVars } from './extra-vars.ts';
import { loadHosts } from './load-hosts.ts';
import type { HostOptions } from './options.ts';
import type { Terminal } from './streams.ts';

/** A playbook with its hosts and variables, free of every problem that can be known without a connection. */
export interface Loaded {
  readonly playbook: Playbook;
  readonly inventory: Inventory;
  readonly extraVars: Vars;
}

/** What narrows a run, as far as the check wants to know it. */
export interface Narrowing extends Pick<HostOptions, 'inventory' | 'extraVars' | 'limit'> {
  readonly tags: readonly string[];
  readonly skipTags: readonly string[];
  readonly startAtTask?: string;
}

/** Reads playbooks and inventory and checks them for every selected host. Throws one Fault with the problems of all of them. */
export async function loadAll(
  files: readonly string[],
  options: Narrowing,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<Loaded> {
  const { cwd } = terminal;
  const extraVars = await readExtraVars(options.extraVars, cwd);
  const [hosts, read] = await Promise.allSettled([
    loadHosts(options, terminal, signal, dirname(resolve(cwd, files[0] ?? '.'))),
    readPlaybooks(files, { cwd, extraVars }),
  ]);
  if (read.status === 'rejected') throw read.reason;
  const { playbook, problems, lost } = read.value;
  if (hosts.status === 'rejected') throw new Fault([...problemsOf(hosts.reason), ...problems]);
  const inventory = hosts.value;
  throwIfAny(inOrder([...problems, ...checkPlaybook(playbook, inventory, { ...narrowing(options), extraVars, lost })]));
  return { playbook, inventory, extraVars };
}

/** Checks what was read already. Throws a Fault with every problem. */
export function checkLoaded({ playbook, inventory, extraVars }: Loaded, options: Narrowing): void {
  throwIfAny(checkPlaybook(playbook, inventory, { ...narrowing(options), extraVars }));
}

function narrowing({
  limit,
  tags,
  skipTags,
  startAtTask,
}: Narrowing): Pick<Narrowing, 'limit' | 'tags' | 'skipTags' | 'startAtTask'> {
  return {
    tags,
    skipTags,
    ...(limit === undefined ? {} : { limit }),
    ...(startAtTask === undefined ? {} : { startAtTask }),
  };
}
