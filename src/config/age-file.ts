import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Problem } from '../core/problem.ts';
import { sealed } from './values.ts';
import { isRecord } from './plain.ts';
import { parseSource } from './source.ts';
import type { Value } from '../core/value.ts';

const MAX_BYTES = 1024 * 1024;

/** Variables of an encrypted file, every text and number in them a secret; or why they cannot be read, without a word of what they say. */
export type EncryptedVars =
  { readonly vars: { readonly [name: string]: Value } } | { readonly problem: Omit<Problem, 'at'> };

/** True for the name of a file that is encrypted with age. */
export function isAgeFile(path: string): boolean {
  return path.endsWith('.age');
}

/** Where the age identities are: `$COPSE_AGE_IDENTITIES`, else `~/.config/copse/age.txt`. */
export function identityFile(env: Readonly<Record<string, string | undefined>> = process.env): string {
  return env['COPSE_AGE_IDENTITIES'] ?? join(env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'copse', 'age.txt');
}

/** Decrypts a YAML file of variables, armored or not, with the identities of a file such as `age-keygen` writes. */
export async function readAgeFile(path: string, shown: string, identities: string): Promise<EncryptedVars> {
  const bytes = await readFile(path).catch(() => undefined);
  if (bytes === undefined) return wrong('E_FILE', `"${shown}" cannot be read`, `looked for at ${path}`);
  if (bytes.length > MAX_BYTES) return wrong('E_LIMIT', `"${shown}" has more than ${MAX_BYTES} bytes`, 'split it');
  const keys = await readFile(identities, 'utf8').catch(() => undefined);
  if (keys === undefined)
    return wrong('E_SECRET', `there are no identities to decrypt "${shown}" with`, HINT(identities));
  const text = await decrypt(bytes, identitiesIn(keys));
  if (text === undefined)
    return wrong('E_SECRET', `none of the identities in ${identities} decrypts "${shown}"`, HINT(identities));
  return varsOf(text, path, shown);
}

const HINT = (identities: string): string =>
  `put the line AGE-SECRET-KEY-1… of "age-keygen" into ${identities}, or name another file in COPSE_AGE_IDENTITIES`;

function identitiesIn(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith('AGE-SECRET-KEY-'));
}

async function decrypt(bytes: Uint8Array, identities: readonly string[]): Promise<string | undefined> {
  const { armor, Decrypter } = await import('age-encryption');
  try {
    const decrypter = new Decrypter();
    for (const identity of identities) decrypter.addIdentity(identity);
    const start = new TextDecoder().decode(bytes.subarray(0, 100)).trimStart();
    const binary = start.startsWith('-----BEGIN AGE') ? armor.decode(new TextDecoder().decode(bytes)) : bytes;
    return await decrypter.decrypt(binary, 'text');
  } catch {
    // Whatever the reason, the file stays closed; the library's words are about its own formats.
    return undefined;
  }
}

/** What is wrong inside is told by its line only: the text itself is secret. */
function varsOf(text: string, path: string, shown: string): EncryptedVars {
  const { root, problems } = parseSource(path, text);
  const [first] = problems;
  if (first !== undefined) {
    return wrong(
      'E_YAML',
      `what "${shown}" holds is not right YAML, see line ${first.at?.line ?? 1}`,
      `age -d ${shown} shows it`,
    );
  }
  if (!isRecord(root))
    return wrong('E_VALUE', `what "${shown}" holds is not a mapping of variables`, 'write "name: value" lines');
  const hidden = sealed(JSON.parse(JSON.stringify(root)) as Value);
  return isRecord(hidden) ? { vars: hidden as { [name: string]: Value } } : { vars: {} };
}

function wrong(code: Problem['code'], message: string, hint: string): EncryptedVars {
  return { problem: { code, message, hint } };
}
