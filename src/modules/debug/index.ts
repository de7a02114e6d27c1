import { z } from 'zod';
import { defineModule } from '../../core/module.ts';
import { evaluated } from '../params.ts';

const Params = z
  .strictObject({
    msg: z.unknown().optional().describe('What to say: text, or any value, which is shown as JSON.'),
    var: evaluated().optional().describe('An expression; it is shown with its value.'),
  })
  .refine((want) => (want.msg === undefined) !== (want.var === undefined), {
    error: 'expected either "msg" or "var"',
  });
type Params = z.infer<typeof Params>;

/** Shows a message or a value and touches nothing. */
export const debug = defineModule<Params, undefined>({
  name: 'debug',
  summary: 'Shows a message or the value of an expression.',
  notes: ['It asks the host nothing. The message is shown without -v too; secrets in it appear as ***.'],
  kind: 'action',
  inert: true,
  params: Params,
  expressions: ['var'],
  freeForm: 'msg',
  returns: { msg: { type: 'string', description: 'what was shown' } },
  examples: [
    '- debug: ${{ host.name }} runs ${{ facts.ostree.booted.version }}',
    '- name: the layered packages\n  debug: {var: facts.ostree.booted.packages}',
  ],
  probe: () => ({}),
  read: () => undefined,
  plan: () => ({ steps: [] }),
  result: (want) => ({
    msg: want.var === undefined ? show(want.msg ?? null) : `${want.var.text} = ${show(want.var.value)}`,
  }),
});

function show(value: unknown): string {
  // A secret turns into *** by its own toJSON.
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}
