import { z } from 'zod';
import { absolutePath, newAccountName, publicText } from '../params.ts';
import { parseKey } from './key.ts';

/** The wish of the `authorized_key` module. */
export const Params = z.strictObject({
  user: newAccountName().describe('The user who may log in with the keys.'),
  key: publicText('a public key')
    .superRefine((text, context) => {
      const lines = keyLines(text);
      const wrong = lines.find((line) => parseKey(line) === undefined);
      const message =
        wrong === undefined
          ? 'expected a public key, found none'
          : `expected a public key such as "ssh-ed25519 AAAA… name", found "${wrong.slice(0, 60)}"`;
      if (wrong !== undefined || lines.length === 0) context.addIssue({ code: 'custom', message, input: text });
    })
    .describe(
      'Public keys, one a line, as in a .pub file; each may begin with its options. Lines with "#" are left out.',
    ),
  state: z
    .enum(['present', 'absent'])
    .default('present')
    .describe('present: they are there. absent: they are not there.'),
  exclusive: z
    .boolean()
    .default(false)
    .describe('Every other line of the file goes. Make sure that the key you log in with is among "key".'),
  key_options: publicText('options')
    .regex(/^\S[^\n]*$/, { error: 'expected options of authorized_keys such as "from=\\"10.0.0.0/8\\""' })
    .optional()
    .describe(
      'Options for each of the keys, in the words of sshd, such as restrict,command="…". Without it those of a key that is there stay.',
    ),
  path: absolutePath()
    .optional()
    .describe('Another file than .ssh/authorized_keys in the home of the user. Its folder must be there.'),
});
/** The wish of the `authorized_key` module. */
export type Params = z.infer<typeof Params>;

/** The lines of the wish that hold keys. */
export function keyLines(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}
