import { structuredPatch } from 'diff';
import { printable } from '../core/bytes.ts';
import type { Diff } from '../core/module.ts';

/** A diff that takes longer than this (huge texts without anything in common) is told by its sizes instead. */
const TIMEOUT_MS = 500;

/** A unified diff of two texts with two lines of context; the label stands first. */
export function diffLines(diff: Diff): readonly string[] {
  const head = `@@ ${printable(diff.label)}`;
  const patch = structuredPatch('', '', printable(diff.before), printable(diff.after), '', '', {
    context: 2,
    timeout: TIMEOUT_MS,
  });
  if (patch === undefined) return [head, `-${diff.before.length} characters`, `+${diff.after.length} characters`];
  const hunks = patch.hunks.map((hunk) => hunk.lines.filter((line) => !line.startsWith('\\')));
  return [head, ...hunks.flatMap((lines, index) => (index === 0 ? lines : ['...', ...lines]))];
}
