import { inOrder } from '../config/frame.ts';
import { Fault, type Problem } from '../core/problem.ts';
import type { Vars } from '../core/value.ts';
import type { Expression } from '../config/expression.ts';
import { expressionsIn } from '../config/template.ts';
import { ANY, recordOf, STRING, Unknown } from '../config/type.ts';
import { emptyRecord } from '../config/plain.ts';
import type { Known, Scope } from '../config/cel-run.ts';
import { connectionProblems } from '../inventory/host-spec.ts';
import { selectHosts } from '../inventory/pattern.ts';
import { findHost, type Host, type Inventory } from '../inventory/types.ts';
import { checkScope } from './check-scope.ts';
import { checkTask, loopLocals, type TaskCheck } from './check-task.ts';
import { createTally, type Tally } from './findings.ts';
import { checkHandlers, handlerNames } from './check-handlers.ts';
import type { ReadPlaybook } from './load.ts';
import { hostClasses, type HostClass } from './host-classes.ts';
import { createLookAt, type LookAt } from './look-at.ts';
import { expressionsOf, readsOf, type Reads } from './reads.ts';
import { resultType } from './results.ts';
import { selectedByTags, unknownStart, unknownTags } from './tags.ts';
import type { Block, Play, Playbook, Task, TaskNode } from './types.ts';

/** What a run would be asked for. */
export interface CheckPlaybookOptions {
  readonly limit?: string | undefined;
  readonly tags?: readonly string[];
  readonly skipTags?: readonly string[];
  readonly extraVars: Vars;
  /** `--start-at-task`. */
  readonly startAtTask?: string | undefined;
  /** Names that tasks with problems of their own would have given. */
  readonly lost?: ReadPlaybook['lost'];
}

/**
 * Everything wrong with a playbook that can be known without a connection, for every selected host: patterns, connections, expressions against the
 * names in scope, arguments as far as they are known, files of this machine, handlers. Equal problems of many hosts come once.
 */
export function checkPlaybook(
  playbook: Playbook,
  inventory: Inventory,
  options: CheckPlaybookOptions,
): readonly Problem[] {
  const wish = { tags: options.tags ?? [], skipTags: options.skipTags ?? [] };
  const problems: Problem[] = [...unknownTags(playbook, wish), ...unknownStart(playbook, options.startAtTask)];
  const registered = emptyRecord<Known>();
  for (const name of options.lost?.registers ?? []) registered[name] = new Unknown(ANY);
  const look = createLookAt();
  for (const play of playbook.plays) {
    problems.push(...checkHandlers(play));
    const hosts = hostsOf(play, inventory, options, problems);
    problems.push(...connectionProblems(hosts));
    const tally = createTally();
    const checking: Checking = {
      play,
      inventory,
      extraVars: options.extraVars,
      registered,
      handlers: new Set([...handlerNames(play), ...(options.lost?.handlers ?? [])]),
      look,
      tally,
      classes: hostClasses(hosts),
      wish,
    };
    checkNodes([...play.tasks, ...play.handlers], checking, []);
    problems.push(...tally.problems(hosts.length));
  }
  return inOrder(problems);
}

interface Checking {
  readonly play: Play;
  readonly inventory: Inventory;
  readonly extraVars: Vars;
  readonly registered: Record<string, Known>;
  readonly handlers: ReadonlySet<string>;
  readonly look: LookAt;
  readonly tally: Tally;
  readonly classes: (reads: Reads) => readonly HostClass[];
  readonly wish: { readonly tags: readonly string[]; readonly skipTags: readonly string[] };
}

function hostsOf(
  play: Play,
  inventory: Inventory,
  options: CheckPlaybookOptions,
  problems: Problem[],
): readonly Host[] {
  // That a pattern holds no expressions is told when it is read.
  if (play.hosts.includes('{{')) return [];
  try {
    const names = selectHosts(inventory, play.hosts, { limit: options.limit, at: play.hostsAt });
    return names.flatMap((name) => findHost(inventory, name) ?? []);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    problems.push(...error.problems);
    return [];
  }
}

function checkNodes(nodes: readonly TaskNode[], checking: Checking, loops: readonly Block[]): void {
  for (const node of nodes) {
    if (node.kind === 'task') checkOne(node, checking, loops);
    if (node.kind !== 'block') continue;
    const inner = node.loop === undefined ? loops : [...loops, node];
    if (node.guard !== undefined) checkOne(node.guard, checking, inner);
    checkNodes(node.block, checking, inner);
    Object.assign(checking.registered, RESCUED);
    checkNodes([...node.rescue, ...node.always], checking, inner);
  }
}

/** What a `rescue` finds of the task that failed. */
const RESCUED: Readonly<Record<string, Known>> = {
  failed_task: new Unknown(recordOf('failed_task', { name: STRING, module: STRING })),
  failed_result: new Unknown(ANY),
};

function checkOne(task: Task, checking: Checking, loops: readonly Block[]): void {
  const { play, inventory, extraVars, handlers, look, tally, registered, wish } = checking;
  const isHandler = play.handlers.includes(task);
  if (isHandler || selectedByTags(task.tags, wish)) {
    const expressions = [...expressionsOf(task), ...loops.flatMap((block) => loopExpressions(block))];
    const reads = readsOf(expressions, [task, ...loops], play);
    for (const { host, names } of checking.classes(reads)) {
      const on: TaskCheck = { play, inventory, extraVars, registered, handlers, look, host, locals: NO_LOCALS };
      for (const locals of rounds(loops, on))
        tally.add(checkTask(task, loops.length === 0 ? on : { ...on, locals }), names);
    }
    if (task.register !== undefined) registered[task.register] = new Unknown(resultType(task));
  } else if (task.register !== undefined) {
    registered[task.register] = new Unknown(ANY);
  }
}

function loopExpressions(block: Block): readonly Expression[] {
  return block.loop === undefined ? [] : expressionsIn(block.loop.tree);
}

/** The loop variables around a task, for each round of the blocks it stands in. */
function rounds(loops: readonly Block[], on: TaskCheck): readonly Scope[] {
  let all: readonly Scope[] = [{}];
  for (const block of loops) {
    all = all.flatMap((locals) => {
      const scope = checkScope({ ...on, frame: block, locals });
      return loopLocals(block, scope).map((inner) => ({ ...locals, ...inner }));
    });
  }
  return all.slice(0, MAX_ROUNDS);
}

const MAX_ROUNDS = 200;
const NO_LOCALS: Scope = {};
