import { z } from 'zod';
import { Secret } from '../../core/secret.ts';
import {
  absolutePath,
  accountName,
  listOf,
  maybeSecret,
  newAccountName,
  obey,
  publicText,
  type Rule,
} from '../params.ts';

const Shape = z.strictObject({
  name: newAccountName().describe('Name of the user.'),
  state: z.enum(['present', 'absent']).default('present').describe('present: it is there. absent: it is not there.'),
  uid: z
    .int()
    .nonnegative()
    .optional()
    .describe('Its number. Files outside the home keep the old one when it changes.'),
  group: accountName()
    .optional()
    .describe('Its primary group, which must be there. Without it a new user gets a group of its own name.'),
  groups: listOf(newAccountName())
    .optional()
    .describe('Its further groups. With append: false, which is the default as in Ansible, it leaves all others.'),
  append: z.boolean().default(false).describe('Only adds to "groups", and leaves the other groups as they are.'),
  shell: absolutePath().optional().describe('Its login shell.'),
  home: absolutePath().optional().describe('Its home folder. An existing one is not moved when the path changes.'),
  create_home: z.boolean().default(true).describe('Makes the home folder together with the user.'),
  comment: publicText('text')
    .regex(/^[^:\n]*$/, { error: 'expected text without ":" and line ends' })
    .optional()
    .describe('Full name or purpose, the GECOS field.'),
  system: z.boolean().default(false).describe('Takes a number for system users when the user is made.'),
  password: maybeSecret('expected the hash of a password')
    .refine((hash) => hash instanceof Secret || /^(?:\$[^:\s]+|\*)$/.test(hash), {
      error: 'expected the hash of a password such as "$6$…" (mkpasswd makes one), not the password itself',
    })
    .optional()
    .describe('Hash of the password as in /etc/shadow, best from a secret; "*" for none.'),
  update_password: z
    .enum(['always', 'on_create'])
    .default('always')
    .describe('on_create: the password is set only when the user is made.'),
  password_lock: z
    .boolean()
    .optional()
    .describe('Locks or unlocks the password. Keys of ssh work on with a locked one.'),
  remove: z
    .boolean()
    .default(false)
    .describe('With state absent: the home folder goes too, which must stand in allow_destroy.'),
});
type Shape = z.infer<typeof Shape>;

const RULES: readonly Rule<Shape>[] = [
  { at: 'name', wrong: (want) => want.name === 'root' && want.state === 'absent', say: 'root is not removed' },
  { at: 'append', wrong: (want) => want.append && want.groups === undefined, say: '"append" goes with "groups"' },
  { at: 'remove', wrong: (want) => want.remove && want.state === 'present', say: '"remove" goes with state: absent' },
];

/** The wish of the `user` module. */
export const Params = Shape.superRefine(obey(RULES));
/** The wish of the `user` module. */
export type Params = z.infer<typeof Params>;
