import { createHash } from 'node:crypto';
import { inspect } from 'node:util';

/** A value that never prints: `***` in text, JSON and inspection. Only the session reveals it, on its way into a stdin. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself. Allowed in `session/`, `transport/` and in expressions that build another Secret (a test looks). */
  reveal(): string {
    return this.#value;
  }

  /** sha256 of the value as hex, to compare with what a host has. Never shown and never sent: short secrets can be guessed from it. */
  sha256(): string {
    return createHash('sha256').update(this.#value, 'utf8').digest('hex');
  }

  toString(): string {
    return '***';
  }

  toJSON(): string {
    return '***';
  }

  [Symbol.toPrimitive](): string {
    return '***';
  }

  [inspect.custom](): string {
    return '***';
  }
}

/** Text that may be secret. */
export type MaybeSecret = string | Secret;

/** The same text changed; as secret as it was. */
export function mapText(text: MaybeSecret, change: (text: string) => string): MaybeSecret {
  return text instanceof Secret ? new Secret(change(text.reveal())) : change(text);
}

/** Joins pieces of text; secret as soon as one piece is. */
export function joinTexts(pieces: readonly MaybeSecret[], between = ''): MaybeSecret {
  const isSecret = pieces.some((piece) => piece instanceof Secret);
  const text = pieces.map((piece) => (piece instanceof Secret ? piece.reveal() : piece)).join(between);
  return isSecret ? new Secret(text) : text;
}
