import { z } from 'zod';

/** Something of the host, or a named volume, that a container sees. */
export interface Mount {
  /** A path of the host with its slash at the end if it was written so, or the name of a volume. */
  readonly source: string;
  readonly target: string;
  readonly mode: 'ro' | 'rw';
  readonly relabel: 'none' | 'shared' | 'private';
  /** What is made when the source is missing. */
  readonly create: 'no' | 'folder' | 'file';
}

const SOURCE = /^(?:\/[^\s:,"'\\%$;`]*|[A-Za-z0-9][A-Za-z0-9_.-]*)$/;
const TARGET = /^\/[^\s:,"'\\%$;`]*$/;
const SYSTEM = /^\/(?:etc|usr|var|var\/lib|var\/lib\/sss|run|var\/run|home|root|dev|proc|sys|boot)?\/?$/;

const Written = z.strictObject({
  source: z
    .string()
    .regex(SOURCE, { error: 'expected a path of the host or the name of a volume' })
    .describe('A path of the host, or the name of a volume.'),
  target: z
    .string()
    .regex(TARGET, { error: 'expected an absolute path in the container' })
    .optional()
    .describe('Where it is seen in the container; at the same path without it.'),
  mode: z.enum(['ro', 'rw']).default('rw').describe('Whether the container may write to it.'),
  relabel: z
    .enum(['none', 'shared', 'private'])
    .default('none')
    .describe('Whether SELinux labels are changed for the container: "z" and "Z" of podman. Never of system folders.'),
  create: z
    .enum(['no', 'folder', 'file'])
    .default('no')
    .describe('What is made, empty and owned by root, when the source is missing. no: the task is refused.'),
});

/** A mount as an object or as docker writes it, `/etc/ipa/:/etc/ipa/:ro`. */
export function mount(): z.ZodType<Mount> {
  return z
    .union([z.string().transform((text, context) => parse(text) ?? refuse(text, context)), Written], {
      error: 'expected a mount such as "/etc/ipa/:/etc/ipa/:ro" or {source: ..., target: ...}',
    })
    .superRefine((one, context) => {
      const wrong = wrongMount(one);
      if (wrong !== undefined) context.addIssue({ code: 'custom', message: wrong, input: one });
    })
    .transform((one): Mount => ({ ...one, target: one.target ?? one.source }))
    .meta({ title: 'mount' }) as unknown as z.ZodType<Mount>;
}

type Draft = z.infer<typeof Written>;

/** A mount in docker's words; undefined for what is none. Propagation and other options that copse does not model are none. */
export function parse(text: string): Draft | undefined {
  const [source = '', target, options = '', ...more] = text.split(':');
  if (!SOURCE.test(source) || (target !== undefined && !TARGET.test(target)) || more.length > 0) return undefined;
  const words = options === '' ? [] : options.split(',');
  if (words.some((one) => !['ro', 'rw', 'z', 'Z'].includes(one))) return undefined;
  const relabel = words.includes('Z') ? 'private' : words.includes('z') ? 'shared' : 'none';
  return { source, target, mode: words.includes('ro') ? 'ro' : 'rw', relabel, create: 'no' };
}

function refuse(text: string, context: z.core.$RefinementCtx<string>): never {
  context.addIssue({ code: 'custom', message: 'expected a mount such as "/etc/ipa/:/etc/ipa/:ro"', input: text });
  return z.NEVER;
}

function wrongMount({ source, target, relabel, create }: Draft): string | undefined {
  if (`${source}${target ?? ''}`.split('/').includes('..')) return 'expected paths without ".."';
  if (!source.startsWith('/')) {
    if (/\.(?:volume|network|pod|image|build)$/.test(source)) return 'a volume cannot have the name of a Quadlet file';
    if (target === undefined) return 'expected where the volume is seen in the container: "data:/var/lib/app"';
    return create === 'no' && relabel !== undefined ? undefined : 'a volume needs no "create": podman makes it';
  }
  if (relabel !== 'none' && SYSTEM.test(source))
    return `"${source}" belongs to the system: changing its SELinux labels breaks the host`;
  return undefined;
}

/** True for a path of the host, false for a named volume. */
export function isPath({ source }: Mount): boolean {
  return source.startsWith('/');
}
