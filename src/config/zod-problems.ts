import type { z } from 'zod';
import type { ProblemCode } from '../core/codes.ts';
import { didYouMean } from '../core/nearest.ts';
import type { Place, Problem } from '../core/problem.ts';
import { Secret } from '../core/secret.ts';
import type { Path } from './source.ts';
import { isRecord } from './plain.ts';
import { keysAt } from './zod-schema.ts';

type Issue = z.core.$ZodIssue;

/** What a value that a schema refused was, so that the problems can say it. */
export interface Refused {
  /** What the value is called: a module's name, `task`, `play`; empty for nothing. */
  readonly subject: string;
  /** What its keys are called: parameter, keyword, key. */
  readonly noun: string;
  /** The code of a wrong value. */
  readonly code: ProblemCode;
  /** The code of a key that is not known; that of a wrong value when absent. */
  readonly keyCode?: ProblemCode;
  readonly schema: z.core.$ZodType;
  place(path: Path, what?: 'key' | 'value'): Place;
  /** The expression whose value stands at a path; undefined where the value was written out. */
  expressionAt?(path: Path): string | undefined;
}

/** zod's issues (parsed with `reportInput`) as problems: each with its place, what was expected, what was found, what to write. */
export function zodProblems(issues: readonly Issue[], refused: Refused): readonly Problem[] {
  return issues.flatMap((issue) => problemsOf(issue, [], refused));
}

function problemsOf(issue: Issue, above: Path, refused: Refused): readonly Problem[] {
  const path = [...above, ...pathOf(issue)];
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownKey(key, path, refused));
    case 'invalid_union':
      return ofUnion(issue, path, refused);
    case 'invalid_key':
    case 'invalid_element':
      return issue.issues.flatMap((inner) => problemsOf(inner, path, refused));
    default:
      return [ofValue(issue, path, refused)];
  }
}

function unknownKey(key: string, path: Path, refused: Refused): Problem {
  const known = keysAt(refused.schema, path);
  const hint = didYouMean(key, known) ?? (known.length === 0 ? undefined : `it has: ${shortList(known)}`);
  const message = `${named([...path, key], refused)}: no such ${refused.noun}`;
  return { code: refused.keyCode ?? refused.code, message, at: refused.place([...path, key], 'key'), ...hinted(hint) };
}

function ofUnion(issue: Extract<Issue, { code: 'invalid_union' }>, path: Path, refused: Refused): readonly Problem[] {
  if (issue.errors.length === 0) return [ofValue({ ...issue, input: discriminant(issue) }, path, refused)];
  const deepest = (branch: readonly Issue[]) =>
    Math.max(0, ...branch.map((inner) => inner.path.length + (inner.code === 'unrecognized_keys' ? 1 : 0)));
  const ranked = issue.errors.toSorted((a, b) => deepest(b) - deepest(a) || a.length - b.length);
  const [best = []] = ranked;
  if (deepest(best) > 0) return best.flatMap((inner) => problemsOf(inner, path, refused));
  if (!isStock(issue.message)) return [ofValue(issue, path, refused)];
  const own = best.find((inner) => !isStock(inner.message) && inner.code !== 'invalid_type');
  if (own !== undefined) return problemsOf(own, path, refused);
  const wanted = [...new Set(issue.errors.flatMap((branch) => branch.map(expected)))].join(' or ');
  return [wrongValue(wanted, issue.input, path, refused)];
}

/** For a union told apart by one key, zod hands over the whole value; what was found is that key's. */
function discriminant({ input, discriminator }: Extract<Issue, { code: 'invalid_union' }>): unknown {
  return isRecord(input) && discriminator !== undefined ? input[discriminator] : input;
}

function ofValue(issue: Issue, path: Path, refused: Refused): Problem {
  if (issue.input === undefined && issue.code !== 'custom' && path.length > 0) return absent(path, refused);
  if (issue.code === 'custom' || !isStock(issue.message)) return inOwnWords(issue, path, refused);
  return wrongValue(expected(issue), issue.input, path, refused);
}

/** A required key that is not there is shown at the thing that lacks it. */
function absent(path: Path, refused: Refused): Problem {
  const parent = path.slice(0, -1);
  const message = `${named(parent, refused)}: "${String(path.at(-1))}" is required`;
  return { code: 'E_MISSING', message: message.replace(/^: /, ''), at: refused.place(parent, 'key') };
}

/** The schema's author said what is expected; what was found is added unless it is said already. */
function inOwnWords(issue: Issue, path: Path, refused: Refused): Problem {
  const says = issue.message.includes('found') || isRecord(issue.input) || issue.input === undefined;
  const found = says || (issue.code === 'custom' && path.length === 0) ? '' : `, found ${shown(issue.input)}`;
  const message = `${prefix(path, refused)}${issue.message}${found}`;
  return {
    code: refused.code,
    message,
    at: refused.place(path),
    ...hinted(hintAt(issue.message, issue.input, path, refused)),
  };
}

