import { cmd, withOptions, type Command } from '../../core/command.ts';
import type { Change, ModuleContext } from '../../core/module.ts';
import type { Step, TransactionStep } from '../../core/step.ts';
import type { Params } from './schema.ts';
import type { Have } from './state.ts';
import { failed, restartStep, runStep, stopStep } from './steps.ts';

/** An image may take this long to be pulled and checked out, in milliseconds. */
const INSTALL_MS = 30 * 60_000;

/**
 * A system container of the atomic tool: checked out of the ostree repository of the host and run by runc, without a daemon. The
 * tool writes and enables the unit; what it noted of its image and settings tells what is there.
 */
export function planOstree(want: Params, have: Have, context: ModuleContext): Change {
  const { system } = have;
  if (have.closed) return { refuse: 'this user cannot write units', hint: 'add "become: true" to the task' };
  if (!have.hasAtomic) {
    const hint = 'leave "storage" out: podman runs system containers too, see the examples of this module';
    const refuse = 'this host has no atomic tool, which "storage: ostree" needs';
    return context.check ? { steps: [], notes: [refuse] } : { refuse, hint, code: 'E_UNSUPPORTED' };
  }
  if (want.state === 'absent') {
    return {
      steps:
        system === undefined
          ? []
          : [tool(`remove the system container ${want.name}`, cmd('atomic', 'uninstall', want.name))],
    };
  }
  if (system === undefined && have.unit.get('LoadState') === 'loaded') {
    const hint = 'remove it first, with systemd_unit and file';
    return { refuse: `there is a unit "${want.name}.service" already, which the atomic tool does not replace`, hint };
  }
  const isSame =
    system?.image === want.image &&
    Object.entries(want.settings).every(([key, value]) => system?.values[key] === value);
  const install = isSame
    ? []
    : [
        ...(system === undefined
          ? []
          : [tool(`remove the former ${want.name}`, cmd('atomic', 'uninstall', want.name))]),
        installStep(want),
      ];
  const steps = [...install, ...enablement(want, have, !isSame), ...running(want, have, !isSame)];
  const before = system === undefined ? '' : `${system.image}\n`;
  return {
    steps,
    diff: isSame ? [] : [{ label: `system container ${want.name}`, before, after: `${want.image ?? ''}\n` }],
  };
}

function installStep(want: Params): TransactionStep {
  const settings = Object.entries(want.settings).map(([key, value]) => `--set=${key}=${value}`);
  return tool(
    `install the system container ${want.name}`,
    cmd('atomic', 'install', '--system', '--storage=ostree', `--name=${want.name}`, ...settings, want.image ?? ''),
  );
}

// The tool enables what it installs.
function enablement(want: Params, have: Have, isNew: boolean): Step[] {
  const isEnabled = isNew || have.unit.get('UnitFileState') === 'enabled';
  if (isEnabled === want.enabled) return [];
  const verb = want.enabled ? 'enable' : 'disable';
  return [runStep(`${verb} ${want.name}`, 'systemctl', verb, '--', `${want.name}.service`)];
}

function running(want: Params, have: Have, isNew: boolean): Step[] {
  const active = have.unit.get('ActiveState') ?? 'inactive';
  if (want.state === 'stopped') return isNew || ['inactive', 'failed'].includes(active) ? [] : [stopStep(want)];
  return !isNew && active === 'active' ? [] : [restartStep(want)];
}

function tool(say: string, command: Command): TransactionStep {
  return {
    do: 'transaction',
    say,
    command: withOptions(command, { timeoutMs: INSTALL_MS }),
    explain: failed('the atomic tool failed', '"journalctl -b -n 50 --no-pager" on the host may say why'),
  };
}
