import { z } from 'zod';

/** A digest of a file. */
export interface Checksum {
  readonly algorithm: 'sha256' | 'sha512';
  /** Hex digits. */
  readonly digest: string;
}

/** A digest as a task writes it: `sha256:` or `sha512:` and hex digits; the length tells where there is no word. */
export function checksum(): z.ZodType<Checksum, string> {
  const error = 'expected a checksum such as "sha256:" and 64 hex digits, as sha256sum prints it';
  return z
    .string({ error })
    .transform((text, context): Checksum => {
      const [, word, hex = ''] = /^(?:(sha256|sha512):)?([0-9a-f]+)$/i.exec(text.trim()) ?? [];
      const algorithm = hex.length === 64 ? 'sha256' : 'sha512';
      if ((hex.length === 64 || hex.length === 128) && (word === undefined || word.toLowerCase() === algorithm)) {
        return { algorithm, digest: hex.toLowerCase() };
      }
      context.addIssue({ code: 'custom', message: error, input: text });
      return z.NEVER;
    })
    .meta({ title: 'checksum' });
}
