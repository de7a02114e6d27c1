import { z } from 'zod';
import { script as shellScript, withOptions, type Command } from '../../core/command.ts';
import { defineModule, type Change } from '../../core/module.ts';
import type { Step } from '../../core/step.ts';
import { askGuards, guardOf, OUTCOME_FIELDS, outcomeOf, readGuards, type Guards } from '../guard.ts';
import { absolutePath, listOf, localFile, publicText } from '../params.ts';

const exitCode = z.int().min(0).max(255);

const Params = z.strictObject({
  src: localFile()
    .refine((file) => !file.bytes.includes(0), { error: 'expected a script, found a binary file: put it with copy' })
    .describe('A script of this machine; a relative path starts at the playbook.'),
  args: z.array(publicText('a word')).default([]).describe('Its positional parameters, taken exactly as they are.'),
  executable: listOf(publicText('a program').min(1, { error: 'expected a program' }))
    .optional()
    .describe(
      'What interprets it, with its options: bash, or [python3, -u]. Without it the first line of the script says it, or sh.',
    ),
  chdir: absolutePath().optional().describe('Folder to run in.'),
  creates: absolutePath()
    .optional()
    .describe('A path the script makes: when it exists nothing runs, and afterwards it must exist.'),
  removes: absolutePath()
    .optional()
    .describe('A path the script removes: without it nothing runs, and afterwards it must be gone.'),
  ok_codes: z.array(exitCode).min(1).default([0]).describe('Exit codes that mean success.'),
  unchanged_codes: z.array(exitCode).default([]).describe('Exit codes that mean success and that nothing was changed.'),
});
type Params = z.infer<typeof Params>;

// The shell holds the whole text before it begins: no command of the script can read the rest of it from its standard input.
const IN_SHELL = 's=$(cat) || exit; exec </dev/null; eval "$s"';

// `cat` makes a pipe of whatever standard input is; a socket could not be opened by name.
const BY_INTERPRETER = 'cat | { exec 3<&0 </dev/null; exec "$@"; }';

/** Runs a script of the controller. */
export const script = defineModule<Params, Guards>({
  name: 'script',
  summary: 'Runs a script of this machine on the host.',
  notes: [
    'Nothing is stored on the host: the script travels through a pipe, and its own standard input is empty. A first line such as #!/bin/bash is honoured as the kernel would; a script without one, or with #!/bin/sh, runs in the sh of the host. An interpreter other than sh must be on the host.',
    'Secrets belong into the task keyword "environment", never into "args", which every user of the host may see. Reported as "ran", because copse cannot know what a script did; with "creates" or "removes" it is a state.',
    'What must survive a lost connection is a command with "detached: true".',
  ],
  kind: 'action',
  params: Params,
  freeForm: 'src',
  localFiles: ['src'],
  returns: OUTCOME_FIELDS,
  examples: [
    '- script: files/check-disks.sh\n  register: disks',
    '- name: the database is set up\n  script: {src: files/init.sh, args: [--size, "10"], creates: /var/lib/db/ready}',
    '- script: {src: files/report.py, executable: python3, unchanged_codes: [77]}',
  ],
  probe: askGuards,
  read: readGuards,
  plan,
  result: (_want, _have, done) => outcomeOf(done),
});

function plan(want: Params, have: Guards): Change {
  const guard = guardOf(have);
  if (guard === 'done') return { steps: [] };
  const step: Step = {
    do: 'run',
    say: `run ${[want.src.path, ...want.args].join(' ').replaceAll(/\s+/g, ' ').slice(0, 160).trimEnd()} there`,
    command: withOptions(commandOf(want), {
      stdin: want.src.bytes,
      ...(want.chdir === undefined ? {} : { cwd: want.chdir }),
    }),
    okCodes: [...want.ok_codes, ...want.unchanged_codes],
    unchangedCodes: want.unchanged_codes,
  };
  return { steps: [step], verify: guard === 'open' };
}

function commandOf({ src, args, executable }: Params): Command {
  const program = executable ?? interpreterOf(src.bytes);
  if (program !== undefined) return shellScript(BY_INTERPRETER, ...program, '/dev/fd/3', ...args);
  return shellScript(IN_SHELL, ...args);
}

/** The words of the first line, split as the kernel does: a program and at most one word; undefined for sh. */
function interpreterOf(bytes: Uint8Array): readonly string[] | undefined {
  const [, program, rest = ''] = /^#![ \t]*([^\s]+)[ \t]*([^\r\n]*)/.exec(new TextDecoder().decode(bytes)) ?? [];
  if (program === undefined || (/^(?:\/usr)?\/bin\/sh$/.test(program) && rest.trim() === '')) return undefined;
  return rest.trim() === '' ? [program] : [program, rest.trim()];
}
