import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluate, expressionOf } from '../../src/config/expression.ts';
import { Secret } from '../../src/core/secret.ts';
import type { Value, Vars } from '../../src/core/value.ts';
import { scopeFor, type ScopeInput } from '../../src/playbook/vars.ts';
import { inventoryOf, loadPlay, messagesOf, tasksOf } from './load-text.ts';

async function scopeOf(text: string, more: Partial<ScopeInput> = {}, vars: Vars = {}): Promise<Vars> {
  const play = await loadPlay(text);
  const [task] = tasksOf(play.tasks);
  const inventory = inventoryOf({ web1: vars, web2: { port: 2 } });
  const host = inventory.hosts.get('web1');
  if (task === undefined || host === undefined) throw new TypeError('a task and a host are needed');
  return scopeFor({
    play,
    frame: task,
    host,
    inventory,
    facts: undefined,
    registered: {},
    prompted: {},
    extraVars: {},
    run: { id: 'r1', check: true },
    locals: {},
    ...more,
  });
}

const NESTED = `
- hosts: web
  vars: {play: play, prompt: play, block: play, task: play, extra: play}
  tasks:
    - vars: {block: block, task: block, extra: block}
      block:
        - vars: {task: task, extra: task}
          command: ls
`;

describe('variables', () => {
  it('are taken from the strongest source that has them', async () => {
    const inventory = {
      inventory: 'inventory',
      play: 'inventory',
      prompt: 'inventory',
      block: 'inventory',
      task: 'inventory',
      extra: 'inventory',
    };

    const { vars } = await scopeOf(
      NESTED,
      { prompted: { prompt: 'prompt' }, extraVars: { extra: 'extra' } },
      inventory,
    );

    expect({ ...(vars as Vars) }).toEqual({
      inventory: 'inventory',
      play: 'play',
      prompt: 'prompt',
      block: 'block',
      task: 'task',
      extra: 'extra',
    });
  });

  const names: [string, Value][] = [
    ['host.name', 'web1'],
    ['host.groups', ['web']],
    ['host.vars.port', 80],
    ['groups.web', ['web1', 'web2']],
    ['hosts.web2.port', 2],
    ['run.id', 'r1'],
    ['run.check', true],
    ['listing.rc', 0],
    ['item', 'x'],
    ['vars.url', 'http://web1:80/x'],
    ['vars.list', [80, 'web1']],
    ['vars.from_inventory', 'web1 has 80'],
    ['size(vars) > 3', true],
    ['"url" in vars', true],
  ];
  it.each(names)('%s is known to expressions', async (text, value) => {
    const scope = await scopeOf(
      '- hosts: web\n  vars: {url: "http://${{ host.name }}:${{ vars.port }}/${{ item }}", list: ["${{ vars.port }}", "${{ host.name }}"]}\n  tasks:\n    - command: ls\n',
      { registered: { listing: { rc: 0 } }, locals: { item: 'x' } },
      { port: 80, from_inventory: '${{ host.name }} has ${{ vars.port }}' },
    );

    expect(evaluate(expressionOf(text), scope)).toEqual(value);
  });

  it('are evaluated only when something reads them', async () => {
    const scope = await scopeOf(
      '- hosts: web\n  vars: {bad: "${{ vars.nothing }}", good: 1}\n  tasks:\n    - command: ls\n',
    );

    expect(evaluate(expressionOf('vars.good'), scope)).toBe(1);
    expect(await messagesOf(() => evaluate(expressionOf('vars.bad'), scope))).toEqual([
      'site.yml:2:25: vars has no "nothing" [E_NAME]',
    ]);
  });

  it('that need each other are a problem, told with the whole circle', async () => {
    const scope = await scopeOf(
      '- hosts: web\n  vars: {a: "${{ vars.b }}", b: "x${{ vars.c }}", c: ["${{ vars.a }}"]}\n  tasks:\n    - command: ls\n',
    );

    expect(await messagesOf(() => evaluate(expressionOf('vars.b'), scope))).toEqual([
      'site.yml:2:38: variables refer to each other in a circle: vars.b -> vars.c -> vars.a -> vars.b [E_EXPR]',
    ]);
  });

  it('may refer to themselves one level out', async () => {
    const text = '- hosts: web\n  vars: {a: [1], b: "${{ vars.a + [2] }}"}\n  tasks:\n    - command: ls\n';

    expect(evaluate(expressionOf('vars.b'), await scopeOf(text))).toEqual([1, 2]);
  });

  it('keep secrets', async () => {
    const scope = await scopeOf(
      '- hosts: web\n  vars: {line: "token=${{ vars.token }}"}\n  tasks:\n    - command: ls\n',
      { prompted: { token: new Secret('s3cr3t') } },
    );

    expect(JSON.stringify(scope['vars'])).toBe('{"token":"***","line":"***"}');
  });

  it('never pollute a prototype, whatever they are called', () => {
    const name = fc.oneof(
      fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'),
      fc.string(),
    );
    return fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(name, fc.integer())),
        fc.array(fc.tuple(name, fc.integer())),
        async (own, extra) => {
          const record = (pairs: [string, number][]): Vars => {
            const made = Object.create(null) as Record<string, Value>;
            for (const [key, value] of pairs)
              Object.defineProperty(made, key, { value, enumerable: true, configurable: true, writable: true });
            return made;
          };
          const scope = await scopeOf(
            '- hosts: web\n  tasks:\n    - command: ls\n',
            { extraVars: record(extra) },
            record(own),
          );

          for (const [key, value] of new Map([...own, ...extra]))
            expect(
              evaluate(
                {
                  ...expressionOf('vars["x"]'),
                  node: {
                    op: 'index',
                    of: { op: 'name', name: 'vars', from: 0, to: 4 },
                    index: { op: 'value', value: key, from: 0, to: 1 },
                    optional: false,
                    from: 0,
                    to: 1,
                  },
                },
                scope,
              ),
            ).toBe(value);
          expect(Object.keys(Object.prototype)).toEqual([]);
          expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
        },
      ),
      { numRuns: 50 },
    );
  });
});
