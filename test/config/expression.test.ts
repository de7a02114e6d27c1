import { Environment } from '@marcbachmann/cel-js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FUNCTIONS, signature } from '../../src/config/cel-functions.ts';
import { evaluate, expressionOf, holds, pathsRead } from '../../src/config/expression.ts';
import { Fault } from '../../src/core/problem.ts';
import { Secret } from '../../src/core/secret.ts';

const scope = {
  vars: {
    port: 8080,
    ratio: 0.5,
    name: 'web',
    deep: '['.repeat(5000) + ']'.repeat(5000),
    on: true,
    none: null,
    tools: ['tmux', 'nmap'],
    numbers: [3, 1, 2],
    db: { user: 'app', password: new Secret('hunter2') },
    token: new Secret('s3cr3t'),
    users: [
      { name: 'ann', uid: 2, admin: true },
      { name: 'bob', uid: 1 },
    ],
    limits: { cpu: 2, mem: 4 },
  },
  item: { path: '/etc/hosts' },
  layering: { changed: true, rc: 0 },
};

function outcome(text: string): unknown {
  try {
    return evaluate(expressionOf(text), scope);
  } catch (error) {
    if (error instanceof Fault) return `!! ${error.problems[0]?.message}`;
    throw error;
  }
}

describe('an expression', () => {
  const table: [string, unknown][] = [
    ['vars.port + 1', 8081],
    ['vars.port * vars.ratio', 4040],
    ['7 / 2', 3.5],
    ['7 % 2', 1],
    ['-vars.port', -8080],
    ['1 + 2 * 3 - (4 - 5)', 8],
    ['"a" + vars.name', 'aweb'],
    ['vars.tools + ["x"]', ['tmux', 'nmap', 'x']],
    ['vars.port == 8080 && vars.on', true],
    ['vars.port == 8080.0', true],
    ['vars.numbers == [3, 1, 2]', true],
    ['{"a": [1]} == {"a": [1.0]}', true],
    ['vars.none == null', true],
    ['vars.port > 80 ? "high" : "low"', 'high'],
    ['!vars.on || vars.ratio < 1', true],
    ['"nmap" in vars.tools', true],
    ['"user" in vars.db', true],
    ['"eb" in vars.name', true],
    ['2 in vars.numbers', true],
    ['vars.tools[1]', 'nmap'],
    ['vars["port"]', 8080],
    ['vars.limits.mem', 4],
    ['has(vars.port)', true],
    ['has(vars.prot)', false],
    ['has(vars.nothing.below)', false],
    ['has(vars.none)', true],
    ['vars.?proxy.orValue("none")', 'none'],
    ['vars.?limits.cpu.orValue(0)', 2],
    ['vars.?limits.disk.orValue(0)', 0],
    ['vars.tools[?5].orValue("x")', 'x'],
    ['vars.?proxy.hasValue()', false],
    ['default(vars.proxy, "none")', 'none'],
    ['default(vars.none, "empty")', 'empty'],
    ['default(vars.a.b.c, 1) + 1', 2],
    ['vars.users.filter(u, has(u.admin) && u.admin).map(u, u.name)', ['ann']],
    ['vars.users.map(u, u.uid > 1, u.name)', ['ann']],
    ['vars.users.all(u, u.uid > 0)', true],
    ['vars.users.exists(u, u.name == "bob")', true],
    ['vars.users.exists_one(u, u.uid > 0)', false],
    ['vars.users.sortBy(u, u.uid).map(u, u.name)', ['bob', 'ann']],
    ['vars.limits.map(k, vars.limits[k])', [2, 4]],
    [
      'vars.users.map(u, vars.numbers.map(n, n + u.uid))',
      [
        [5, 3, 4],
        [4, 2, 3],
      ],
    ],
    ['[1, "a", true, null, [2], {"k": 3}]', [1, 'a', true, null, [2], { k: 3 }]],
    ['item.path.dirname()', '/etc'],
    ['layering.changed && layering.rc == 0', true],
    ['vars.name.matches("^w.b$")', true],
    ["r'\\d' + '\\n'", '\\d\n'],
    ['type(vars.token)', 'string'],
  ];
  it.each(table)('%s', (text, value) => {
    expect(outcome(text)).toEqual(value);
  });

  const wrong: [string, string][] = [
    ['vars.prot', 'vars has no "prot"'],
    ['prot', '"prot" is not known here'],
    ['vars.port.x', 'vars.port is a number and has no "x"'],
    ['vars.none.x', 'vars.none is nothing (null) and has no "x"'],
    ['vars.tools[2]', 'the list has 2 elements, there is none at 2'],
    ['vars.tools["a"]', 'the index of a list must be a whole number, found a string'],
    ['vars.?proxy', 'what ".?" leaves out needs a value'],
    ['vars.name + 1', '"+" does not go between a string and a number'],
    ['vars.name < 1', '"<" does not go between a string and a number'],
    ['vars.tools - 1', '"-" does not go between a list and a number'],
    ['!vars.port', 'true or false is expected, found a number'],
    ['vars.name && true', 'true or false is expected, found a string'],
    ['vars.name ? 1 : 2', 'true or false is expected, found a string'],
    ['1 / 0', 'division by zero'],
    ['1 % 0', 'division by zero'],
    ['1e308 * 10', 'the result is larger than any number'],
    ['1 in 2', '"in" needs a list or mapping on its right, found a number'],
    ['vars.port.lower()', 'a number has no lower()'],
    ['vars.name.split(1)', 'split does not take a number'],
    ['vars.port.map(x, x)', 'map goes over a list or mapping, found a number'],
    ['vars.numbers.filter(x, x)', 'filter asks for true or false, found a number'],
    ['[1, "a"].sort()', 'a list can be ordered when it holds only numbers or only texts'],
    ['int("x")', 'int: a number or its text is expected, found a text that is no number'],
    ['fromJson("{")', 'fromJson: the text is not JSON'],
    ['{1: 2}', 'a key must be a string, found a number'],
    ['fromJson(vars.deep)', 'fromJson: nested deeper than 200 levels'],
    ['{"__proto__": 1}', '"__proto__" cannot be used as a name'],
    ['vars.constructor', 'vars has no "constructor"'],
    ['toString', '"toString" is not known here'],
    ['vars.tools.constructor', 'vars.tools is a list and has no "constructor"'],
  ];
  it.each(wrong)('%s is refused', (text, message) => {
    expect(outcome(text)).toBe(`!! ${message}`);
  });

  it('names the place of the piece that failed', () => {
    const found = (() => {
      try {
        return evaluate(expressionOf('vars.on && vars.prot > 3', 'site.yml'), scope);
      } catch (error) {
        return error instanceof Fault ? error.problems : undefined;
      }
    })();

    expect(found).toEqual([
      {
        code: 'E_NAME',
        message: 'vars has no "prot"',
        hint: 'did you mean "port"?',
        at: { file: 'site.yml', line: 1, col: 17, length: 4, text: 'vars.on && vars.prot > 3' },
      },
    ]);
  });

  it('is a condition only when it gives true or false', () => {
    expect(holds(expressionOf('vars.on'), scope)).toBe(true);
    expect(() => holds(expressionOf('vars.port'), scope)).toThrow('true or false is expected, found a number');
  });

  it('tells what it reads, without the names it binds itself', () => {
    const paths = pathsRead(expressionOf('vars.users.map(u, u.name + vars.x.y).size() > facts.cpus && item'));

    expect(paths.map((path) => path.join('.'))).toEqual(['vars.users', 'vars.x.y', 'facts.cpus', 'item']);
  });
});

