import type { HostOptions } from './types.ts';

/** What an inventory of a simulated fleet says. */
export interface FleetInventory {
  readonly user: string;
  readonly keyFile: string;
  readonly knownHostsFile: string;
  readonly hosts: readonly { readonly name: string; readonly address: string; readonly port: number }[];
  readonly descriptions: readonly HostOptions[];
}

/** The YAML inventory of a fleet, with everything needed to log in. */
export function inventoryText({ user, keyFile, knownHostsFile, hosts, descriptions }: FleetInventory): string {
  const groups = new Map<string, string[]>();
  for (const { name, groups: names = [] } of descriptions) {
    for (const group of names) groups.set(group, [...(groups.get(group) ?? []), name]);
  }
  const q = (text: string): string => JSON.stringify(text);
  const lines = [
    'all:',
    '  vars:',
    `    ansible_user: ${q(user)}`,
    `    ansible_ssh_private_key_file: ${q(keyFile)}`,
    `    ansible_ssh_common_args: ${q(`-o UserKnownHostsFile=${knownHostsFile} -o StrictHostKeyChecking=yes -o IdentitiesOnly=yes`)}`,
    '  hosts:',
    ...hosts.map(({ name, address, port }) => `    ${q(name)}: { ansible_host: ${address}, ansible_port: ${port} }`),
  ];
  if (groups.size > 0) lines.push('  children:');
  for (const [group, names] of groups)
    lines.push(`    ${q(group)}:`, '      hosts:', ...names.map((name) => `        ${q(name)}:`));
  return `${lines.join('\n')}\n`;
}
