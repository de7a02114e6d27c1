import { fault } from '../core/problem.ts';

/** The texts of an answer's sections by name. The marker is the first word. Throws E_ANSWER when the answer was cut off. */
export function splitSections(text: string): ReadonlyMap<string, string> {
  const marker = /^\s*(copse-[0-9a-f]{16}) /.exec(text)?.[1];
  if (marker === undefined) {
    throw fault({ code: 'E_ANSWER', message: `expected the facts of the host, found "${text.trim().slice(0, 80)}"` });
  }
  const sections = new Map<string, string>();
  for (const part of text.split(`\n${marker} `).slice(1)) {
    const end = part.indexOf('\n');
    sections.set(part.slice(0, end), part.slice(end + 1));
  }
  if (!sections.has('end')) {
    throw fault({ code: 'E_ANSWER', message: `the facts of the host were cut off after ${text.length} characters` });
  }
  return sections;
}

/** The lines of a section that are not empty. */
export function linesOf(text: string | undefined): readonly string[] {
  return (text ?? '').split('\n').filter((line) => line !== '');
}

/** `key rest of line` pairs of a section. */
export function pairsOf(text: string | undefined): ReadonlyMap<string, string> {
  return new Map(
    linesOf(text).map((line) => {
      const at = line.indexOf(' ');
      return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
    }),
  );
}

/** A number from text, 0 when it is none. */
export function numberIn(text: string | undefined): number {
  const value = Number.parseFloat(text ?? '');
  return Number.isFinite(value) ? value : 0;
}
