import { z } from 'zod';
import { listOf, obey, type Rule } from '../params.ts';
import { KINDS, touches, type KindName } from './kinds.ts';

function item(error: string, form: RegExp): z.ZodType<string, string> {
  return z.string({ error }).regex(form, { error }).meta({ title: 'text' });
}

const ADDRESS = '[0-9A-Fa-f:.]+(?:/[0-9.]+)?';
const PORT = /^\d{1,5}(?:-\d{1,5})?\/(?:tcp|udp|sctp|dccp)$/;

function portItem(error: string): z.ZodType<string, string> {
  return item(error, PORT).refine(
    (text) => {
      const [low = 0, high = low] = (text.split('/')[0] ?? '').split('-').map(Number);
      return !PORT.test(text) || (low >= 1 && low <= high && high <= 65_535);
    },
    { error },
  );
}

const ITEMS: Readonly<Record<KindName, z.ZodType<string, string>>> = {
  services: item('expected a service such as "ssh"', /^[A-Za-z0-9][A-Za-z0-9_.+-]*$/),
  ports: portItem('expected a port such as "8080/tcp" or "9000-9010/udp"'),
  source_ports: portItem('expected a port such as "123/udp"'),
  protocols: item('expected a protocol such as "gre"', /^[a-z0-9][a-z0-9.-]*$/),
  sources: item(
    'expected a network, address, MAC or "ipset:NAME"',
    new RegExp(`^(?:${ADDRESS}|ipset:[A-Za-z0-9_-]+)$`),
  ),
  interfaces: item('expected an interface such as "eth0"', /^[A-Za-z0-9_][A-Za-z0-9_.:@+-]{0,14}$/),
  forward_ports: item(
    'expected a forward such as "port=80:proto=tcp:toport=8080"',
    /^port=\d{1,5}(?:-\d{1,5})?:proto=(?:tcp|udp|sctp|dccp)(?::toport=\d{1,5}(?:-\d{1,5})?)?(?::toaddr=[0-9A-Fa-f:.]+)?$/,
  ),
  rich_rules: item(
    'expected a rule of one line such as "rule family=ipv4 source address=10.0.0.0/8 accept"',
    /^rule [ -~]+$/,
  ),
};

const TEXTS: Readonly<Record<KindName, string>> = {
  services: 'Services that are let in, by their names in firewalld: [ssh, https].',
  ports: 'Ports that are let in: [8080/tcp, 9000-9010/udp]. A port within a range that is there counts.',
  source_ports: 'Ports from which everything is let in: [123/udp].',
  protocols: 'Protocols that are let in, as in /etc/protocols: [gre].',
  sources:
    'Networks, addresses, MAC addresses and ipset:NAME that belong to the zone; they leave the zone they were in.',
  interfaces:
    'Interfaces that belong to the zone; they leave the zone they were in. NetworkManager keeps those that are its own.',
  forward_ports: 'Forwarded ports: ["port=80:proto=tcp:toport=8080:toaddr=10.0.0.2"].',
  rich_rules: 'Rules in the language of firewalld.richlanguage(5).',
};

function lists(): Record<KindName, z.ZodDefault<z.ZodType<string[], string | string[]>>> {
  const entries = KINDS.map(({ name }) => [name, listOf(ITEMS[name]).default([]).describe(TEXTS[name])] as const);
  // One entry for each kind, made from the list of kinds.
  return Object.fromEntries(entries) as Record<KindName, z.ZodDefault<z.ZodType<string[], string | string[]>>>;
}

const KIND_NAMES = KINDS.map(({ name }) => name);

const Shape = z.strictObject({
  zone: item('expected a zone such as "public"', /^[A-Za-z0-9_][A-Za-z0-9_-]*$/)
    .optional()
    .describe('The zone the wishes are about; the default zone of the host when absent.'),
  create: z.boolean({ error: 'expected true or false' }).default(false).describe('Makes the zone where there is none.'),
  ...lists(),
  masquerade: z
    .boolean({ error: 'expected true or false' })
    .optional()
    .describe('Whether what leaves by the zone gets the address of the host.'),
  target: z
    .enum(['default', 'ACCEPT', 'DROP', 'REJECT'], { error: 'expected default, ACCEPT, DROP or REJECT' })
    .optional()
    .describe('What becomes of packets that no rule is about.'),
  absent: z
    .strictObject(lists())
    .prefault({})
    .describe('What must not be in the zone, by the same lists: {services: [cockpit]}.'),
  exclusive: z
    .array(z.enum(KIND_NAMES, { error: `expected one of ${KIND_NAMES.join(', ')}` }))
    .default([])
    .describe('Lists that are whole: [services, ports] takes away every other service and port of the zone.'),
  default_zone: item('expected a zone such as "public"', /^[A-Za-z0-9_][A-Za-z0-9_-]*$/)
    .optional()
    .describe('The zone of everything that belongs to no other.'),
  allow_lockout: z
    .boolean({ error: 'expected true or false' })
    .default(false)
    .describe('Goes on although ssh would no longer be let in where copse comes from.'),
});
type Shape = z.infer<typeof Shape>;

const RULES: readonly Rule<Shape>[] = [
  {
    at: 'zone',
    wrong: (want) =>
      want.default_zone === undefined &&
      want.masquerade === undefined &&
      want.target === undefined &&
      !want.create &&
      want.exclusive.length === 0 &&
      KINDS.every(({ name }) => want[name].length + want.absent[name].length === 0),
    say: 'expected something of a zone such as "services", or "default_zone"',
  },
  {
    at: 'create',
    wrong: (want) => want.create && want.zone === undefined,
    say: 'expected "zone" with the name of the zone',
  },
  {
    at: 'absent',
    wrong: (want) => KINDS.some(({ name }) => want.absent[name].some((one) => touches(name, want[name], one))),
    say: 'the same is to be there and to be absent',
  },
];

/** The wish of the `firewalld` module. */
export const Params = Shape.superRefine(obey(RULES));
/** The wish of the `firewalld` module. */
export type Params = z.infer<typeof Params>;
