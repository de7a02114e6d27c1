import { z } from 'zod';
import { defineModule, type Change, type Evaluated } from '../../core/module.ts';
import { evaluated, listOf } from '../params.ts';

const Params = z.strictObject({
  that: listOf(evaluated()).describe('One CEL expression or a list of them; each must be true.'),
  msg: z.string({ error: 'expected text' }).optional().describe('What to say when one is not true.'),
});
type Params = z.infer<typeof Params>;

/** Stops a host for which something does not hold. */
export const assert = defineModule<Params, undefined>({
  name: 'assert',
  summary: 'Fails unless expressions are true.',
  notes: ['It asks the host nothing. All expressions that do not hold are named, not only the first.'],
  kind: 'action',
  inert: true,
  params: Params,
  expressions: ['that'],
  returns: { broken: { type: 'list', description: 'the expressions that do not hold, as text' } },
  examples: [
    '- assert: {that: facts.os.image_based}',
    '- assert:\n    that:\n      - facts.memory.available > 512 * 1024 * 1024\n      - facts.systemd.failed_units.size() == 0\n    msg: ${{ host.name }} is not fit for an update',
  ],
  probe: () => ({}),
  read: () => undefined,
  plan,
  result: (want) => ({ broken: want.that.filter(isBroken).map((one) => one.text) }),
});

function isBroken(one: Evaluated): boolean {
  return one.value !== true;
}

function plan({ that, msg }: Params): Change {
  const broken = that.filter(isBroken);
  if (broken.length === 0) return { steps: [] };
  const named = broken.map(({ text, value }) => {
    return value === false ? `"${text}" is false` : `"${text}" is ${JSON.stringify(value)}, expected true or false`;
  });
  return { refuse: [...(msg === undefined ? [] : [msg]), ...named].join('; '), code: 'E_ASSERT' };
}
