import { Secret } from '../core/secret.ts';
import type { Inventory } from '../inventory/types.ts';
import type { Playbook, TaskNode } from './types.ts';

/** Every secret that was written into playbooks and inventory, so that a run knows them before a host prints one. */
export function secretsIn(playbook: Playbook, inventory: Inventory): readonly Secret[] {
  const found = new Set<Secret>();
  const seen = new Set<object>();
  const collect = (value: unknown): void => {
    if (value instanceof Secret) found.add(value);
    if (typeof value !== 'object' || value === null || seen.has(value)) return;
    seen.add(value);
    for (const inner of Object.values(value)) collect(inner);
  };
  const visit = (node: TaskNode): void => {
    if (node.kind === 'flush') return;
    for (const template of [...node.vars, ...node.environment]) collect(template.raw);
    if (node.kind === 'task') collect(node.args.raw);
    else if (node.guard !== undefined) collect(node.guard.args.raw);
    if (node.kind === 'block') for (const inner of [...node.block, ...node.rescue, ...node.always]) visit(inner);
  };
  for (const play of playbook.plays) {
    collect(play.playVars.raw);
    for (const template of play.environment) collect(template.raw);
    for (const node of [...play.tasks, ...play.handlers]) visit(node);
  }
  for (const host of inventory.hosts.values()) collect(host.vars);
  return [...found];
}
