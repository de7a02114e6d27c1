import { z } from 'zod';
import { duration, fileMode, maybeSecret, word } from '../params.ts';
import { objectName } from './words-schema.ts';

const flag = (): z.ZodBoolean => z.boolean({ error: 'expected true or false' });

/** A secret of a container. */
export const SecretWish = z.strictObject({
  name: objectName('a secret').describe('Its name; as a file it is seen as /run/secrets/NAME.'),
  value: maybeSecret('expected a secret').describe('The secret itself: a variable that is !secret.'),
  env: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'expected the name of a variable' })
    .optional()
    .describe('The variable that holds it, instead of a file.'),
  target: z
    .string()
    .regex(/^\/[^\s:,"'\\%$;`]*$/, { error: 'expected an absolute path in the container' })
    .optional()
    .describe('Where the file is seen in the container.'),
  mode: fileMode().default('0400').describe('Permissions of the file.'),
});

/** How the engine sees that a container is well. */
export const Health = z.strictObject({
  command: word('a command').describe('A shell command in the container that ends with 0 while all is well.'),
  interval: duration().prefault('30s').describe('Time between two looks.'),
  timeout: duration().prefault('30s').describe('How long one look may take.'),
  retries: z.int().min(1).default(3).describe('Failed looks in a row that count as unhealthy.'),
  start_period: duration().prefault('0s').describe('Failed looks do not count for this long after the start.'),
  on_failure: z
    .enum(['none', 'kill', 'restart', 'stop'])
    .default('none')
    .describe('What podman does to an unhealthy container. With kill, systemd starts it anew.'),
});

/** A network of the engine. */
export const Network = z.strictObject({
  name: objectName('a network').describe('The network; made when it is missing.'),
  subnet: z
    .string()
    .regex(/^[0-9a-fA-F.:]+\/\d{1,3}$/, { error: 'expected a subnet such as "10.89.0.0/24"' })
    .optional()
    .describe('Its addresses, when it has to be made.'),
  internal: flag().default(false).describe('Without a way out, when it has to be made.'),
});
/** A secret of a container. */
export type SecretWish = z.infer<typeof SecretWish>;
