import type { Answers } from '../core/answer.ts';
import type { AnyModule, ModuleContext } from '../core/module.ts';
import { Fault, fault } from '../core/problem.ts';

/** Exit status of a question that was ended because its time was up. */
const OUT_OF_TIME = 124;

/** What a module understands of the answers; a question that was ended at its deadline is told as such, not as a strange answer. */
export function understand(module: AnyModule, answers: Answers, want: unknown, thinking: ModuleContext): unknown {
  try {
    return module.read(answers, want, thinking);
  } catch (error) {
    const late = Object.keys(answers).filter((key) => answers[key]?.code === OUT_OF_TIME);
    const isAnswer = error instanceof Fault && error.problems.some(({ code }) => code === 'E_ANSWER');
    if (!isAnswer || late.length === 0) throw error;
    throw fault({
      code: 'E_TIMEOUT',
      message: `the host took too long to tell ${module.name} its state, so that nothing was decided`,
      hint: 'it is overloaded, or one of its tools waits for a lock: look with "ps axf" there, then run again',
    });
  }
}
