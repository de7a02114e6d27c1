import { z } from 'zod';
import { script, showCommand, withOptions, type Command, type CommandOptions } from '../../core/command.ts';
import { defineModule, type Change } from '../../core/module.ts';
import type { Step } from '../../core/step.ts';
import { askGuards, guardOf, OUTCOME_FIELDS, outcomeOf, readGuards, type Guards } from '../guard.ts';
import { absolutePath, maybeSecret, publicText } from '../params.ts';
import { splitWords } from './words.ts';

const Params = z
  .strictObject({
    cmd: publicText('a command line')
      .optional()
      .describe(
        'The command with its words, as one text. Quotes group words; nothing is expanded and no shell is involved.',
      ),
    argv: z
      .array(publicText('a word'))
      .min(1)
      .optional()
      .describe('The command as a list of words, taken exactly as they are.'),
    shell: publicText('a shell script')
      .optional()
      .describe('A POSIX shell script. Put values into "args" and use "$1", "$2": then no quoting can go wrong.'),
    args: z.array(publicText('a word')).optional().describe('Positional parameters of "shell".'),
    chdir: absolutePath().optional().describe('Folder to run in.'),
    stdin: maybeSecret('expected text').optional().describe('Text for the standard input; may be a secret.'),
    creates: absolutePath()
      .optional()
      .describe('A path the command makes: when it exists nothing runs, and afterwards it must exist.'),
    removes: absolutePath()
      .optional()
      .describe('A path the command removes: without it nothing runs, and afterwards it must be gone.'),
    ok_codes: z.array(z.int().min(0).max(255)).min(1).default([0]).describe('Exit codes that mean success.'),
    unchanged_codes: z
      .array(z.int().min(0).max(255))
      .default([])
      .describe('Exit codes that mean success and that nothing was changed.'),
    detached: z
      .boolean()
      .default(false)
      .describe('Runs it so that it survives a lost connection and is attached to again. For long commands.'),
  })
  .superRefine((want, context) => {
    const ways = [want.cmd, want.argv, want.shell].filter((way) => way !== undefined).length;
    if (ways !== 1) context.addIssue({ code: 'custom', message: 'expected exactly one of "cmd", "argv" and "shell"' });
    if (want.args !== undefined && want.shell === undefined) {
      context.addIssue({ code: 'custom', path: ['args'], message: '"args" goes with "shell"' });
    }
    const split = want.cmd === undefined ? undefined : splitWords(want.cmd);
    if (split !== undefined && 'wrong' in split) {
      context.addIssue({ code: 'custom', path: ['cmd'], message: split.wrong });
    }
    if (want.detached && want.stdin !== undefined) {
      context.addIssue({ code: 'custom', path: ['stdin'], message: 'a detached command has no standard input' });
    }
  });
type Params = z.infer<typeof Params>;

/** Runs a command. */
export const command = defineModule<Params, Guards>({
  name: 'command',
  summary: 'Runs a command on the host.',
  notes: [
    'Reported as "ran", because copse cannot know what a command did. With "creates" or "removes" it is a state: it runs only when needed, and the path is looked at again afterwards.',
    'Prefer a module that knows the state it makes. Use the task keyword "timeout" to bound it, and "environment" for variables.',
  ],
  kind: 'action',
  params: Params,
  freeForm: 'cmd',
  returns: OUTCOME_FIELDS,
  examples: [
    '- command: systemctl list-timers --no-pager\n  register: timers',
    '- name: host keys are there\n  command:\n    argv: [ssh-keygen, -A]\n    creates: /etc/ssh/ssh_host_ed25519_key',
    '- command:\n    shell: journalctl -b -u "$1" | tail -n 20\n    args: [sshd.service]',
  ],
  probe: askGuards,
  read: readGuards,
  plan,
  result: (_want, _have, done) => outcomeOf(done),
});

function plan(want: Params, have: Guards): Change {
  const guard = guardOf(have);
  if (guard === 'done') return { steps: [] };
  const wanted = withOptions({ argv: argvOf(want) }, optionsOf(want));
  const step: Step = {
    do: want.detached ? 'transaction' : 'run',
    say: `run ${oneLine(showCommand(wanted))}`,
    command: wanted,
    okCodes: [...want.ok_codes, ...want.unchanged_codes],
    unchangedCodes: want.unchanged_codes,
  };
  return { steps: [step], verify: guard === 'open' };
}

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > 160 ? `${line.slice(0, 157)}...` : line;
}

function argvOf(want: Params): Command['argv'] {
  if (want.shell !== undefined) return script(want.shell, ...(want.args ?? [])).argv;
  const split = want.cmd === undefined ? { words: want.argv ?? [] } : splitWords(want.cmd);
  const [program = '', ...rest] = 'words' in split ? split.words : [];
  return [program, ...rest];
}

function optionsOf(want: Params): CommandOptions {
  return {
    ...(want.chdir === undefined ? {} : { cwd: want.chdir }),
    ...(want.stdin === undefined ? {} : { stdin: want.stdin }),
  };
}
