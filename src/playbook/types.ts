import type { Expression } from '../config/expression.ts';
import type { Template } from '../config/template.ts';
import type { ArgsPlan } from './args-plan.ts';
import type { AnyModule } from '../core/module.ts';
import type { Place } from '../core/problem.ts';
import type { Vars } from '../core/value.ts';

/** What `become`, `become_user` and `become_method` say on a play, block or task; absent means inherited. */
export interface BecomeWish {
  readonly become?: boolean;
  readonly user?: Template;
  readonly method?: 'sudo' | 'su' | 'doas';
}

/** What plays, blocks and tasks have in common; already inherited downward when the engine sees it. */
export interface Frame {
  readonly name: string;
  readonly at: Place;
  readonly tags: readonly string[];
  readonly become: BecomeWish;
  readonly environment: readonly Template[];
  /** Variables of this level, outermost first. */
  readonly vars: readonly Template[];
  readonly when: readonly Expression[];
  readonly ignoreErrors: Expression | boolean;
  readonly ignoreUnreachable: boolean;
  readonly checkMode: boolean | undefined;
  readonly diff: boolean | undefined;
  readonly noLog: boolean;
  readonly anyErrorsFatal: boolean;
  readonly timeoutMs: number | undefined;
}

/** One task: exactly one module with its arguments. */
export interface Task extends Frame {
  readonly kind: 'task';
  /** Stable identity such as `1.3` or `1.4.2`; handlers `1.h1`. */
  readonly id: string;
  readonly module: AnyModule;
  /** The module as it was written: `ansible.builtin.copy` for `copy`. */
  readonly moduleKey: string;
  readonly args: Template;
  /** The arguments parameter by parameter, with expressions parsed; what binding works on. */
  readonly plan: ArgsPlan;
  /** Absolute folders in which relative names of local files are looked for, in order. */
  readonly folders: readonly string[];
  /** The list (or map) to go over. */
  readonly loop: Template | undefined;
  readonly loopControl: {
    readonly loopVar: string;
    readonly indexVar: string;
    readonly label: Template | undefined;
    readonly pauseMs: number;
  };
  readonly register: string | undefined;
  /** Names of handlers, or of topics they listen to. */
  readonly notify: Template | undefined;
  readonly listen: readonly string[];
  readonly until: Expression | undefined;
  readonly retries: number;
  readonly delayMs: number;
  readonly failedWhen: readonly Expression[] | undefined;
  readonly changedWhen: readonly Expression[] | undefined;
  readonly runOnce: boolean;
  readonly delegateTo: Template | undefined;
  readonly allowDestroy: Template | undefined;
}

/** Tasks with a way out: `rescue` runs when one failed, `always` in any case. */
export interface Block extends Frame {
  readonly kind: 'block';
  readonly id: string;
  readonly loop: Template | undefined;
  readonly loopControl: Task['loopControl'];
  readonly block: readonly TaskNode[];
  readonly rescue: readonly TaskNode[];
  readonly always: readonly TaskNode[];
  /** The window around it in which the host undoes by itself: `guard` with its values, in the form of a task. */
  readonly guard: Task | undefined;
}

/** Runs the handlers notified so far; stands after `pre_tasks`, `tasks` and `post_tasks`, and where `meta: flush_handlers` was written. */
export interface Flush {
  readonly kind: 'flush';
  readonly id: string;
}

export type TaskNode = Task | Block | Flush;

/** One play, everything resolved that does not need a host. */
export interface Play extends Frame {
  readonly index: number;
  /** Host pattern, as written. */
  readonly hosts: string;
  readonly hostsAt: Place;
  readonly gatherFacts: boolean;
  readonly strategy: 'linear' | 'free';
  readonly serial: readonly (number | string)[];
  readonly maxFailPercentage: number | undefined;
  readonly forks: number | undefined;
  readonly prompts: readonly {
    readonly name: string;
    readonly prompt: string;
    readonly secret: boolean;
    readonly default: string | undefined;
  }[];
  /** Variables of the play: `vars`, then those of `vars_files` (read at load time), of which later ones win. */
  readonly playVars: Template;
  readonly tasks: readonly TaskNode[];
  readonly handlers: readonly Task[];
}

/** All plays of the given files, imports followed. */
export interface Playbook {
  readonly files: readonly string[];
  readonly plays: readonly Play[];
}

/** Names an expression sees, by name: `vars facts host groups hosts run item index` and the registered results. */
export type Scope = Vars;
