import type { Bytes } from '../core/bytes.ts';
import type { Channel } from '../transport/transport.ts';
import { unlessAborted, within } from './deferred.ts';
import { channelFault } from './faults.ts';
import { createGreeting, type Greeting, type Hello, type Stream } from './greeting.ts';
import { checkNotRefused, withTerminalIfWanted } from './identity.ts';
import { batchBytes, launch, type Payload } from './launch.ts';
import type { Limits } from './limits.ts';
import type { Linked } from './link.ts';
import { createReading, type Batch, type Reading } from './reading.ts';
import type { Identity } from './session.ts';

/** One question on its way: what to say to the shell and how long the answer may take. */
export interface Statement {
  /** The text, under the number that its end is framed with. */
  readonly payload: (number: number) => Payload;
  readonly timeoutMs: number;
}

/** A long-lived `sh` that answers batches of questions one after the other. */
export interface Shell {
  readonly hello: Hello;
  /** With which its process can be recognised on the host. */
  readonly mark: string;
  readonly isOver: () => boolean;
  /** The answers to the statements given when the shell was opened. Asked once, before any batch. */
  first(signal: AbortSignal): Promise<Batch>;
  batch(statements: readonly Statement[], signal: AbortSignal): Promise<Batch>;
  close(): void;
}

/** What opening a shell needs. */
export interface ShellRequest {
  readonly linked: Linked;
  readonly as: Identity;
  readonly limits: Limits;
  /** The first questions travel with the shell's start and cost no round trip of their own. */
  readonly statements: readonly Statement[];
  readonly signal: AbortSignal;
}

/** Starts a shell. Rejects when there is no channel, no `sh`, or no becoming the user. */
export function openShell(request: ShellRequest): Promise<Shell> {
  return withTerminalIfWanted(request.linked, request.as, (terminal) => startShell(request, terminal));
}

async function startShell(request: ShellRequest, terminal: boolean): Promise<Shell> {
  const { linked, as, limits, statements } = request;
  let sent = 0;
  const next = (list: readonly Statement[]): Payload => {
    const payloads = list.map((statement, index) => statement.payload(sent + index));
    sent += list.length;
    return { text: payloads.map(({ text }) => `${text}\n`).join(''), secret: payloads.some(({ secret }) => secret) };
  };
  let reading = createReading(timeoutsOf(statements), 0, limits);
  let over: string | undefined;

  checkNotRefused(linked, as);
  const start = launch('shell', as, next(statements), terminal);
  const channel = await openChannel(start.text, request);
  const greeting = createGreeting(start, linked, limits.helloMs, {
    send: (bytes) => write(bytes),
    content: (stream, chunk) => reading.content(stream, chunk),
    frame: (stream, words) => reading.frame(stream, words),
  });
  const end = (reason: string): void => {
    over ??= reason;
    greeting.ended(over);
    reading.stop({ how: 'lost', reason: over });
  };
  const write = (bytes: Bytes): void => {
    channel.write(bytes).catch((error: unknown) => end(reasonOf(error)));
  };
  void pump(channel, greeting, linked).then(end);
  // Where no password can be asked for, nothing else reads this input, and waiting would cost a round trip.
  const askable = as?.password !== undefined;
  if (start.stdin !== undefined && !askable) write(start.stdin);
  const hello = await unlessAborted(greeting.hello, request.signal, `starting a shell on ${linked.place}`).catch(
    (error: unknown) => {
      channel.close();
      throw error;
    },
  );
  if (start.stdin !== undefined && askable) write(start.stdin);

  const answers = (current: Reading, signal: AbortSignal): Promise<Batch> => {
    if (over !== undefined) current.stop({ how: 'lost', reason: over });
    return current.done(signal);
  };
  return {
    hello,
    mark: start.mark,
    isOver: () => over !== undefined,
    first: (signal) => answers(reading, signal),
    batch(list, signal) {
      reading = createReading(timeoutsOf(list), sent, limits);
      if (list.length > 0) write(batchBytes(next(list).text, start.mark));
      return answers(reading, signal);
    },
    close() {
      end('closed by copse');
      channel.close();
    },
  };
}

async function openChannel(text: string, { linked, limits, signal }: ShellRequest): Promise<Channel> {
  const opening = linked.connection.open(text);
  try {
    const inTime = within(opening, limits.channelMs, () => {
      throw channelFault(linked.place, limits.channelMs);
    });
    return await unlessAborted(inTime, signal, `opening a channel to ${linked.place}`);
  } catch (error) {
    // One that opens after all is not kept.
    opening.then((channel) => channel.close()).catch(() => undefined);
    throw error;
  }
}

function timeoutsOf(statements: readonly Statement[]): readonly number[] {
  return statements.map(({ timeoutMs }) => timeoutMs);
}

/** How long the reason is waited for once standard output ended: the rest of standard error, the end of the link. */
const LAST_WORDS_MS = 200;

/** Reads both outputs to their end; resolves with why they ended. */
async function pump(channel: Channel, greeting: Greeting, { connection }: Linked): Promise<string> {
  const read = async (stream: Stream): Promise<void> => {
    for await (const chunk of channel[stream]) greeting.push(stream, chunk);
  };
  const stderr = read('stderr').catch(() => undefined);
  try {
    await read('stdout');
    await within(stderr, LAST_WORDS_MS, () => undefined);
    const lost = connection.closed.then((reason) => `the connection was lost: ${reason}`);
    return await within(lost, LAST_WORDS_MS, () => 'the shell ended');
  } catch (error) {
    return reasonOf(error);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
