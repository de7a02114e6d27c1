import { isExpression, parseExpression, evaluate } from '../config/expression.ts';
import { emptyRecord } from '../config/plain.ts';
import { scanTemplate } from '../config/template-scan.ts';
import { textOfValue } from '../config/values.ts';
import { Fault, problemsOf, type Place, type Problem } from '../core/problem.ts';
import { joinTexts, Secret } from '../core/secret.ts';
import type { Value, Vars } from '../core/value.ts';
import { namesOf, SETTINGS, type Setting, type SettingName } from './connection-variables.ts';
import { hasJinja } from './jinja.ts';
import { jinjaHint } from './jinja-hint.ts';
import type { Host } from './types.ts';

/** The variables of one host while its connection is worked out; what is wrong is collected. */
export interface Reader {
  readonly host: Host;
  readonly problems: Problem[];
}

/** A connection variable that is set, with `${{ }}` in it evaluated. */
export interface Found {
  readonly name: string;
  readonly value: Value;
}

/** The variable that decides a setting: copse's own name, else the last of Ansible's that is set. */
export function find(reader: Reader, setting: SettingName): Found | undefined {
  const name = namesOf(SETTINGS[setting] as Setting).findLast((known) => isSet(reader.host.vars[known]));
  return name === undefined ? undefined : findNamed(reader, name);
}

/** One variable by its name, evaluated; undefined when it is not set or cannot be used. */
export function findNamed(reader: Reader, name: string): Found | undefined {
  const value = reader.host.vars[name];
  if (!isSet(value)) return undefined;
  if (hasJinja(value)) {
    const message = `${name} is Jinja, which copse does not run`;
    complain(reader, name, message, jinjaHint(name, value, reader.host.place?.(name)), 'E_ANSIBLE');
    return undefined;
  }
  if (typeof value !== 'string' || !value.includes('${{')) return { name, value };
  const rendered = renderText(reader, name, value);
  return rendered === undefined ? undefined : { name, value: rendered };
}

function isSet(value: Value | undefined): value is Exclude<Value, null> {
  return value !== undefined && value !== null;
}

/** Adds a problem at the place of a variable. */
export function complain(
  reader: Reader,
  name: string,
  message: string,
  hint: string,
  code: Problem['code'] = 'E_VALUE',
): void {
  const at = reader.host.place?.(name, code === 'E_NAME' ? 'key' : 'value');
  reader.problems.push({ code, message, hint, ...(at && { at }) });
}

/** A setting that is one line of text; a number counts as its digits. A leading "-" would be an option of ssh. */
export function text(reader: Reader, setting: SettingName): string | undefined {
  const found = find(reader, setting);
  if (found === undefined) return undefined;
  const { name, value } = found;
  const written = typeof value === 'number' ? String(value) : value;
  if (typeof written === 'string' && /^[^-\s]\P{Cc}*$/u.test(written)) return written;
  const shown = written instanceof Secret ? 'a secret' : JSON.stringify(written);
  const wanted = typeof written === 'string' ? 'cannot be empty or begin with "-"' : 'must be text';
  complain(reader, name, `${name} ${wanted}, found ${shown}`, `${name}: ${SETTINGS[setting].about}`);
  return undefined;
}

/** A setting that is true or false, in any of the spellings that Ansible takes. */
export function flag(reader: Reader, setting: SettingName): boolean | undefined {
  const found = find(reader, setting);
  if (found === undefined) return undefined;
  const word = typeof found.value === 'object' ? '' : String(found.value).toLowerCase();
  if (['true', 'yes', 'on', '1', 'y', 't'].includes(word)) return true;
  if (['false', 'no', 'off', '0', 'n', 'f'].includes(word)) return false;
  complain(
    reader,
    found.name,
    `${found.name} must be true or false, found ${JSON.stringify(found.value)}`,
    'write true or false',
  );
  return undefined;
}

/** A setting that is one text or a list of texts. */
export function texts(reader: Reader, setting: SettingName): readonly string[] | undefined {
  const found = find(reader, setting);
  if (found === undefined) return undefined;
  const list: readonly Value[] = Array.isArray(found.value) ? found.value : [found.value];
  const wanted = list.filter(
    (item): item is string => typeof item === 'string' && item.trim() !== '' && !hasJinja(item),
  );
  if (wanted.length === list.length) return wanted;
  const hint = `${found.name}: ${SETTINGS[setting].about}`;
  complain(
    reader,
    found.name,
    `${found.name} must be text or a list of texts, found ${JSON.stringify(found.value)}`,
    hint,
  );
  return undefined;
}

/** A password. */
export function secret(reader: Reader, setting: SettingName): Secret | undefined {
  const found = find(reader, setting);
  if (found === undefined) return undefined;
  if (found.value instanceof Secret) return found.value;
  if (typeof found.value === 'string' || typeof found.value === 'number') return new Secret(String(found.value));
  complain(reader, found.name, `${found.name} must be text`, `write: ${found.name}: !secret path/to/file`);
  return undefined;
}

function renderText({ host, problems }: Reader, name: string, value: string): Value | undefined {
  const at: Place = host.place?.(name) ?? { file: name, line: 1, col: 1, text: value };
  const scope = emptyRecord<Value>();
  scope['vars'] = host.vars;
  scope['host'] = { name: host.name, groups: host.groups, vars: host.vars };
  try {
    const pieces = scanTemplate(value).map((piece) => evaluatePiece(piece, scope, at));
    const [only] = pieces;
    return pieces.length === 1 && only !== undefined ? only : joinTexts(pieces.map(textOfValue));
  } catch (error) {
    problems.push(...problemsOf(error));
    return undefined;
  }
}

function evaluatePiece(piece: ReturnType<typeof scanTemplate>[number], scope: Vars, at: Place): Value {
  if (piece.kind === 'text') return piece.text;
  if (piece.kind === 'unclosed') {
    throw new Fault([{ code: 'E_EXPR', message: '"${{" is not closed', hint: 'close it with }}', at }]);
  }
  const parsed = parseExpression(piece.text, () => at);
  if (!isExpression(parsed)) throw new Fault([parsed]);
  return evaluate(parsed, scope);
}
