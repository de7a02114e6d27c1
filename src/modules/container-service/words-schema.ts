import { z } from 'zod';
import { hasControl } from '../params.ts';
import { Secret } from '../../core/secret.ts';

/** The name of a container, volume, network or pod; it can be no option and no path. */
export function objectName(what: string): z.ZodType<string, string> {
  const error = `expected the name of ${what}: letters, digits, "_", "." and "-", starting with a letter or digit`;
  return z
    .string({ error })
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/, { error })
    .meta({ title: 'name' });
}

/** A whole reference of an image: with registry, and with a tag or a digest but not both. */
export function imageReference(): z.ZodType<string, string> {
  return z
    .string({ error: 'expected an image such as "quay.io/org/app@sha256:..." or "quay.io/org/app:1.2"' })
    .superRefine((text, context) => {
      const wrong = wrongImage(text);
      if (wrong !== undefined) context.addIssue({ code: 'custom', message: wrong, input: text });
    })
    .meta({ title: 'image' });
}

function wrongImage(text: string): string | undefined {
  const [, path = '', tag, digest] =
    /^([a-z0-9][A-Za-z0-9._:/-]*?)(:[\w][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?$/.exec(text) ?? [];
  const registry = path.split('/', 1)[0] ?? '';
  if (path === '') return 'expected an image such as "quay.io/org/app@sha256:..." or "quay.io/org/app:1.2"';
  if (!path.includes('/') || !/[.:]|^localhost$/.test(registry)) {
    return 'expected the whole name of the image, with its registry: "docker.io/library/nginx:1.27"';
  }
  return tag === undefined || digest === undefined
    ? undefined
    : 'expected a tag or a digest, not both: podman takes no such name';
}

/** Names and values that become the environment or the labels of a container; a secret is refused with what to write instead. */
export function pairs(what: string, instead: string): z.ZodType<Record<string, string>, Record<string, unknown>> {
  return z
    .record(
      z.string().regex(/^[A-Za-z_][A-Za-z0-9_.\-/]*$/, { error: `expected the name of ${what}` }),
      z.union([z.string(), z.number(), z.boolean()], {
        error: (issue) =>
          issue.input instanceof Secret ? `a secret would be readable for everyone here; ${instead}` : 'expected text',
      }),
    )
    .transform((record) => Object.fromEntries(Object.entries(record).map(([key, value]) => [key, String(value)])))
    .refine((record) => !Object.values(record).some(hasControl), { error: 'expected values without line ends' })
    .meta({ title: 'names and values' }) as unknown as z.ZodType<Record<string, string>, Record<string, unknown>>;
}

/** A published port: `8080:80`, `127.0.0.1:53:53/udp`. */
export function port(): z.ZodType<string, string> {
  const error = 'expected a published port such as "8080:80" or "127.0.0.1:53:53/udp", quoted';
  return z
    .string({ error })
    .regex(/^(?:(?:[0-9.]+|\[[0-9a-fA-F:]+\]):)?\d{1,5}(?:-\d{1,5})?:\d{1,5}(?:-\d{1,5})?(?:\/(?:tcp|udp|sctp))?$/, {
      error,
    })
    .meta({ title: 'quoted port' });
}

/** A capability of the kernel, without or with `CAP_`. */
export function capability(): z.ZodType<string, string> {
  const error = 'expected a capability such as "NET_ADMIN"';
  return z
    .string({ error })
    .regex(/^(?:CAP_)?[A-Z][A-Z_]*$/, { error })
    .meta({ title: 'capability' });
}
