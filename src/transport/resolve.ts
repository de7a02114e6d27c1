import { userInfo } from 'node:os';
import { fault } from '../core/problem.ts';
import type { HostSpec, Target } from '../core/target.ts';
import { parseHop } from './hop.ts';
import type { SshSettings } from './ssh-config.ts';
import type { PathTokens } from './ssh-paths.ts';
import { tilde } from './ssh-paths.ts';
import type { AskSettings, SshConfigPlaces } from './ssh-settings.ts';
import { sshSettings } from './ssh-settings.ts';
import { agentOf, identitiesOf, jumpsIn, knownHostsOf, policyOf, proxyCommandOf, secondsOf } from './ssh-values.ts';

/** Who runs copse, and where. Hosts resolved with the same object share what was read and asked. */
export interface ResolveEnv extends SshConfigPlaces {
  readonly user: string;
  readonly sshAuthSock: string | undefined;
  /** Environment variables that `IdentityAgent $NAME` may name; the process's own when absent. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
}

const CONNECT_TIMEOUT_MS = 15_000;
const MOST_HOPS = 8;

const readers = new WeakMap<ResolveEnv, AskSettings>();

/**
 * Everything a transport needs to reach a host: what the inventory says, then ssh's configuration as ssh reads it, then
 * defaults. Throws a Fault (E_INVENTORY, E_FILE, E_UNSUPPORTED) when that cannot be told.
 */
export function resolveTarget(spec: HostSpec, env: ResolveEnv): Promise<Target> {
  return spec.transport === 'local' ? Promise.resolve(localTarget(spec)) : resolve(spec, env, 0);
}

async function resolve(spec: HostSpec, env: ResolveEnv, depth: number): Promise<Target> {
  const settings = await settingsOf(spec, env);
  const target = reachedBy(spec, settings, env);
  if (spec.transport === 'openssh') return opensshTarget(spec, target, env);

  const { address, port, user, hostKeyAlias } = target;
  const named = spec.address ?? spec.name;
  const keyAlias = hostKeyAlias ?? named;
  const tokens: PathTokens = { home: env.home, localUser: env.user, address, named, port, user, keyAlias };
  const jump = await hopsOf(spec, settings, target, { env, depth });
  return {
    ...target,
    identities: await identitiesOf(spec, settings, tokens),
    agent: agentOf(settings, tokens, { sock: env.sshAuthSock, variables: env.variables ?? process.env }),
    knownHosts: knownHostsOf(spec, settings, tokens),
    jump,
    proxyCommand: jump.length > 0 ? undefined : proxyCommandOf(spec, settings),
  };
}

function settingsOf(spec: HostSpec, env: ResolveEnv): Promise<SshSettings> {
  const ask = readers.get(env) ?? sshSettings(env);
  readers.set(env, ask);
  return ask({ host: spec.address ?? spec.name, user: spec.user, port: spec.port, localUser: env.user });
}

/** The part of a target that no path and no other host is needed for. */
function reachedBy(spec: HostSpec, settings: SshSettings, env: ResolveEnv): Target {
  const first = (keyword: string): string | undefined => settings.get(keyword)?.[0];
  return {
    ...localTarget(spec),
    address: first('hostname') ?? spec.address ?? spec.name,
    port: spec.port ?? Number(first('port') ?? 22),
    user: spec.user ?? first('user') ?? env.user,
    transport: 'ssh',
    identitiesOnly: spec.identitiesOnly ?? first('identitiesonly') === 'yes',
    agent: env.sshAuthSock,
    password: spec.password,
    passphrase: spec.passphrase,
    hostKeyPolicy: spec.hostKeyPolicy ?? policyOf(first('stricthostkeychecking')),
    hostKeyAlias: spec.hostKeyAlias ?? first('hostkeyalias'),
    connectTimeoutMs: spec.connectTimeoutMs ?? secondsOf(first('connecttimeout')) ?? CONNECT_TIMEOUT_MS,
  };
}

/** The ssh program reads its own configuration, so it is given only what the inventory says, and the host as named there. */
async function opensshTarget(spec: HostSpec, target: Target, env: ResolveEnv): Promise<Target> {
  const hops = (spec.jump ?? []).map(async (text) => resolve({ ...parseHop(text), transport: 'openssh' }, env, 1));
  return {
    ...target,
    transport: 'openssh',
    address: spec.address ?? spec.name,
    identities: (spec.identities ?? []).map((path) => tilde(path, env.home)),
    identitiesOnly: spec.identitiesOnly ?? false,
    hostKeyAlias: spec.hostKeyAlias,
    knownHosts: (spec.knownHosts ?? []).map((path) => tilde(path, env.home)),
    jump: await Promise.all(hops),
    proxyCommand: spec.proxyCommand,
  };
}

function localTarget(spec: HostSpec): Target {
  return {
    name: spec.name,
    address: 'localhost',
    port: 0,
    user: userInfo().username,
    transport: 'local',
    identities: [],
    identitiesOnly: false,
    agent: undefined,
    password: undefined,
    passphrase: undefined,
    hostKeyPolicy: 'strict',
    hostKeyAlias: undefined,
    knownHosts: [],
    jump: [],
    proxyCommand: undefined,
    connectTimeoutMs: spec.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
  };
}

interface Depth {
  readonly env: ResolveEnv;
  readonly depth: number;
}

/** The chain of jump hosts: the hops as written, and what the first of them itself needs, in front. */
async function hopsOf(spec: HostSpec, settings: SshSettings, self: Target, at: Depth): Promise<readonly Target[]> {
  const written = spec.jump ?? (spec.proxyCommand === undefined ? jumpsIn(settings) : []);
  const hops: Target[] = [];
  for (const [index, text] of written.entries()) {
    if (at.depth >= MOST_HOPS) throw tooManyHops(self);
    const hopsOwn = hopSpec(text, spec, index === 0);
    const { address, port } = reachedBy(hopsOwn, await settingsOf(hopsOwn, at.env), at.env);
    // `Host *` with a ProxyJump names the jump host for itself, too; like ssh, take no detour over oneself.
    if (address === self.address && port === self.port) continue;
    const hop = await resolve(hopsOwn, at.env, at.depth + 1);
    const named = (spec.identities ?? []).map((path) => tilde(path, at.env.home));
    hops.push(...hop.jump, { ...hop, identities: [...hop.identities, ...named], jump: [] });
  }
  return hops;
}

/** What the inventory says about host keys and times holds for its jump hosts, too. */
function hopSpec(text: string, spec: HostSpec, first: boolean): HostSpec {
  const { passphrase, hostKeyPolicy, knownHosts, connectTimeoutMs } = spec;
  return {
    ...parseHop(text),
    ...(first ? {} : { jump: [] }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(hostKeyPolicy === undefined ? {} : { hostKeyPolicy }),
    ...(knownHosts === undefined ? {} : { knownHosts }),
    ...(connectTimeoutMs === undefined ? {} : { connectTimeoutMs }),
  };
}

function tooManyHops({ name }: Target): Error {
  return fault({
    code: 'E_INVENTORY',
    message: `more than ${MOST_HOPS} jump hosts on the way to "${name}": the jump hosts may need each other`,
    hint: 'write ProxyJump none for the first jump host in ~/.ssh/config',
  });
}
