import { isAbsolute, resolve } from 'node:path';
import type { LocalFile } from '../core/module.ts';
import { fault, type Place } from '../core/problem.ts';

/** Reads a file of this machine; rejects as Node does when it cannot. */
export type ReadFile = (path: string) => Promise<{ readonly bytes: Uint8Array; readonly mode: string }>;

/** Where a file that a task names may be: absolute, or in each folder and the `files` folder beside it. */
export function candidates(name: string, folders: readonly string[]): readonly string[] {
  if (isAbsolute(name)) return [name];
  return folders.flatMap((folder) => [resolve(folder, name), resolve(folder, 'files', name)]);
}

/** The file a task names. Throws a Fault with E_FILE and the place of its name. */
export async function readLocalFile(
  name: string,
  folders: readonly string[],
  read: ReadFile,
  at: Place,
): Promise<LocalFile> {
  for (const path of candidates(name, folders)) {
    try {
      return { path, ...(await read(path)) };
    } catch (error) {
      if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') continue;
      throw fault({ code: 'E_FILE', message: `"${name}" cannot be read: ${reason(error)}`, at }, error);
    }
  }
  throw fault({
    code: 'E_FILE',
    message: `there is no file "${name}"`,
    hint: `looked for at ${candidates(name, folders).join(', ')}`,
    at,
  });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function reason(error: unknown): string {
  if (codeOf(error) === 'EISDIR') return 'it is a folder';
  return codeOf(error) === 'EACCES' ? 'permission denied' : String(error);
}
