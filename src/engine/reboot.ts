import { exitCode } from '../core/answer.ts';
import { cmd, script, type Command } from '../core/command.ts';
import type { DeploymentFact, OstreeFacts } from '../core/facts.ts';
import { Fault, type Problem } from '../core/problem.ts';
import type { RebootStep } from '../core/step.ts';
import { showDuration } from '../core/units.ts';
import { parseDeployments } from '../facts/deployments.ts';
import type { StepContext } from './step.ts';

/** What identifies a boot: the kernel's boot id, the deployments, and the units that had failed. */
interface BootState {
  readonly bootId: string;
  readonly ostree: OstreeFacts | undefined;
  readonly failed: readonly string[];
}

const BOOT_ID = cmd('cat', '/proc/sys/kernel/random/boot_id');
const STATUS = script('command -v rpm-ostree >/dev/null || exit 3; exec rpm-ostree status --json');
const FAILED = script('systemctl list-units --state=failed --plain --no-legend --no-pager | cut -d " " -f 1');

/** One try to reach a host that is rebooting may take this long. */
const TRY_MS = 15_000;
const POLL_MS = 1000;

/**
 * Reboots a host exactly once and proves it: the boot id is new, and the deployment that was first in boot order before
 * is the one that runs. Returns the problem that a person must act on, or undefined when proven.
 */
export async function rebootHost(step: RebootStep, context: StepContext): Promise<Problem | undefined> {
  const before = await readBootState(context);
  const expected = nextDeployment(before.ostree);
  const sent = await context.session.run(step.command ?? cmd('systemctl', 'reboot'), {
    as: context.as,
    signal: context.signal,
    deadlineMs: 60_000,
  });
  const code = exitCode(sent.ending);
  // An exit code that is not 0 on a link that still lives is a refusal; everything else is judged by what the host does.
  if (code !== null && code !== 0) return refusedToReboot(code, sent.stderr);
  await context.session.drop();
  const after = await waitForBoot(step, before.bootId, context);
  if ('code' in after) return after;
  return (await waitReady(step, context)) ?? judgeBoot(before, after, expected, context);
}

async function readBootState(context: StepContext): Promise<BootState> {
  const questions: Record<string, Command> = { boot: BOOT_ID, status: STATUS, failed: FAILED };
  const answers = await context.session.ask(questions, context.as, context.signal);
  const bootId = answers['boot']?.stdout.trim() ?? '';
  if (bootId === '') {
    throw new Fault([
      { code: 'E_ANSWER', message: 'the host does not tell its boot id, so a reboot could not be proven' },
    ]);
  }
  const status = answers['status'];
  return {
    bootId,
    ostree: status?.code === 0 ? parseDeployments(status.stdout) : undefined,
    failed: (answers['failed']?.stdout ?? '').split('\n').filter((unit) => unit !== ''),
  };
}

/** The deployment a plain reboot will boot: the first one, unless its finalization is locked. */
function nextDeployment(ostree: OstreeFacts | undefined): DeploymentFact | undefined {
  if (ostree === undefined) return undefined;
  const first = ostree.deployments.find((one) => !one.locked);
  return first ?? ostree.booted;
}

function refusedToReboot(code: number, stderr: string): Problem {
  return {
    code: 'E_REBOOT',
    message: `the host refused to reboot (exit ${code}): ${stderr.trim().slice(-300)}`,
    hint: 'nothing was rebooted; "systemd-inhibit --list" on the host shows who holds it',
  };
}

/** Polls over fresh connections until a boot id other than the old one answers; a problem when a deadline passes first. */
async function waitForBoot(step: RebootStep, oldBootId: string, context: StepContext): Promise<BootState | Problem> {
  const { clock, signal } = context;
  const started = clock.elapsed();
  let seenDown = false;
  let last = '';
  for (;;) {
    await clock.sleep(POLL_MS, signal);
    const waited = clock.elapsed() - started;
    const seen = await tryBootState(context);
    if (seen.state !== undefined && seen.state.bootId !== oldBootId) return seen.state;
    if (seen.state === undefined) {
      seenDown = true;
      last = seen.reason;
      if (seen.fatal)
        return {
          code: 'E_REBOOT',
          message: `the host is back, but: ${last}`,
          hint: 'compare its console with what you expect; it was not touched again',
        };
    } else if (waited > step.downTimeoutMs) return didNotReboot(waited);
    if (waited > step.timeoutMs) return neverReturned(waited, seenDown, last);
  }
}

