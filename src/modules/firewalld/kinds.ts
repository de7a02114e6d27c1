/** What a zone holds lists of: the parameter, the key in what firewall-cmd lists, and the word of its options. */
export interface Kind {
  readonly name: KindName;
  readonly key: string;
  readonly option: string;
}

/** The parameters that are lists of a zone. */
export type KindName =
  'services' | 'ports' | 'source_ports' | 'protocols' | 'sources' | 'interfaces' | 'forward_ports' | 'rich_rules';

/** All kinds, in the order their steps are sent: what lets in comes before what moves networks. */
export const KINDS: readonly Kind[] = [
  { name: 'services', key: 'services', option: 'service' },
  { name: 'ports', key: 'ports', option: 'port' },
  { name: 'source_ports', key: 'source-ports', option: 'source-port' },
  { name: 'protocols', key: 'protocols', option: 'protocol' },
  { name: 'forward_ports', key: 'forward-ports', option: 'forward-port' },
  { name: 'rich_rules', key: 'rich rules', option: 'rich-rule' },
  { name: 'sources', key: 'sources', option: 'source' },
  { name: 'interfaces', key: 'interfaces', option: 'interface' },
];

/** A form in which two ways to write the same thing are the same. */
export function plainForm(kind: KindName, item: string): string {
  if (kind === 'rich_rules') return plainRule(item);
  if (kind === 'sources') return item.toLowerCase();
  return kind === 'forward_ports'
    ? item
        .split(':')
        .filter((part) => !part.endsWith('='))
        .toSorted()
        .join(':')
    : item;
}

/** The elements of a rule with their attributes, in any order and without quotes; a limit belongs to what it limits. */
function plainRule(rule: string): string {
  const words = [...rule.matchAll(/(?:[^\s"]|"[^"]*")+/g)].map(([word]) => word.replaceAll('"', ''));
  const elements: string[][] = [];
  for (const word of words) {
    const isPart = word.includes('=') || word === 'NOT' || word === 'limit';
    const last = elements.at(-1);
    if (isPart && last !== undefined) last.push(word);
    else elements.push([word]);
  }
  return elements
    .map(([name = '', ...parts]) => [name, ...parts.toSorted()].join('\u0001'))
    .toSorted()
    .join('\u0002');
}

/** Whether what a zone lists holds an item: ports also as a part of a range, since firewalld joins ranges. */
export function holds(kind: KindName, list: readonly string[], item: string): boolean {
  if (kind === 'ports' || kind === 'source_ports') return list.some((one) => isWithin(one, item));
  return list.some((one) => plainForm(kind, one) === plainForm(kind, item));
}

/** Whether anything of an item is in what a zone lists. */
export function touches(kind: KindName, list: readonly string[], item: string): boolean {
  if (kind !== 'ports' && kind !== 'source_ports') return holds(kind, list, item);
  const [low, high, protocol] = range(item);
  return list.some((one) => {
    const [from, to, other] = range(one);
    return other === protocol && from <= high && low <= to;
  });
}

function isWithin(outer: string, inner: string): boolean {
  const [from, to, other] = range(outer);
  const [low, high, protocol] = range(inner);
  return other === protocol && from <= low && high <= to;
}

function range(port: string): readonly [low: number, high: number, protocol: string] {
  const [numbers = '', protocol = ''] = port.split('/');
  const [low = '', high = low] = numbers.split('-');
  return [Number(low), Number(high), protocol];
}
