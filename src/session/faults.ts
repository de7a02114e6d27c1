import { showCommand, type Command } from '../core/command.ts';
import type { Ending } from '../core/answer.ts';
import { Fault, fault } from '../core/problem.ts';
import { showDuration } from '../core/units.ts';

/** The host did not open a channel in time: half-dead, or at the limit of its sessions. */
export function channelFault(place: string, ms: number): Fault {
  return fault({
    code: 'E_TIMEOUT',
    message: `${place} did not open a channel within ${showDuration(ms)}`,
    hint: 'the link may be dead, or the host very busy; run again',
  });
}

/** The person interrupted. */
export function abortedFault(what: string): Fault {
  return fault({ code: 'E_ABORTED', message: `interrupted: ${what}` });
}

/** A question whose shell broke each time it was asked. */
export function brokenFault(question: Command | undefined, tries: number, reason: string): Fault {
  const asked = question === undefined ? '' : ` to "${showCommand(question)}"`;
  return fault({
    code: 'E_LOST',
    message: `no answer${asked} in ${tries} tries: ${reason}`,
    hint: 'the link breaks again and again, or the question ends the shell that asks it; nothing was changed by asking',
  });
}

/** A file was being written or read, and no exit status came. */
export function endingFault(ending: Ending, what: string): Fault {
  switch (ending.how) {
    case 'timeout':
      return fault({
        code: 'E_TIMEOUT',
        message: `${what} was not finished after ${showDuration(ending.afterMs)}, and was stopped`,
        hint: 'a slow link or a slow disk; give the task a longer timeout',
      });
    case 'aborted':
      return abortedFault(what);
    case 'lost':
      return fault({
        code: 'E_LOST',
        message: `the connection was lost while ${what} (${ending.reason}); whether it was finished is not known`,
        hint: 'run again: the file is compared first, and only written if it differs',
      });
    case 'signal':
      return fault({
        code: 'E_COMMAND',
        message: `${what} was killed on the host by ${ending.signal}`,
        hint: 'out of memory? see dmesg on the host',
      });
    default:
      return fault({
        code: 'E_COMMAND',
        message: `${what} failed (exit ${ending.code})`,
        hint: 'see what the host says about the file: ls -la',
      });
  }
}

/** Whether the host had no channel to spare; nothing was run then. */
export function refusedChannel(error: unknown): boolean {
  return error instanceof Fault && error.problems.some(({ code }) => code === 'E_BUSY');
}
