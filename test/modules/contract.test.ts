import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Command } from '../../src/core/command.ts';
import type { AnyModule } from '../../src/core/module.ts';
import { findModule, modules } from '../../src/modules/index.ts';
import { answersOf, bind, casesOf, contextOf, folderOf, moduleFolders, type Case } from './case-file.ts';

/** Keywords that may stand beside the module in an example. */
const KEYWORDS = ['name', 'become', 'register', 'notify', 'when', 'allow_destroy', 'loop', 'vars'];

/** Results every task has; a module must not declare them. */
const RESERVED = ['changed', 'failed', 'skipped', 'results', 'diff', 'item'];

/** What changes a host, as words of a script. */
const EFFECTS =
  /(?:^|[\s;|&({])(?:rm|rmdir|mv|cp|mkdir|touch|chmod|chown|chgrp|ln|tee|dd|install|truncate|kill|reboot|shutdown|mount|umount|sysctl)\s|sed\s+-i|systemctl\s+(?:start|stop|restart|reload|enable|disable|mask|unmask|daemon)|rpm-ostree\s+(?:install|uninstall|upgrade(?!\s+--(?:check|help))|rebase|cleanup|kargs\s+-|cancel|reload)|[^0-9&<]>>?\s*(?!\/dev\/null|&)\S|>\|/m;

/** Programs that only tell something, with the words that must come first. */
const HARMLESS: readonly (readonly string[])[] = [
  ['systemctl', 'show'],
  ['rpm-ostree', '--version'],
  ['rpm-ostree', 'status'],
];

function changes({ argv }: Command): boolean {
  const [program, flag, text = ''] = argv;
  if (program === 'sh' && flag === '-c') return EFFECTS.test(text);
  return !HARMLESS.some((words) => words.every((word, index) => argv[index] === word));
}

function shapeOf(module: AnyModule): Record<string, z.core.$ZodType> {
  return module.params instanceof z.ZodObject ? module.params.shape : {};
}

function undescribed(schema: z.core.$ZodType, path: string): string[] {
  if (!(schema instanceof z.ZodType)) return [];
  if (schema instanceof z.ZodObject) {
    return Object.entries<z.core.$ZodType>(schema.shape).flatMap(([key, inner]) => {
      const text = inner instanceof z.ZodType ? (inner.description ?? '') : '';
      const own = /^[A-Za-z0-9_]+.*[.:\]]$/s.test(text) ? [] : [`${path}${key}`];
      return [...own, ...undescribed(inner, `${path}${key}.`)];
    });
  }
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) return undescribed(schema.unwrap(), path);
  return schema instanceof z.ZodArray ? undescribed(schema.element, path) : [];
}

function tasksOf(example: string): Record<string, unknown>[] {
  return parse(example) as Record<string, unknown>[];
}

/** What has a world of its own to be wrong about. */
const DOMAIN = [
  'lvm',
  'ostree',
  'ostree_refs',
  'ostree_repo',
  'ostree_compose',
  'bootc',
  'rpm_ostree',
  'container_storage',
  'container_service',
  'cloud_init_check',
  'firewalld',
  'selinux',
];

it.each(DOMAIN)('%s has at least fifteen cases, because it is a domain of its own', (name) => {
  const module = findModule(name);

  expect(module === undefined ? 0 : casesOf(module).length).toBeGreaterThanOrEqual(15);
});

it('has a folder for every module, and a module for every folder', () => {
  const names = modules.map((module) => module.name.replaceAll('_', '-'));

  expect(names.toSorted()).toEqual(moduleFolders().toSorted());
});

it('finds a module by its name, and none by another', () => {
  expect(modules.map((module) => findModule(module.name))).toEqual(modules);
  expect(findModule('constructor')).toBeUndefined();
});

it.each([
  ['rm -f x', true],
  ['test -e "$1" && touch "$1"', true],
  ['echo 1 >/etc/x', true],
  ['echo 1 >> "$1"', true],
  ['systemctl daemon-reload', true],
  ['command -v a >/dev/null 2>&1 || exit 1', false],
  ['stat -c %s -- "$1" 2>/dev/null', false],
  ['rpm-ostree status --json', false],
])('sees whether a script changes something: %s', (text, expected) => {
  expect(changes({ argv: ['sh', '-c', text] })).toBe(expected);
});

