import { join } from 'node:path';
import type { HostKeyPolicy, HostSpec } from '../core/target.ts';
import type { SshSettings } from './ssh-config.ts';
import type { PathTokens } from './ssh-paths.ts';
import { existing, expandPath, tilde } from './ssh-paths.ts';

const DEFAULT_KEYS = ['id_rsa', 'id_ecdsa', 'id_ecdsa_sk', 'id_ed25519', 'id_ed25519_sk'];
const GLOBAL_KNOWN_HOSTS = ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'];

/** Key files: the inventory's as they are, otherwise those of ssh's configuration or defaults that are there. */
export async function identitiesOf(
  spec: HostSpec,
  settings: SshSettings,
  tokens: PathTokens,
): Promise<readonly string[]> {
  // A key that the inventory names and that is not there is worth a word; ssh's own defaults are not.
  if (spec.identities !== undefined) return spec.identities.map((path) => tilde(path, tokens.home));
  const defaults = DEFAULT_KEYS.map((name) => join(tokens.home, '.ssh', name));
  const files = settings.get('identityfile')?.filter((path) => path !== 'none') ?? defaults;
  const named = [...(settings.get('certificatefile') ?? []), ...files];
  return existing([...new Set(named.map((path) => expandPath(path, tokens)))]);
}

/** What the environment says about an agent. */
export interface AgentPlace {
  readonly sock: string | undefined;
  readonly variables: Readonly<Record<string, string | undefined>>;
}

/** Socket of the ssh-agent; undefined for none. */
export function agentOf(
  settings: SshSettings,
  tokens: PathTokens,
  { sock, variables }: AgentPlace,
): string | undefined {
  const said = settings.get('identityagent')?.[0];
  if (said === undefined || said === 'SSH_AUTH_SOCK') return sock;
  if (said === 'none') return undefined;
  const variable = /^\$\{?(\w+)\}?$/.exec(said)?.[1];
  return variable === undefined ? expandPath(said, tokens) : variables[variable];
}

/** Files of known hosts, the one to write to first. */
export function knownHostsOf(spec: HostSpec, settings: SshSettings, tokens: PathTokens): readonly string[] {
  if (spec.knownHosts !== undefined) return spec.knownHosts.map((path) => tilde(path, tokens.home));
  const own = ['known_hosts', 'known_hosts2'].map((name) => join(tokens.home, '.ssh', name));
  const files = [
    ...(settings.get('userknownhostsfile') ?? own),
    ...(settings.get('globalknownhostsfile') ?? GLOBAL_KNOWN_HOSTS),
  ];
  return files.filter((path) => path !== 'none').map((path) => expandPath(path, tokens));
}

/** How StrictHostKeyChecking reads here; `no` is accept-new: a changed key is never accepted. */
export function policyOf(said: string | undefined): HostKeyPolicy {
  if (said === 'yes' || said === 'true') return 'strict';
  return said === 'accept-new' || said === 'no' || said === 'off' || said === 'false' ? 'accept-new' : 'ask';
}

const UNITS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** Milliseconds of a time as ssh writes it: `10`, `1m30s`; undefined for none. */
export function secondsOf(said: string | undefined): number | undefined {
  if (said === undefined || !/^(?:\d+[smhdw]?)+$/i.test(said)) return undefined;
  const parts = [...said.toLowerCase().matchAll(/(\d+)([smhdw]?)/g)];
  return parts.reduce((total, [, count, unit]) => total + Number(count) * (UNITS[unit ?? ''] ?? 1) * 1000, 0);
}

/** The proxy command, unless jump hosts or the word `none` take its place. */
export function proxyCommandOf(spec: HostSpec, settings: SshSettings): string | undefined {
  if (spec.jump !== undefined) return undefined;
  const said = spec.proxyCommand ?? settings.get('proxycommand')?.[0];
  return said?.toLowerCase() === 'none' ? undefined : said;
}

/** The jump hosts that ssh's configuration names, first hop first. */
export function jumpsIn(settings: SshSettings): readonly string[] {
  const said = settings.get('proxyjump')?.[0];
  return said === undefined || said.toLowerCase() === 'none' ? [] : said.split(',').map((hop) => hop.trim());
}
