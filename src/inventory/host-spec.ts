import { didYouMean } from '../core/nearest.ts';
import { problemsOf, throwIfAny, type Problem } from '../core/problem.ts';
import type { BecomeSpec, HostKeyPolicy, HostSpec } from '../core/target.ts';
import { parseDuration } from '../core/units.ts';
import { complain, find, findNamed, flag, secret, text, texts, type Reader } from './connection-value.ts';
import { OWN_NAMES, SETTINGS, UNSUPPORTED_VARIABLES } from './connection-variables.ts';
import { hideSecrets } from './hide-secrets.ts';
import { readSshArgs, type SshArgs } from './ssh-args.ts';
import type { Host } from './types.ts';
import { uniqueProblems } from './unique-problems.ts';

const TRANSPORTS: Readonly<Record<string, NonNullable<HostSpec['transport']>>> = {
  ssh: 'ssh',
  smart: 'ssh',
  paramiko: 'ssh',
  paramiko_ssh: 'ssh',
  openssh: 'openssh',
  local: 'local',
};

const specs = new WeakMap<Host, HostSpec>();

/** What a host's variables say about reaching it; worked out once. Throws a Fault with everything that is wrong with them. */
export function hostSpec(host: Host): HostSpec {
  const known = specs.get(host);
  if (known !== undefined) return known;
  const reader: Reader = { host, problems: [] };
  const spec = readSpec(reader);
  throwIfAny(reader.problems.map(hideSecrets));
  specs.set(host, spec);
  return spec;
}

/** What is wrong with the connection variables of hosts; what one variable gets wrong on many hosts is one problem. */
export function connectionProblems(hosts: Iterable<Host>): readonly Problem[] {
  const problems: Problem[] = [];
  for (const host of hosts) {
    try {
      hostSpec(host);
    } catch (error) {
      problems.push(...problemsOf(error));
    }
  }
  return uniqueProblems(problems);
}

type Draft = { -readonly [Key in keyof HostSpec]: HostSpec[Key] | undefined };

function readSpec(reader: Reader): HostSpec {
  refuseUnknown(reader);
  const args = sshArguments(reader);
  const jump = jumps(reader);
  const ownRoute = jump !== undefined || find(reader, 'proxyCommand') !== undefined;
  const spec: Draft = {
    name: reader.host.name,
    address: text(reader, 'address') ?? args.address,
    port: port(reader) ?? args.port,
    user: text(reader, 'user') ?? args.user,
    transport: transport(reader),
    identities: texts(reader, 'identity') ?? args.identities,
    identitiesOnly: flag(reader, 'identitiesOnly') ?? args.identitiesOnly,
    password: secret(reader, 'password'),
    passphrase: secret(reader, 'passphrase'),
    hostKeyPolicy: hostKeyPolicy(reader) ?? args.hostKeyPolicy,
    hostKeyAlias: text(reader, 'hostKeyAlias') ?? args.hostKeyAlias,
    knownHosts: texts(reader, 'knownHosts') ?? args.knownHosts,
    jump: ownRoute ? jump : args.jump,
    proxyCommand: ownRoute ? text(reader, 'proxyCommand') : args.proxyCommand,
    connectTimeoutMs: timeout(reader) ?? args.connectTimeoutMs,
    ...become(reader),
  };
  return withoutAbsent(spec);
}

function withoutAbsent(spec: Draft): HostSpec {
  return Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== undefined)) as unknown as HostSpec;
}

/** Copse's own names are checked; of Ansible's only those that would change something. */
function refuseUnknown(reader: Reader): void {
  for (const name of Object.keys(reader.host.vars)) {
    if (name.startsWith('copse_') && !OWN_NAMES.includes(name)) {
      const hint =
        didYouMean(name, OWN_NAMES) ??
        'docs/inventory.md lists the names; a variable of your own needs another beginning';
      complain(reader, name, `there is no connection variable "${name}"`, hint, 'E_NAME');
    }
    const advice = UNSUPPORTED_VARIABLES[name];
    if (advice !== undefined) complain(reader, name, `${name} is not supported`, advice, 'E_ANSIBLE');
  }
  refuseFlags(reader, 'ansible_become_flags');
  refuseFlags(reader, 'ansible_sudo_flags');
}

/** What Ansible itself passes to sudo by default says nothing new. */
function refuseFlags(reader: Reader, name: string): void {
  const found = findNamed(reader, name);
  if (found === undefined || /^(?:\s*-[HSnE]+)*\s*$/.test(typeof found.value === 'string' ? found.value : '?')) return;
  complain(reader, name, `${name} is not supported: ${JSON.stringify(found.value)}`, 'remove it', 'E_ANSIBLE');
}