describe.each(modules.map((module) => [module.name, module] as const))('%s', (_, module) => {
  const cases = casesOf(module);
  const planned = cases.filter((one) => one.invalid === undefined && one.unreadable === undefined);
  const wants = planned.map((one) => [one, module.params.parse(bind(module, one.want))] as const);

  it('takes no parameter it does not know', () => {
    const codes = module.params.safeParse({ 'no-such-parameter': 1 }).error?.issues.map((issue) => issue.code);

    expect(codes).toContain('unrecognized_keys');
  });

  it('says in one sentence what it does', () => {
    expect(module.summary).toMatch(/^[A-Z][^.]{10,78}\.$/);
    for (const note of module.notes ?? []) expect(note).toMatch(/^[A-Za-z"].*\.$/s);
  });

  it('describes every parameter', () => {
    expect(Object.keys(shapeOf(module))).not.toEqual([]);
    expect(undescribed(module.params, '')).toEqual([]);
  });

  it('names parameters it has as free form, expressions and local files', () => {
    const named = [module.freeForm ?? [], module.expressions ?? [], module.localFiles ?? []].flat();

    expect(named.filter((name) => !(name in shapeOf(module)))).toEqual([]);
  });

  it('shows examples that are right', () => {
    const tasks = module.examples.flatMap(tasksOf);
    const problems = tasks.flatMap((task) => {
      const others = Object.keys(task).filter((key) => key !== module.name && !KEYWORDS.includes(key));
      const issues = module.params.safeParse(bind(module, task[module.name])).error?.issues ?? [];
      return [...others, ...issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)];
    });

    expect(tasks.length).toBeGreaterThan(1);
    expect(problems).toEqual([]);
  });

  it('has cases for what is right, what must change, what is refused, and hostile values', () => {
    const has = {
      // A request of HTTP is never already made.
      right:
        module.name === 'http' || planned.some((one) => one.refuse === undefined && (one.steps ?? []).length === 0),
      change: module.inert === true || planned.some((one) => (one.steps ?? []).length > 0),
      refused: cases.some((one) => one.invalid !== undefined || one.refuse !== undefined),
      hostile: cases.some((one) => /[;$`]|"-/.test(JSON.stringify(one.want))),
      after: module.kind === 'action' || module.inert === true || planned.some((one) => one.after !== undefined),
    };

    expect({ ...has, count: cases.length >= 3 }).toEqual({
      right: true,
      change: true,
      refused: true,
      hostile: true,
      after: true,
      count: true,
    });
  });

  it('asks only what changes nothing, and the same for the same wish', () => {
    for (const [one, want] of wants) {
      const asked = module.probe(want, contextOf(one));

      expect(Object.entries(asked).filter(([, command]) => changes(command) && !isUsersOwn(command, one))).toEqual([]);
      expect(module.probe(want, contextOf(one))).toEqual(asked);
    }
  });

  it('registers exactly what it declares', () => {
    const declared = Object.keys(module.returns).toSorted();
    for (const [one, want] of wants) {
      const context = contextOf(one);
      const have = module.read(answersOf(one.answers), want, context);

      expect(Object.keys(module.result?.(want, have, [], context) ?? {}).toSorted()).toEqual(declared);
    }
    expect(declared.filter((name) => RESERVED.includes(name))).toEqual([]);
  });

  it('imports the core, the facts, its own folder and what modules share, nothing else', () => {
    const folder = folderOf(module);
    const imports = readdirSync(folder)
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => [...readFileSync(join(folder, name), 'utf8').matchAll(/from '([^']+)'/g)])
      .map((match) => match[1] ?? '');

    expect(imports.filter((name) => !/^(?:zod$|\.\/|\.\.\/\.\.\/(?:core|facts)\/|\.\.\/[^/]+$)/.test(name))).toEqual(
      [],
    );
  });
});

/** `wait_for` runs the user's own command as its question. */
function isUsersOwn(command: Command, one: Case): boolean {
  return 'command' in one.want && command.argv[2]?.includes('"$@"') === true;
}
