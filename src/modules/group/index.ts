import { z } from 'zod';
import type { Answer } from '../../core/answer.ts';
import { cmd, script } from '../../core/command.ts';
import { defineModule, type Change } from '../../core/module.ts';
import { fault } from '../../core/problem.ts';
import type { Step } from '../../core/step.ts';
import { newAccountName } from '../params.ts';

const Params = z.strictObject({
  name: newAccountName().describe('Name of the group.'),
  state: z.enum(['present', 'absent']).default('present').describe('present: it is there. absent: it is not there.'),
  gid: z.int().nonnegative().optional().describe('Its number. Files of the old number keep it when it changes.'),
  system: z.boolean().default(false).describe('Takes a number for system groups when the group is made.'),
});
type Params = z.infer<typeof Params>;

/** The group as the host knows it. */
interface Have {
  /** -1 when there is no such group. */
  readonly gid: number;
  /** It stands in /etc/group, where it can be changed; otherwise the image or a directory service brings it. */
  readonly local: boolean;
  /** Users whose primary group it is. */
  readonly primaryOf: readonly string[];
}

const ASK = `g=$(getent group "$1"); code=$?
[ $code = 0 ] || [ $code = 2 ] || exit 3
gid=$(printf %s "$g" | cut -d: -f3)
echo "gid $gid"
if grep -q "^$1:" /etc/group; then echo local; fi
[ -z "$gid" ] || getent passwd | awk -F: -v g="$gid" '$4 == g { print "primary " $1 }'
`;

/** Groups of the host. */
export const group = defineModule<Params, Have>({
  name: 'group',
  summary: 'Makes, changes and removes groups.',
  notes: [
    'Groups are looked up with getent, so that those of the image (/usr/lib/group) and of sysusers count as there. Only groups of /etc/group can be changed or removed.',
    'Who is a member is said by user.',
  ],
  kind: 'state',
  params: Params,
  freeForm: 'name',
  returns: {
    name: { type: 'string', description: 'the group' },
    present: { type: 'bool', description: 'it is there' },
    gid: { type: 'int', description: 'its number, -1 when it is not there' },
  },
  examples: ['- group: {name: app, gid: 1500}', '- group: {name: old-team, state: absent}', '- group: media'],
  probe: ({ name }) => ({ group: script(ASK, name) }),
  read: (answers, want) => read(answers['group'], want),
  plan,
  result: ({ name }, { gid }) => ({ name, present: gid >= 0, gid }),
});

function read(answer: Answer | undefined, want: Params): Have {
  const lines = (answer?.stdout ?? '').split('\n');
  const gid = /^gid (\d*)$/.exec(lines[0] ?? '')?.[1];
  if (gid === undefined || answer?.code !== 0) {
    const found = `exit ${answer?.code ?? 0}: ${answer?.stderr.trim().slice(0, 200) ?? ''}`;
    throw fault({
      code: 'E_ANSWER',
      message: `expected what getent knows of the group "${want.name}", found ${found}`,
    });
  }
  const primaryOf = lines.flatMap((line) => (line.startsWith('primary ') ? [line.slice(8)] : []));
  return { gid: gid === '' ? -1 : Number(gid), local: lines.includes('local'), primaryOf };
}

function plan(want: Params, have: Have): Change {
  const { name, gid } = want;
  if (want.state === 'absent') return planAbsent(name, have);
  if (have.gid < 0) {
    const words = [...(gid === undefined ? [] : ['-g', String(gid)]), ...(want.system ? ['-r'] : [])];
    return change(
      name,
      have,
      { do: 'run', say: `make the group ${name}`, command: cmd('groupadd', ...words, '--', name) },
      gid,
    );
  }
  if (gid === undefined || gid === have.gid) return { steps: [] };
  if (!have.local) return foreign(name, `it has the number ${have.gid}`);
  const command = cmd('groupmod', '-g', String(gid), '--', name);
  return change(name, have, { do: 'run', say: `give the group ${name} the number ${gid}`, command }, gid);
}

function planAbsent(name: string, have: Have): Change {
  if (have.gid < 0) return { steps: [] };
  if (!have.local) return foreign(name, 'it cannot be removed');
  if (have.primaryOf.length > 0) {
    const refuse = `the group "${name}" is the primary group of ${have.primaryOf.join(', ')}`;
    return { refuse, hint: 'remove those users first, or give them another primary group with user' };
  }
  const step: Step = { do: 'run', say: `remove the group ${name}`, command: cmd('groupdel', '--', name) };
  return { steps: [step], diff: [{ label: `group ${name}`, before: `gid ${have.gid}\n`, after: 'absent\n' }] };
}

function foreign(name: string, what: string): Change {
  return {
    refuse: `the group "${name}" is not in /etc/group, so ${what} and stays`,
    hint: 'it comes from the image or a directory service: change it there',
  };
}

function change(name: string, have: Have, step: Step, gid: number | undefined): Change {
  const before = have.gid < 0 ? 'absent\n' : `gid ${have.gid}\n`;
  const after = gid === undefined ? 'present\n' : `gid ${gid}\n`;
  return { steps: [step], diff: [{ label: `group ${name}`, before, after }] };
}