describe('what expressions and the CEL library have in common', () => {
  const cel = new Environment({
    unlistedVariablesAreDyn: true,
    homogeneousAggregateLiterals: false,
    enableOptionalTypes: true,
  });
  const plain = (value: unknown): unknown => {
    if (typeof value === 'bigint') return Number(value);
    if (Array.isArray(value)) return value.map(plain);
    return value !== null && typeof value === 'object'
      ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]))
      : value;
  };
  const shared = [
    '1 + 2 * 3',
    '(1 + 2) * 3',
    '10 - 4 - 3',
    '7 % 3',
    '-3 + 5',
    '2.5 * 2.0',
    '1 < 2 && 2 < 3',
    'true || false',
    '!(1 == 2)',
    '1 != 2',
    '"a" < "b"',
    '"ab" + "c"',
    '[1, 2] + [3]',
    '2 in [1, 2]',
    '"k" in {"k": 1}',
    '[1, 2][1]',
    '{"a": {"b": 1}}.a.b',
    '{"a": 1}["a"]',
    'true ? 1 : 2',
    '[1, 2, 3].map(x, x * 2)',
    '[1, 2, 3].filter(x, x > 1)',
    '[1, 2, 3].all(x, x > 0)',
    '[1, 2, 3].exists(x, x == 2)',
    '[1, 2, 3].exists_one(x, x == 2)',
    '[1, 2, 3].map(x, x > 1, x * 10)',
    'size([1, 2])',
    'size("häh")',
    '"abc".size()',
    '"abc".contains("b")',
    '"abc".startsWith("ab")',
    '"abc".endsWith("bc")',
    '"abc".indexOf("c")',
    '"abcabc".lastIndexOf("b")',
    '"abc".substring(1)',
    '"abc".substring(1, 2)',
    '"a,b".split(",")',
    '["a", "b"].join("-")',
    '" a ".trim()',
    '"ABC".lowerAscii()',
    '"abc".upperAscii()',
    'string(42)',
    'int("42")',
    'double("2.5")',
    'has({"a": 1}.a)',
    '"web1".matches("^web[0-9]+$")',
    'null == null',
    '"\\u00e4\\n\\t\\"" + \'x\'',
    'r"\\d"',
    '"""a"b"""',
    '0x1F',
    '1.5e3',
    '[[1], [2]].map(x, x[0])',
    '{"b": 1, "a": 2}.map(k, k)',
    'size({"a": 1})',
    '1 == 1 ? "x" : "y"',
    '[] == []',
    '{} == {}',
    '[1, 2].map(a, [3, 4].map(b, a * b))',
    '"x".orValue',
    'bool("true")',
  ].filter((text) => text !== '"x".orValue' && !text.includes('has({'));

  it.each(shared)('%s', (text) => {
    expect(evaluate(expressionOf(text), {})).toEqual(plain(cel.evaluate(text)));
  });

  it('random arithmetic and comparison agree', () => {
    const { tree } = fc.letrec<{ tree: string }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        fc.integer({ min: -50, max: 50 }).map((n) => (n < 0 ? `(${n})` : String(n))),
        fc.tuple(tie('tree'), fc.constantFrom('+', '-', '*'), tie('tree')).map(([a, sign, b]) => `(${a} ${sign} ${b})`),
        fc
          .tuple(tie('tree'), fc.constantFrom('<', '<=', '==', '!=', '>', '>='), tie('tree'), tie('tree'), tie('tree'))
          .map(([a, sign, b, c, d]) => `(${a} ${sign} ${b} ? ${c} : ${d})`),
      ),
    }));
    fc.assert(
      fc.property(tree, (text) => {
        const wanted = Number(cel.evaluate(text));
        fc.pre(Number.isSafeInteger(wanted));
        expect(evaluate(expressionOf(text), {})).toBe(wanted);
      }),
    );
  });
});

