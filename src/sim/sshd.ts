import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What sshd took from its files when it last started: where it listens and whom it lets in. */
export interface Sshd {
  /** Listens on another port than the one everybody knows. */
  readonly isElsewhere: boolean;
  /** Names of `AllowUsers`; undefined where everybody may come. */
  readonly users: readonly string[] | undefined;
}

/** sshd as the image configures it. */
export const OPEN_SSHD: Sshd = { isElsewhere: false, users: undefined };

/** Reads the settings of a host that can lock people out; the first value counts, files of the folder come before the main one. */
export function readSshd(root: string): Sshd {
  const folder = join(root, 'etc/ssh/sshd_config.d');
  const parts = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.conf')) : [];
  const files = [...parts.toSorted().map((name) => join(folder, name)), join(root, 'etc/ssh/sshd_config')];
  const text = files.map((file) => (existsSync(file) ? readFileSync(file, 'utf8') : '')).join('\n');
  const value = (key: string): string | undefined => new RegExp(`^\\s*${key}\\s+(.+?)\\s*$`, 'im').exec(text)?.[1];
  return { isElsewhere: (value('Port') ?? '22') !== '22', users: value('AllowUsers')?.split(/\s+/) };
}
