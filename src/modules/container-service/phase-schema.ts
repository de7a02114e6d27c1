import { z } from 'zod';
import { absolutePath, duration, maybeSecret, word } from '../params.ts';
import { pairs } from './words-schema.ts';

const OneTime = z.strictObject({
  value: maybeSecret('expected a secret').describe(
    'The secret, such as a one-time password: a variable that is !secret.',
  ),
  env: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'expected the name of a variable' })
    .optional()
    .describe('The variable of the environment that holds it. Without "env" and "file" it is the standard input.'),
  file: absolutePath()
    .optional()
    .describe(
      'A file of the host, 0600, that holds it while the phase runs; it is overwritten and removed whatever happens.',
    ),
});

/** A container that runs once and sees the host: the setup or the end of a system service. */
export const Phase = z.strictObject({
  label: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9_.-]*$/, { error: 'expected the name of a label such as "INSTALL"' })
    .optional()
    .describe(
      'A label of the image that holds the command, such as INSTALL. The plan shows the command before it runs.',
    ),
  command: z.array(word('a word')).min(1).optional().describe('The command in the container, instead of a label.'),
  args: z
    .array(word('a word'))
    .default([])
    .describe('Words appended to the command: the arguments of an enrolment. Secrets are refused here.'),
  environment: pairs('a variable', 'write it under "secret"')
    .default({})
    .describe('Variables of the container beside NAME, IMAGE and HOST; for a label also what its ${NAMES} stand for.'),
  creates: z
    .array(absolutePath())
    .optional()
    .describe('Paths of the host that are there once the phase is done. Without it only what copse noted counts.'),
  host_data: z
    .array(absolutePath())
    .default([])
    .describe(
      'Paths that are copied from the host into the container before the command and back after it, with SELinux labels restored; what was there is kept in an archive beside.',
    ),
  secret: OneTime.optional().describe(
    'A one-time secret for the command. It is never stored: not in the unit, and in no argument list.',
  ),
  timeout: duration().prefault('15m').describe('How long the phase may take.'),
});
/** A container that runs once and sees the host. */
export type Phase = z.infer<typeof Phase>;

/** What is wrong with a phase; undefined when nothing is. */
export function wrongPhase(phase: Phase | undefined): string | undefined {
  if (phase === undefined) return undefined;
  if ((phase.label === undefined) === (phase.command === undefined)) return 'expected either "label" or "command"';
  if (phase.label !== undefined && phase.host_data.length > 0) {
    return '"host_data" goes with "command": what a label does with the host is written in the label';
  }
  return phase.secret?.env !== undefined && phase.secret.file !== undefined
    ? 'expected either "env" or "file" for the secret'
    : undefined;
}
