import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Answers, Questions } from '../../src/core/answer.ts';
import type { Command } from '../../src/core/command.ts';
import type { AnyModule, Change, ModuleContext } from '../../src/core/module.ts';
import { Secret } from '../../src/core/secret.ts';
import type { Step } from '../../src/core/step.ts';
import { sampleFacts } from './facts-sample.ts';

/** What a module meets: this machine, with the tools of one PATH. */
export interface LocalHost {
  ask(questions: Questions): Answers;
  apply(step: Step): void;
}

/** This machine as a host; questions and steps really run. */
export function localHost(path: string): LocalHost {
  const run = ({ argv, cwd }: Command): { code: number; stdout: Buffer; stderr: string } => {
    const [program, ...words] = argv;
    const ended = spawnSync(program, words, {
      env: { PATH: path, LC_ALL: 'C.UTF-8', HOME: '/' },
      ...(cwd === undefined ? {} : { cwd }),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return { code: ended.status ?? 127, stdout: ended.stdout ?? Buffer.alloc(0), stderr: String(ended.stderr ?? '') };
  };
  return {
    ask: (questions) =>
      Object.fromEntries(
        Object.entries(questions).map(([name, question]) => {
          const { code, stdout, stderr } = run(question);
          return [name, { code, stdout: stdout.toString('utf8'), stderr, bytes: stdout }];
        }),
      ),
    apply: (step) => {
      if (step.do === 'put') put(step);
      else if (step.do === 'run') {
        const { code, stderr } = run(step.command);
        if (code !== 0) throw new Error(`${step.say}: exit ${code}: ${stderr}`);
      } else throw new Error(`no ${step.do} here`);
    },
  };
}

function put({ path, content, mode }: Extract<Step, { do: 'put' }>): void {
  writeFileSync(`${path}.new`, content instanceof Secret ? content.reveal() : content);
  chmodSync(`${path}.new`, Number.parseInt(mode ?? '0644', 8));
  renameSync(`${path}.new`, path);
}

const context: ModuleContext = { facts: sampleFacts(), check: false, run: 'r1' };

/** Asks, plans, applies, asks and plans again: both plans. */
export function converge(
  host: LocalHost,
  module: AnyModule,
  args: unknown,
): { readonly first: Change; readonly second: Change } {
  const want = module.params.parse(args);
  const before = module.read(host.ask(module.probe(want, context)), want, context);
  const first = module.plan(want, before, context);
  if ('steps' in first) for (const step of first.steps) host.apply(step);
  const after = module.read(host.ask(module.probe(want, context)), want, context);
  return { first, second: module.plan(want, after, context, before) };
}

/** A folder with the tools of busybox under their names, or undefined where there is no busybox. */
export function busyboxTools(folder: string): string | undefined {
  const listed = spawnSync('busybox', ['--list'], { encoding: 'utf8' });
  const where = spawnSync('sh', ['-c', 'command -v busybox'], { encoding: 'utf8' }).stdout.trim();
  if (listed.status !== 0 || where === '') return undefined;
  mkdirSync(folder);
  for (const name of listed.stdout.trim().split('\n')) symlinkSync(where, join(folder, name));
  return folder;
}
