import { parseAddress } from './address.ts';

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
/** How many hosts one name with ranges may stand for. */
const MAX_NAMES = 100_000;

/** The hosts that a name in an inventory stands for, and the port after it; or why it cannot be read. */
export type HostNames =
  | { readonly names: readonly string[]; readonly port: number | undefined }
  | { readonly wrong: string; readonly hint: string };

/** Reads a host name as inventories write it: `web[01:50:2].example.com`, `db-[a:f]`, several ranges, `host:2222`, `[::1]:22`. */
export function expandHosts(written: string): HostNames {
  const address = parseAddress(written);
  const pattern = address?.host ?? written;
  let names: readonly string[] = [pattern];
  while (names[0]?.includes('[') === true) {
    const grown = expandFirstRange(names, written);
    if ('wrong' in grown) return grown;
    names = grown;
  }
  return { names, port: address?.port };
}

/** All names share the same ranges, so the first range of one is the first range of all. */
function expandFirstRange(
  names: readonly string[],
  written: string,
): readonly string[] | { wrong: string; hint: string } {
  const [first = ''] = names;
  const open = first.indexOf('[');
  const close = first.indexOf(']', open);
  if (close === -1) return { wrong: `"${written}" has a "[" without its "]"`, hint: 'write a range as: web[01:50]' };
  const range = readRange(first.slice(open + 1, close));
  if ('wrong' in range) return range;
  if (range.length * names.length > MAX_NAMES) {
    return { wrong: `"${written}" stands for more than ${MAX_NAMES} hosts`, hint: 'check the end of the range' };
  }
  const tail = first.length - close - 1;
  return names.flatMap((name) => {
    const from = name.indexOf('[');
    const to = name.length - tail;
    return range.map((step) => `${name.slice(0, from)}${step}${name.slice(to)}`);
  });
}

function readRange(text: string): readonly string[] | { wrong: string; hint: string } {
  const [begin = '', end = '', stepText = '1', ...more] = text.split(':');
  if (!text.includes(':') || more.length > 0) {
    return {
      wrong: `the range "[${text}]" must be begin:end or begin:end:step`,
      hint: `write: [${text.replaceAll('-', ':') || '1:9'}]`,
    };
  }
  if (end === '') return { wrong: `the range "[${text}]" has no end`, hint: `write: [${text}9]` };
  const step = Number(stepText);
  if (!/^\d+$/.test(stepText) || step === 0) {
    return { wrong: `the step "${stepText}" of the range "[${text}]" is no count`, hint: 'write a number from 1 on' };
  }
  if (/^\d*$/.test(begin) && /^\d+$/.test(end)) return numbers(begin === '' ? '0' : begin, end, step);
  if (/^[a-zA-Z]$/.test(begin) && /^[a-zA-Z]$/.test(end)) return letters(begin, end, step);
  return {
    wrong: `the range "[${text}]" must have two numbers or two single letters`,
    hint: 'write: [01:50] or [a:f]',
  };
}

function numbers(begin: string, end: string, step: number): readonly string[] | { wrong: string; hint: string } {
  const padded = begin.length > 1 && begin.startsWith('0');
  if (padded && begin.length !== end.length) {
    return {
      wrong: `"${begin}" and "${end}" must have equally many digits, because "${begin}" begins with 0`,
      hint: `write: [${begin.padStart(end.length, '0')}:${end.padStart(begin.length, '0')}]`,
    };
  }
  const from = Number(begin);
  const count = Math.floor((Number(end) - from) / step) + 1;
  if (count < 1) return emptyRange(begin, end);
  if (count > MAX_NAMES) {
    return { wrong: `"[${begin}:${end}]" stands for more than ${MAX_NAMES} hosts`, hint: 'check the end of the range' };
  }
  const width = padded ? begin.length : 0;
  return Array.from({ length: count }, (_, index) => String(from + index * step).padStart(width, '0'));
}

function letters(begin: string, end: string, step: number): readonly string[] | { wrong: string; hint: string } {
  const from = LETTERS.indexOf(begin);
  const to = LETTERS.indexOf(end);
  if (from > to) return emptyRange(begin, end);
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => LETTERS.charAt(from + index * step));
}

function emptyRange(begin: string, end: string): { wrong: string; hint: string } {
  return { wrong: `the range "[${begin}:${end}]" holds nothing`, hint: `write: [${end}:${begin}]` };
}
