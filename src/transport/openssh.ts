import { fault } from '../core/problem.ts';
import { called, interrupted } from './connect-fault.ts';
import { muxConnection } from './mux-connection.ts';
import { openMux } from './mux-socket.ts';
import { masterDetail, sayings } from './openssh-failure.ts';
import { startMaster } from './openssh-master.ts';
import { slots } from './slots.ts';
import type { Transport } from './transport.ts';
import type { Tuning } from './tuning.ts';
import { TUNING } from './tuning.ts';

const MASTERS_AT_ONCE = 8;

/**
 * Connections by the machine's own `ssh`: everything it can do (hardware keys, host certificates, GSSAPI, post-quantum
 * key exchange, any ssh_config). One process for each host; commands are channels over its control socket.
 */
export function opensshTransport(changed: Partial<Tuning> = {}): Transport {
  const tuning = { ...TUNING, ...changed };
  const starting = slots(MASTERS_AT_ONCE);
  return {
    name: 'openssh',
    async connect(target, options) {
      if (target.password !== undefined || target.passphrase !== undefined) throw noPasswords(called(target));
      const release = await starting.take(options.signal).catch(() => {
        throw interrupted(target);
      });
      const master = await startMaster(target, options, tuning).finally(release);
      try {
        const mux = await openMux(master.socket);
        return muxConnection({
          mux,
          detail: masterDetail(target, await master.log()),
          tuning,
          explain: async () => sayings(await master.log()).at(-1) ?? '',
          end: () => master.end(),
        });
      } catch (error) {
        await master.end();
        const why = error instanceof Error ? error.message : String(error);
        throw fault({ code: 'E_CONNECT', message: `${called(target)} cannot be used over ssh: ${why}` }, error);
      }
    },
  };
}

/** ssh does not say whose password it wants, so an inventory's could reach the wrong host. */
function noPasswords(host: string): Error {
  return fault({
    code: 'E_UNSUPPORTED',
    message: `the ssh program takes no password or passphrase for ${host} from the inventory`,
    hint: 'load the key into ssh-agent, or say copse_transport: ssh',
  });
}
