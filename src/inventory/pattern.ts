import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { didYouMean } from '../core/nearest.ts';
import { Fault, fault, type Place, type Problem } from '../core/problem.ts';
import { isGlob } from './glob.ts';
import { matchTerm } from './match.ts';
import { splitPattern, type Term } from './split-pattern.ts';
import type { Inventory } from './types.ts';

/** What narrows a selection, and where the pattern stands for problems. */
export interface SelectOptions {
  /** `--limit`: only hosts that match this pattern too. */
  readonly limit?: string | undefined;
  readonly at?: Place | undefined;
  /** Folder from which `@file` counts; the current one when absent. */
  readonly cwd?: string;
}

/**
 * Names of the hosts that a pattern selects, in Ansible's order: terms are added as written, then `&` and `!` narrow. Throws a
 * Fault with every term that names nothing; a pattern or limit without any host is a Fault too. Only where both match hosts
 * and share none is the result empty.
 */
export function selectHosts(
  inventory: Inventory,
  pattern: string | readonly string[],
  options: SelectOptions = {},
): string[] {
  const written = typeof pattern === 'string' ? pattern : pattern.join(',');
  const chosen = evaluate(inventory, { text: written, what: 'pattern', at: options.at }, options);
  if (options.limit === undefined) return [...chosen];
  const at: Place = {
    file: '--limit',
    line: 1,
    col: 1,
    length: Math.max(1, options.limit.length),
    text: options.limit,
  };
  const allowed = evaluate(inventory, { text: options.limit, what: 'limit', at }, options);
  return [...chosen].filter((host) => allowed.has(host));
}

interface Written {
  readonly text: string;
  readonly what: 'pattern' | 'limit';
  readonly at: Place | undefined;
}

interface PlacedTerm extends Term {
  readonly at: Place | undefined;
}

function evaluate(inventory: Inventory, written: Written, options: SelectOptions): ReadonlySet<string> {
  const terms = termsOf(inventory, written, options);
  if (terms.length === 0) throw fault(emptyPattern(written));
  const problems: Problem[] = [];
  const adds = terms.filter(({ sign }) => sign === '');
  const narrows = [...terms.filter(({ sign }) => sign === '&'), ...terms.filter(({ sign }) => sign === '!')];
  let hosts = new Set<string>(adds.length === 0 ? inventory.groups.get('all')?.hosts : []);
  for (const term of adds) for (const host of hostsOf(inventory, term, problems)) hosts.add(host);
  let emptiedBy = hosts.size === 0 ? adds.at(-1) : undefined;
  for (const term of narrows) {
    const found = new Set(hostsOf(inventory, term, problems));
    hosts = new Set([...hosts].filter((host) => found.has(host) === (term.sign === '&')));
    if (hosts.size === 0) emptiedBy ??= term;
  }
  if (problems.length > 0) throw new Fault(problems);
  if (hosts.size === 0) throw fault(nothingLeft(written, emptiedBy));
  return hosts;
}

function termsOf(inventory: Inventory, { text, at }: Written, options: SelectOptions): readonly PlacedTerm[] {
  const isName = (name: string): boolean => inventory.hosts.has(name) || inventory.groups.has(name);
  return splitPattern(text, isName).flatMap((term): readonly PlacedTerm[] => {
    const place = within(at, text, term);
    if (!term.text.startsWith('@') || isName(term.text)) return [{ ...term, at: place }];
    return fileLines(term.text.slice(1), place, options).flatMap((line) =>
      splitPattern(line.text, isName).map((inner) => ({ ...inner, at: within(line.at, line.text, inner) })),
    );
  });
}

/** Lines of a file of patterns; empty lines and comments are left out. */
function fileLines(
  path: string,
  at: Place | undefined,
  { cwd = '.' }: SelectOptions,
): readonly { text: string; at: Place }[] {
  let content: string;
  try {
    content = readFileSync(resolve(cwd, path), 'utf8');
  } catch (error) {
    const message = `the file of patterns "${path}" cannot be read`;
    const hint = 'after "@" comes the path of a file with one pattern per line';
    throw fault({ code: 'E_FILE', message, hint, ...(at && { at }) }, error);
  }
  return content.split(/\r?\n/).flatMap((line, index) => {
    const text = line.trim();
    if (text === '' || text.startsWith('#')) return [];
    return [
      { text, at: { file: path, line: index + 1, col: line.indexOf(text) + 1, length: text.length, text: line } },
    ];
  });
}

/** The place of a term inside the text that holds it, where that text stands there as it is. */
function within(at: Place | undefined, text: string, { sign, offset, text: term }: Term): Place | undefined {
  const start = at?.text === undefined ? -1 : at.text.indexOf(text, at.col - (at.from ?? 1));
  if (at === undefined || start === -1) return at;
  return { ...at, col: (at.from ?? 1) + start + offset - sign.length, length: sign.length + term.length };
}

function hostsOf(inventory: Inventory, term: PlacedTerm, problems: Problem[]): readonly string[] {
  if (term.sign === '' && inventory.hosts.has(term.text)) return [term.text];
  const match = matchTerm(inventory, term.text);
  if ('hosts' in match) return match.hosts;
  const isFilter = isGlob(term.text) || term.text.startsWith('~');
  if ('unknown' in match && term.sign === '!' && isFilter) return [];
  const at = term.at && { at: term.at };
  if ('wrong' in match) problems.push({ code: 'E_PATTERN', message: match.wrong, hint: match.hint, ...at });
  else problems.push({ code: 'E_PATTERN', ...unknownTerm(inventory, match.unknown, isFilter), ...at });
  return [];
}

function unknownTerm(inventory: Inventory, name: string, isFilter: boolean): { message: string; hint: string } {
  const hint = 'see what there is with: copse inventory --graph';
  if (isFilter) return { message: `no group or host matches "${name}"`, hint: subscriptHint(inventory, name) ?? hint };
  const guess = didYouMean(name, [...inventory.groups.keys(), ...inventory.hosts.keys()]);
  return { message: `there is no group or host "${name}"`, hint: guess ?? hint };
}

/** `web[0-2]` was once a slice in Ansible. */
function subscriptHint(inventory: Inventory, name: string): string | undefined {
  const [, base = '', from = '', to = ''] = /^(.+)\[(\d+)-(\d+)\]$/.exec(name) ?? [];
  return inventory.groups.has(base) ? `for a part of a group write ${base}[${from}:${to}]` : undefined;
}

function emptyPattern({ what, at }: Written): Problem {
  const hint =
    what === 'limit' ? 'leave --limit out to take all hosts of the playbook' : 'write all to take every host';
  return { code: 'E_PATTERN', message: `the ${what} is empty, and empty never means all`, hint, ...(at && { at }) };
}

function nothingLeft({ text, what, at }: Written, last: PlacedTerm | undefined): Problem {
  const after =
    last === undefined || last.sign === ''
      ? ', what it names is empty'
      : `, nothing is left after "${last.sign}${last.text}"`;
  return {
    code: 'E_PATTERN',
    message: `the ${what} "${text}" matches no host${after}`,
    hint: 'see the groups and their hosts with: copse inventory --graph',
    ...(at && { at }),
  };
}
