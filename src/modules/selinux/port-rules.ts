import { boundsOf } from './schema.ts';

/** One line of the policy about ports. */
export interface PortRule {
  readonly protocol: string;
  /** `8081` or `9000-9010`. */
  readonly port: string;
  readonly type: string;
}

/** The rules of this host, which win, and those of the policy. */
export interface PortRules {
  readonly local: readonly PortRule[];
  readonly base: readonly PortRule[];
}

/** The two lists of `semanage port -l -n`: first those of this host, then, after `all`, all there are. */
export function readPorts(text: string): PortRules {
  const [first = '', second = ''] = text.split(/^all$/m);
  const local = rulesOf(first);
  const base = rulesOf(second).filter((one) => !local.some((mine) => isSame(mine, one)));
  return { local, base };
}

function rulesOf(text: string): readonly PortRule[] {
  return text.split('\n').flatMap((line) => {
    const [, type, protocol, ports] = /^(\S+)\s+([a-z]+)\s+(\d[\d, -]*)$/.exec(line.trim()) ?? [];
    if (type === undefined || protocol === undefined || ports === undefined) return [];
    return ports.split(/,\s*/).map((port) => ({ protocol, port: port.trim(), type }));
  });
}

function isSame(one: PortRule, other: PortRule): boolean {
  return one.protocol === other.protocol && one.port === other.port && one.type === other.type;
}

/** The rule that decides about a port or a whole range: that of this host, else the narrowest of the policy. */
export function ruleFor(rules: PortRules, wish: Pick<PortRule, 'protocol' | 'port'>): PortRule | undefined {
  const [low, high] = boundsOf(wish.port);
  const width = ({ port }: PortRule): number => boundsOf(port)[1] - boundsOf(port)[0];
  const holds = ({ protocol, port }: PortRule): boolean => {
    const [from, to] = boundsOf(port);
    return protocol === wish.protocol && from <= low && to >= high;
  };
  return rules.local.find(holds) ?? rules.base.filter(holds).toSorted((a, b) => width(a) - width(b))[0];
}

/** A rule of this host that covers some of the same ports and is not for just these. */
export function overlapping(rules: PortRules, wish: Pick<PortRule, 'protocol' | 'port'>): PortRule | undefined {
  const [low, high] = boundsOf(wish.port);
  return rules.local.find(({ protocol, port }) => {
    const [from, to] = boundsOf(port);
    return protocol === wish.protocol && port !== wish.port && from <= high && low <= to;
  });
}

/** Whether a list has a rule for exactly these ports. */
export function hasExactly(rules: readonly PortRule[], wish: Pick<PortRule, 'protocol' | 'port'>): boolean {
  return rules.some(({ protocol, port }) => protocol === wish.protocol && port === wish.port);
}
