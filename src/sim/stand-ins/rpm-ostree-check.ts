import type { Call } from '../calls.ts';
import { sleepOn, type Machine } from '../machine.ts';
import { baseChecksum, resolve } from '../model/deployment.ts';
import { BUILDS, evr } from '../model/packages.ts';
import { bootedOf, mergeBase } from '../model/sysroot.ts';
import { idOf } from '../model/deployment.ts';
import { transact } from './transactions.ts';

/** Hosts that have looked for updates: what they found stands in their status. */
const looked = new WeakSet<Machine>();

/** `rpm-ostree upgrade --check`: 77 where the booted deployment is the newest. */
export function checkCommand(machine: Machine, call: Call): Promise<number> {
  const work = async (say: (text: string) => void, signal: AbortSignal): Promise<number> => {
    await sleepOn(machine, machine.timing.transaction / 4, signal);
    looked.add(machine);
    const newest = BUILDS.at(-1)?.version ?? '';
    if (bootedOf(machine.sysroot).origin.version === newest) {
      say('No updates available.\n');
      return 77;
    }
    say(`AvailableUpdate:\n        Version: ${newest}\n`);
    return 0;
  };
  call.err('Note: --check and --preview may be unreliable.  See https://github.com/coreos/rpm-ostree/issues/1579\n');
  return transact(machine, call, { method: 'AutomaticUpdateTrigger', work });
}

/** What the last look found, as the status tells it: always as seen from the booted deployment. */
export function cachedUpdate(machine: Machine): unknown {
  const newest = BUILDS.at(-1);
  const booted = bootedOf(machine.sysroot);
  if (!looked.has(machine) || newest === undefined || booted.origin.version === newest.version) return null;
  const origin = { ...booted.origin, version: newest.version };
  const first = mergeBase(machine.sysroot);
  const before = new Map(resolve(booted.origin).base.packages.map((pkg) => [pkg.name, pkg]));
  const upgraded = resolve(origin).base.packages.flatMap((pkg) => {
    const old = before.get(pkg.name);
    return old === undefined || evr(old) === evr(pkg)
      ? []
      : [[0, pkg.name, [evr(old), old.arch], [evr(pkg), pkg.arch]]];
  });
  return {
    osname: booted.osname,
    checksum: baseChecksum(origin),
    version: newest.version,
    timestamp: newest.timestamp,
    origin: origin.refspec,
    'ref-has-new-commit': true,
    'rpm-diff': { upgraded, downgraded: [], removed: [], added: [] },
    ...(first.origin.version === newest.version ? { deployment: idOf(first) } : {}),
  };
}
