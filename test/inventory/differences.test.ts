import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/core/problem.ts';
import { selectHosts } from '../../src/inventory/pattern.ts';
import { listing } from '../../src/inventory/show.ts';
import { loadFrom } from './support/files.ts';

const ROOT = join(import.meta.dirname, 'recordings');
const DOCS = join(import.meta.dirname, '../../docs/inventory.md');

/** What copse says, null when it refuses, and the sentence of the documentation that says so. */
interface Difference {
  copse: unknown;
  because: string;
}

interface Case {
  about: string;
  sources: string[];
  differs?: {
    list?: Difference;
    patterns?: Record<string, Difference>;
    limits?: ({ pattern: string; limit: string } & Difference)[];
  };
}

interface Recorded {
  list: { _meta: { hostvars: unknown } };
  patterns: Record<string, { hosts: string[] }>;
  limits: { hosts: string[] }[];
}

function json(...path: string[]): unknown {
  return JSON.parse(readFileSync(join(ROOT, ...path), 'utf8'));
}

/** What copse says, or null where it refuses. */
async function said(work: () => unknown): Promise<unknown> {
  try {
    return JSON.parse(JSON.stringify(await work()));
  } catch (error) {
    if (error instanceof Fault) return null;
    throw error;
  }
}

const cases = readdirSync(ROOT)
  .map((name) => ({ name, known: json(name, 'case.json') as Case, recorded: json(name, 'recorded.json') as Recorded }))
  .filter(({ known }) => known.differs !== undefined);

describe('copse differs from Ansible on purpose:', () => {
  for (const { name, known, recorded } of cases) {
    const cwd = join(ROOT, name);
    const { list, patterns = {}, limits = [] } = known.differs ?? {};
    const inventory = () => loadFrom(cwd, known.sources);

    it.each(list === undefined ? [] : [list])(`${name}, ${known.about}`, async (difference) => {
      const copse = await said(async () => (listing(await inventory())['_meta'] as { hostvars: unknown }).hostvars);

      expect(copse).toEqual(difference.copse);
      expect(copse).not.toEqual(recorded.list._meta.hostvars);
    });

    it.each(Object.entries(patterns))(`${name}: the pattern %j`, async (pattern, { copse }) => {
      const hosts = await said(async () => selectHosts(await inventory(), pattern));

      expect(hosts).toEqual(copse);
      expect(hosts).not.toEqual(recorded.patterns[pattern]?.hosts);
    });

    it.each(limits.map((one, index) => [one, index] as const))(
      `${name}: %j`,
      async ({ pattern, limit, copse }, index) => {
        const hosts = await said(async () => selectHosts(await inventory(), pattern, { limit }));

        expect(hosts).toEqual(copse);
        expect(hosts).not.toEqual(recorded.limits[index]?.hosts);
      },
    );
  }

  const reasons = cases.flatMap(({ known: { differs } }) =>
    [
      ...Object.values(differs?.patterns ?? {}),
      ...(differs?.limits ?? []),
      ...(differs?.list ? [differs.list] : []),
    ].map(({ because }) => because),
  );

  it.each([...new Set(reasons)])('%s: the documentation says so', (because) => {
    expect(readFileSync(DOCS, 'utf8')).toContain(`**${because}.**`);
  });
});
