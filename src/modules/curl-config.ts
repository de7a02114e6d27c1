import { z } from 'zod';
import { joinTexts, mapText, Secret, type MaybeSecret } from '../core/secret.ts';
import type { Explain } from '../core/step.ts';
import { hasControl, maybeSecret, publicText } from './params.ts';

/** A URL of http or https. It is a word of commands and of messages, so a secret belongs into a header. */
export function webUrl(): z.ZodType<string, string> {
  const error = 'expected a URL that starts with http:// or https://';
  return publicText('a URL; a secret belongs into "headers"')
    .regex(/^https?:\/\/[^\s/?#]+[^\s]*$/, { error })
    .refine((url) => !/^https?:\/\/[^/?#]*@/.test(url), {
      error: 'expected a URL without a name and password; write them as a header: {Authorization: !secret …}',
    })
    .meta({ title: 'URL' });
}

/** Headers of a request; values may be secret. */
export function headers(): z.ZodType<Record<string, MaybeSecret>, Record<string, unknown>> {
  return z.record(
    z.string().regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/, { error: 'expected the name of a header' }),
    z
      .union([maybeSecret('expected text'), z.number()], { error: 'expected text' })
      .transform((value): MaybeSecret => (value instanceof Secret ? value : String(value)))
      .refine((value) => value instanceof Secret || !hasControl(value), {
        error: 'expected a value without line ends and control characters',
      })
      .meta({ title: 'text' }),
  );
}

/** One option of curl with its value, where it takes one. */
export type CurlOption = readonly [name: string, value?: MaybeSecret];

/** Lines for `curl -K -`. They travel through a pipe, so that a header is in no list of processes. */
export function curlConfig(options: readonly CurlOption[]): MaybeSecret {
  return joinTexts(
    options.flatMap(([name, value]) =>
      value === undefined ? [`${name}\n`] : [`${name} = "`, mapText(value, escape), '"\n'],
    ),
  );
}

/** A secret header with a line end in it would become a header of its own; curl reads nothing beyond it. */
export function headerOptions(all: Readonly<Record<string, MaybeSecret>>): readonly CurlOption[] {
  return Object.entries(all).map(([name, value]) => [
    'header',
    joinTexts([`${name}: `, mapText(value, (text) => text.replaceAll(/[\r\n]+$/g, '').replaceAll(/[\r\n]+/g, ' '))]),
  ]);
}

function escape(text: string): string {
  return text.replaceAll(/["\\]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t');
}

/** What the exit codes of curl mean (curl(1)), where there is more to say than its own words. */
const REASONS: ReadonlyMap<number, string> = new Map([
  [6, 'its name is not known to the host: look at the DNS, or name a proxy in "environment"'],
  [7, 'nothing takes connections there: look at routes, firewalls and proxies of the host'],
  [28, 'it took too long: add a longer "timeout"'],
  [35, 'no secure connection: look at the clock of the host, and at what is between'],
  [60, 'the host does not trust its certificate: install the authority, or look at the clock of the host'],
]);

/** The reason of a request that failed, with what to do. */
export function explainCurl(what: string, more?: (code: number, stderr: string) => string | undefined): Explain {
  return ({ code, stderr }) => {
    const said = stderr.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
    const own = more?.(code ?? -1, said);
    if (own !== undefined) return { message: own };
    const hint = REASONS.get(code ?? -1);
    return { message: `${what}: ${said || `exit ${code ?? 'unknown'}`}`, ...(hint === undefined ? {} : { hint }) };
  };
}
