import type { Call } from '../calls.ts';
import { faultOf, showTree, type Machine } from '../machine.ts';
import { idOf, resolve, type Tree } from '../model/deployment.ts';
import { evr, type Package } from '../model/packages.ts';
import { bootedOf, change, type Sysroot } from '../model/sysroot.ts';
import { imageUnit } from '../model/units.ts';
import { readWords } from '../words.ts';
import { transact } from './transactions.ts';

/** `rpm-ostree apply-live`; parsed by clap, so a wrong flag ends with 2. */
export function applyLiveCommand(machine: Machine, call: Call, args: readonly string[]): number | Promise<number> {
  const words = readWords(args, { flags: ['--reset', '--allow-replacement'], values: ['--target'] });
  if (words.unknown !== undefined) {
    call.err(`error: Found argument '${words.unknown}' which wasn't expected, or isn't valid in this context\n`);
    return 2;
  }
  const work = async (say: (text: string) => void): Promise<number> =>
    words.has('--reset')
      ? reset(machine, say)
      : applyLive(machine, say, { allowReplacement: words.has('--allow-replacement') });
  return transact(machine, call, { method: 'ApplyLive', work });
}

/** Applies the pending deployment to the running tree; only added packages unless replacing is allowed. */
export function applyLive(
  machine: Machine,
  say: (text: string) => void,
  { allowReplacement }: { readonly allowReplacement: boolean },
): number {
  const booted = bootedOf(machine.sysroot);
  const [pending] = machine.sysroot.deployments;
  if (pending === undefined || idOf(pending) === idOf(booted)) {
    say('error: No target commit specified and no pending deployment\n');
    return 1;
  }
  const from = resolve(booted.origin);
  const to = resolve(pending.origin);
  const refusal = allowReplacement ? undefined : replaces(from, to);
  if (refusal !== undefined) {
    say(`error: ${refusal}, allow replacement to override\n`);
    return 1;
  }
  if (booted.liveCut !== undefined && booted.liveCut !== pending.checksum) {
    say(
      `error: Previously interrupted while targeting commit ${booted.liveCut}, cannot change target to ${pending.checksum}\n`,
    );
    return 1;
  }
  if (faultOf(machine, 'live-cut') !== undefined) {
    machine.faults.delete('live-cut');
    machine.sysroot = change(machine.sysroot, idOf(booted), { liveCut: pending.checksum, unlocked: 'transient' });
    say(
      'error: Bus owner changed, aborting. This likely means the daemon crashed; check logs with `journalctl -xe`.\n',
    );
    return 1;
  }
  showTree(machine, idOf(pending));
  for (const name of to.layered.flatMap((pkg) => pkg.units ?? [])) {
    if (machine.units.get(name).load === 'not-found') machine.units.set(imageUnit(name, false));
  }
  machine.sysroot = change(machine.sysroot, idOf(booted), { live: pending.checksum, unlocked: 'transient' });
  machine.sysroot = withoutCut(machine.sysroot);
  const units = allowReplacement ? to.layered.flatMap((pkg) => pkg.units ?? []) : [];
  const restart = units.map((name) => `  /usr/lib/systemd/system/${name}\n`).join('');
  say(
    units.length === 0
      ? 'Successfully updated running filesystem tree.\n'
      : `Successfully updated running filesystem tree; Following services may need to be restarted:\n${restart}`,
  );
  return 0;
}

function withoutCut(sysroot: Sysroot): Sysroot {
  return { ...sysroot, deployments: sysroot.deployments.map(({ liveCut: _cut, ...one }) => one) };
}

function replaces(from: Tree, to: Tree): string | undefined {
  const before = [...from.base.packages, ...from.layered];
  const after = new Map([...to.base.packages, ...to.layered].map((pkg) => [pkg.name, pkg]));
  const removed = before.filter((pkg) => !after.has(pkg.name)).length;
  if (removed > 0) return `packages would be removed: ${removed}`;
  const changed = before.filter((pkg) => differs(pkg, after.get(pkg.name))).length;
  return changed > 0 ? `packages would be changed: ${changed}` : undefined;
}

function differs(pkg: Package, other: Package | undefined): boolean {
  return other !== undefined && evr(pkg) !== evr(other);
}

function reset(machine: Machine, say: (text: string) => void): number {
  const booted = bootedOf(machine.sysroot);
  showTree(machine, idOf(booted));
  if (booted.live !== undefined) machine.sysroot = change(machine.sysroot, idOf(booted), { live: booted.checksum });
  say('Successfully updated running filesystem tree.\n');
  return 0;
}
