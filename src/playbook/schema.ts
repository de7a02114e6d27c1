import { z } from 'zod';
import { parseDuration } from '../core/units.ts';

/** Seconds as a number, or a duration such as `90s`; milliseconds after parsing. */
function duration(says: string): z.ZodType<number, number | string> {
  const error = 'expected seconds, or a duration such as "90s", "10m" or "1h30m"';
  const text = z.string().transform((written, context) => {
    const ms = parseDuration(written);
    if (ms === undefined) context.addIssue({ code: 'custom', message: error, input: written });
    return ms ?? z.NEVER;
  });
  return z
    .union(
      [
        z
          .number()
          .nonnegative()
          .transform((seconds) => seconds * 1000),
        text,
      ],
      { error },
    )
    .describe(says);
}

const Condition = z.union([z.string(), z.boolean(), z.array(z.union([z.string(), z.boolean()])).min(1)], {
  error: 'expected an expression, or a list of expressions that must all hold',
});
const Names = z.union([z.string(), z.array(z.string())], { error: 'expected a name or a list of names' });
const Mapping = z.record(z.string(), z.unknown(), { error: 'expected a mapping' });
const Switch = z.boolean();
const Text = z.string();
/** Lists of tasks are read, and complained about, by the reader of tasks. */
const TaskList = z.unknown();

/** Keywords that plays, blocks and tasks share. */
const common = {
  name: Text.optional().describe('What is done, for people; shown while it runs.'),
  become: Switch.optional().describe('Act as another user, root unless "become_user" names one.'),
  become_user: Text.optional().describe('The user to become.'),
  become_method: z.enum(['sudo', 'su', 'doas']).optional().describe('How to become that user; sudo when absent.'),
  environment: z
    .union([Mapping, z.string()], { error: 'expected a mapping of names to values' })
    .optional()
    .describe('Environment variables of the commands run on the host.'),
  vars: Mapping.optional().describe('Variables for what is below; "${{ }}" in them is evaluated where they are used.'),
  tags: Names.optional().describe('Names for --tags and --skip-tags; "always" and "never" are special.'),
  any_errors_fatal: Switch.optional().describe('A failure on one host stops the play on all of them.'),
  check_mode: Switch.optional().describe('true: change nothing, only report; false: act even under --check.'),
  diff: Switch.optional().describe('Show what changes in files, or not.'),
  no_log: Switch.optional().describe('Keep parameters, output and results out of every log.'),
  ignore_unreachable: Switch.optional().describe('An unreachable host is no failure here.'),
};

const blockAndTask = {
  when: Condition.optional().describe('A CEL expression, or a list that must all hold; otherwise it is skipped.'),
  ignore_errors: z.union([Switch, Text]).optional().describe('A failure is recorded and the play goes on.'),
  delegate_to: Text.optional().describe('Act on this host of the inventory instead, with the variables of the first.'),
  run_once: Switch.optional().describe('Act for the first host only; the result is registered for all.'),
  timeout: duration('How long the task may take on one host.').optional(),
  loop: z.unknown().optional().describe('A list or mapping; everything is done once for each "item".'),
  loop_control: z
    .strictObject({
      loop_var: Text.optional().describe('Another name for "item".'),
      index_var: Text.optional().describe('Another name for "index".'),
      label: z.unknown().optional().describe('What is shown of an item.'),
      pause: duration('How long to wait between two items.').optional(),
    })
    .optional()
    .describe('Names and look of a loop.'),
};

/** Keywords of a task beside its module. */
export const TaskKeywords = z.strictObject({
  ...common,
  ...blockAndTask,
  register: Text.regex(/^[A-Za-z_]\w*$/, { error: 'expected a name of letters, digits and "_"' })
    .optional()
    .describe('The name under which later expressions find the result.'),
  until: Condition.optional().describe('Repeat until this holds.'),
  retries: z.int().min(0).optional().describe('How often to repeat; 3 when absent.'),
  delay: duration('How long to wait before each repetition; 5 seconds when absent.').optional(),
  failed_when: Condition.optional().describe('What counts as failed, in place of what the module says.'),
  changed_when: Condition.optional().describe('What counts as changed, in place of what the module says.'),
  notify: Names.optional().describe('Handlers to run at the end of the section when this changed something.'),
  listen: Names.optional().describe('In handlers: further names it answers to.'),
  allow_destroy: Names.optional().describe('What this task may destroy, by the name the refusal shows.'),
});

