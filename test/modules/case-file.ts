import { readdirSync, readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { Answer, Answers } from '../../src/core/answer.ts';
import type { Command } from '../../src/core/command.ts';
import type { Facts } from '../../src/core/facts.ts';
import type { AnyModule, ModuleContext } from '../../src/core/module.ts';
import { Secret } from '../../src/core/secret.ts';
import type { Step } from '../../src/core/step.ts';
import { modules } from '../../src/modules/index.ts';
import { sampleFacts } from './facts-sample.ts';
import { rpmFile } from './rpm-file.ts';

/** An answer as a case writes it: text, `KEY=value` lines as a mapping, or JSON. Code 0 and empty texts where nothing is said. */
export interface CaseAnswer {
  readonly code?: number;
  readonly stdout?: string | Record<string, string>;
  /** Follows `stdout`. */
  readonly json?: unknown;
  readonly stderr?: string;
}

/** One row of a module's cases.yaml. */
export interface Case {
  readonly name: string;
  readonly want: Record<string, unknown>;
  readonly check?: boolean;
  readonly facts?: Partial<Facts>;
  readonly answers?: Record<string, CaseAnswer>;
  /** The questions that must be asked, as words; a script is `sh` and its values. */
  readonly questions?: Record<string, readonly string[]>;
  readonly steps?: readonly unknown[];
  readonly notes?: readonly string[];
  readonly diff?: readonly unknown[];
  readonly verify?: boolean;
  readonly refuse?: string;
  readonly code?: string;
  /** The wish itself is wrong: the problems of the schema. */
  readonly invalid?: readonly string[];
  /** Reading the answers fails with this message. */
  readonly unreadable?: string;
  /** Answers after the steps; planning again must give no steps. */
  readonly after?: Record<string, CaseAnswer>;
  /** Instead of no steps: the refusal that the answers after the steps lead to. */
  readonly after_refuse?: string;
  /** The registered result, from `after` when it is there. */
  readonly result?: Record<string, unknown>;
}

/** The folder of a module: its name with `-` for `_`. */
export function folderOf(module: AnyModule): string {
  return new URL(`../../src/modules/${module.name.replaceAll('_', '-')}/`, import.meta.url).pathname;
}

/** The folders there are under src/modules. */
export function moduleFolders(): string[] {
  const root = new URL('../../src/modules/', import.meta.url);
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}

/** The cases of a module; `!secret text` in them is a secret, and an item `given` only holds what others share by `<<`. */
export function casesOf(module: AnyModule): Case[] {
  const secret = { tag: '!secret', resolve: (text: string) => new Secret(text) };
  const text = readFileSync(`${folderOf(module)}cases.yaml`, 'utf8');
  const items = parse(text, { customTags: [secret], merge: true, maxAliasCount: 1000 }) as (
    Case | { given: unknown }
  )[];
  return items.filter((item): item is Case => !('given' in item));
}

/** All cases of all modules, for `it.each`. */
export function allCases(): { module: AnyModule; name: string; one: Case }[] {
  return modules.flatMap((module) => casesOf(module).map((one) => ({ module, name: one.name, one })));
}

/** The wish as the engine binds it: files read, expressions evaluated, bare text under its key. */
export function bind(module: AnyModule, args: unknown): Record<string, unknown> {
  const bound: Record<string, unknown> =
    typeof args === 'object' && args !== null && !Array.isArray(args)
      ? { ...args }
      : { [module.freeForm ?? '(free form)']: args };
  for (const key of module.localFiles ?? []) if (key in bound) bound[key] = mapEach(bound[key], fakeFile);
  for (const key of module.expressions ?? []) if (key in bound) bound[key] = mapEach(bound[key], evaluate);
  return bound;
}

function mapEach(value: unknown, map: (one: unknown) => unknown): unknown {
  return Array.isArray(value) ? value.map(map) : map(value);
}

function evaluate(value: unknown): unknown {
  return typeof value === 'string' ? { text: value, value: true } : value;
}

function fakeFile(path: unknown): unknown {
  if (typeof path !== 'string') return path;
  return {
    path,
    bytes: path.endsWith('.rpm') ? rpmFile(path) : new TextEncoder().encode(`content of ${path}\n`),
    mode: '0755',
  };
}

/** The context of a case. */
export function contextOf(one: Case): ModuleContext {
  return { facts: sampleFacts(one.facts), check: one.check ?? false, run: 'r1' };
}

/** Whole answers from the little a case says. */
export function answersOf(partial: Case['answers']): Answers {
  return Object.fromEntries(Object.entries(partial ?? {}).map(([name, said]) => [name, answerOf(said)]));
}

function answerOf({ code = 0, stdout = '', json, stderr = '' }: CaseAnswer): Answer {
  const lines =
    typeof stdout === 'string'
      ? stdout
      : Object.entries(stdout)
          .map(([key, value]) => `${key}=${value}\n`)
          .join('');
  const text = json === undefined ? lines : lines + JSON.stringify(json, null, 2);
  return { code, stdout: text, stderr, bytes: new TextEncoder().encode(text) };
}

/** A command's words; the text of a script is left out, its values stay. */
export function words(command: Command): readonly string[] {
  const [program, flag, , , ...values] = command.argv;
  return program === 'sh' && flag === '-c' ? ['sh', ...values] : command.argv;
}

/** What of a step a case compares. */
export function shown(step: Step): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fieldsOf(step)).filter(([, value]) => value !== undefined));
}

function fieldsOf(step: Step): Record<string, unknown> {
  const destroys = step.destroys;
  switch (step.do) {
    case 'run':
      return { run: words(step.command), ...optionsOf(step.command), ...codesOf(step), destroys };
    case 'transaction':
      return { transaction: words(step.command), ...optionsOf(step.command), ...codesOf(step), destroys };
    case 'put': {
      const { path, mode, owner, group, backupSuffix, content } = step;
      const text = content instanceof Uint8Array ? textOf(content) : String(content);
      return { put: path, content: text, mode, owner, group, backup: backupSuffix, destroys };
    }
    case 'wait':
      return {
        wait: words(step.until),
        ...optionsOf(step.until),
        every_ms: step.everyMs,
        deadline_ms: step.deadlineMs,
      };
    case 'reboot':
      return {
        reboot: step.command === undefined ? 'systemctl' : words(step.command),
        timeout_ms: step.timeoutMs,
        down_timeout_ms: step.downTimeoutMs,
        ready: step.ready === undefined ? undefined : words(step.ready),
        boots: step.activates?.id,
        unlock: step.activates?.unlock && (step.activates.unlock.checksum ?? 'without a checksum'),
        min_healthy_ms: step.health?.minHealthyMs,
        rollback: step.rollback,
      };
  }
}

/** An RPM stands for itself: its bytes say nothing to a reader. */
function textOf(bytes: Uint8Array): string {
  return bytes[0] === 0xed && bytes[1] === 0xab ? '(an RPM)' : new TextDecoder().decode(bytes);
}

function optionsOf(command: Command): Record<string, unknown> {
  const { env, cwd, stdin, timeoutMs } = command;
  return { env, cwd, stdin: stdin === undefined ? undefined : String(stdin), timeout_ms: timeoutMs };
}

function codesOf(step: { readonly okCodes?: readonly number[]; readonly unchangedCodes?: readonly number[] }): object {
  const ok = step.okCodes?.join() === '0' ? undefined : step.okCodes;
  const unchanged = step.unchangedCodes?.length === 0 ? undefined : step.unchangedCodes;
  return { ok_codes: ok, unchanged_codes: unchanged };
}