function didNotReboot(waited: number): Problem {
  return {
    code: 'E_REBOOT',
    message: `the host did not reboot: the boot id is the same ${showDuration(waited)} after the reboot was sent`,
    hint: 'a unit may block the shutdown: "systemctl list-jobs" on the host shows it; copse sends no second reboot by itself',
  };
}

function neverReturned(waited: number, seenDown: boolean, last: string): Problem {
  return {
    code: 'E_REBOOT',
    message: `the host ${seenDown ? 'went down and' : ''} did not come back within ${showDuration(waited)}; last try: ${last}`,
    hint: 'look at its console; when it answers again, run the playbook again: what is already done is not repeated',
  };
}

interface Seen {
  readonly state: BootState | undefined;
  readonly reason: string;
  /** Trying again will not help: another machine, or keys that were changed. */
  readonly fatal: boolean;
}

async function tryBootState(context: StepContext): Promise<Seen> {
  const attempt = AbortSignal.any([context.signal, AbortSignal.timeout(TRY_MS)]);
  try {
    return { state: await readBootState({ ...context, signal: attempt }), reason: '', fatal: false };
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof Fault) && !attempt.aborted) throw error;
    await context.session.drop();
    const problem = error instanceof Fault ? error.problems[0] : undefined;
    return { state: undefined, reason: problem?.message ?? 'no answer', fatal: problem?.code === 'E_HOSTKEY' };
  }
}

async function waitReady(step: RebootStep, context: StepContext): Promise<Problem | undefined> {
  if (step.ready === undefined) return undefined;
  const deadline = context.clock.elapsed() + step.timeoutMs;
  for (;;) {
    const answers = await context.session.ask({ ready: step.ready }, context.as, context.signal);
    const ready = answers['ready'];
    if (ready?.code === 0) return undefined;
    if (context.clock.elapsed() > deadline) {
      const message = `the host is back, but not ready: the readiness command ended with exit ${ready?.code ?? '?'}`;
      return { code: 'E_REBOOT', message, hint: 'log in and look at the failed units' };
    }
    await context.clock.sleep(POLL_MS, context.signal);
  }
}

/** Compares what runs now with what was to run; a unit that newly failed is told as a note. */
async function judgeBoot(
  before: BootState,
  after: BootState,
  expected: DeploymentFact | undefined,
  context: StepContext,
): Promise<Problem | undefined> {
  const { emit, ref } = context;
  const newlyFailed = after.failed.filter((unit) => !before.failed.includes(unit));
  if (newlyFailed.length > 0) {
    await emit({
      type: 'note',
      host: ref.host,
      ref,
      text: `units that failed at this boot: ${newlyFailed.join(', ')}`,
    });
  }
  if (expected === undefined || after.ostree === undefined) return undefined;
  const booted = after.ostree.booted;
  if (booted.id === expected.id) return undefined;
  const fellBack = booted.id === before.ostree?.booted.id;
  const still = after.ostree.deployments.some((one) => one.id === expected.id);
  return {
    code: 'E_REBOOT',
    message: fellBack
      ? `the host fell back: it booted the old deployment ${show(booted)}, not ${show(expected)}`
      : `the host booted ${show(booted)}, not ${show(expected)} as expected; somebody else changed its deployments`,
    hint:
      fellBack && !still
        ? 'the new deployment was not finalized at shutdown; see why: journalctl -b -1 -u ostree-finalize-staged.service'
        : 'see "rpm-ostree status" and the boot menu of the host; run the playbook again to stage the change anew',
  };
}

function show(deployment: DeploymentFact): string {
  const version = deployment.version === '' ? '' : `${deployment.version} `;
  return `${version}(${deployment.checksum.slice(0, 10)}.${deployment.id.split('.').at(-1) ?? '0'})`;
}
