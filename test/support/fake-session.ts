import type { Answer, Answers, Ending, Outcome, Questions } from '../../src/core/answer.ts';
import type { Bytes } from '../../src/core/bytes.ts';
import { shellText, showCommand, type Command } from '../../src/core/command.ts';
import { fault, type Fault } from '../../src/core/problem.ts';
import { Secret } from '../../src/core/secret.ts';
import type { PutStep } from '../../src/core/step.ts';
import type { HostSession, Identity, RunOptions, TransactionOptions } from '../../src/session/session.ts';

/** What a scripted host says: standard output of a command that succeeded, or more. */
export interface Reply {
  readonly code?: number;
  readonly stdout?: string;
  readonly stderr?: string;
  /** For `run` and `transaction`: an ending other than an exit code. */
  readonly ending?: Ending;
}

/** A reply, a fault that is thrown, or a function of the command and of how often it was given before. */
export type Script = string | Reply | Fault | ((command: Command, before: number) => string | Reply | Fault);

/** What was asked of the fake, in order. */
export type Call =
  | { readonly do: 'connect' | 'drop' | 'close' }
  | { readonly do: 'ask'; readonly as: string; readonly questions: readonly string[] }
  | { readonly do: 'run'; readonly as: string; readonly command: string }
  | { readonly do: 'transaction'; readonly as: string; readonly name: string; readonly command: string }
  | { readonly do: 'cancel'; readonly as: string; readonly name: string }
  | { readonly do: 'put'; readonly as: string; readonly path: string; readonly content: string; readonly mode?: string }
  | { readonly do: 'fetch'; readonly as: string; readonly path: string };

/** A scripted host: what it answers, and what it was asked. */
export interface FakeSession extends HostSession {
  readonly calls: readonly Call[];
  /** Content by path: what was put, and what `fetch` reads. */
  readonly files: Map<string, string>;
}

/** How a scripted host behaves; everything has a harmless default. */
export interface FakeHost {
  readonly host?: string;
  /** Reply by the command's text: all its words, or the short form of `showCommand`, or a pattern. The first match wins. */
  readonly commands?: readonly (readonly [string | RegExp, Script])[];
  /** Reply to everything else; exit 127 when absent. */
  readonly otherwise?: Script;
  readonly connect?: Script;
  readonly put?: (step: PutStep) => void;
  readonly files?: Readonly<Record<string, string>>;
}

/** A HostSession that plays a script and records every call; nothing is connected to. */
export function fakeSession(fake: FakeHost = {}): FakeSession {
  const calls: Call[] = [];
  const counts = new Map<string, number>();
  const files = new Map(Object.entries(fake.files ?? {}));
  const table = fake.commands ?? [];

  function reply(command: Command): Reply {
    const text = shellText(command.argv);
    const short = showCommand(command);
    const found = table.find(([match]) =>
      typeof match === 'string' ? match === text || match === short : match.test(text),
    );
    const before = counts.get(text) ?? 0;
    counts.set(text, before + 1);
    return played(
      found?.[1] ?? fake.otherwise ?? { code: 127, stderr: `no reply is scripted for: ${short}` },
      command,
      before,
    );
  }
  const outcome = (command: Command, options: RunOptions): Outcome => {
    if (options.signal.aborted) return { ending: { how: 'aborted' }, stdout: '', stderr: '', truncated: false, ms: 0 };
    const { code = 0, stdout = '', stderr = '', ending = { how: 'exit', code } } = reply(command);
    if (stdout !== '') options.onOutput?.('stdout', stdout);
    if (stderr !== '') options.onOutput?.('stderr', stderr);
    return { ending, stdout, stderr, truncated: false, ms: 1 };
  };

  return {
    host: fake.host ?? 'fake',
    calls,
    files,
    async connect() {
      calls.push({ do: 'connect' });
      return played(fake.connect ?? 'connected to a script', { argv: ['connect'] }, 0).stdout ?? '';
    },
    async ask(questions: Questions, as: Identity, signal: AbortSignal): Promise<Answers> {
      calls.push({ do: 'ask', as: who(as), questions: Object.values(questions).map(showCommand) });
      if (signal.aborted) throw fault({ code: 'E_ABORTED', message: 'interrupted' });
      return Object.fromEntries(Object.entries(questions).map(([name, question]) => [name, answerOf(reply(question))]));
    },
    async run(command, options) {
      calls.push({ do: 'run', as: who(options.as), command: showCommand(command) });
      return outcome(command, options);
    },
    async transaction(command: Command, options: TransactionOptions) {
      calls.push({ do: 'transaction', as: who(options.as), name: options.name, command: showCommand(command) });
      return outcome(command, options);
    },
    async cancel(name, options) {
      calls.push({ do: 'cancel', as: who(options.as), name });
    },
    async put(step, options) {
      const content = textOfContent(step.content);
      const mode = step.mode === undefined ? {} : { mode: step.mode };
      calls.push({ do: 'put', as: who(options.as), path: step.path, content, ...mode });
      fake.put?.(step);
      files.set(step.path, content);
    },
    async fetch(path, options): Promise<Bytes> {
      calls.push({ do: 'fetch', as: who(options.as), path });
      const content = files.get(path);
      if (content === undefined) throw fault({ code: 'E_FILE', message: `there is no file "${path}" on the host` });
      return Buffer.from(content);
    },
    async drop() {
      calls.push({ do: 'drop' });
    },
    async close() {
      calls.push({ do: 'close' });
    },
  };
}

function played(script: Script, command: Command, before: number): Reply {
  const said = typeof script === 'function' ? script(command, before) : script;
  if (said instanceof Error) throw said;
  return typeof said === 'string' ? { stdout: said } : said;
}

function answerOf({ code = 0, stdout = '', stderr = '' }: Reply): Answer {
  return { code, stdout, stderr, bytes: Buffer.from(stdout) };
}

function who(as: Identity): string {
  return as === undefined ? '' : as.user;
}

function textOfContent(content: PutStep['content']): string {
  if (content instanceof Secret) return content.reveal();
  return typeof content === 'string' ? content : Buffer.from(content).toString();
}
