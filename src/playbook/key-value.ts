import type { Problem } from '../core/problem.ts';
import type { FoundModule } from './module-key.ts';

/** Parameters that Ansible allows inside the text of a command. */
const COMMAND_WORDS = /(?:^|\s)(chdir|creates|removes|executable|stdin|warn)=(\S+)/g;

/** The answer to arguments written as `key=value` text; undefined where the text is what the module takes. */
export function keyValueHint({ module, args }: FoundModule): Omit<Problem, 'at'> | undefined {
  const { value } = args;
  if (typeof value !== 'string' || value.includes('${{')) return undefined;
  if (module.freeForm === undefined) {
    const mapping = mappingOf(value);
    const hint = mapping === undefined ? `write ${module.name}: {name: value}` : `write ${module.name}: ${mapping}`;
    const message = `${module.name}: expected a mapping of parameters, found text`;
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