/** Keywords of a block. */
export const BlockKeywords = z.strictObject({
  ...common,
  ...blockAndTask,
  block: TaskList.refine((list) => list !== undefined, { error: '"rescue" and "always" need a "block"' }).describe(
    'Tasks that belong together.',
  ),
  rescue: TaskList.optional().describe('Tasks that run when one of them failed.'),
  always: TaskList.optional().describe('Tasks that run in any case, last.'),
  notify: Names.optional().describe('Handlers that every changed task of the block notifies.'),
  guard: z
    .unknown()
    .optional()
    .describe('The host undoes what the block changed unless copse can still log in afterwards; "copse doc guard".'),
});

/** Keywords of a task file's import. */
export const ImportKeywords = z.strictObject({
  ...common,
  when: blockAndTask.when,
  ignore_errors: blockAndTask.ignore_errors,
  delegate_to: blockAndTask.delegate_to,
  run_once: blockAndTask.run_once,
  import_tasks: z
    .union([Text, z.strictObject({ file: Text.describe('Path of the task file.') })], {
      error: 'expected the path of a task file',
    })
    .describe('A file with a list of tasks, relative to this one.'),
});

const BATCH = 'expected a number of hosts, or a percentage such as "20%"';
const Batch = z.union([z.int().min(1), Text.regex(/^\d+%?$/, { error: BATCH })], { error: BATCH });

/** Keywords of a play. */
export const PlayKeywords = z.strictObject({
  ...common,
  hosts: z
    .union([Text.min(1), z.array(Text).min(1)], { error: 'expected a host pattern' })
    .describe('Which hosts, as a pattern: edge:&eu:!maintenance.'),
  gather_facts: Switch.optional().describe('false: facts are read only when something needs them.'),
  vars_files: Names.optional().describe('YAML files with variables, relative to the playbook.'),
  vars_prompt: z
    .array(
      z.strictObject({
        name: Text.regex(/^[A-Za-z_]\w*$/, { error: 'expected a name of letters, digits and "_"' }).describe(
          'Name of the variable.',
        ),
        prompt: Text.optional().describe('The question.'),
        private: Switch.default(true).describe('The answer is a secret: not shown while typed, nor anywhere later.'),
        default: Text.optional().describe('Used when the answer is empty.'),
      }),
    )
    .optional()
    .describe('Variables that are asked for before the run.'),
  strategy: z
    .enum(['linear', 'free'])
    .optional()
    .describe('linear: task by task over all hosts; free: each host at its own pace.'),
  serial: z
    .union([Batch, z.array(Batch).min(1)], {
      error: 'expected a number of hosts, a percentage such as "20%", or a list of them',
    })
    .optional()
    .describe('How many hosts at a time go through the whole play.'),
  max_fail_percentage: z
    .number()
    .min(0)
    .max(100)
    .optional()
    .describe('The play stops when more of a batch than this failed or was unreachable.'),
  forks: z.int().min(1).optional().describe('How many hosts act at the same time in this play.'),
  timeout: duration('How long each task may take on one host.').optional(),
  pre_tasks: TaskList.optional().describe('Tasks before "tasks"; handlers they notified run right after them.'),
  tasks: TaskList.optional().describe('The tasks.'),
  post_tasks: TaskList.optional().describe('Tasks after "tasks" and their handlers.'),
  handlers: TaskList.optional().describe('Tasks that run once at the end of a section when notified.'),
});

/** A playbook's import of another. */
export const ImportPlaybook = z.strictObject({
  import_playbook: Text.describe('Path of another playbook, relative to this one.'),
  name: common.name,
  vars: common.vars,
  tags: common.tags,
});
