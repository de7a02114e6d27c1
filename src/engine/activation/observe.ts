import { cmd, script, type Command } from '../../core/command.ts';
import type { DeploymentFact, OstreeFacts } from '../../core/facts.ts';
import { fault, Fault } from '../../core/problem.ts';
import { bootsNext } from '../../facts/boot-order.ts';
import { parseDeployments } from '../../facts/deployments.ts';
import { deploymentsQuestion } from '../../facts/script.ts';
import type { StepContext } from '../step-context.ts';

/** What a host is like at one moment, as far as a boot is judged by it. Everything is empty or 0 where the host cannot tell. */
export interface HostState {
  readonly bootId: string;
  readonly ostree: OstreeFacts | undefined;
  readonly failed: readonly string[];
  /** Words of the running kernel's command line. */
  readonly cmdline: readonly string[];
  /** State of systemd: starting, running, degraded … */
  readonly system: string;
  readonly softReboots: number;
  /** `boot-complete.target`: none where nothing requires it, so that it tells nothing. */
  readonly complete: 'none' | 'waiting' | 'reached';
  /** The host's clock in seconds since 1970. */
  readonly clockS: number;
  /** Mounts of the system with less than 2 % free. */
  readonly full: readonly string[];
}

const QUESTIONS: Readonly<Record<string, Command>> = {
  boot: cmd('cat', '/proc/sys/kernel/random/boot_id'),
  deployments: deploymentsQuestion(),
  failed: script('systemctl list-units --state=failed --plain --no-legend --no-pager | cut -d " " -f 1'),
  cmdline: cmd('cat', '/proc/cmdline'),
  system: cmd('systemctl', 'show', '--property=SystemState', '--property=SoftRebootsCount'),
  complete: cmd('systemctl', 'show', '--property=ActiveState', '--property=Requires', 'boot-complete.target'),
  clock: cmd('date', '+%s'),
  space: script('df -P -k / /var /boot 2>/dev/null; :'),
};

/** Reads it in one round trip. Throws E_ANSWER on a host that does not tell its boot id. */
export async function readHostState(context: StepContext): Promise<HostState> {
  const answers = await context.session.ask(QUESTIONS, context.as, context.signal);
  const said = (name: string): string => (answers[name]?.code === 0 ? answers[name].stdout.trim() : '');
  const bootId = said('boot');
  if (bootId === '') {
    throw fault({ code: 'E_ANSWER', message: 'the host does not tell its boot id, so a reboot could not be proven' });
  }
  return {
    bootId,
    ostree: deploymentsOf(said('deployments')),
    failed: said('failed')
      .split('\n')
      .filter((unit) => unit !== ''),
    cmdline: wordsOf(said('cmdline')),
    system: property(said('system'), 'SystemState'),
    softReboots: Number(property(said('system'), 'SoftRebootsCount')) || 0,
    complete: completeOf(said('complete')),
    clockS: Number(said('clock')) || 0,
    full: fullMounts(said('space')),
  };
}

/** A status that cannot be read right after a boot counts as none yet. */
function deploymentsOf(text: string): OstreeFacts | undefined {
  if (text === '') return undefined;
  try {
    return parseDeployments(text);
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

function property(text: string, name: string): string {
  return new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1] ?? '';
}

function completeOf(text: string): HostState['complete'] {
  // sysinit.target and the like stand in every unit's Requires; only a check of health makes the target tell something.
  const checks = property(text, 'Requires')
    .split(' ')
    .filter((unit) => unit.endsWith('.service'));
  if (checks.length === 0) return 'none';
  return property(text, 'ActiveState') === 'active' ? 'reached' : 'waiting';
}

/** The last column is the mount point, two before it the free blocks, three before it the used ones. */
function fullMounts(text: string): readonly string[] {
  const full = text.split('\n').flatMap((line) => {
    const [, total = '0', free = '0', mount = ''] = /\s(\d+)\s+\d+\s+(\d+)\s+\d+%\s+(\/\S*)$/.exec(line) ?? [];
    return Number(total) > 0 && Number(free) * 50 < Number(total) ? [mount] : [];
  });
  return [...new Set(full)];
}

/** Words of a kernel command line; white space inside double quotes belongs to its word. */
export function wordsOf(text: string): readonly string[] {
  return text.match(/(?:"[^"]*"|[^\s"])+/g) ?? [];
}

/** The deployment a plain reboot will boot: the first one, unless its finalization is locked. */
export function nextDeployment(ostree: OstreeFacts | undefined): DeploymentFact | undefined {
  return ostree === undefined ? undefined : (bootsNext(ostree.deployments) ?? ostree.booted);
}
