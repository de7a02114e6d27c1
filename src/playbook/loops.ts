import type { Template } from '../config/template.ts';
import type { Problem } from '../core/problem.ts';
import { under, type Cursor } from './cursor.ts';
import { templateAt } from './frames.ts';
import type { Task } from './types.ts';

interface LoopKeywords {
  readonly loop_control?:
    | {
        readonly loop_var?: string | undefined;
        readonly index_var?: string | undefined;
        readonly pause?: number | undefined;
      }
    | undefined;
}

/** The loop of a task or block; without `loop` only its defaults. */
export function loopOf(
  cursor: Cursor,
  { loop_control: control }: LoopKeywords,
  problems: Problem[],
): { loop: Template | undefined; loopControl: Task['loopControl'] } {
  return {
    loop: templateAt(under(cursor, 'loop'), problems),
    loopControl: {
      loopVar: control?.loop_var ?? 'item',
      indexVar: control?.index_var ?? 'index',
      label: templateAt(under(under(cursor, 'loop_control'), 'label'), problems),
      pauseMs: control?.pause ?? 0,
    },
  };
}
