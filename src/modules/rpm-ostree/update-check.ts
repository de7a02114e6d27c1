import { z } from 'zod';
import type { Answer } from '../../core/answer.ts';
import { script, withOptions, type Command } from '../../core/command.ts';

// The check notes what it found beside the status and stages nothing. Zincati may not stand in the way of looking.
const CHECK = `bypass=
rpm-ostree upgrade --help 2>/dev/null | grep -q -e --bypass-driver && bypass=--bypass-driver
said=$(rpm-ostree upgrade --check $bypass 2>&1 >/dev/null)
code=$?
printf '%s\\n' "$said" >&2
echo "$code"
exec rpm-ostree status --json`;

const LOOK = `echo 0
exec rpm-ostree status --json`;

/** Five minutes: slow mirrors are asked for their metadata. */
const CHECK_MS = 5 * 60_000;

/** Looks for newer images and packages and tells the status with what was found; without `refresh` only what was found before. */
export function updateQuestion(refresh = true): Command {
  return withOptions(script(refresh ? CHECK : LOOK), { timeoutMs: CHECK_MS });
}

const Evr = z.tuple([z.string(), z.string()]);
const Changed = z.array(z.tuple([z.number(), z.string(), Evr, Evr]));
const Single = z.array(z.tuple([z.number(), z.string(), z.string(), z.string()]));

/** What rpm-ostree noted of an update that the booted deployment does not have. */
const CachedUpdate = z.object({
  checksum: z.string(),
  version: z.string().nullish(),
  deployment: z.string().nullish(),
  'rpm-diff': z
    .object({
      upgraded: Changed.default([]),
      downgraded: Changed.default([]),
      removed: Single.default([]),
      added: Single.default([]),
    })
    .nullish(),
  advisories: z.array(z.tuple([z.string(), z.number(), z.number(), z.array(z.string())]).rest(z.unknown())).nullish(),
});
/** What rpm-ostree noted of an update that the booted deployment does not have. */
export type CachedUpdate = z.infer<typeof CachedUpdate>;

const Document = z.object({ 'cached-update': CachedUpdate.nullish() });

/** What the check ended with (0: there is something, 77: there is nothing, else it failed), and what it found; no code where nothing was said. */
export function parseUpdate(answer: Answer): {
  readonly code: number | undefined;
  readonly cached: CachedUpdate | undefined;
} {
  const [, code, json = ''] = /^(\d+)\n([^]*)$/.exec(answer.stdout) ?? [];
  if (code === undefined || answer.code !== 0) return { code: undefined, cached: undefined };
  return { code: Number(code), cached: Document.safeParse(parsed(json)).data?.['cached-update'] ?? undefined };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    // A status that was cut off tells nothing.
    return undefined;
  }
}
