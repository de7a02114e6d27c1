import type { Problem } from '../core/problem.ts';
import { isRecord } from '../config/plain.ts';
import { shown } from '../config/zod-problems.ts';
import { keysAt } from '../config/zod-schema.ts';
import type { AnyModule } from '../core/module.ts';

/** Parameters that Ansible allows inside the text of a command. */
const COMMAND_WORDS = /(?:^|\s)(chdir|creates|removes|executable|stdin|warn)=(\S+)/g;

/** The answer to arguments written as `key=value` text; undefined where the text is what the module takes. */
export function keyValueHint(module: AnyModule, value: unknown): Omit<Problem, 'at'> | undefined {
  if (value === undefined || value === null || isRecord(value)) return undefined;
  if (typeof value === 'string') return value.includes('${{') ? undefined : ofText(module, value);
  if (module.freeForm !== undefined && !Array.isArray(value)) return undefined;
  const hint =
    Array.isArray(value) && module.name === 'command'
      ? 'write command: {argv: […]}'
      : `"copse doc ${module.name}" lists them`;
  return { code: 'E_PARAM', message: `${module.name}: expected a mapping of parameters, found ${shown(value)}`, hint };
}

function ofText(module: AnyModule, value: string): Omit<Problem, 'at'> | undefined {
  if (module.freeForm === undefined) {
    const mapping = mappingOf(value);
    const [first = 'name'] = keysAt(module.params, []);
    const message = `${module.name}: expected a mapping of parameters, found text`;
    const hint = `write ${module.name}: ${mapping ?? `{${first}: ${flow(value)}}`}`;
    return { code: mapping === undefined ? 'E_PARAM' : 'E_ANSIBLE', message, hint };
  }
  const words = [...value.matchAll(COMMAND_WORDS)].filter(([, name]) => name !== 'executable' && name !== 'warn');
  if (module.name !== 'command' || words.length === 0) return undefined;
  const rest = value.replaceAll(COMMAND_WORDS, '').trim();
  const extra = words.map(([, name = '', text = '']) => `, ${name}: ${text}`).join('');
  return {
    code: 'E_ANSIBLE',
    message: 'parameters inside the command line are not read',
    hint: `write command: {cmd: '${rest}'${extra}}`,
  };
}

/** `{src: a, dest: b}` of `src=a dest=b`. */
function mappingOf(text: string): string | undefined {
  const pairs = [...text.matchAll(/([A-Za-z_]\w*)=("[^"]*"|'[^']*'|\S+)/g)];
  if (pairs.length === 0) return undefined;
  return `{${pairs.map(([, name = '', value = '']) => `${name}: ${flow(value)}`).join(', ')}}`;
}

function flow(value: string): string {
  if (/^\d+$/.test(value)) return `'${value}'`;
  return /^["']|^[\w./@%+-]+$/.test(value) ? value : `'${value}'`;
}
