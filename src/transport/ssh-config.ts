import { matchesGlob } from './glob.ts';
import type { ConfigLine } from './ssh-config-files.ts';
import { allLines } from './ssh-config-files.ts';

/** What an ssh_config says about one host: values by keyword in lower case. */
export type SshSettings = ReadonlyMap<string, readonly string[]>;

/** What ssh would be told on its command line. */
export interface SshQuery {
  readonly host: string;
  readonly user: string | undefined;
  readonly port: number | undefined;
  /** Who runs copse. */
  readonly localUser: string;
}

/** Keywords that decide where and how a connection goes; all others mean nothing here. */
const USED: ReadonlySet<string> = new Set([
  'hostname',
  'port',
  'user',
  'identityfile',
  'certificatefile',
  'identitiesonly',
  'identityagent',
  'proxyjump',
  'proxycommand',
  'stricthostkeychecking',
  'hostkeyalias',
  'userknownhostsfile',
  'globalknownhostsfile',
  'connecttimeout',
  'canonicalizehostname',
]);
/** Taken as they stand, to the end of the line. */
const RAW: ReadonlySet<string> = new Set(['proxycommand', 'proxyjump']);
/** Each line adds to the ones before; of all other keywords the first line wins. */
const LISTS: ReadonlySet<string> = new Set(['identityfile', 'certificatefile']);
const CRITERIA: ReadonlySet<string> = new Set(['all', 'host', 'originalhost', 'user', 'localuser']);

/** Whether these lines say anything about connections. */
export function matters(lines: readonly ConfigLine[]): boolean {
  return allLines(lines).some(({ keyword }) => USED.has(keyword));
}

/** The first line that only ssh itself can evaluate (`Match exec`, `Match final`, canonical names …), if there is one. */
export function foreignLine(lines: readonly ConfigLine[]): ConfigLine | undefined {
  return allLines(lines).find(({ keyword, words }) => {
    if (keyword === 'canonicalizehostname') return !['no', 'false'].includes(words[0]?.toLowerCase() ?? '');
    return keyword === 'match' && criteriaOf(words) === undefined;
  });
}

/** What the lines say about one host, for files in the order in which ssh reads them. */
export function settingsFor(files: readonly (readonly ConfigLine[])[], query: SshQuery): SshSettings {
  const settings = new Map<string, readonly string[]>();
  if (query.user !== undefined) settings.set('user', [query.user]);
  if (query.port !== undefined) settings.set('port', [String(query.port)]);
  for (const lines of files) walk(lines, { query, settings, active: true, never: false });
  const name = settings.get('hostname')?.[0];
  settings.set('hostname', [name === undefined ? query.host : expandHostName(name, query.host)]);
  return settings;
}

interface Walk {
  readonly query: SshQuery;
  readonly settings: Map<string, readonly string[]>;
  readonly active: boolean;
  /** Inside a file that was included by a section that does not apply: no section of it does. */
  readonly never: boolean;
}

function walk(lines: readonly ConfigLine[], state: Walk): void {
  let { active } = state;
  for (const { keyword, words, rest, included } of lines) {
    if (keyword === 'host') active = !state.never && listMatches(words, state.query.host);
    else if (keyword === 'match') active = !state.never && matchApplies(words, state);
    else if (keyword === 'include') {
      for (const file of included) walk(file, { ...state, active, never: state.never || !active });
    } else if (active && USED.has(keyword)) set(state.settings, keyword, RAW.has(keyword) ? [rest] : words);
  }
}

function set(settings: Map<string, readonly string[]>, keyword: string, values: readonly string[]): void {
  const before = settings.get(keyword);
  if (LISTS.has(keyword)) {
    const added = values.slice(0, 1).filter((value) => before?.includes(value) !== true);
    settings.set(keyword, [...(before ?? []), ...added]);
  } else if (before === undefined && !shadowed(settings, keyword)) settings.set(keyword, values);
}

/** Of ProxyJump and ProxyCommand the first one wins; `ProxyJump none` leaves the command alone. */
function shadowed(settings: SshSettings, keyword: string): boolean {
  if (keyword === 'proxyjump') return settings.has('proxycommand');
  const jump = settings.get('proxyjump')?.[0];
  return keyword === 'proxycommand' && jump !== undefined && jump !== 'none';
}

interface Criterion {
  readonly name: string;
  readonly negated: boolean;
  readonly patterns: readonly string[];
}

/** The criteria of a Match line, or undefined when one of them is ssh's own business. */
function criteriaOf(words: readonly string[]): readonly Criterion[] | undefined {
  const criteria: Criterion[] = [];
  const left = words.flatMap((word) => (word.includes('=') ? word.split('=', 2) : [word]));
  while (left.length > 0) {
    const word = (left.shift() ?? '').toLowerCase();
    const name = word.replace(/^!/, '');
    if (!CRITERIA.has(name)) return undefined;
    const patterns = name === 'all' ? [] : (left.shift() ?? '').split(',');
    criteria.push({ name, negated: word.startsWith('!'), patterns });
  }
  return criteria;
}

function matchApplies(words: readonly string[], { query, settings }: Walk): boolean {
  const hostName = settings.get('hostname')?.[0];
  const subjects: Readonly<Record<string, string>> = {
    host: hostName === undefined ? query.host : expandHostName(hostName, query.host),
    originalhost: query.host,
    user: settings.get('user')?.[0] ?? query.localUser,
    localuser: query.localUser,
  };
  return (criteriaOf(words) ?? []).every(({ name, negated, patterns }) => {
    // Like ssh: patterns for host names are taken in lower case here (not after Host), those for users as they are.
    const taken = name.endsWith('host') ? patterns.map((pattern) => pattern.toLowerCase()) : patterns;
    return (name === 'all' || listMatches(taken, subjects[name] ?? '')) !== negated;
  });
}

/** A negated pattern that matches decides; otherwise any other match does. */
function listMatches(patterns: readonly string[], subject: string): boolean {
  let hit = false;
  for (const pattern of patterns) {
    const negated = pattern.startsWith('!');
    if (!matchesGlob(negated ? pattern.slice(1) : pattern, subject)) continue;
    if (negated) return false;
    hit = true;
  }
  return hit;
}

function expandHostName(name: string, host: string): string {
  return name.replaceAll(/%([%h])/g, (_token, letter: string) => (letter === 'h' ? host : '%'));
}
