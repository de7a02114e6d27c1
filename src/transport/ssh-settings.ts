import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fault } from '../core/problem.ts';
import type { SshQuery, SshSettings } from './ssh-config.ts';
import { foreignLine, matters, settingsFor } from './ssh-config.ts';
import type { ConfigLine } from './ssh-config-files.ts';
import { readConfig } from './ssh-config-files.ts';
import { slots } from './slots.ts';

/** Where ssh's own configuration is. */
export interface SshConfigPlaces {
  readonly home: string;
  /** `~/.ssh/config` when absent. */
  readonly userConfig?: string;
  /** `/etc/ssh/ssh_config` when absent. */
  readonly systemConfig?: string;
}

/** Answers what ssh's configuration says about hosts. */
export type AskSettings = (query: SshQuery) => Promise<SshSettings>;

/**
 * Reads the configuration once. Hosts are then looked up in this process; only a configuration with lines that nobody
 * but ssh can evaluate (`Match exec`, `Match final`, canonical host names) costs an `ssh -G` for each host.
 */
export function sshSettings(places: SshConfigPlaces): AskSettings {
  const user = places.userConfig ?? join(places.home, '.ssh', 'config');
  const system = places.systemConfig ?? '/etc/ssh/ssh_config';
  const reading = Promise.all([
    readConfig(user, { home: places.home, folder: join(places.home, '.ssh') }),
    readConfig(system, { home: places.home, folder: '/etc/ssh' }),
  ]).then((files) => {
    const lines = files.flat();
    return { files, foreign: matters(lines) ? foreignLine(lines) : undefined };
  });
  // Told to every host that asks; a host that never does must not make it an unhandled one.
  reading.catch(() => undefined);
  const processes = slots(8);
  const answered = new Map<string, Promise<SshSettings>>();

  const fromSsh = async (query: SshQuery, line: ConfigLine): Promise<SshSettings> => {
    const release = await processes.take();
    // With -F, ssh leaves the system's file out; without it, ssh knows only the passwd entry's home.
    const file = places.userConfig === undefined ? [] : ['-F', user];
    return sshG(file, query, line).finally(release);
  };
  return async (query) => {
    const { files, foreign } = await reading;
    if (foreign === undefined) return settingsFor(files, query);
    const key = JSON.stringify([query.host, query.user, query.port]);
    const known = answered.get(key);
    if (known !== undefined) return known;
    const asking = fromSsh(query, foreign);
    answered.set(key, asking);
    return asking;
  };
}

const LISTS: ReadonlySet<string> = new Set(['identityfile', 'certificatefile']);
const SPACED: ReadonlySet<string> = new Set(['userknownhostsfile', 'globalknownhostsfile']);

function sshG(file: readonly string[], { host, user, port }: SshQuery, line: ConfigLine): Promise<SshSettings> {
  const args = ['-G', ...file];
  if (user !== undefined) args.push('-l', user);
  if (port !== undefined) args.push('-p', String(port));
  return new Promise((resolve, reject) => {
    execFile('ssh', [...args, '--', host], { timeout: 30_000 }, (error, stdout, stderr) => {
      if (error === null) resolve(settingsOf(stdout));
      else reject(error.code === 'ENOENT' ? noSsh(line) : refused(host, stderr.trim() || error.message));
    });
  });
}

function settingsOf(stdout: string): SshSettings {
  const settings = new Map<string, readonly string[]>();
  for (const line of stdout.split('\n')) {
    const at = line.indexOf(' ');
    if (at === -1) continue;
    const [keyword, value] = [line.slice(0, at), line.slice(at + 1)];
    if (LISTS.has(keyword)) settings.set(keyword, [...(settings.get(keyword) ?? []), value]);
    else settings.set(keyword, SPACED.has(keyword) ? value.split(' ') : [value]);
  }
  return settings;
}

function noSsh({ file, line, keyword, rest }: ConfigLine): Error {
  return fault({
    code: 'E_UNSUPPORTED',
    message: `only the ssh program can evaluate "${keyword} ${rest}", and there is none here`,
    hint: 'install the OpenSSH client, or set copse_address, copse_user and the rest in the inventory',
    at: { file, line, col: 1 },
  });
}

function refused(host: string, said: string): Error {
  return fault({ code: 'E_FILE', message: `ssh -G cannot say how to reach "${host}": ${said}` });
}
