import { readFile, stat } from 'node:fs/promises';
import { relative } from 'node:path';
import type { Problem } from '../core/problem.ts';

/** The largest inventory file that is read. */
export const MAX_BYTES = 16 * 1024 * 1024;

/** How a path is shown: relative to the folder where copse was started, when it lies below it. */
export function labelOf(path: string): string {
  const from = relative(process.cwd(), path);
  return from === '' || from.startsWith('..') ? path : from;
}

/** The text of a file, or why it cannot be read. */
export async function readText(path: string): Promise<string | Problem> {
  const label = labelOf(path);
  try {
    const { size } = await stat(path);
    if (size > MAX_BYTES) {
      const message = `"${label}" has ${size} bytes, at most ${MAX_BYTES} are read`;
      return { code: 'E_LIMIT', message, hint: 'split it into several files of one folder' };
    }
    const text = (await readFile(path)).toString('utf8');
    return text.includes('\0') ? binary(label) : (notUtf8(label, text) ?? text.replace(/^\uFEFF/, ''));
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^\w+: |, \w+ '.*$/g, '') : String(error);
    return { code: 'E_FILE', message: `"${label}" cannot be read: ${reason}` };
  }
}

/** Bytes that are no UTF-8 are let pass in comments, as by Ansible. */
function notUtf8(label: string, text: string): Problem | undefined {
  if (!text.includes('\uFFFD')) return undefined;
  const lines = text.split('\n');
  const index = lines.findIndex((line) => line.includes('\uFFFD') && !/^\s*[#;]/.test(line));
  const line = lines[index];
  if (line === undefined) return undefined;
  return {
    code: 'E_INVENTORY',
    message: `"${label}" is not UTF-8 text`,
    hint: `convert it: iconv -f latin1 -t utf-8 ${label}`,
    at: { file: label, line: index + 1, col: line.indexOf('\uFFFD') + 1, text: line.slice(0, 160) },
  };
}

function binary(label: string): Problem {
  return {
    code: 'E_INVENTORY',
    message: `"${label}" is no text file`,
    hint: 'an inventory is YAML, INI, or an executable that prints JSON',
  };
}

/** The refusal of a file that ansible-vault encrypted; undefined for any other text. */
export function refuseVault(label: string, text: string): Problem | undefined {
  if (!text.startsWith('$ANSIBLE_VAULT;')) return undefined;
  return {
    code: 'E_ANSIBLE',
    message: `"${label}" is encrypted with ansible-vault, which copse does not read`,
    hint: 'run: ansible-vault decrypt, then write each secret as !secret path/to/file or encrypt the file with age',
    at: { file: label, line: 1, col: 1, text: text.slice(0, text.indexOf('\n', 0)).slice(0, 80) },
  };
}