function sshArguments(reader: Reader): SshArgs {
  const merged: SshArgs = {};
  for (const name of SETTINGS.sshArgs.ansible) {
    const found = findNamed(reader, name);
    if (found === undefined) continue;
    if (typeof found.value !== 'string') {
      complain(reader, name, `${name} must be text, found ${JSON.stringify(found.value)}`, 'put it in quotes');
      continue;
    }
    const { args, refused } = readSshArgs(found.value);
    for (const { message, hint } of refused) complain(reader, name, `${message} in ${name}`, hint, 'E_ANSIBLE');
    for (const [key, value] of Object.entries(args))
      if (!Object.hasOwn(merged, key)) Object.assign(merged, { [key]: value });
  }
  return merged;
}

function port(reader: Reader): number | undefined {
  const found = find(reader, 'port');
  if (found === undefined) return undefined;
  const value = typeof found.value === 'string' && /^\d+$/.test(found.value) ? Number(found.value) : found.value;
  if (typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 65_536) return value;
  const shown = JSON.stringify(found.value);
  complain(
    reader,
    found.name,
    `${found.name} must be a port from 1 to 65535, found ${shown}`,
    'write a number, such as 22',
  );
  return undefined;
}

function transport(reader: Reader): HostSpec['transport'] {
  const found = find(reader, 'transport');
  if (found === undefined) return undefined;
  const word = typeof found.value === 'string' ? found.value.replace(/^ansible\.(?:builtin|legacy)\./, '') : '';
  const known = Object.hasOwn(TRANSPORTS, word) ? TRANSPORTS[word] : undefined;
  if (known !== undefined) return known;
  const message = `${found.name} ${JSON.stringify(found.value)} is not supported, there are ssh, openssh and local`;
  complain(reader, found.name, message, `leave the host out of the run with :!${reader.host.name}`, 'E_ANSIBLE');
  return undefined;
}

function hostKeyPolicy(reader: Reader): HostKeyPolicy | undefined {
  const found = find(reader, 'hostKey');
  if (found === undefined) return undefined;
  if (found.name !== SETTINGS.hostKey.own) return flag(reader, 'hostKey') === false ? 'accept-new' : undefined;
  const { value } = found;
  if (value === 'strict' || value === 'accept-new' || value === 'ask') return value;
  const message = `${found.name} must be strict, accept-new or ask, found ${JSON.stringify(value)}`;
  complain(reader, found.name, message, 'a changed host key is refused in any case');
  return undefined;
}

function jumps(reader: Reader): readonly string[] | undefined {
  const hops = texts(reader, 'jump')
    ?.flatMap((hop) => hop.split(','))
    .map((hop) => hop.trim());
  return hops?.length === 1 && hops[0] === 'none' ? [] : hops;
}

function timeout(reader: Reader): number | undefined {
  const found = find(reader, 'connectTimeout');
  if (found === undefined) return undefined;
  const { name, value } = found;
  const written = typeof value === 'number' ? String(value) : value;
  const ms = typeof written === 'string' ? milliseconds(written) : undefined;
  if (ms !== undefined && ms > 0) return ms;
  complain(
    reader,
    name,
    `${name} must be a time such as 10s, found ${JSON.stringify(value)}`,
    'write seconds, or 10s, or 1m',
  );
  return undefined;
}

function milliseconds(written: string): number | undefined {
  return /^\d+$/.test(written) ? Number(written) * 1000 : parseDuration(written);
}

function become(reader: Reader): Partial<Draft> {
  const wanted = flag(reader, 'become');
  const user = text(reader, 'becomeUser');
  const method = becomeMethod(reader);
  const password = secret(reader, 'becomePassword');
  const spec: BecomeSpec = { user: user ?? 'root', method: method ?? 'sudo', ...(password && { password }) };
  return {
    become: wanted === true ? spec : undefined,
    neverBecome: wanted === false ? true : undefined,
    becomeUser: user,
    becomeMethod: method,
    becomePassword: password,
  };
}

function becomeMethod(reader: Reader): BecomeSpec['method'] | undefined {
  const found = find(reader, 'becomeMethod');
  if (found === undefined) return undefined;
  const word =
    typeof found.value === 'string' ? found.value.replace(/^(?:ansible\.builtin|community\.general)\./, '') : '';
  if (word === 'sudo' || word === 'su' || word === 'doas') return word;
  const message = `${found.name} must be sudo, su or doas, found ${JSON.stringify(found.value)}`;
  complain(reader, found.name, message, 'write sudo');
  return undefined;
}
