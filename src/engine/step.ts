import { exitCode, type Ending, type Outcome } from '../core/answer.ts';
import { showCommand, type Command } from '../core/command.ts';
import { Fault, type Problem } from '../core/problem.ts';
import type { Explain, RunStep, Step, StepResult, TransactionStep, WaitStep } from '../core/step.ts';
import { showDuration } from '../core/units.ts';
import { STALE_HINT, whoseWork } from '../facts/idle.ts';
import type { HostSession, RunOptions } from '../session/session.ts';
import { rebootHost } from './activation/index.ts';
import { patiently } from './patience.ts';
import type { Applied, StepContext } from './step-context.ts';

/** Deadline of a detached transaction where nothing else is said: rpm-ostree over a slow link needs it. */
const TRANSACTION_MS = 2 * 3_600_000;

/** Applies one step: its intent is out before it is sent, its outcome afterwards. */
export async function applyStep(step: Step, index: number, context: StepContext): Promise<Applied> {
  const { emit, ref, clock } = context;
  const started = clock.elapsed();
  await context.guard?.before(step);
  await emit({ type: 'step-start', ref, step: index, do: step.do, say: step.say, name: context.stepName(index) });
  if (step.do !== 'wait') context.onChange();
  const applied = await perform(step, index, context);
  const ms = Math.round(clock.elapsed() - started);
  await emit({ type: 'step-end', ref, step: index, changed: applied.result.changed, code: applied.result.code, ms });
  return applied;
}

async function perform(step: Step, index: number, context: StepContext): Promise<Applied> {
  switch (step.do) {
    case 'run':
      return judge(step, await context.session.run(withEnvironment(step.command, context), runOptions(context)));
    case 'transaction':
      return keptOpen(context, () => performTransaction(step, index, context));
    case 'put':
      await context.session.put(step, runOptions(context));
      return { result: done(step, true), problem: undefined };
    case 'wait':
      return performWait(step, context);
    case 'reboot': {
      const { problem, outcome } = await rebootHost(step, index, context);
      return { result: { ...done(step, true), outcome }, problem };
    }
  }
}

/** A transaction may take longer than the window of a guard. */
function keptOpen<T>(context: StepContext, work: () => Promise<T>): Promise<T> {
  return context.guard === undefined ? work() : context.guard.during(work);
}

function done(step: Step, changed: boolean): StepResult {
  return { step, changed, code: null, stdout: '', stderr: '' };
}

function runOptions(context: StepContext): RunOptions {
  return {
    as: context.as,
    signal: context.signal,
    deadlineMs: context.deadlineMs,
    onOutput: (stream, text) => {
      // Output is for people; a consumer that fails must not end the command.
      void context.emit({ type: 'step-output', ref: context.ref, stream, text }).catch(() => undefined);
    },
  };
}

function withEnvironment(command: Command, context: StepContext): Command {
  if (Object.keys(context.environment).length === 0) return command;
  return { ...command, env: { ...context.environment, ...command.env } };
}

async function performTransaction(step: TransactionStep, index: number, context: StepContext): Promise<Applied> {
  if (step.waitIdle !== undefined) {
    const { question, deadlineMs, say } = step.waitIdle;
    const busy = await patiently(context, () => askUntil(question, deadlineMs, 2000, context, say));
    if (busy !== undefined) {
      const message = `${say}${whoseWork(busy.stdout)}: still so after ${showDuration(deadlineMs)}`;
      return { result: done(step, false), problem: { code: 'E_BUSY', message, hint: STALE_HINT } };
    }
  }
  const outcome = await context.session.transaction(withEnvironment(step.command, context), {
    ...runOptions(context),
    deadlineMs: TRANSACTION_MS,
    name: context.stepName(index),
    onReattach: (reason) => {
      const text = `link lost (${reason}); attaching to the transaction again`;
      void context.emit({ type: 'note', host: context.ref.host, ref: context.ref, text }).catch(() => undefined);
    },
    onDetach: (name) => {
      const text = `goes on there as ${name}; copse resume, or the same task, attaches to it`;
      void context.emit({ type: 'note', host: context.ref.host, ref: context.ref, text }).catch(() => undefined);
    },
  });
  return judge(step, outcome);
}

