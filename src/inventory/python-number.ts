const DECIMAL = String.raw`\d(?:_?\d)*`;
const FLOAT = String.raw`(?:(?:${DECIMAL})?\.${DECIMAL}|${DECIMAL}\.?)(?:[eE][-+]?${DECIMAL})?`;
const PREFIXED = String.raw`0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+`;
const NUMBER = new RegExp(`^([-+]?)\\s*(${PREFIXED}|${FLOAT})(j)?(?![\\w.])`);
const IMAGINARY = new RegExp(`^\\s*([-+])\\s*(${FLOAT})j(?![\\w.])`);

/**
 * The Python number at the beginning of a text and how long it is. A complex number is its text, as Ansible has it; so is
 * an integer that a JavaScript number cannot keep exactly. Undefined where there is none (`0644` is none in Python).
 */
export function readNumber(text: string): { value: number | string; length: number } | undefined {
  const match = NUMBER.exec(text);
  if (match === null) return undefined;
  const [whole, sign = '', written = '', imaginary] = match;
  const digits = written.replaceAll('_', '');
  if (/^0\d*[1-9]\d*$/.test(digits) && imaginary === undefined) return undefined;
  if (imaginary !== undefined) return { value: `${sign === '-' ? '-' : ''}${digits}j`, length: whole.length };
  const rest = IMAGINARY.exec(text.slice(whole.length));
  if (rest !== null) return { value: `(${sign}${digits}${rest[1]}${rest[2]}j)`, length: whole.length + rest[0].length };
  const value = Number(digits);
  if (Number.isInteger(value) && !Number.isSafeInteger(value) && /^\d+$/.test(digits)) {
    return { value: `${sign}${digits}`, length: whole.length };
  }
  return { value: sign === '-' ? 0 - value : value, length: whole.length };
}
