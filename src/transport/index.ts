import { localTransport } from './local.ts';
import { opensshTransport } from './openssh.ts';
import { sshTransport } from './ssh.ts';
import type { Transport } from './transport.ts';

const TRANSPORTS: Readonly<Record<Transport['name'], Transport>> = {
  ssh: sshTransport(),
  openssh: opensshTransport(),
  local: localTransport(),
};

/** The transport of that name; every call gives the same one, so that limits and jump hosts are shared. */
export function transportFor(name: Transport['name']): Transport {
  return TRANSPORTS[name];
}
