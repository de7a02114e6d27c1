import { emptyRecord } from '../config/plain.ts';
import type { Place } from '../core/problem.ts';
import type { Value, Vars } from '../core/value.ts';
import { addHost, type Draft, type GroupDraft } from './draft.ts';
import { layerOf } from './layer.ts';
import { expandHosts } from './range.ts';

/** A host name as it stands in an inventory, ranges included, with what is said about it. */
export interface HostEntry {
  readonly group: GroupDraft;
  readonly vars: Vars | undefined;
  /** Where the name stands. */
  readonly at: Place;
  readonly place: (variable: string, what?: 'key' | 'value') => Place;
  readonly form: 'ini' | 'yaml';
}

/** Adds the host or hosts of one entry to a group. */
export function addHosts(draft: Draft, written: string, entry: HostEntry): void {
  const read = expandHosts(written);
  const wrong = 'wrong' in read ? read : wrongName(written, read.port, entry.form);
  if (wrong !== undefined) {
    draft.problems.push({ code: 'E_INVENTORY', message: wrong.wrong, hint: wrong.hint, at: entry.at });
    return;
  }
  if ('wrong' in read) return;
  const owner = `host "${written}"`;
  const layer = entry.vars && layerOf(owner, entry.vars, entry.place);
  const port = read.port === undefined ? undefined : layerOf(owner, portVars(read.port), () => entry.at);
  for (const name of read.names) {
    const isNew = !draft.hosts.has(name);
    const host = addHost(draft, name, entry.group, entry.at);
    if (port !== undefined && isNew) host.layers.push(port);
    else if (port !== undefined) notePort(draft, name, read.port, entry);
    if (layer !== undefined) host.layers.push(layer);
  }
}

function portVars(port: number): Vars {
  const vars = emptyRecord<Value>();
  vars['ansible_port'] = port;
  return vars;
}

/** What Ansible refuses in INI only, because there it is a sign of another mistake. */
function wrongName(
  written: string,
  port: number | undefined,
  form: 'ini' | 'yaml',
): { wrong: string; hint: string } | undefined {
  if (form === 'yaml') return undefined;
  if (written === '---') {
    return { wrong: '"---" is no host name', hint: 'a YAML inventory must be named .yml or .yaml' };
  }
  if (!written.endsWith(':') || port !== undefined) return undefined;
  return { wrong: `"${written}" ends in ":"`, hint: `write ${written.slice(0, -1)}, or a port after the ":"` };
}

function notePort(draft: Draft, name: string, port: number | undefined, { at }: HostEntry): void {
  draft.notes.push({
    code: 'E_INVENTORY',
    message: `the port ${port} is not used here, "${name}" was named before`,
    hint: `write it as a variable: ansible_port=${port}`,
    at,
  });
}
