import type { Answer, Answers } from '../core/answer.ts';
import type { Facts } from '../core/facts.ts';
import type { AnyModule, ModuleContext } from '../core/module.ts';
import { Fault, fault } from '../core/problem.ts';
import { parseFacts } from '../facts/index.ts';

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
    throw lateFault(`${module.name} its state`);
  }
}

/** The facts that a host told; throws E_TIMEOUT where it was ended at its deadline. */
export function understandFacts(answer: Answer | undefined): Facts {
  if (answer === undefined) throw fault({ code: 'E_ANSWER', message: 'the host gave no facts' });
  if (answer.code === OUT_OF_TIME) throw lateFault('its facts');
  return parseFacts(answer);
}

function lateFault(what: string): Fault {
  return fault({
    code: 'E_TIMEOUT',
    message: `the host took too long to tell ${what}, so that nothing was decided`,
    hint: 'it is overloaded, or one of its tools waits for a lock: look with "ps axf" there, then run again',
  });
}
