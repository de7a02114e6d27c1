import { describe, expect, it } from 'vitest';
import type { AnyModule, ModuleContext } from '../../src/core/module.ts';
import { problemsOf } from '../../src/core/problem.ts';
import { allCases, answersOf, bind, contextOf, shown, words, type Case } from './case-file.ts';

describe.each(allCases())('$module.name: $name', ({ module, one }) => {
  const parsed = module.params.safeParse(bind(module, one.want));
  const context = contextOf(one);

  if (one.invalid !== undefined) {
    it('is refused by the schema', () => {
      expect(parsed.error?.issues.map((issue) => issue.message)).toEqual(one.invalid);
    });
    return;
  }

  const want = parsed.data;

  it('asks what it says', () => {
    expect(parsed.error?.issues ?? []).toEqual([]);
    const asked = module.probe(want, context);
    if (one.questions !== undefined) {
      const shownQuestions = Object.entries(asked).map(([name, command]) => [name, words(command)]);
      expect(Object.fromEntries(shownQuestions)).toEqual(one.questions);
    }
    for (const answers of [one.answers, one.after]) {
      if (answers !== undefined) expect(Object.keys(answers).sort()).toEqual(Object.keys(asked).sort());
    }
  });

  if (one.unreadable !== undefined) {
    it('does not guess from an answer it cannot understand', () => {
      let problems: readonly { message: string; code: string }[] = [];
      try {
        module.read(answersOf(one.answers), want, context);
      } catch (error) {
        problems = problemsOf(error);
      }
      expect(problems.map(({ code, message }) => ({ code, message }))).toEqual([
        { code: one.code ?? 'E_ANSWER', message: one.unreadable },
      ]);
    });
    return;
  }

  it('plans what it says, and the same again', () => {
    const have = module.read(answersOf(one.answers), want, context);
    const change = module.plan(want, have, context);
    expect(planOf(change, one)).toEqual(expectedPlan(one));
    expect(JSON.stringify(module.plan(want, have, context))).toBe(JSON.stringify(change));
    if ('steps' in change) for (const step of change.steps) expect(step.say).toMatch(/^[a-z].*[^.]$/);
  });

  if (one.after !== undefined) {
    it(one.after_refuse === undefined ? 'has nothing left to do afterwards' : 'says afterwards what went wrong', () => {
      const before = module.read(answersOf(one.answers), want, context);
      const have = module.read(answersOf(one.after), want, context);
      const left = one.after_refuse === undefined ? { steps: [] } : { refuse: one.after_refuse };
      expect(module.plan(want, have, context, before)).toMatchObject(left);
    });
  }

  if (one.result !== undefined) {
    it('registers what it says', () => {
      expect(resultOf(module, want, one, context)).toEqual(one.result);
    });
  }
});

function planOf(change: ReturnType<AnyModule['plan']>, one: Case): unknown {
  if ('refuse' in change) return { refuse: change.refuse, ...(one.code === undefined ? {} : { code: change.code }) };
  return {
    steps: change.steps.map(shown),
    ...(one.notes === undefined ? {} : { notes: change.notes ?? [] }),
    ...(one.diff === undefined ? {} : { diff: change.diff ?? [] }),
    ...(one.verify === undefined ? {} : { verify: change.verify }),
  };
}

function expectedPlan(one: Case): unknown {
  if (one.refuse !== undefined) return { refuse: one.refuse, ...(one.code === undefined ? {} : { code: one.code }) };
  const { steps = [], notes, diff, verify } = one;
  return {
    steps,
    ...(notes === undefined ? {} : { notes }),
    ...(diff === undefined ? {} : { diff }),
    ...(verify === undefined ? {} : { verify }),
  };
}

function resultOf(module: AnyModule, want: unknown, one: Case, context: ModuleContext): unknown {
  const before = module.read(answersOf(one.answers), want, context);
  const change = module.plan(want, before, context);
  const steps = 'steps' in change ? change.steps : [];
  const done = steps.map((step) => ({ step, changed: true, code: 0, stdout: 'out\n', stderr: '' }));
  const have = one.after === undefined ? before : module.read(answersOf(one.after), want, context);
  return module.result?.(want, have, one.after === undefined ? [] : done, context);
}
