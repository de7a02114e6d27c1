import { idOf } from '../model/deployment.ts';
import { faultOf, log, sleepOn, type Machine } from '../machine.ts';
import type { Call } from '../calls.ts';
import type { Transaction } from '../transaction.ts';

/** What a transaction does: says things, waits, and gives the exit code. It may throw when it is cancelled. */
export type Work = (say: (text: string) => void, signal: AbortSignal) => Promise<number>;

/** Who begins a transaction, and what. */
export interface TransactionWish {
  /** Method on the bus, such as `PkgChange`. */
  readonly method: string;
  readonly work: Work;
}

/** Makes a call run a transaction: joins an identical one, is refused while another one runs. */
export async function transact(machine: Machine, call: Call, wish: TransactionWish): Promise<number> {
  const title = `${call.args[0] ?? ''} ${call.args.slice(1).join(' ')} `.replace(/ +$/, ' ');
  const key = JSON.stringify([wish.method, call.args]);
  const current = machine.transaction;
  if (current !== undefined && current.key !== key) {
    call.err(`error: Transaction in progress: ${current.title}\n`);
    call.err(' You can cancel the current transaction with `rpm-ostree cancel`\n');
    return 1;
  }
  if (machine.stopping) {
    call.err('error: Reboot initiated, cannot start new transaction\n');
    return 1;
  }
  if (current === undefined && machine.sysrootLock !== undefined) {
    call.err('error: System transaction in progress\n');
    return 1;
  }
  if (current !== undefined) call.out(`Attaching to existing transaction: ${current.title}\n`);
  const work = faultOf(machine, 'daemon-crash') === undefined ? wish.work : crash(machine);
  return follow(
    call,
    current ?? begin(machine, { ...wish, work, title, key, unit: `session-${machine.sequence}.scope` }),
  );
}

/** The daemon is killed on the way: what the client sees, and nothing is staged. */
function crash(machine: Machine): Work {
  machine.faults.delete('daemon-crash');
  return async (say, signal) => {
    await sleepOn(machine, machine.timing.transaction / 2, signal);
    log(machine, 'rpm-ostreed.service', 'rpm-ostreed.service: Main process exited, code=killed, status=9/KILL', {
      priority: 4,
    });
    say(
      'error: Bus owner changed, aborting. This likely means the daemon crashed; check logs with `journalctl -xe`.\n',
    );
    return 1;
  };
}

/** Somebody else's transaction for a while. */
export function beginBusy(machine: Machine, ms: number): void {
  if (machine.transaction !== undefined) return;
  const work: Work = async (_say, signal) => {
    await sleepOn(machine, ms, signal);
    machine.faults.delete('busy');
    return 0;
  };
  begin(machine, {
    method: 'UpdateDeployment',
    work,
    title: 'upgrade ',
    key: 'busy',
    unit: 'rpm-ostreed-automatic.service',
  });
}

interface Beginning extends TransactionWish {
  readonly title: string;
  readonly key: string;
  readonly unit: string;
}

function begin(machine: Machine, beginning: Beginning): Transaction {
  const { method, work, title, key, unit } = beginning;
  machine.counts.transactions += 1;
  machine.sequence += 1;
  const sender = `:1.${machine.sequence}`;
  const initiator = `client(id:cli dbus:1.${machine.sequence} unit:${unit} uid:0)`;
  const cancel = new AbortController();
  const said: string[] = [];
  const listeners = new Set<() => void>();
  const signal = AbortSignal.any([cancel.signal, machine.power.signal]);
  const say = (text: string): void => {
    said.push(text);
    for (const listener of listeners) listener();
  };
  const path = `/org/projectatomic/rpmostree1/${machine.sysroot.deployments[0]?.osname.replaceAll('-', '_') ?? ''}`;
  log(machine, 'rpm-ostreed.service', `Initiated txn ${method} for ${initiator}: ${path}`);
  const boot = machine.boots;
  const done = work(say, signal)
    .catch(() => CANCELLED)
    .then((code) => {
      if (machine.boots === boot && machine.transaction?.sender === sender) machine.transaction = undefined;
      if (!machine.power.signal.aborted)
        log(machine, 'rpm-ostreed.service', `Txn ${method} on ${path} ${code === 1 ? 'failed' : 'successful'}`);
      return code;
    });
  const transaction: Transaction = { method, title, key, sender, initiator, said, done, cancel, listeners };
  machine.transaction = transaction;
  return transaction;
}

/** Exit code that stands for a transaction that was cancelled. */
const CANCELLED = 1;

async function follow(call: Call, transaction: Transaction): Promise<number> {
  let shown = 0;
  const show = (): void => {
    for (const text of transaction.said.slice(shown)) {
      if (text.startsWith('error: ')) call.err(text);
      else call.out(text);
    }
    shown = transaction.said.length;
    call.flush();
  };
  transaction.listeners.add(show);
  show();
  const code = await transaction.done;
  transaction.listeners.delete(show);
  show();
  return code;
}

/** A fault's error for work that writes a deployment, or undefined. */
export function writeFailure(machine: Machine): string | undefined {
  if (faultOf(machine, 'disk-full') === undefined) return undefined;
  return "error: Importing packages: Writing content object: min-free-space-percent '3%' would be exceeded, at least 4.1 kB requested: No space left on device\n";
}

/** `Created new deployment …` in the journal, as the daemon writes it. */
export function logDeployment(machine: Machine): void {
  const [first] = machine.sysroot.deployments;
  if (first === undefined) return;
  const path = `/ostree/deploy/${first.osname}/deploy/${first.checksum}.${first.serial}`;
  const messageId = '9bddbda177cd44d891b1b561a8a0ce9e';
  log(machine, 'rpm-ostreed.service', `Created new deployment ${path}`, { messageId });
  log(machine, 'rpm-ostreed.service', `Pending deployment ${idOf(first)}`);
}
