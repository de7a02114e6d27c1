import { z } from 'zod';
import { Secret, type MaybeSecret } from '../../core/secret.ts';
import { absolutePath, accountName, duration, listOf, maybeSecret, obey, word, type Rule } from '../params.ts';

const Variable = z
  .union([maybeSecret('expected text'), z.number(), z.boolean()], { error: 'expected text' })
  .transform((value): MaybeSecret => (value instanceof Secret ? value : String(value)))
  .meta({ title: 'text or number' });

const Shape = z.strictObject({
  name: z
    .string({ error: 'expected a name such as "backup"' })
    .regex(/^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,200}$/, { error: 'expected a name such as "backup"' })
    .refine((name) => !/\.(?:timer|service)$/.test(name), { error: 'expected the name without ".timer"' })
    .describe('Name of both units: NAME.timer starts NAME.service.'),
  command: z
    .array(word('a word'), { error: 'expected a command as a list of words' })
    .min(1, { error: 'expected a command as a list of words' })
    .refine(([program = '']) => /^\/[A-Za-z0-9_.+@/-]+$/.test(program), {
      error: 'expected a program with its whole path as the first word, such as "/usr/bin/podman"',
    })
    .optional()
    .describe(
      'What is run, as a list of words taken exactly as they are: [/usr/bin/podman, image, prune, -f]. For a script of the shell: [/bin/sh, -c, "…"].',
    ),
  description: word('text').optional().describe('What systemd calls it in its lists and in the journal.'),
  user: accountName().optional().describe('User it runs as; root without it.'),
  chdir: absolutePath().optional().describe('Folder it runs in.'),
  environment: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'expected the name of a variable' }), Variable)
    .default({})
    .describe('Variables of the command; values may be secret. They are kept in a file that only root may read.'),
  on_calendar: listOf(
    word('a time such as "daily" or "Mon..Fri 03:00"').refine((time) => time.trim() !== '', {
      error: 'expected a time',
    }),
  )
    .default([])
    .describe(
      'When it runs, in the words of systemd.time(7): "daily", "Mon..Fri 03:00", "*-*-01 04:30 UTC". One or several. systemd on the host checks each.',
    ),
  on_boot: duration().optional().describe('How long after the boot of the host it runs.'),
  every: duration()
    .optional()
    .describe('How long after its last start it runs again. Needs "on_boot" or "on_calendar" for the first time.'),
  persistent: z
    .boolean()
    .default(false)
    .describe('With on_calendar: a time that passed while the host was off is made up for at once.'),
  randomized_delay: duration()
    .optional()
    .describe('Each start is put off by a random time up to this, so that not all hosts start at once.'),
  accuracy: duration().optional().describe('How exact it must be; systemd takes a minute without it.'),
  timeout: duration()
    .optional()
    .describe('The command is ended when it takes longer; without it, it may take for ever.'),
  state: z
    .enum(['started', 'stopped', 'absent'])
    .default('started')
    .describe(
      'started: it waits for its time, now and after every boot. stopped: it is there and waits for nothing. absent: all its files are gone.',
    ),
});
type Shape = z.infer<typeof Shape>;

const RULES: readonly Rule<Shape>[] = [
  {
    at: 'command',
    wrong: (want) => want.state !== 'absent' && want.command === undefined,
    say: 'expected "command", what is run',
  },
  {
    at: 'on_calendar',
    wrong: (want) => want.state !== 'absent' && want.on_calendar.length === 0 && want.on_boot === undefined,
    say: 'expected "on_calendar" or "on_boot", when it runs',
  },
  {
    at: 'persistent',
    wrong: (want) => want.persistent && want.on_calendar.length === 0,
    say: '"persistent" goes with "on_calendar"',
  },
];

/** The wish of the `timer` module. */
export const Params = Shape.superRefine(obey(RULES));
/** The wish of the `timer` module. */
export type Params = z.infer<typeof Params>;
