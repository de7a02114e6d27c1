import type { Target } from '../core/target.ts';
import { onAbort } from './abort.ts';
import { ConnectError, interrupted } from './connect-fault.ts';
import type { Link } from './dial.ts';
import { dial, dialThroughCommand } from './dial.ts';
import type { HandshakeInput } from './handshake.ts';
import { handshake } from './handshake.ts';
import { identitiesOf } from './identities.ts';
import type { Jumps } from './jump.ts';
import { jumps } from './jump.ts';
import { loadKnownHosts } from './known-hosts-files.ts';
import { passphraseOf, person } from './person.ts';
import type { Slots } from './slots.ts';
import { slots } from './slots.ts';
import type { SshParts } from './ssh-parts.ts';
import { sshConnection } from './ssh-connection.ts';
import type { ConnectOptions, Transport } from './transport.ts';
import type { Tuning } from './tuning.ts';
import { TUNING } from './tuning.ts';

/** What all connections of one transport share. */
interface Dialer {
  readonly tuning: Tuning;
  readonly jumps: Jumps;
  /** Limits how many connections to one sshd wait for their login. */
  readonly gates: Map<string, Slots>;
}

/** Connections over ssh2, in this process. Hosts behind a jump host share its connection. */
export function sshTransport(changed: Partial<Tuning> = {}): Transport {
  const tuning = { ...TUNING, ...changed };
  const dialer: Dialer = {
    tuning,
    gates: new Map(),
    jumps: jumps(async (hop, ask) => {
      // Many hosts wait for it, so no single host's abort may end it; its own deadlines do.
      const options = { ...unattended(), ...(ask === undefined ? {} : { ask }) };
      const parts = await reach(dialer, hop, options);
      const connection = sshConnection(parts);
      return { client: parts.client, closed: connection.closed, close: () => void connection.close() };
    }, tuning),
  };
  return {
    name: 'ssh',
    async connect(target, options) {
      const another = (): Promise<SshParts> => reach(dialer, target, unattended());
      return sshConnection({ ...(await reach(dialer, target, options)), another });
    },
  };
}

/** Options of a connection that is nobody's in particular. */
function unattended(): ConnectOptions {
  return { signal: new AbortController().signal };
}

/** Connects and logs in; tries again what was dropped before the login. Throws a Fault. */
async function reach(dialer: Dialer, target: Target, options: ConnectOptions): Promise<SshParts> {
  const { tuning } = dialer;
  const { signal } = options;
  const asked = person(options.ask);
  const known = await loadKnownHosts(target.knownHosts);
  const identities = await identitiesOf(target, passphraseOf(target, asked));
  let input: HandshakeInput = { target, known, hostKeyTypes: [], identities, person: asked, signal, tuning };
  for (let tries = 1; ; tries += 1) {
    try {
      return await reachOnce(dialer, input);
    } catch (error) {
      if (!(error instanceof ConnectError)) throw error;
      const { fault, again, hostKeyTypes } = error.failure;
      if (hostKeyTypes !== undefined && input.hostKeyTypes.length === 0) {
        input = { ...input, hostKeyTypes };
        continue;
      }
      if (again !== true || tries >= tuning.connectTries || signal.aborted) throw fault;
      await pause(tuning.retryMs * 2 ** (tries - 1), signal);
    }
  }
}

async function reachOnce(dialer: Dialer, input: HandshakeInput): Promise<SshParts> {
  const { target, signal, tuning } = input;
  const release = await gateOf(dialer, target)
    .take(signal)
    .catch(() => {
      throw new ConnectError({ fault: interrupted(target) });
    });
  try {
    const link = await linkTo(dialer, input);
    const { client, detail } = await handshake(link, input);
    return { client, detail, stream: link.stream, explain: link.explain, tuning };
  } finally {
    release();
  }
}

function linkTo({ jumps: through }: Dialer, { target, signal, person: { ask } }: HandshakeInput): Promise<Link> {
  if (target.jump.length > 0) return through.link(target, signal, ask);
  if (target.proxyCommand !== undefined) return Promise.resolve(dialThroughCommand(target, target.proxyCommand));
  return dial(target, signal);
}

function gateOf({ gates, tuning }: Dialer, target: Target): Slots {
  const key = [...target.jump, target].map(({ address, port }) => `${address} ${port}`).join(' > ');
  const gate = gates.get(key) ?? slots(tuning.unauthenticated);
  gates.set(key, gate);
  return gate;
}

/** Waits about that long (half to one and a half), or until the signal aborts. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    let forget = (): void => undefined;
    const end = (): void => {
      clearTimeout(timer);
      forget();
      resolve();
    };
    const timer = setTimeout(end, ms * (0.5 + Math.random()));
    forget = onAbort(signal, end);
  });
}
