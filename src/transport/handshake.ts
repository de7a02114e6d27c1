import type { ConnectConfig, KexAlgorithm, NegotiatedAlgorithms } from 'ssh2';
import { Client } from 'ssh2';
import type { Target } from '../core/target.ts';
import type { Attempt } from './attempt.ts';
import { startAttempt } from './attempt.ts';
import { asFault, called } from './connect-fault.ts';
import type { Link } from './dial.ts';
import { watchGreeting } from './greeting.ts';
import type { ClientError } from './handshake-failure.ts';
import { handshakeFailure, passwordExpired, tooTalkative, WAITS } from './handshake-failure.ts';
import type { HostKeyDecision } from './host-key.ts';
import { decideLater, decideNow } from './host-key.ts';
import { fingerprint, hostKeyOrder, keyType, namesOf } from './host-verdict.ts';
import type { Identities } from './identities.ts';
import type { KnownHosts } from './known-hosts.ts';
import { login } from './login.ts';
import type { Person } from './person.ts';
import { isSigningFailure } from './publickey.ts';
import type { Tuning } from './tuning.ts';

/** Everything a handshake needs beside the open stream. */
export interface HandshakeInput {
  readonly target: Target;
  readonly known: KnownHosts;
  /** Host key types to ask for first, learned by an earlier try. */
  readonly hostKeyTypes: readonly string[];
  readonly identities: Identities;
  readonly person: Person;
  readonly signal: AbortSignal;
  readonly tuning: Tuning;
}

/** A client that is logged in, and one line that says how. */
export interface LoggedIn {
  readonly client: Client;
  readonly detail: string;
}

// Everything ssh2 has but group exchange, which blocks the process for over a second, and SHA-1.
const KEX: readonly KexAlgorithm[] = [
  'curve25519-sha256',
  'curve25519-sha256@libssh.org',
  'ecdh-sha2-nistp256',
  'ecdh-sha2-nistp384',
  'ecdh-sha2-nistp521',
  'diffie-hellman-group14-sha256',
  'diffie-hellman-group16-sha512',
  'diffie-hellman-group18-sha512',
];

/** Speaks SSH on an open stream until we are logged in. Rejects with a ConnectError; the stream is closed then. */
export function handshake(link: Link, input: HandshakeInput): Promise<LoggedIn> {
  const { target } = input;
  const client = new Client();
  // One connection carries many channels, each with listeners of its own.
  client.setMaxListeners(0);
  link.stream.setMaxListeners(0);
  const said = (): string => [shown.greeting(), link.explain(), shown.banner].join(' ');
  const attempt = startAttempt<LoggedIn>(link, target, { signal: input.signal, said });
  const { phase, fail } = attempt;
  input.person.during(phase);
  const entering = login(target, input.identities, input.person.ask);
  const named = namesOf(target).flatMap((name) => input.known.named(name));
  const preferred = [...input.hostKeyTypes, ...named.map(({ type }) => type)];
  const shown: Shown = { hostKey: undefined, kex: '', greeting: () => '', banner: '' };

  // Both stay for the client's life: late errors of a closed connection must not end the process.
  const onEnd = (error?: ClientError): void => {
    if (error !== undefined && isNotFinal(error)) return;
    fail(handshakeFailure({ target, during: phase.name(), error, said: said(), tried: entering.account() }));
  };
  client.on('error', onEnd);
  // A proxy command may end its output and stay; without this, the client would wait for ever.
  client.on('end', () => link.stream.destroy());
  client.on('close', () => onEnd());
  client.on('handshake', ({ kex }: NegotiatedAlgorithms) => {
    if (shown.kex === '') phase.enter(WAITS.login, target.connectTimeoutMs * 2);
    shown.kex = kex;
  });
  client.on('banner', (text) => {
    shown.banner = text;
  });
  client.on('change password', () => fail(passwordExpired(target)));
  client.once('ready', () => attempt.succeed({ client, detail: detailOf(target, shown, entering.current()) }));
  client.connect({
    ...configOf(link, input, preferred),
    ...entering.config,
    hostVerifier: hostVerifier(input, shown, preferred, fail),
  });
  const onBanner = (): void => phase.enter(WAITS.kex);
  shown.greeting = watchGreeting(link.stream, onBanner, () => fail(tooTalkative(target))).text;
  entering.attach(client);
  return attempt.ended;
}

/** What the host showed of itself. */
interface Shown {
  hostKey: Buffer | undefined;
  kex: string;
  greeting: () => string;
  banner: string;
}

function configOf({ stream }: Link, { target, tuning }: HandshakeInput, types: readonly string[]): ConnectConfig {
  return {
    sock: stream,
    username: target.user,
    // Our own clock names what it waits for and stands still while a person is asked.
    readyTimeout: 0,
    keepaliveInterval: tuning.keepaliveMs,
    keepaliveCountMax: 2,
    algorithms: { kex: [...KEX], serverHostKey: hostKeyOrder(types) },
  };
}

/** Checks the host key once; later calls (re-keying) must be answered at once, with the same key only. */
function hostVerifier(
  input: HandshakeInput,
  shown: Shown,
  preferred: readonly string[],
  fail: Attempt<unknown>['fail'],
) {
  return (key: Buffer, answer: (accept: boolean) => void): boolean | undefined => {
    if (shown.hostKey !== undefined) return shown.hostKey.equals(key);
    shown.hostKey = Buffer.from(key);
    const { target, signal } = input;
    const question = { target, key: shown.hostKey, preferred, ask: input.person.ask, signal };
    const settle = (decision: HostKeyDecision): boolean => {
      if (!decision.accept) fail(decision);
      return decision.accept;
    };
    const now = decideNow(question, input.known);
    if (now !== undefined) return settle(now);
    decideLater(question).then(
      (decision) => answer(settle(decision)),
      (error: unknown) => answer(settle({ accept: false, fault: asFault(error) })),
    );
    return undefined;
  };
}

/** Errors after which ssh2 goes on: the agent is missing, or a key could not sign. */
function isNotFinal(error: ClientError): boolean {
  return error.level === 'agent' || isSigningFailure(error);
}

function detailOf(target: Target, { hostKey, kex }: Shown, how: string): string {
  const key = hostKey === undefined ? '' : `, host key ${keyType(hostKey)} ${fingerprint(hostKey)}`;
  return `${target.user}@${called(target)} by ${how}, ${kex}${key}`;
}
