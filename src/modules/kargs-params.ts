import { z } from 'zod';
import { keyOf } from './kargs.ts';
import { listOf, type Rule } from './params.ts';

function word(error: string, form: RegExp): z.ZodType<string, string> {
  return z.string({ error }).regex(form, { error }).meta({ title: 'text' });
}

const Karg = word(
  'expected one kernel argument such as "quiet" or "console=ttyS0"',
  /^(?!-|ostree(?:=|$))(?:[^\s"=]+)(?:=(?:[^\s"]|"[^"]*")*)?$/,
);
const KeyValue = word(
  'expected a kernel argument with a value such as "loglevel=3"',
  /^(?!-|ostree=)[^\s"=]+=(?:[^\s"]|"[^"]*")*$/,
);

/** What is wished of the kernel arguments, as tasks write it. */
export const Kargs = z.strictObject({
  append: listOf(Karg)
    .default([])
    .describe(
      'Arguments that must be there, each as a whole: another value of the same key does not count, and stays.',
    ),
  delete: listOf(Karg)
    .default([])
    .describe('Arguments that must be absent: a key with all its values, or one key=value.'),
  replace: listOf(KeyValue)
    .default([])
    .describe('Arguments key=value that must be there as the only one of their key.'),
});

/** What stands in `copse doc` of the parameter itself. */
export const KARGS_TEXT =
  'Kernel arguments, by the lists append (must be there as a whole; other values of the key stay), delete (a key with all its values, or one key=value) and replace (key=value as the only one of its key).';

/** A wish that may be about kernel arguments. */
interface WithKargs {
  readonly kargs?:
    | { readonly append: readonly string[]; readonly delete: readonly string[]; readonly replace: readonly string[] }
    | undefined;
}

/** Wishes about kernel arguments that cannot stand together. */
export const KARGS_RULES: readonly Rule<WithKargs>[] = [
  {
    at: 'kargs',
    wrong: ({ kargs }) =>
      kargs !== undefined &&
      [...kargs.append, ...kargs.replace].some(
        (token) => kargs.delete.includes(token) || kargs.delete.includes(keyOf(token)),
      ),
    say: 'a kernel argument cannot be wished both there and absent',
  },
  {
    at: 'kargs',
    wrong: ({ kargs }) => {
      const keys = (kargs?.replace ?? []).map(keyOf);
      return (kargs?.append ?? []).some((token) => keys.includes(keyOf(token))) || new Set(keys).size < keys.length;
    },
    say: '"replace" leaves its key just one value: expected the key once',
  },
];
