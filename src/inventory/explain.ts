import type { HostSpec } from '../core/target.ts';
import { IGNORED_VARIABLES } from './connection-variables.ts';
import { showValue } from './show.ts';
import type { Assignment, Host, Inventory } from './types.ts';

/** What is known about a host and why: its groups, every variable with every place that sets it, the last one wins. */
export function explainHost(inventory: Inventory, host: Host): string {
  const assignments = [...inventory.explain(host.name)].sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    `${host.name}${host.at === undefined ? '' : `, ${host.at.file}:${host.at.line}`}`,
    `  groups: ${host.groups.length === 0 ? 'none' : host.groups.join(', ')}`,
    '',
    ...assignments.flatMap(([name, places]) => explainVariable(name, places)),
  ]
    .join('\n')
    .trimEnd();
}

function explainVariable(name: string, places: readonly Assignment[]): readonly string[] {
  const values = places.map(({ value }) => shorten(showValue(value)));
  const width = Math.max(...values.map((value) => value.length));
  const ignored = Object.hasOwn(IGNORED_VARIABLES, name) ? `   (not used: ${IGNORED_VARIABLES[name]})` : '';
  return [
    `${name} = ${values.at(-1) ?? ''}${ignored}`,
    ...places.map(({ source }, index) => {
      const wins = index === places.length - 1 ? '>' : ' ';
      return `  ${wins} ${(values[index] ?? '').padEnd(width)}  ${source}`;
    }),
  ];
}

function shorten(text: string): string {
  const line = text.replaceAll(/\s*\n\s*/g, ' ');
  return line.length <= 60 ? line : `${line.slice(0, 57)}...`;
}

/** How a host is reached, in one line. */
export function explainConnection(spec: HostSpec): string {
  const parts = [
    spec.transport ?? 'ssh',
    `${spec.user === undefined ? '' : `${spec.user}@`}${spec.address ?? spec.name}`,
    spec.port === undefined ? '' : `port ${spec.port}`,
    spec.identities === undefined ? '' : `key ${spec.identities.join(', ')}`,
    spec.jump === undefined || spec.jump.length === 0 ? '' : `through ${spec.jump.join(', ')}`,
    spec.proxyCommand === undefined ? '' : `through the command ${JSON.stringify(spec.proxyCommand)}`,
    spec.become === undefined ? '' : `becomes ${spec.become.user} with ${spec.become.method}`,
  ];
  if (spec.transport === 'local') return 'local, this machine';
  return `${parts.filter((part) => part !== '').join(' ')}; the rest from ~/.ssh/config`;
}
