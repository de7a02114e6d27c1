import { z } from 'zod';
import { Secret } from '../../core/secret.ts';
import { CONTENT, CONTENT_RULE } from '../content-params.ts';
import { absolutePath, fileMode, obey, type Rule } from '../params.ts';

const shownText = (what: string): z.ZodString =>
  z.string({
    error: (issue) =>
      issue.input instanceof Secret
        ? 'a secret cannot be part of a file that is read and shown: put it into a file of its own with copy'
        : `expected ${what}`,
  });

const pattern = (): z.ZodString =>
  shownText('a regular expression').refine(isPattern, {
    error: 'expected a regular expression of JavaScript such as "^PermitRootLogin "',
  });

function isPattern(text: string): boolean {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
}

const Shape = z.strictObject({
  path: absolutePath().describe('The file. A link is followed to the file it leads to.'),
  state: z.enum(['present', 'absent']).default('present').describe('present: it is there. absent: it is not there.'),
  line: shownText('one line of text')
    .refine((line) => !/[\r\n]/.test(line), { error: 'expected one line; several lines are a "block"' })
    .optional()
    .describe('The line, without a line end. With state absent every line equal to it goes.'),
  regexp: pattern()
    .optional()
    .describe(
      'The line to replace: the last one that matches becomes "line". It must match "line" too. With state absent every matching line goes.',
    ),
  search_string: shownText('text')
    .min(1, { error: 'expected text, found none' })
    .optional()
    .describe('Like "regexp", but plain text that the line contains.'),
  block: shownText('text')
    .min(1, { error: 'expected text, found none; to remove the block write "state: absent"' })
    .optional()
    .describe('Several lines, kept between two marker lines.'),
  marker: shownText('a line with {mark} in it')
    .regex(/^[^\r\n]*\{mark\}[^\r\n]*$/, { error: 'expected one line with "{mark}" in it' })
    .default('# {mark} managed by copse')
    .describe(
      'The line before and after the block; {mark} is BEGIN and END. Each block of a file needs its own. "# {mark} ANSIBLE MANAGED BLOCK" takes over a block that Ansible wrote.',
    ),
  insertafter: z
    .union([z.literal('EOF'), pattern()])
    .optional()
    .describe(
      'Where something new goes: after the last line that matches this regular expression; EOF: at the end, as without it.',
    ),
  insertbefore: z
    .union([z.literal('BOF'), pattern()])
    .optional()
    .describe(
      'Where something new goes: before the last line that matches this regular expression; BOF: at the beginning.',
    ),
  firstmatch: z
    .boolean()
    .default(false)
    .describe('Takes the first matching line rather than the last, for regexp and for the place of something new.'),
  create: z.boolean().default(false).describe('Makes the file when it is not there; otherwise the task fails.'),
  mode: fileMode().optional().describe('Permissions as quoted octal digits: "0644". Without it they stay.'),
  ...CONTENT,
});
type Shape = z.infer<typeof Shape>;

const RULES: readonly Rule<Shape>[] = [
  {
    at: 'line',
    wrong: (want) => want.block !== undefined && (want.line !== undefined || hasFinder(want)),
    say: 'expected either "block" or "line" with "regexp" or "search_string"',
  },
  {
    at: 'line',
    wrong: (want) => want.state === 'present' && want.line === undefined && want.block === undefined,
    say: 'expected "line" or "block"',
  },
  {
    at: 'line',
    wrong: (want) => want.state === 'absent' && want.line === undefined && want.block === undefined && !hasFinder(want),
    say: 'expected "line", "regexp", "search_string" or "block": what is to go',
  },
  {
    at: 'regexp',
    wrong: (want) => want.regexp !== undefined && want.search_string !== undefined,
    say: 'expected one of "regexp" and "search_string"',
  },
  {
    at: 'regexp',
    wrong: (want) => want.state === 'present' && want.line !== undefined && !findsItself(want, want.line),
    say: 'it does not match "line", so the next run would not find what this one wrote: make it match both, as in "^#?Port "',
  },
  {
    at: 'insertafter',
    wrong: (want) => want.insertafter !== undefined && want.insertbefore !== undefined,
    say: 'expected one of "insertafter" and "insertbefore"',
  },
  {
    at: 'block',
    wrong: (want) => (want.block ?? '').split('\n').some((line) => markersOf(want).includes(line.trimEnd())),
    say: 'a line of the block equals its marker',
  },
  CONTENT_RULE,
];

function hasFinder({ regexp, search_string: search }: Shape): boolean {
  return regexp !== undefined || search !== undefined;
}

function findsItself({ regexp, search_string: search }: Shape, line: string): boolean {
  if (regexp !== undefined) return !isPattern(regexp) || new RegExp(regexp).test(line);
  return search === undefined || line.includes(search);
}

/** The lines before and after the block. */
export function markersOf({ marker }: { readonly marker: string }): readonly [string, string] {
  return [marker.replace('{mark}', () => 'BEGIN'), marker.replace('{mark}', () => 'END')];
}

/** The wish of the `lines` module. */
export const Params = Shape.superRefine(obey(RULES));
/** The wish of the `lines` module. */
export type Params = z.infer<typeof Params>;
