import { ANSIBLE_NAMES } from './ansible-names.ts';

/** Names that begin an expression of copse and need no `vars.` before them. */
const ROOTS: ReadonlySet<string> = new Set([
  'vars',
  'facts',
  'host',
  'groups',
  'hosts',
  'item',
  'index',
  'run',
  'true',
  'false',
  'null',
]);

/** Jinja filters, and the CEL that does the same. */
const FILTERS: Readonly<Record<string, (value: string, args: string) => string>> = {
  default: (value, args) => `default(${value}, ${withRoots(args === '' ? "''" : args)})`,
  d: (value, args) => `default(${value}, ${withRoots(args === '' ? "''" : args)})`,
  join: (value, args) => `${value}.join(${args})`,
  map: (value) => `${value}.map(x, x.name)`,
  selectattr: (value) => `${value}.filter(x, x.name == 'a')`,
  select: (value) => `${value}.filter(x, x == 'a')`,
  rejectattr: (value) => `${value}.filter(x, x.name != 'a')`,
  reject: (value) => `${value}.filter(x, x != 'a')`,
  regex_replace: (value, args) => `${value}.replaceRegex(${args})`,
  replace: (value, args) => `${value}.replace(${args})`,
  combine: (value, args) => `${value}.merge(${withRoots(args)})`,
  union: (value, args) => `${value}.union(${withRoots(args)})`,
  intersect: (value, args) => `${value}.intersect(${withRoots(args)})`,
  difference: (value, args) => `${value}.difference(${withRoots(args)})`,
  version: (value, args) => `compareVersions(${value}, ${args}) >= 0`,
  split: (value, args) => `${value}.split(${args})`,
  min: (value) => `${value}.min()`,
  max: (value) => `${value}.max()`,
  sum: (value) => `${value}.sum()`,
  reverse: (value) => `${value}.reverse()`,
  abs: (value) => `abs(${value})`,
  round: (value) => `round(${value})`,
  hash: (value) => `${value}.sha256()`,
  bool: (value) => `bool(${value})`,
  int: (value) => `int(${value})`,
  float: (value) => `double(${value})`,
  string: (value) => `string(${value})`,
  length: (value) => `${value}.size()`,
  count: (value) => `${value}.size()`,
  lower: (value) => `${value}.lower()`,
  upper: (value) => `${value}.upper()`,
  trim: (value) => `${value}.trim()`,
  list: (value) => value,
  first: (value) => `${value}.first()`,
  last: (value) => `${value}.last()`,
  unique: (value) => `${value}.unique()`,
  sort: (value) => `${value}.sort()`,
  flatten: (value) => `${value}.flatten()`,
  to_json: (value) => `toJson(${value})`,
  to_nice_json: (value) => `toJson(${value}, 4)`,
  from_json: (value) => `fromJson(${value})`,
  b64encode: (value) => `${value}.base64()`,
  b64decode: (value) => `${value}.fromBase64()`,
  basename: (value) => `${value}.basename()`,
  dirname: (value) => `${value}.dirname()`,
  dict2items: (value) => `${value}.items()`,
  items2dict: (value) => `${value}.toMap()`,
};

/** The CEL for a piece of Jinja, as a hint; undefined when it is not clear what was meant. */
export function celHint(text: string): string | undefined {
  const bare = text
    .replace(/^\s*\{\{-?\s*/, '')
    .replace(/\s*-?\}\}\s*$/, '')
    .trim();
  if (!looksLikeJinja(text, bare)) return undefined;
  const words = bare
    .replaceAll(/\bis\s+not\s+defined\b|\bis\s+undefined\b/g, 'is\u0001')
    .replaceAll(/([A-Za-z_][\w.]*)\s+is\u0001/g, (_all, name: string) => `!has(${rooted(name)})`)
    .replaceAll(/([A-Za-z_][\w.]*)\s+is\s+defined\b/g, (_all, name: string) => `has(${rooted(name)})`)
    .replaceAll(/([A-Za-z_]\w*)\s+is\s+(changed|failed|skipped)\b/g, '$1.$2')
    .replaceAll(/([A-Za-z_]\w*)\s+is\s+(?:succeeded|success)\b/g, '!$1.failed')
    .replaceAll(/([\w.'"[\]]+)\s+not\s+in\s+([\w.'"[\]]+)/g, '!($1 in $2)')
    .replaceAll(/\bnot\s+/g, '!')
    .replaceAll(/\s+and\s+/g, ' && ')
    .replaceAll(/\s+or\s+/g, ' || ')
    .replace(/\s+\|\s+|\|(?!\|)/, '\u0002');
  const [head = '', filter] = words.split('\u0002');
  if (filter === undefined)
    return /[\u0001|~]|\bis\b|%/.test(words) ? 'it in CEL, see docs/playbook.md' : withRoots(words);
  return filtered(withRoots(head.trim()), filter.trim());
}

function filtered(value: string, filter: string): string {
  const [, name = '', args] = /^(\w+)\s*(?:\((.*)\))?$/.exec(filter) ?? [];
  const change = FILTERS[name];
  return change === undefined ? 'it in CEL, see docs/playbook.md' : change(value, args ?? '');
}

function looksLikeJinja(text: string, bare: string): boolean {
  return (
    text.includes('{{') ||
    text.includes('{%') ||
    /(?:^|[^|])\|(?:[^|]|$)/.test(bare) ||
    /\b(?:and|or|not|is|in not)\b/.test(bare)
  );
}

function withRoots(text: string): string {
  return text.replaceAll(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|(?<![\w.)\]])[A-Za-z_][\w.]*(?!\w*\()/g, (found) =>
    /^['"]/.test(found) ? found : rooted(found),
  );
}

function rooted(path: string): string {
  const [root = ''] = path.split('.', 1);
  const known = ANSIBLE_NAMES.get(root);
  if (known !== undefined && /^[\w.]+$/.test(known)) return `${known}${path.slice(root.length)}`;
  return ROOTS.has(root) || path.includes('.') || root === 'in' || root === 'has' ? path : `vars.${path}`;
}