async function performWait(step: WaitStep, context: StepContext): Promise<Applied> {
  const last = await askUntil(step.until, step.deadlineMs, step.everyMs, context);
  if (last === undefined) return { result: done(step, false), problem: undefined };
  const message = `${step.say}: not so within ${showDuration(step.deadlineMs)}`;
  const problem = explained(step.explain?.(last), { code: 'E_TIMEOUT', message });
  return { result: { step, changed: false, ...last }, problem };
}

interface Last {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Asks until the answer is exit 0; the last answer when the deadline passed first. Says once why it waits. */
async function askUntil(
  question: Command,
  deadlineMs: number,
  everyMs: number,
  context: StepContext,
  say?: string,
): Promise<Last | undefined> {
  const { clock, session, signal, ref } = context;
  const deadline = clock.elapsed() + deadlineMs;
  let said = say === undefined;
  for (;;) {
    const answer = await askOnce(question, context, session);
    if (answer.code === 0) return undefined;
    if (!said) {
      const text = `waiting: ${say ?? ''}${whoseWork(answer.stdout)}`;
      await context.emit({ type: 'note', host: ref.host, ref, text });
    }
    said = true;
    if (clock.elapsed() + everyMs > deadline) return answer;
    await clock.sleep(everyMs, signal);
  }
}

async function askOnce(question: Command, context: StepContext, session: HostSession): Promise<Last> {
  const asked = await session.ask({ until: withEnvironment(question, context) }, context.as, context.signal);
  const { code = 127, stdout = '', stderr = '' } = asked['until'] ?? {};
  return { code, stdout, stderr };
}

/** Judges how a command ended by its exit code alone, and lets the module explain a failure. */
function judge(step: RunStep | TransactionStep, outcome: Outcome): Applied {
  const { ending, stdout, stderr } = outcome;
  if (ending.how === 'aborted') throw new Fault([{ code: 'E_ABORTED', message: `interrupted: ${step.say}` }]);
  if (ending.how === 'lost') throw new Fault([lost(step, ending.reason)]);
  const code = exitCode(ending);
  const isOneOf = (codes: readonly number[]): boolean => code !== null && codes.includes(code);
  const unchanged = isOneOf(step.unchangedCodes ?? []);
  const result: StepResult = { step, changed: !unchanged, code, stdout, stderr };
  const good = unchanged || isOneOf(step.okCodes ?? [0]);
  return { result, problem: good ? undefined : problemOf(step, outcome) };
}

function problemOf(step: RunStep | TransactionStep, outcome: Outcome): Problem {
  const { ending, stdout, stderr } = outcome;
  const told = step.explain?.({ code: exitCode(ending), stdout, stderr });
  const code = ending.how === 'timeout' ? 'E_TIMEOUT' : 'E_COMMAND';
  return explained(told, { code, message: general(step.command, ending, stdout, stderr) });
}

/** What a module made of a failure, or the general problem where it made nothing. */
function explained(told: ReturnType<Explain>, otherwise: Problem): Problem {
  if (told === undefined) return otherwise;
  const { code = otherwise.code, message, hint } = told;
  return hint === undefined ? { code, message } : { code, message, hint };
}

function lost(step: RunStep | TransactionStep, reason: string): Problem {
  return {
    code: 'E_LOST',
    message: `the connection was lost (${reason}) while this ran: ${step.say}; whether it finished is not known`,
    hint: 'run the playbook again: state is read afresh, and only what is still missing is done',
  };
}

function general(command: Command, ending: Ending, stdout: string, stderr: string): string {
  const tail = lastLines(stderr.trim() === '' ? stdout : stderr, 5);
  return `${showCommand(command)}: ${showEnding(ending)}${tail === '' ? '' : `: ${tail}`}`;
}

function lastLines(text: string, count: number): string {
  return text.trim().split('\n').slice(-count).join(' | ').slice(0, 600);
}

function showEnding(ending: Ending): string {
  switch (ending.how) {
    case 'exit':
    case 'held-open':
      return ending.code === 127 ? 'exit 127 (no such program)' : `exit ${ending.code}`;
    case 'signal':
      return `killed by ${ending.signal}`;
    case 'timeout':
      return `not finished after ${showDuration(ending.afterMs)}, stopped`;
    case 'aborted':
      return 'interrupted';
    case 'lost':
      return `connection lost (${ending.reason})`;
  }
}
