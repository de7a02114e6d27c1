import { celHint } from '../config/jinja.ts';
import { textOfValue } from '../config/values.ts';
import type { Place } from '../core/problem.ts';
import type { Value } from '../core/value.ts';
import { SETTINGS, type Setting } from './connection-variables.ts';

/** What to write instead of Jinja in a connection variable, in the format of the file where it stands. */
export function jinjaHint(name: string, value: Value, at: Place | undefined): string {
  const setting = Object.values<Setting>(SETTINGS).find(({ ansible }) => ansible.includes(name));
  const target = setting?.own ?? name;
  const isIni = at?.text?.includes(`${name}=`) === true;
  if (setting?.secret === true) {
    return `write${isIni ? ' in group_vars/all.yml' : ''}: ${target}: !secret path/to/file`;
  }
  const written = String(textOfValue(value));
  if (/\b(?:playbook|inventory|role)_(?:dir|path)\b/.test(written)) {
    return `write: ${target}${isIni ? '=' : ': '}path/to/file, relative to the folder where copse is started`;
  }
  const beside = target === name ? '' : `; Ansible may keep ${name} beside it`;
  if (written.includes('{%')) return `write the value itself as ${target}${beside}`;
  const space = isIni ? '' : ' ';
  const cel = written.replaceAll(/\{\{(.*?)\}\}/g, (whole) => `\${{${space}${celHint(whole) ?? '…'}${space}}}`);
  return `write: ${target}${isIni ? '=' : ': '}${cel}${beside}`;
}
