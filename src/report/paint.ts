import { styleText } from 'node:util';

/** Colours texts, or leaves them as they are. */
export interface Paint {
  readonly good: (text: string) => string;
  readonly changed: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly bold: (text: string) => string;
  readonly note: (text: string) => string;
}

/** Colours when `enabled`; otherwise every function gives its text back. */
export function createPaint(enabled: boolean): Paint {
  const style =
    (name: Parameters<typeof styleText>[0]) =>
    (text: string): string =>
      enabled ? styleText(name, text) : text;
  return {
    good: style('green'),
    changed: style('yellow'),
    bad: style('red'),
    dim: style('dim'),
    bold: style('bold'),
    note: style('cyan'),
  };
}

/** Whether to colour: a terminal that is not `dumb`, and no NO_COLOR; FORCE_COLOR wins. */
export function wantsColour(isTerminal: boolean, env: Readonly<Record<string, string | undefined>>): boolean {
  const force = env['FORCE_COLOR'];
  if (force !== undefined && force !== '' && force !== '0') return true;
  const never = env['NO_COLOR'];
  return isTerminal && (never === undefined || never === '') && env['TERM'] !== 'dumb';
}
