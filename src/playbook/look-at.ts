import { statSync } from 'node:fs';

/** Tells what lies at a path of this machine. */
export type LookAt = (path: string) => 'file' | 'folder' | 'nothing';

/** Looks at each path once: a check asks for the same file on behalf of many hosts. */
export function createLookAt(): LookAt {
  const known = new Map<string, ReturnType<LookAt>>();
  return (path) => {
    const found = known.get(path) ?? look(path);
    known.set(path, found);
    return found;
  };
}

function look(path: string): ReturnType<LookAt> {
  try {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (stats === undefined) return 'nothing';
    return stats.isDirectory() ? 'folder' : 'file';
  } catch {
    // A part of the path is not a folder, or may not be looked into.
    return 'nothing';
  }
}
