import { z } from 'zod';
import { IGNORED_VARIABLES, SETTINGS, type Setting, type SettingName } from './connection-variables.ts';

const Words = z.union([z.string(), z.number()]);
const Flag = z.union([z.boolean(), z.string()]);
const TextOrList = z.union([z.string(), z.array(z.string())]);

/** What the values of settings look like where it is not plain text. */
const SHAPES: Partial<Record<SettingName, z.ZodType>> = {
  port: z.union([z.int().min(1).max(65_535), z.string()]),
  identity: TextOrList,
  knownHosts: TextOrList,
  jump: TextOrList,
  identitiesOnly: Flag,
  become: Flag,
  connectTimeout: Words,
};

/** Shapes of copse's own names, stricter than what Ansible takes under its names. */
const OWN_SHAPES: Partial<Record<SettingName, z.ZodType>> = {
  transport: z.enum(['ssh', 'openssh', 'local']),
  hostKey: z.enum(['strict', 'accept-new', 'ask']),
  becomeMethod: z.enum(['sudo', 'su', 'doas']),
};

const ANSIBLE_SHAPES: Partial<Record<SettingName, z.ZodType>> = { hostKey: Flag };

/** Variables of a host or group: any names with any values, and the connection variables with their types. */
export const InventoryVars = z
  .looseObject({
    ...connectionShapes(),
    ...ignoredShapes(),
    ansible_group_priority: Words.optional().describe(
      'under the vars of a group: among groups of one depth the higher number wins; 1 by default',
    ),
  })
  .meta({
    id: 'vars',
    description:
      'Variables by name. Connection variables decide how a host is reached; all others are for your playbooks.',
  });

const HostEntries = z
  .record(z.string(), InventoryVars.nullable())
  .describe(
    'Hosts by name, each with its variables or nothing; web[01:50] stands for fifty hosts, host:2222 sets the port.',
  );

/** A group: its hosts, its variables and the groups in it. */
export const InventoryGroup = z
  .strictObject({
    hosts: z.union([HostEntries, z.string()]).nullable().optional(),
    vars: InventoryVars.nullable()
      .optional()
      .describe('Variables of every host of the group. A deeper group wins over its parents, a host over its groups.'),
    get children(): z.ZodType {
      return z
        .union([z.record(z.string(), InventoryGroup.nullable()), z.string()])
        .nullable()
        .optional()
        .describe('Groups inside this one, by name.');
    },
  })
  .meta({ id: 'group', description: 'A group of hosts.' });

/** A YAML inventory: groups by name, `all` is the parent of every other. */
export const InventorySchema = z.record(z.string(), InventoryGroup.nullable()).meta({
  title: 'copse inventory',
  description: "Hosts in groups, in the format of Ansible's YAML inventories.",
  examples: [
    {
      all: {
        vars: { copse_user: 'core' },
        children: {
          edge: { hosts: { 'edge[01:50].example.com': null }, vars: { channel: 'stable' } },
          canary: { hosts: { 'edge01.example.com': { channel: 'next' } } },
        },
      },
    },
  ],
});

function connectionShapes(): Record<string, z.ZodOptional<z.ZodType>> {
  const shapes: Record<string, z.ZodOptional<z.ZodType>> = {};
  for (const [key, setting] of Object.entries<Setting>(SETTINGS)) {
    const name = key as SettingName;
    const shape = SHAPES[name] ?? Words;
    const { own, about } = setting;
    if (own !== undefined) shapes[own] = (OWN_SHAPES[name] ?? shape).optional().describe(about);
    for (const alias of setting.ansible) {
      const same = own === undefined ? about : `${about} (copse's own name: ${own})`;
      shapes[alias] = (ANSIBLE_SHAPES[name] ?? shape).optional().describe(same);
    }
  }
  return shapes;
}

function ignoredShapes(): Record<string, z.ZodOptional<z.ZodType>> {
  const entries = Object.entries(IGNORED_VARIABLES);
  return Object.fromEntries(entries.map(([name, why]) => [name, z.unknown().optional().describe(`not used: ${why}`)]));
}
