import type { Secret } from '../core/secret.ts';

/** The secret values a run knows, so that they can be taken out of everything a host prints. */
export interface Secrets {
  /** Remembers values; what is shorter than four characters is not looked for, it would be found everywhere. */
  add(...secrets: readonly (Secret | undefined)[]): void;
  /** The text with every known value replaced by `***`. */
  mask(text: string): string;
  /** Masks text that comes in pieces: a value cut in two by a piece's end is found as well. */
  stream(): MaskStream;
}

/** Masks one stream of text. */
export interface MaskStream {
  /** What can be shown now; the beginning of a possible secret is held back. */
  push(text: string): string;
  /** What was held back. */
  end(): string;
}

const SHORTEST = 4;
/** Lines of a longer secret (a private key, a configuration file) are looked for alone from this length on. */
const SHORTEST_LINE = 16;

/** A registry that knows no secret yet. */
export function createSecrets(): Secrets {
  let values: readonly string[] = [];
  const mask = (text: string): string => {
    let masked = text;
    for (const value of values) masked = masked.replaceAll(value, '***');
    return masked;
  };

  return {
    mask,
    add(...secrets) {
      const known = new Set(values);
      for (const secret of secrets)
        if (secret !== undefined) for (const form of forms(secret.reveal())) known.add(form);
      // The longest first: a secret may contain another.
      if (known.size > values.length) values = [...known].sort((a, b) => b.length - a.length);
    },
    stream() {
      let held = '';
      return {
        push(text) {
          const all = mask(held + text);
          const keep = Math.max(0, ...values.map((value) => overlap(all, value)));
          held = all.slice(all.length - keep);
          return all.slice(0, all.length - keep);
        },
        end() {
          const rest = held;
          held = '';
          return rest;
        },
      };
    },
  };
}

/** The ways in which a value may be printed: as it is, trimmed, inside JSON, line by line. */
function forms(value: string): readonly string[] {
  const whole = [value, value.trim(), JSON.stringify(value).slice(1, -1)].filter((form) => form.length >= SHORTEST);
  const lines = value.includes('\n') ? value.split('\n').map((line) => line.trim()) : [];
  return [...whole, ...lines.filter((line) => line.length >= SHORTEST_LINE)];
}

/** How many characters at the end of `text` are the beginning of `value`. */
function overlap(text: string, value: string): number {
  for (let length = Math.min(text.length, value.length - 1); length > 0; length -= 1) {
    if (value.startsWith(text.slice(-length))) return length;
  }
  return 0;
}
