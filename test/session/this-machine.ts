import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { quote } from '../../src/core/command.ts';
import { Fault, type Problem } from '../../src/core/problem.ts';
import type { Target } from '../../src/core/target.ts';
import type { Limits } from '../../src/session/limits.ts';
import { createSession } from '../../src/session/open.ts';
import type { HostSession } from '../../src/session/session.ts';
import { localTransport } from '../../src/transport/local.ts';
import type { Connection, Transport } from '../../src/transport/transport.ts';

/** Limits that make a hang fail in seconds. */
export const QUICK: Partial<Limits> = { questionMs: 10_000, channelMs: 10_000, helloMs: 10_000, stopMs: 2000 };

/** A signal that never comes. */
export const NEVER = new AbortController().signal;

/** What most commands are run with. */
export const PLAIN = { as: undefined, signal: NEVER, deadlineMs: 10_000 } as const;

/** A session with this machine, without a network; `rewrite` changes what the login shell is told. */
export function localSession(
  rewrite: (text: string) => string = (text) => text,
  limits: Partial<Limits> = {},
  user: string = HERE.user,
): HostSession {
  const local = localTransport();
  const transport: Transport = {
    name: 'local',
    connect: (target, options) => local.connect({ ...target, user: HERE.user }, options),
  };
  return createSession({
    host: 'here',
    target: () => Promise.resolve({ ...HERE, user }),
    transport: () => rewriting(transport, rewrite),
    limits: { ...QUICK, ...limits },
  });
}

/** This machine as a target. */
export const HERE: Target = {
  name: 'here',
  address: '127.0.0.1',
  port: 22,
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
  connectTimeoutMs: 5000,
};

/** A transport whose connections are changed by `wrap`. */
export function wrapped(transport: Transport, wrap: (connection: Connection) => Connection): Transport {
  return {
    name: transport.name,
    connect: async (target, options) => wrap(await transport.connect(target, options)),
  };
}

/** A transport that changes every text on its way to the login shell. */
export function rewriting(transport: Transport, rewrite: (text: string) => string): Transport {
  return wrapped(transport, (connection) => ({
    ...connection,
    exec: (request) => connection.exec({ ...request, text: rewrite(request.text) }),
    open: (text) => connection.open(rewrite(text)),
  }));
}

/** As if the login shell of the host were another one. */
export function throughLogin(program: string, ...flags: readonly string[]): (text: string) => string {
  return (text) => `exec ${[program, ...flags].map(quote).join(' ')} ${quote(text)}`;
}

/** As if /bin/sh of the host were another shell; undefined when it is not installed. Remove `folder` afterwards. */
export function otherSh(
  program: string,
): { readonly rewrite: (text: string) => string; readonly folder: string } | undefined {
  const path = ['/usr/bin', '/bin'].map((folder) => join(folder, program)).find(existsSync);
  if (path === undefined) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'copse-sh-'));
  // Under the name sh: bash and mksh are POSIX then, busybox knows what it is.
  symlinkSync(path, join(folder, 'sh'));
  return { folder, rewrite: (text) => text.replaceAll('/bin/sh', join(folder, 'sh')) };
}

/** Removes what `otherSh` made. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Whether a program is installed; says once that its rows are skipped when it is not. */
export function installed(program: string): boolean {
  const found = ['/usr/bin', '/bin', '/usr/sbin', '/sbin'].some((folder) => existsSync(join(folder, program)));
  if (!found) process.stdout.write(`rows with ${program} are skipped: it is not installed here\n`);
  return found;
}

/** The command lines of this machine's processes that begin with `words`. */
export function processesWith(words: string): readonly string[] {
  const listed = execFileSync('ps', ['-eo', 'args']).toString().split('\n');
  return listed.filter((line) => line.startsWith(words));
}

/** The problems with which a promise was refused. */
export async function problemsOf(promise: Promise<unknown>): Promise<readonly Problem[]> {
  const error: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof Fault) return error.problems;
  throw new Error(`expected a fault, found ${String(error)}`);
}
