import type { Call } from '../calls.ts';
import type { Machine } from '../machine.ts';
import { cleanupCommand, cancelCommand, finalizeCommand, refreshCommand, rollbackCommand } from './rpm-ostree-boot.ts';
import { dbCommand } from './rpm-ostree-db.ts';
import { kargsCommand } from './rpm-ostree-kargs.ts';
import { applyLiveCommand } from './rpm-ostree-live.ts';
import { installCommand, uninstallCommand } from './rpm-ostree-packages.ts';
import { initramfsCommand, overrideCommand } from './rpm-ostree-override.ts';
import { statusCommand } from './rpm-ostree-status.ts';
import { deployCommand, rebaseCommand, upgradeCommand } from './rpm-ostree-update.ts';

type Command = (machine: Machine, call: Call, args: readonly string[]) => number | Promise<number>;

const COMMANDS: Readonly<Record<string, Command>> = {
  status: statusCommand,
  install: installCommand,
  'pkg-add': installCommand,
  uninstall: uninstallCommand,
  remove: uninstallCommand,
  upgrade: upgradeCommand,
  update: upgradeCommand,
  deploy: deployCommand,
  rebase: rebaseCommand,
  kargs: kargsCommand,
  cleanup: cleanupCommand,
  cancel: cancelCommand,
  rollback: rollbackCommand,
  'finalize-deployment': finalizeCommand,
  'apply-live': applyLiveCommand,
  db: dbCommand,
  override: overrideCommand,
  initramfs: initramfsCommand,
  'refresh-md': refreshCommand,
  makecache: refreshCommand,
  reload: () => 0,
};

/** Commands that everybody may run. */
const READING = new Set(['status', 'db']);

/** Commands that can stage a deployment that only `finalize-deployment` lets boot. */
const LOCKING = new Set(['install', 'uninstall', 'upgrade', 'deploy', 'rebase', 'kargs']);

/** The modelled rpm-ostree: the client's command line, exit codes and texts; the daemon is the machine's transaction. */
export function rpmOstree(call: Call, machine: Machine): number | Promise<number> {
  const [name = '', ...args] = call.args[0] === 'ex' ? call.args.slice(1) : call.args;
  if (name === '--version') {
    call.out(
      "rpm-ostree:\n Version: '2025.8'\n Git: 1d6b0f4c2ad9a40e6ba6b9b0c4b5f3ad27ae8a12\n Features:\n  - rust\n  - compose\n  - container\n  - fedora-integration\n",
    );
    return 0;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    call.err(`error: Unknown command '${name}'\n`);
    return 1;
  }
  if (args.includes('--help')) {
    call.out(`Usage:\n  rpm-ostree ${name} [OPTION…]\n${LOCKING.has(name) ? '  --lock-finalization\n' : ''}`);
    return 0;
  }
  if (call.user !== 'root' && !READING.has(name) && !(name === 'kargs' && args.length === 0)) {
    call.err(`error: rpmostreed OS operation ${METHODS[name] ?? 'Transaction'} not allowed for user\n`);
    return 1;
  }
  return command(machine, call, args);
}

const METHODS: Readonly<Record<string, string>> = {
  install: 'PkgChange',
  uninstall: 'PkgChange',
  kargs: 'KernelArgs',
  upgrade: 'Upgrade',
};
