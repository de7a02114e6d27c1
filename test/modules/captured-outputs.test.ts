import { describe, expect, it } from 'vitest';
import { hasCaptures, understood } from './captured-outputs.ts';
import states from './captured-states.json' with { type: 'json' };

// Outputs of other hosts may be read here and not copied. Where they are not at hand these tests are skipped.
describe.skipIf(!hasCaptures)('every output captured on real machines', () => {
  const found = hasCaptures ? understood() : [];

  it('is understood as expected', () => {
    const asked = found.flatMap(({ file, state }) => (state === undefined ? [] : [[file, state] as const]));

    expect(Object.fromEntries(asked)).toEqual(states.understood);
  });

  it('or is read with the others of its boot, or of a kind that copse never asks for', () => {
    const others = found.filter(({ state }) => state === undefined).map(({ file }) => kindOf(file));
    const counts = new Map<string, number>();
    for (const kind of others) counts.set(kind, (counts.get(kind) ?? 0) + 1);

    expect(Object.fromEntries([...counts].toSorted(([a], [b]) => (a < b ? -1 : 1)))).toEqual(states.others);
  });
});

/** The folder, and in folders of captured commands nothing more: the name of the file elsewhere. */
function kindOf(file: string): string {
  const parts = file.split('/');
  if (/^(?:podman|docker)-\d/.test(parts[1] ?? '') || parts[2] === 'quadlet-e2e') return parts.slice(0, -1).join('/');
  return parts[1]?.startsWith('cloud-init-') === true && parts.length > 3 ? `cloud-init/*/*/${parts.at(-1)}` : file;
}
