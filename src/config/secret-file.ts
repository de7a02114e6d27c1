import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { Secret } from '../core/secret.ts';

const MAX_BYTES = 64 * 1024;

/** The secret in a file that `!secret path` names, relative to the file that says so; one line end at its end is dropped. */
export function readSecret(file: string, path: unknown): { secret: Secret } | { problem: string; hint: string } {
  if (typeof path !== 'string' || path.trim() === '') {
    return { problem: '"!secret" needs the path of a file', hint: 'write: !secret secrets/token' };
  }
  const where = resolve(dirname(file), path);
  try {
    if (statSync(where).size > MAX_BYTES)
      return {
        problem: `the secret file "${path}" has more than ${MAX_BYTES} bytes`,
        hint: 'name a file that holds one secret',
      };
    const text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(where));
    return { secret: new Secret(text.replace(/\r?\n$/, '')) };
  } catch {
    return { problem: `the secret file "${path}" cannot be read as text`, hint: `it is looked for at ${where}` };
  }
}