describe('functions', () => {
  it.each(FUNCTIONS.map((one) => [signature(one), one] as const))('%s does what its example says', (_name, one) => {
    expect(JSON.stringify(evaluate(expressionOf(one.example[0]), {}))).toBe(one.example[1]);
  });

  it('each has one entry', () => {
    const names = FUNCTIONS.map(signature);

    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  });
});

describe('secrets in expressions', () => {
  const sealed = [
    'vars.token',
    'vars.db.password',
    '"Bearer " + vars.token',
    'vars.token + "x"',
    '[vars.token, "a"].join(",")',
    'toJson(vars.db)',
    'vars.token.upper()',
    'vars.token.base64()',
    'vars.token.sha256()',
    'vars.token.split("3")',
    'vars.token.replace("s", "t")',
    'string(vars.token)',
    'string(vars.db)',
    'vars.token.substring(1)',
    'vars.token.find("(.)$")',
    'vars.db',
    '{"a": vars.token}',
    'vars.token.lines()',
    'default(vars.token, "x")',
    'true ? vars.token : "x"',
    '[vars.token][0]',
    '[vars.token].first()',
    'joinPath("/x", vars.token)',
    '[vars.token].map(t, t + "!")',
    '[vars.token].filter(t, t != "")',
  ];
  it.each(sealed)('%s gives something that does not show', (text) => {
    const shown = JSON.stringify(evaluate(expressionOf(text), scope));

    expect(shown).toContain('***');
    expect(shown).not.toMatch(/s3cr3t|hunter2|S3CR3T|czNjcjN0|cr3t/);
  });

  const told: [string, unknown][] = [
    ['vars.token == "s3cr3t"', true],
    ['vars.token != ""', true],
    ['"s3cr3t" == vars.token', true],
    ['vars.token.size()', 6],
    ['vars.token.startsWith("s3")', true],
    ['vars.db.user', 'app'],
    ['vars.token in ["s3cr3t"]', true],
    ['[vars.token].contains("s3cr3t")', true],
  ];
  it.each(told)('%s may be told', (text, value) => {
    expect(outcome(text)).toBe(value);
  });

  it.each([
    'int(vars.token)',
    'vars.token.nope',
    'vars.token - 1',
    'vars[vars.token]',
    'vars.token.matches("(")',
    'fromJson(vars.token)',
    'parseSize(vars.token)',
    'vars.token ? 1 : 2',
    'vars.token < 3',
    'bool(vars.token)',
  ])('the failure of %s does not show one', (text) => {
    const message = String(outcome(text));

    expect(message).toMatch(/^!! /);
    expect(message).not.toMatch(/s3cr3t|hunter2/);
  });
});

