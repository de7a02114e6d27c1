import type { Call } from '../calls.ts';
import type { Machine } from '../machine.ts';
import { readWords, type Words } from '../words.ts';

/** Lists of a zone by their keys, in the order they are shown. */
const LISTS = [
  'interfaces',
  'sources',
  'services',
  'ports',
  'protocols',
  'forward-ports',
  'source-ports',
  'rich rules',
] as const;
type List = (typeof LISTS)[number];

interface Zone {
  readonly lists: Readonly<Record<List, readonly string[]>>;
  readonly masquerade: boolean;
  readonly target: string;
}

interface Firewall {
  kept: Map<string, Zone>;
  running: Map<string, Zone>;
  defaultZone: string;
  /** Of the boot the running rules belong to. */
  bootId: string;
}

const NONE: Zone['lists'] = {
  interfaces: [],
  sources: [],
  services: [],
  ports: [],
  protocols: [],
  'forward-ports': [],
  'source-ports': [],
  'rich rules': [],
};

const ITEMS: readonly (readonly [option: string, list: List])[] = [
  ['interface', 'interfaces'],
  ['source', 'sources'],
  ['service', 'services'],
  ['port', 'ports'],
  ['protocol', 'protocols'],
  ['forward-port', 'forward-ports'],
  ['source-port', 'source-ports'],
  ['rich-rule', 'rich rules'],
];
const VALUES = ITEMS.flatMap(([option]) => ['add', 'change', 'remove', 'query'].map((verb) => `--${verb}-${option}`));
const FLAGS = [
  '--permanent',
  '--state',
  '--reload',
  '--list-all',
  '--list-all-zones',
  '--get-default-zone',
  '--get-zones',
  '--add-masquerade',
  '--remove-masquerade',
];
const FIREWALLS = new WeakMap<Machine, Firewall>();

/** `firewall-cmd`: zones with their lists, kept and running; a reload and a boot make the kept ones run. */
export function firewallCmd(call: Call, machine: Machine): number {
  const words = readWords(call.args, {
    flags: FLAGS,
    values: [...VALUES, '--zone', '--new-zone', '--set-target', '--set-default-zone'],
  });
  if (machine.units.get('firewalld.service').active !== 'active') {
    call.err('FirewallD is not running\n');
    return 252;
  }
  if (call.user !== 'root') {
    call.err('Authorization failed.\n    Make sure polkit agent is running or run the application as superuser.\n');
    return 253;
  }
  const firewall = firewallOf(machine);
  return tell(call, words, firewall) ?? change(call, words, firewall);
}

function firewallOf(machine: Machine): Firewall {
  const found = FIREWALLS.get(machine) ?? { kept: first(), running: first(), defaultZone: 'public', bootId: '' };
  if (found.bootId !== machine.bootId) found.running = new Map(found.kept);
  found.bootId = machine.bootId;
  FIREWALLS.set(machine, found);
  return found;
}

function first(): Map<string, Zone> {
  const zone = (target: string, services: readonly string[], interfaces: readonly string[] = []): Zone => ({
    lists: { ...NONE, services, interfaces },
    masquerade: false,
    target,
  });
  return new Map([
    ['block', zone('%%REJECT%%', [])],
    ['drop', zone('DROP', [])],
    ['internal', zone('default', ['dhcpv6-client', 'mdns', 'samba-client', 'ssh'])],
    ['public', zone('default', ['dhcpv6-client', 'ssh'], ['enp1s0'])],
    ['trusted', zone('ACCEPT', [])],
  ]);
}

function tell(call: Call, words: Words, firewall: Firewall): number | undefined {
  const zones = words.has('--permanent') ? firewall.kept : firewall.running;
  if (words.has('--state')) call.out('running\n');
  else if (words.has('--get-default-zone')) call.out(`${firewall.defaultZone}\n`);
  else if (words.has('--get-zones')) call.out(`${[...zones.keys()].join(' ')}\n`);
  else if (words.has('--list-all-zones')) for (const [name, zone] of zones) call.out(`${shown(name, zone)}\n`);
  else return undefined;
  return 0;
}

function shown(name: string, { lists, masquerade, target }: Zone): string {
  const isActive = lists.interfaces.length + lists.sources.length > 0;
  const rows = LISTS.map((key) => {
    const isTall = key === 'forward-ports' || key === 'rich rules';
    return `  ${key}: ${isTall ? lists[key].map((one) => `\n\t${one}`).join('') : lists[key].join(' ')}\n`;
  });
  return `${name}${isActive ? ' (active)' : ''}\n  target: ${target}\n  masquerade: ${masquerade ? 'yes' : 'no'}\n${rows.join('')}`;
}

function change(call: Call, words: Words, firewall: Firewall): number {
  const zones = words.has('--permanent') ? firewall.kept : firewall.running;
  const name = words.last('--zone') ?? words.last('--set-default-zone') ?? firewall.defaultZone;
  const fresh = words.last('--new-zone');
  const zone = zones.get(name);
  if (words.has('--reload')) firewall.running = new Map(firewall.kept);
  else if (fresh !== undefined) zones.set(fresh, { lists: NONE, masquerade: false, target: 'default' });
  else if (zone === undefined) {
    call.err(`Error: INVALID_ZONE: ${name}\n`);
    return 112;
  } else if (words.has('--set-default-zone')) firewall.defaultZone = name;
  else {
    for (const [other, { lists, ...rest }] of zones) zones.set(other, { ...rest, lists: without(lists, words) });
    zones.set(name, edited(zones.get(name) ?? zone, words));
  }
  call.out('success\n');
  return 0;
}

/** What changes to another zone leaves this one. */
function without(lists: Zone['lists'], words: Words): Zone['lists'] {
  const left = (list: List, option: string): readonly string[] =>
    lists[list].filter((one) => !words.all(`--change-${option}`).includes(one));
  return { ...lists, interfaces: left('interfaces', 'interface'), sources: left('sources', 'source') };
}

function edited(now: Zone, words: Words): Zone {
  const lists = { ...now.lists };
  for (const [option, list] of ITEMS) {
    const added = [...words.all(`--add-${option}`), ...words.all(`--change-${option}`)].map((one) =>
      written(list, one),
    );
    const removed = words.all(`--remove-${option}`).map((one) => written(list, one));
    lists[list] = [...new Set([...lists[list], ...added])].filter((one) => !removed.includes(one));
  }
  const target = words.last('--set-target')?.replace('REJECT', '%%REJECT%%') ?? now.target;
  const masquerade = words.has('--add-masquerade') || (now.masquerade && !words.has('--remove-masquerade'));
  return { lists, masquerade, target };
}

/** The way firewalld writes an item down. */
function written(list: List, item: string): string {
  if (list === 'rich rules') return item.replaceAll(/=([^"\s]+)/g, '="$1"');
  return list === 'forward-ports' && !item.includes('toaddr=') ? `${item}:toaddr=` : item;
}
