import { printable, textOf, type Bytes } from '../core/bytes.ts';
import type { Fault } from '../core/problem.ts';
import { becomeFault, loginFault, type Refusal } from './become.ts';
import { after, deferred } from './deferred.ts';
import { createFrames, type Frames } from './frames.ts';
import { identityKey } from './identity.ts';
import type { Launch } from './launch.ts';
import type { Linked } from './link.ts';

/** The two outputs of a program. */
export type Stream = 'stdout' | 'stderr';

/** What a launched `sh` says first. */
export interface Hello {
  /** Its process id, which is the id of its process group. */
  readonly pid: number;
}

/** Who takes what comes after the hello. */
export interface GreetingSink {
  /** Answers a question for a password. */
  send(bytes: Bytes): void;
  content(stream: Stream, chunk: Bytes): void;
  frame(stream: Stream, words: readonly string[]): void;
}

/** The beginning of a conversation with a launched `sh`: noise is dropped, a password is given once, the hello is awaited. */
export interface Greeting {
  readonly push: (stream: Stream, chunk: Bytes) => void;
  /** The channel is gone; a hello that has not come never will. */
  ended(reason: string): void;
  /** Bytes held back because they could have begun a frame; asked at the end of a stream that has none. */
  rest(stream: Stream): Bytes;
  /** Rejects with E_CONNECT, E_BECOME or E_TIMEOUT. */
  readonly hello: Promise<Hello>;
}

/** What was said before the hello, for the problem when it does not come. */
const NOISE = 2000;

/** Starts to listen. */
export function createGreeting(launch: Launch, linked: Linked, helloMs: number, sink: GreetingSink): Greeting {
  const greeted = { stdout: false, stderr: false };
  const heard = { stdout: '', stderr: '', login: launch.as === undefined, answered: false };
  const { promise: hello, resolve, reject } = deferred<Hello>();
  let stopTimer = after(helloMs, () => fail({ why: 'slow', ms: helloMs }));

  function fail(refusal: Refusal): void {
    stopTimer();
    if (!greeted.stdout) reject(refusalFault(refusal, launch, linked, heard));
  }
  function listen(stream: Stream): Frames {
    const frames = createFrames(launch.mark, {
      content(chunk) {
        if (greeted[stream]) sink.content(stream, chunk);
        else heard[stream] = (heard[stream] + textOf(chunk)).slice(-NOISE);
      },
      frame(words) {
        if (greeted[stream]) sink.frame(stream, words);
        else if (words[0] === 'login') heard.login = true;
        else greet(words);
      },
    });
    const greet = ([, pid, mark]: readonly string[]): void => {
      greeted[stream] = true;
      if (mark !== undefined) frames.mark(mark);
      if (stream !== 'stdout') return;
      stopTimer();
      resolve({ pid: Number(pid) });
    };
    return frames;
  }
  function answerPrompt(): void {
    const password = launch.as?.password;
    if (password === undefined || !heard.login || !asksPassword(launch, heard.stderr)) return;
    // su asks once; what it says afterwards is no second prompt, however it looks.
    if (heard.answered) return launch.as?.method === 'sudo' ? fail({ why: 'password' }) : undefined;
    heard.answered = true;
    heard.stderr = '';
    stopTimer();
    stopTimer = after(helloMs, () => fail({ why: 'slow-after-password', ms: helloMs }));
    sink.send(Buffer.from(`${password.reveal()}\n`));
  }
  const streams = { stdout: listen('stdout'), stderr: listen('stderr') };

  return {
    hello,
    push(stream, chunk) {
      streams[stream].push(chunk);
      if (!greeted.stdout) answerPrompt();
    },
    ended(reason) {
      fail({ why: 'ended', answered: heard.answered, reason });
    },
    rest: (stream) => (greeted[stream] ? streams[stream].rest() : Buffer.alloc(0)),
  };
}

/** What was heard before the hello. */
interface Heard {
  readonly stdout: string;
  readonly stderr: string;
  /** The login shell ran our `sh`. */
  readonly login: boolean;
  /** A password was given. */
  readonly answered: boolean;
}

function refusalFault(refusal: Refusal, { as }: Launch, linked: Linked, heard: Heard): Fault {
  const said = lastLine(heard.stderr) || lastLine(heard.stdout);
  if (as === undefined || !heard.login) return loginFault(linked.place, refusal, said);
  const fault = becomeFault(as, linked.place, refusal, said);
  if (heard.answered && refusal.why !== 'slow-after-password') linked.refused.set(identityKey(as), fault);
  if (as.method === 'sudo' && refusal.why === 'ended' && !heard.answered) linked.untold.add(fault);
  return fault;
}

/** sudo asks with our own words. su asks with its own, whatever they are: text without an end of line. */
function asksPassword({ as, prompt }: Launch, said: string): boolean {
  if (as?.method === 'sudo') return said.includes(prompt);
  return as?.method === 'su' && said !== '' && !said.endsWith('\n');
}

function lastLine(text: string): string {
  return printable(text).trim().split('\n').at(-1)?.trim().slice(0, 300) ?? '';
}
