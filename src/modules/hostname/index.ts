import { z } from 'zod';
import { cmd, script } from '../../core/command.ts';
import { defineModule } from '../../core/module.ts';

const Params = z.strictObject({
  name: z
    .string({ error: 'expected a host name' })
    .regex(/^(?!.{65})[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/, {
      error: 'expected a host name such as "edge01"',
    })
    .describe('The name, as it stands in /etc/hostname.'),
});
type Params = z.infer<typeof Params>;

/** The name that is kept over reboots and the one the kernel has now. */
interface Have {
  readonly kept: string;
  readonly now: string;
}

const ASK = 'uname -n || exit\ngrep -v "^ *#" /etc/hostname 2>/dev/null || :';

/** The name of a host. */
export const hostname = defineModule<Params, Have>({
  name: 'hostname',
  summary: 'Gives the host its name.',
  notes: [
    'Both names must be right: the one in /etc/hostname, and the one the kernel has now, which DHCP may have set.',
  ],
  kind: 'state',
  params: Params,
  freeForm: 'name',
  returns: { name: { type: 'string', description: 'the name in /etc/hostname, empty when there is none' } },
  examples: ['- hostname: edge01.example.org', '- hostname: {name: edge01}'],
  probe: () => ({ name: script(ASK) }),
  read: (answers) => {
    const [now = '', kept = ''] = (answers['name']?.stdout ?? '').split('\n');
    return { now: now.trim(), kept: kept.trim() };
  },
  plan: (want, { kept, now }) => {
    if (kept === want.name && now === want.name) return { steps: [] };
    const command = cmd('hostnamectl', 'set-hostname', want.name);
    const diff = [{ label: 'host name', before: `${kept || '(none)'}, now ${now}\n`, after: `${want.name}\n` }];
    return { steps: [{ do: 'run', say: `name the host ${want.name}`, command }], diff };
  },
  result: (_want, { kept }) => ({ name: kept }),
});