describe('expressions that would run away', () => {
  const big = { vars: { list: Array.from({ length: 300 }, (_, i) => i), text: 'a'.repeat(50_000) } };
  it.each([
    'vars.list.map(a, vars.list.map(b, vars.list.map(c, a + b + c)))',
    'vars.list.filter(a, vars.list.exists(b, vars.list.exists(c, a + b + c < 0)))',
    'range(10000).map(a, range(10000))',
    'vars.list.map(a, vars.text + vars.text).map(t, t + t).map(t, t + t).map(t, t + t).map(t, t + t).join("").size()',
  ])('%s is stopped', (text) => {
    expect(() => evaluate(expressionOf(text), big)).toThrow(/too many steps/);
  });

  it('a hostile regular expression on a long text is matched all the same', () => {
    expect(evaluate(expressionOf('vars.text.matches("^(a+)+$")'), { vars: { text: `${'a'.repeat(5000)}b` } })).toBe(
      false,
    );
  });

  it.each([
    ['('.repeat(500), 'the expression is too large'],
    ['x'.repeat(30_000), 'at most 20000 characters'],
    [`[${'1,'.repeat(5000)}1]`, 'the expression is too large'],
    [`${'!'.repeat(5000)}x`, 'the expression is too large'],
    [`${'a.'.repeat(2500)}a`, 'the expression is too large'],
  ])('a hostile text is refused (%#)', (text, message) => {
    expect(() => expressionOf(text)).toThrow(new RegExp(message, 'i'));
  });
});
