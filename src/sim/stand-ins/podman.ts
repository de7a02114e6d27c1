import type { Call } from '../calls.ts';
import { packagesOf } from '../model/deployment.ts';
import { bootedOf } from '../model/sysroot.ts';
import type { Machine } from '../machine.ts';

/** podman knows its version and has no containers; more of it is not modelled. */
export function podman(call: Call, machine: Machine): number {
  const version = packagesOf(bootedOf(machine.sysroot).origin).find(({ name }) => name === 'podman')?.version ?? '';
  const [verb] = call.args;
  if (verb === '--version' || verb === '-v') call.out(`podman version ${version}\n`);
  else if (verb === 'version')
    call.out(`${JSON.stringify({ Client: { Version: version, APIVersion: version, OsArch: 'linux/amd64' } })}\n`);
  else if (['ps', 'images', 'volume', 'network', 'secret'].includes(verb ?? ''))
    call.out(call.args.some((word) => word.includes('json')) ? '[]\n' : '');
  else {
    call.err(`Error: the simulated podman does not know "${call.args.join(' ')}"\n`);
    return 125;
  }
  return 0;
}
