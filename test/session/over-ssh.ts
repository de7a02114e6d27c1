import type { Limits } from '../../src/session/limits.ts';
import { createSession } from '../../src/session/open.ts';
import type { HostSession } from '../../src/session/session.ts';
import { sshTransport } from '../../src/transport/ssh.ts';
import { startProxy, type FaultProxy } from '../support/fault-proxy.ts';
import { startSshd, type Sshd, type SshdOptions } from '../support/sshd.ts';
import { QUICK } from './this-machine.ts';

/** A session with a real sshd behind a proxy that can spoil the link. */
export interface OverSsh {
  readonly session: HostSession;
  readonly proxy: FaultProxy;
  readonly sshd: Sshd;
  stop(): Promise<void>;
}

/** Starts sshd and proxy. A link that is silent for three times `keepaliveMs` is dead. */
export async function overSsh(
  options: SshdOptions = {},
  limits: Partial<Limits> = {},
  keepaliveMs = 500,
): Promise<OverSsh> {
  const sshd = await startSshd(options);
  const proxy = await startProxy(sshd.port);
  const transport = sshTransport({ keepaliveMs, channelPatienceMs: 1000, connectTries: 2, stopGraceMs: 500 });
  const session = createSession({
    host: 'web1',
    target: () => Promise.resolve(sshd.target({ port: proxy.port, hostKeyAlias: `[127.0.0.1]:${sshd.port}` })),
    transport: () => transport,
    limits: { ...QUICK, ...limits },
  });
  return {
    session,
    proxy,
    sshd,
    async stop() {
      await session.close();
      await proxy.close();
      await sshd.stop();
    },
  };
}
