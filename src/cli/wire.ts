import { readFile, stat } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import type { HostKeyPolicy, HostSpec } from '../core/target.ts';
import { Secret } from '../core/secret.ts';
import type { Host } from '../inventory/types.ts';
import { hostSpec } from '../inventory/host-spec.ts';
import { createSession } from '../session/open.ts';
import type { Secrets } from '../session/secrets.ts';
import type { HostSession } from '../session/session.ts';
import { transportFor } from '../transport/index.ts';
import { resolveTarget } from '../transport/resolve.ts';
import type { HostOptions } from './options.ts';
import type { Prompter } from './prompt.ts';
import type { Terminal } from './streams.ts';

/** What a person gave on the command line about logging in; the inventory wins over all but the passwords. */
export interface Login {
  readonly user: string | undefined;
  readonly identities: readonly string[] | undefined;
  readonly hostKeyPolicy: HostKeyPolicy | undefined;
  readonly password: Secret | undefined;
  readonly becomePassword: Secret | undefined;
}

/** Reads the login options and asks for the passwords that were announced. */
export async function askLogin(options: HostOptions, prompter: Prompter, secrets: Secrets): Promise<Login> {
  const password = options.askPass === true ? new Secret(await prompter.secret('SSH password:')) : undefined;
  const become = options.askBecomePass === true ? new Secret(await prompter.secret('become password:')) : undefined;
  secrets.add(password, become);
  return {
    user: options.user,
    identities: options.privateKey,
    hostKeyPolicy: options.hostKey,
    password,
    becomePassword: become,
  };
}

/** The connection of a host as the inventory has it, completed by the command line. */
export function specOf(host: Host, login: Login): HostSpec {
  const spec = hostSpec(host);
  const user = spec.user ?? login.user;
  const identities = spec.identities ?? login.identities;
  const password = login.password ?? spec.password;
  const becomePassword = login.becomePassword ?? spec.becomePassword;
  const hostKeyPolicy = login.hostKeyPolicy ?? spec.hostKeyPolicy;
  return {
    ...spec,
    ...(user === undefined ? {} : { user }),
    ...(identities === undefined ? {} : { identities }),
    ...(password === undefined ? {} : { password }),
    ...(becomePassword === undefined ? {} : { becomePassword }),
    ...(hostKeyPolicy === undefined ? {} : { hostKeyPolicy }),
  };
}

/** What opening sessions needs. */
export interface Wiring {
  readonly login: Login;
  readonly prompter: Prompter;
  readonly secrets: Secrets;
  readonly terminal: Terminal;
}

/** Makes sessions for hosts: inventory and command line decide how each is reached. */
export function sessionOpener(wiring: Wiring): (host: Host) => HostSession {
  const { login, prompter, secrets, terminal } = wiring;
  const env = {
    home: terminal.env['HOME'] ?? homedir(),
    user: terminal.env['USER'] ?? userInfo().username,
    sshAuthSock: terminal.env['SSH_AUTH_SOCK'],
  };
  const ask = ({ prompt, secret }: { readonly prompt: string; readonly secret: boolean }): Promise<string> =>
    secret ? prompter.secret(prompt) : prompter.text(prompt);
  return (host) => {
    const spec = specOf(host, login);
    secrets.add(spec.password, spec.passphrase, spec.becomePassword, spec.become?.password);
    return createSession({
      host: host.name,
      target: () => resolveTarget(spec, env),
      transport: (target) => transportFor(target.transport),
      secrets,
      ...(prompter.canAsk ? { ask } : {}),
    });
  };
}

/** Reads a controller's file that a task names; rejects as Node does, so that another folder can be tried. */
export async function readLocalFile(path: string): Promise<{ readonly bytes: Uint8Array; readonly mode: string }> {
  const [bytes, info] = await Promise.all([readFile(path), stat(path)]);
  return { bytes, mode: (info.mode & 0o777).toString(8).padStart(4, '0') };
}
