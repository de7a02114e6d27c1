import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseSource } from '../../src/config/source.ts';
import { zodProblems } from '../../src/config/zod-problems.ts';
import { Secret } from '../../src/core/secret.ts';

const Health = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('http'), url: z.string(), status: z.int().default(200) }),
  z.strictObject({ kind: z.literal('systemd'), units: z.array(z.string()).min(1) }),
]);
const Params = z.strictObject({
  name: z.string(),
  state: z.enum(['started', 'stopped', 'restarted']).optional(),
  enabled: z.boolean().default(true),
  retries: z.int().min(1).max(10).optional(),
  tags: z.union([z.string(), z.array(z.string())]).optional(),
  mode: z.string({ error: 'expected a file mode such as "0644"' }).optional(),
  health: Health.optional(),
  limits: z.record(z.string(), z.number()).optional(),
  nested: z.strictObject({ deep: z.strictObject({ value: z.number() }) }).optional(),
});

function problems(yaml: string): string[] {
  const source = parseSource('site.yml', yaml);
  const parsed = Params.safeParse(source.root, { reportInput: true });
  const refused = {
    subject: 'unit',
    noun: 'parameter',
    code: 'E_PARAM',
    schema: Params,
    place: (path: readonly (string | number)[], what?: 'key' | 'value') => source.place(path, what),
  } as const;
  return zodProblems(parsed.error?.issues ?? [], refused).map(
    ({ at, message, code, hint }) =>
      `${at?.line}:${at?.col} ${message} [${code}]${hint === undefined ? '' : ` -> ${hint}`}`,
  );
}

describe("what a schema refuses is told in copse's words", () => {
  const table: [string, string[]][] = [
    ['name: a\nnam: b\n', ['2:1 unit.nam: no such parameter [E_PARAM] -> did you mean "name"?']],
    [
      'name: a\nnested: {deep: {valu: 1}}\n',
      [
        '2:10 unit.nested.deep: "value" is required [E_MISSING]',
        '2:17 unit.nested.deep.valu: no such parameter [E_PARAM] -> did you mean "value"?',
      ],
    ],
    ['state: started\n', ['1:1 unit: "name" is required [E_MISSING]']],
    [
      'name: a\nstate: runing\n',
      ['2:8 unit.state: expected "started", "stopped" or "restarted", found "runing" [E_PARAM]'],
    ],
    [
      'name: a\nstate: startd\n',
      [
        '2:8 unit.state: expected "started", "stopped" or "restarted", found "startd" [E_PARAM] -> did you mean "started"?',
      ],
    ],
    ['name: a\nenabled: yes\n', ['2:10 unit.enabled: expected true or false, found "yes" [E_ANSIBLE] -> write true']],
    ['name: a\nenabled: off\n', ['2:10 unit.enabled: expected true or false, found "off" [E_ANSIBLE] -> write false']],
    ['name: a\nenabled: 1\n', ['2:10 unit.enabled: expected true or false, found 1 [E_PARAM]']],
    [
      'name: a\nretries: "3"\n',
      ['2:10 unit.retries: expected a number, found "3" [E_PARAM] -> write 3 without quotes'],
    ],
    ['name: a\nretries: 1.5\n', ['2:10 unit.retries: expected a whole number, found 1.5 [E_PARAM]']],
    ['name: a\nretries: 0\n', ['2:10 unit.retries: expected a number of at least 1, found 0 [E_PARAM]']],
    ['name: a\nretries: 11\n', ['2:10 unit.retries: expected a number of at most 10, found 11 [E_PARAM]']],
    ['name: 5\n', ["1:7 unit.name: expected a string, found 5 [E_PARAM] -> quote it: '5'"]],
    ['name: a\ntags: 5\n', ["2:7 unit.tags: expected a string or a list, found 5 [E_PARAM] -> quote it: '5'"]],
    ['name: a\ntags: [a, 5]\n', ["2:11 unit.tags[1]: expected a string, found 5 [E_PARAM] -> quote it: '5'"]],
    [
      'name: a\nmode: 644\n',
      ['2:7 unit.mode: expected a file mode such as "0644", found 644 [E_PARAM] -> quote it: \'0644\''],
    ],
    [
      'name: a\nhealth: {kind: htp}\n',
      ['2:16 unit.health.kind: expected "http" or "systemd", found "htp" [E_PARAM] -> did you mean "http"?'],
    ],
    [
      'name: a\nhealth: {kind: http, ulr: x}\n',
      [
        '2:1 unit.health: "url" is required [E_MISSING]',
        '2:22 unit.health.ulr: no such parameter [E_PARAM] -> did you mean "url"?',
      ],
    ],
    [
      'name: a\nhealth: {kind: systemd, units: []}\n',
      ['2:32 unit.health.units: expected a list that is not empty, found an empty list [E_PARAM]'],
    ],
    ['name: a\nlimits: {cpu: two}\n', ['2:15 unit.limits.cpu: expected a number, found "two" [E_PARAM]']],
    ['name: {a: 1}\n', ['1:7 unit.name: expected a string, found a mapping [E_PARAM]']],
    ['name:\n', ['1:1 unit.name: expected a string, found nothing [E_PARAM]']],
    ['[a]\n', ['1:1 unit: expected a mapping, found a list [E_PARAM]']],
  ];
  it.each(table)('%j', (yaml, want) => {
    expect(problems(yaml)).toEqual(want);
  });

  it('never shows a secret', () => {
    const parsed = Params.safeParse({ name: 'a', retries: new Secret('hunter2') }, { reportInput: true });
    const place = () => ({ file: 'a', line: 1, col: 1 });

    const [problem] = zodProblems(parsed.error?.issues ?? [], {
      subject: 'unit',
      noun: 'parameter',
      code: 'E_PARAM',
      schema: Params,
      place,
    });

    expect(problem?.message).toBe('unit.retries: expected a number, found a secret');
  });
});
