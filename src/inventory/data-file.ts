import { emptyRecord, RESERVED_NAMES } from '../config/plain.ts';
import { parseSource, type Source } from '../config/source.ts';

const MAX_DEPTH = 100;

/**
 * Reads YAML, or JSON, as Ansible reads it (plain scalars of YAML 1.1). JSON is read as JSON, which is many times faster;
 * the places in it are found only when somebody asks.
 */
export function parseData(label: string, text: string): Source {
  const json = parseJson(text);
  if (json === undefined) return parseSource(label, text, { scalars: 'ansible' });
  let source: Source | undefined;
  const located = (): Source => (source ??= parseSource(label, text));
  return {
    file: label,
    text,
    root: json.root,
    problems: [],
    place: (path, what) => located().place(path, what),
    inside: (path, offset, length) => located().inside(path, offset, length),
  };
}

/** What is wrong with JSON, a forbidden name included, is left for the reader of YAML to find, which knows the places. */
function parseJson(text: string): { root: unknown } | undefined {
  if (!/^\s*\{/.test(text)) return undefined;
  let isClean = true;
  try {
    const root = plainJson(JSON.parse(text), () => {
      isClean = false;
    });
    return isClean ? { root } : undefined;
  } catch {
    return undefined;
  }
}

/** A copy of parsed JSON whose objects have no prototype; names that would be special are left out and reported. */
export function plainJson(value: unknown, refuse: (name: string) => void, depth = 0): unknown {
  if (depth > MAX_DEPTH) throw new RangeError(`nested deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(value)) return value.map((item) => plainJson(item, refuse, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  const record = emptyRecord();
  for (const [name, inner] of Object.entries(value)) {
    if (RESERVED_NAMES.has(name)) refuse(name);
    else record[name] = plainJson(inner, refuse, depth + 1);
  }
  return record;
}
