import type { Expression } from '../config/expression.ts';
import { templateOf, type Template } from '../config/template.ts';
import type { Problem } from '../core/problem.ts';
import { conditionsOf, expressionAt } from './conditions.ts';
import { originOf, placeOf, under, type Cursor } from './cursor.ts';
import type { BecomeWish, Frame } from './types.ts';

/** A frame with what only tasks use, so that blocks and imports can hand it down. */
export interface Inherited extends Frame {
  readonly runOnce: boolean;
  readonly delegateTo: Template | undefined;
  readonly notify: readonly Template[];
}

/** The shared keywords after their schema has accepted them. */
export interface CommonKeywords {
  readonly name?: string | undefined;
  readonly become?: boolean | undefined;
  readonly become_method?: BecomeWish['method'] | undefined;
  readonly tags?: string | string[] | undefined;
  readonly any_errors_fatal?: boolean | undefined;
  readonly check_mode?: boolean | undefined;
  readonly diff?: boolean | undefined;
  readonly no_log?: boolean | undefined;
  readonly ignore_unreachable?: boolean | undefined;
  readonly ignore_errors?: boolean | string | undefined;
  readonly run_once?: boolean | undefined;
  readonly timeout?: number | undefined;
}

/** What applies around the first play: nothing. */
export function outermost(cursor: Cursor): Inherited {
  return {
    name: '',
    at: placeOf(cursor),
    tags: [],
    become: {},
    environment: [],
    vars: [],
    when: [],
    ignoreErrors: false,
    ignoreUnreachable: false,
    checkMode: undefined,
    diff: undefined,
    noLog: false,
    anyErrorsFatal: false,
    timeoutMs: undefined,
    runOnce: false,
    delegateTo: undefined,
    notify: [],
  };
}

/** The frame of a play, block, import or task: its own keywords over those around it. */
export function frameOf(cursor: Cursor, keywords: CommonKeywords, around: Inherited, problems: Problem[]): Inherited {
  return {
    name: keywords.name ?? '',
    at: placeOf(cursor),
    tags: [...new Set([...around.tags, ...namesOf(keywords.tags)])],
    become: becomeOf(cursor, keywords, around.become, problems),
    environment: [...around.environment, ...templatesAt(under(cursor, 'environment'), problems)],
    vars: [...around.vars, ...templatesAt(under(cursor, 'vars'), problems)],
    when: [...around.when, ...conditionsOf(under(cursor, 'when'), problems)],
    ignoreErrors: ignoreErrorsOf(cursor, keywords, problems) ?? around.ignoreErrors,
    ignoreUnreachable: keywords.ignore_unreachable ?? around.ignoreUnreachable,
    checkMode: keywords.check_mode ?? around.checkMode,
    diff: keywords.diff ?? around.diff,
    noLog: keywords.no_log ?? around.noLog,
    anyErrorsFatal: keywords.any_errors_fatal ?? around.anyErrorsFatal,
    timeoutMs: keywords.timeout ?? around.timeoutMs,
    runOnce: keywords.run_once ?? around.runOnce,
    delegateTo: templateAt(under(cursor, 'delegate_to'), problems) ?? around.delegateTo,
    notify: [...around.notify, ...templatesAt(under(cursor, 'notify'), problems)],
  };
}

/** The template at a place, or undefined when nothing stands there. */
export function templateAt(cursor: Cursor, problems: Problem[]): Template | undefined {
  return cursor.value === undefined ? undefined : templateOf(cursor.value, originOf(cursor), [], problems);
}

/** One name or a list of names, as a list. */
export function namesOf(names: string | readonly string[] | undefined): readonly string[] {
  if (names === undefined) return [];
  const list = typeof names === 'string' ? names.split(',') : names;
  return list.map((name) => name.trim()).filter((name) => name !== '');
}

function templatesAt(cursor: Cursor, problems: Problem[]): readonly Template[] {
  const template = templateAt(cursor, problems);
  return template === undefined ? [] : [template];
}

function becomeOf(cursor: Cursor, keywords: CommonKeywords, around: BecomeWish, problems: Problem[]): BecomeWish {
  const user = templateAt(under(cursor, 'become_user'), problems);
  return {
    ...around,
    ...(keywords.become === undefined ? {} : { become: keywords.become }),
    ...(user === undefined ? {} : { user }),
    ...(keywords.become_method === undefined ? {} : { method: keywords.become_method }),
  };
}

function ignoreErrorsOf(
  cursor: Cursor,
  { ignore_errors: wish }: CommonKeywords,
  problems: Problem[],
): Expression | boolean | undefined {
  return typeof wish === 'string' ? expressionAt(under(cursor, 'ignore_errors'), problems) : wish;
}
