import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pythonLiteral } from '../../src/inventory/python-literal.ts';

describe('a value in an INI inventory', () => {
  const table: readonly [text: string, value: unknown][] = [
    ['5', 5],
    ['-5', -5],
    ['- 5', -5],
    ['--5', undefined],
    ['+5', 5],
    ['1_000', 1000],
    ['1__0', undefined],
    ['0644', undefined],
    ['00', 0],
    ['0o17', 15],
    ['0b101', 5],
    ['0xFf', 255],
    ['1.5', 1.5],
    ['.5', 0.5],
    ['5.', 5],
    ['1e3', 1000],
    ['1.5e-3', 0.0015],
    ['1.2.3', undefined],
    ['10.0.0.1', undefined],
    ['9007199254740993', '9007199254740993'],
    ['2j', '2j'],
    ['1+2j', '(1+2j)'],
    ['1+2', undefined],
    ['True', true],
    ['False', false],
    ['None', null],
    ['true', undefined],
    ['yes', undefined],
    ['Truely', undefined],
    ['...', '...'],
    ['"a"', 'a'],
    ["'a' 'b'", 'ab'],
    ["'a\\tb\\x41\\u00e9\\101\\q'", 'a\tbA\u00e9A\\q'],
    ["r'a\\tb'", 'a\\tb'],
    ["b'x'", 'x'],
    ["f'x'", undefined],
    ["'''a'b'''", "a'b"],
    ["'a", undefined],
    ["'\\N{DASH}'", undefined],
    ["'\\xZZ'", undefined],
    ['[1, "a", None]', [1, 'a', null]],
    ['[1,]', [1]],
    ['[,]', undefined],
    ['[1 2]', undefined],
    ['[1', undefined],
    ['(1)', 1],
    ['(1,)', [1]],
    ['()', []],
    ['1, 2', [1, 2]],
    ['1,', [1]],
    ['{1, 2, 1}', [1, 2]],
    ['set()', []],
    ['{}', {}],
    ['{"a": [1], 2: True, None: 3}', { a: [1], 2: true, null: 3 }],
    ['{"a"}', ['a']],
    ['{"a": 1, "b"}', undefined],
    ['{[1]: 2}', undefined],
    ['5 # five', 5],
    ['text', undefined],
    ['', undefined],
    ['len(x)', undefined],
    [`${'['.repeat(200)}${']'.repeat(200)}`, undefined],
  ];
  it.each(table)('%s is %j', (text, value) => {
    const read = pythonLiteral(text);

    expect(read === undefined ? undefined : (JSON.parse(JSON.stringify(read)) as unknown)).toEqual(value);
  });

  it('keeps every value that Python would print', () => {
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        fc.string(),
        fc.integer(),
        fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(fc.string({ maxLength: 6 }), tie('value'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(
      fc.property(value, (wanted) => {
        expect(JSON.stringify(pythonLiteral(repr(wanted)))).toBe(JSON.stringify(wanted));
      }),
    );
  });

  it('gives mappings without a prototype, and none with a name that is special', () => {
    expect(Object.getPrototypeOf(pythonLiteral('{"toString": 1}'))).toBeNull();
    expect(pythonLiteral('{"__proto__": {"polluted": 1}}')).toBeUndefined();
  });
});

function repr(value: unknown): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return `[${value.map(repr).join(', ')}]`;
  if (typeof value === 'number') return number(value);
  if (typeof value !== 'object') return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, inner]) => `${quoted(key)}: ${repr(inner)}`)
    .join(', ')}}`;
}

/** Python shows a float as one; whole numbers beyond 53 bits are floats here. */
function number(value: number): string {
  const text = String(value);
  return Number.isSafeInteger(value) || /[.e]/.test(text) ? text : `${text}.0`;
}

function quoted(text: string): string {
  const escaped = text.replaceAll(
    /[\\'\n\r\u0000-\u001f\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return `'${escaped}'`;
}
