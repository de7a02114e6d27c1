import type { ProblemCode } from '../core/codes.ts';
import type { Explain } from '../core/step.ts';

/** One way in which a tool fails that says why in its text only. */
export interface Reason {
  /** Found anywhere in the output: other texts may stand in front. */
  readonly sign: RegExp;
  readonly code: ProblemCode;
  readonly say: string | ((found: RegExpExecArray) => string);
  readonly hint: string;
}

/** What the first reason whose sign is in the output says; undefined where none is. */
export function reasonIn(
  reasons: readonly Reason[],
  { stdout, stderr }: Pick<Parameters<Explain>[0], 'stdout' | 'stderr'>,
): { readonly code: ProblemCode; readonly message: string; readonly hint: string } | undefined {
  const text = `${stderr}\n${stdout}`;
  for (const { sign, code, say, hint } of reasons) {
    const found = sign.exec(text);
    if (found !== null) return { code, message: typeof say === 'string' ? say : say(found), hint };
  }
  return undefined;
}

/** What a tool of the ostree family says after its "error: "; undefined where it says nothing. */
export function errorIn(stderr: string): string | undefined {
  return /error: ([^\n]+)/.exec(stderr)?.[1];
}
