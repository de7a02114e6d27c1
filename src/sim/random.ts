/** Numbers that look random and are the same for the same seed. */
export interface Random {
  /** 0 up to, not including, `below`. */
  below(below: number): number;
  /** Lower-case hex digits. */
  hex(digits: number): string;
  uuid(): string;
}

/** A generator from a seed and a name, so that hosts do not depend on the order they are asked in. */
export function createRandom(seed: number, name: string): Random {
  let state = Buffer.from(name).reduce((sum, byte) => Math.imul(sum ^ byte, 0x01000193), seed ^ 0x811c9dc5);
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  const hex = (digits: number): string =>
    Array.from({ length: digits }, () => Math.floor(next() * 16).toString(16)).join('');
  return {
    below: (below) => Math.floor(next() * below),
    hex,
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`,
  };
}
