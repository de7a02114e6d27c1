import type { Params } from './schema.ts';
import type { Entry, Have, Zone, Zones } from './state.ts';
import { holds } from './kinds.ts';

/** What a firewall is like: its zones, and the one of everything that belongs to no other. */
export interface View {
  readonly zones: Zones;
  readonly defaultZone: string;
}

/** Why the host could no longer be reached, if the rules tell so; undefined where they do not. */
export function lockout(want: Params, have: Have, before: View, after: View): string | undefined {
  const { entry } = have;
  if (want.allow_lockout || entry === undefined || entry.device === 'lo') return undefined;
  const was = zoneAt(before, entry);
  const becomes = zoneAt(after, entry);
  if (was === undefined || becomes === undefined) return undefined;
  if (!letsIn(before.zones.get(was), entry) || letsIn(after.zones.get(becomes), entry)) return undefined;
  return `zone "${becomes}" would not let ssh in: copse comes from ${entry.address} over ${entry.device} to port ${entry.port}`;
}

/** Sources win over interfaces, and those over the default zone; undefined where an ipset may hold the address. */
function zoneAt({ zones, defaultZone }: View, entry: Entry): string | undefined {
  const bySource = [...zones].filter(([, { lists }]) => lists.sources.some((source) => covers(source, entry.address)));
  if ([...zones].some(([, { lists }]) => lists.sources.some((source) => source.startsWith('ipset:')))) return undefined;
  if (bySource.length > 1) return undefined;
  const byDevice = [...zones].find(([, { lists }]) => lists.interfaces.includes(entry.device));
  return (bySource[0] ?? byDevice)?.[0] ?? defaultZone;
}

function letsIn(zone: Zone | undefined, entry: Entry): boolean {
  if (zone === undefined) return false;
  const { lists, target } = zone;
  const byService = entry.port === 22 ? lists.services.includes('ssh') : lists.services.length > 0;
  const byPort = holds('ports', lists.ports, `${entry.port}/tcp`);
  const byRule = lists.rich_rules.some((rule) => /\baccept\b/.test(rule));
  return target === 'ACCEPT' || byService || byPort || byRule || lists.protocols.includes('tcp');
}

/** Whether a network of IPv4 holds an address; a single address of any kind when it is the same. */
function covers(source: string, address: string): boolean {
  const [network = '', bits = '32'] = source.split('/');
  const [one, other] = [numberOf(network), numberOf(address)];
  if (one === undefined || other === undefined || !/^\d{1,2}$/.test(bits)) return network === address;
  const width = 2 ** (32 - Number(bits));
  return Math.floor(one / width) === Math.floor(other / width);
}

function numberOf(address: string): number | undefined {
  const parts = address.split('.').map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255)) return undefined;
  return parts.reduce((sum, part) => sum * 256 + part, 0);
}
