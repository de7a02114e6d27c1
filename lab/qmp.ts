import { connect } from 'node:net';

/** A connection to a machine's monitor. */
export interface Monitor {
  /** Sends one command and gives its answer. */
  send(command: string, values?: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** Waits for an event that passes the test; also one that came before. */
  event(name: string, test?: (data: Record<string, unknown>) => boolean): Promise<void>;
  close(): void;
}

interface Message {
  readonly return?: unknown;
  readonly error?: { readonly desc: string };
  readonly event?: string;
  readonly data?: Record<string, unknown>;
}

/** Opens the monitor (QMP) of a machine at its socket. Commands are sent one after the other. */
export async function monitor(socket: string): Promise<Monitor> {
  const link = connect(socket).setEncoding('utf8');
  const events: Message[] = [];
  let waiting: { readonly done: (value: unknown) => void; readonly failed: (error: Error) => void } | undefined;
  let buffered = '';
  let ended = false;
  const end = (error: Error): void => {
    ended = true;
    waiting?.failed(error);
  };
  link.on('error', end).on('close', () => end(new Error(`${socket}: the monitor is gone`)));
  link.on('data', (text: string) => {
    buffered += text;
    for (let at = buffered.indexOf('\n'); at >= 0; at = buffered.indexOf('\n')) {
      const message = JSON.parse(buffered.slice(0, at)) as Message;
      buffered = buffered.slice(at + 1);
      if (message.event !== undefined) events.push(message);
      else if (message.error !== undefined) waiting?.failed(new Error(message.error.desc));
      else if ('return' in message) waiting?.done(message.return);
    }
  });
  const opened: Monitor = {
    send: (command, values = {}) =>
      new Promise((done, failed) => {
        if (ended) return failed(new Error(`${socket}: the monitor is gone`));
        waiting = { done, failed };
        link.write(`${JSON.stringify({ execute: command, arguments: values })}\n`);
      }),
    event: async (name, test = () => true) => {
      const end = Date.now() + 30_000;
      while (!events.some((message) => message.event === name && test(message.data ?? {}))) {
        if (Date.now() > end) throw new Error(`no event ${name} within 30 s`);
        await new Promise((done) => setTimeout(done, 20));
      }
    },
    close: () => link.destroy(),
  };
  await opened.send('qmp_capabilities');
  return opened;
}