function wrongValue(wanted: string, input: unknown, path: Path, refused: Refused): Problem {
  const isYesNo =
    wanted.includes('true or false') && typeof input === 'string' && /^(?:yes|no|on|off|y|n|true|false)$/i.test(input);
  const message = `${prefix(path, refused)}expected ${wanted}, found ${shown(input)}`;
  return {
    code: isYesNo ? 'E_ANSIBLE' : refused.code,
    message,
    at: refused.place(path),
    ...hinted(hintFor(wanted, input)),
  };
}

/** What to write; for the value of an expression that is to change the expression. */
function hintAt(wanted: string, input: unknown, path: Path, refused: Refused): string | undefined {
  const expression = refused.expressionAt?.(path)?.trim();
  if (expression === undefined) return hintFor(wanted, input);
  if (typeof input !== 'number' && typeof input !== 'boolean') return undefined;
  return /\b(?:string|text|word|name|path|mode)\b/.test(wanted) ? `write \${{ string(${expression}) }}` : undefined;
}

function hintFor(wanted: string, input: unknown): string | undefined {
  if (typeof input === 'string') return wanted.includes('true or false') ? truthHint(input) : textHint(wanted, input);
  if (typeof input !== 'number' && typeof input !== 'boolean') return undefined;
  if (/\bmode\b/.test(wanted)) return `quote it: '${String(input).padStart(4, '0')}'`;
  return /\bstring\b|quoted|text/.test(wanted) ? `quote it: '${String(input)}'` : undefined;
}

function truthHint(input: string): string | undefined {
  if (/^(?:yes|on|y|true)$/i.test(input)) return 'write true';
  return /^(?:no|off|n|false)$/i.test(input) ? 'write false' : undefined;
}

function textHint(wanted: string, input: string): string | undefined {
  if (/\bnumber\b/.test(wanted) && input.trim() !== '' && Number.isFinite(Number(input)))
    return `write ${input.trim()} without quotes`;
  if (/\blist\b/.test(wanted) && !/\bstring\b/.test(wanted)) return `write [${input}]`;
  return didYouMean(
    input,
    [...wanted.matchAll(/"([^"]+)"/g)].map((match) => match[1] ?? ''),
  );
}

/** What an issue of zod expected, in words. */
function expected(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return KINDS[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return orList(issue.values.map((value) => (typeof value === 'string' ? `"${value}"` : String(value))));
    case 'too_small':
      return atLeast(issue.origin, 'at least', Number(issue.minimum) + (issue.inclusive === false ? 1 : 0));
    case 'too_big':
      return atLeast(issue.origin, 'at most', Number(issue.maximum) - (issue.inclusive === false ? 1 : 0));
    case 'invalid_format':
      return issue.format === 'regex' ? `text like ${issue.pattern ?? 'the pattern'}` : `a ${issue.format}`;
    case 'not_multiple_of':
      return `a multiple of ${issue.divisor}`;
    case 'invalid_union':
      return 'options' in issue && Array.isArray(issue.options)
        ? orList(issue.options.map((option) => `"${String(option)}"`))
        : 'something else';
    default:
      return 'something else';
  }
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'a string',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
  null: 'nothing',
};

function atLeast(origin: string, bound: string, limit: number): string {
  if (origin === 'string') return limit === 1 ? 'a text that is not empty' : `${bound} ${limit} characters`;
  if (origin === 'array')
    return limit === 1 && bound === 'at least' ? 'a list that is not empty' : `${bound} ${limit} elements`;
  return `a number of ${bound} ${limit}`;
}

/** A value as found, short; a secret never shows. */
export function shown(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (value instanceof Secret) return 'a secret';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') return 'something else';
  const text = String(value);
  const short = text.length > 60 ? `${text.slice(0, 57)}...` : text;
  return typeof value === 'string' ? `"${short.replaceAll('\n', '\\n')}"` : short;
}

function isStock(message: string): boolean {
  return /^(?:Invalid|Too (?:small|big)|Unrecognized)\b/.test(message);
}

function pathOf(issue: Issue): Path {
  return issue.path.map((segment) => (typeof segment === 'number' ? segment : String(segment)));
}

function named(path: Path, { subject }: Refused): string {
  let text = subject;
  for (const segment of path)
    text += typeof segment === 'number' ? `[${segment}]` : text === '' ? segment : `.${segment}`;
  return text;
}

function prefix(path: Path, refused: Refused): string {
  const name = named(path, refused);
  return name === '' ? '' : `${name}: `;
}

function orList(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? 'nothing') : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`;
}

function shortList(words: readonly string[]): string {
  return words.length > 16 ? `${words.slice(0, 16).join(', ')}, …` : words.join(', ');
}

function hinted(hint: string | undefined): { hint?: string } {
  return hint === undefined ? {} : { hint };
}
