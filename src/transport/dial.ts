import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { Duplex, PassThrough, Writable } from 'node:stream';
import { quote } from '../core/command.ts';
import type { Target } from '../core/target.ts';
import { onAbort } from './abort.ts';
import { ConnectError, interrupted, socketFailure, tooSlow } from './connect-fault.ts';

/** A stream to a host's sshd that is open, and how to explain its end where the stream itself cannot. */
export interface Link {
  readonly stream: Socket | Duplex;
  /** What the other end of the stream said about itself, such as a proxy command on its standard error; '' for nothing. */
  readonly explain: () => string;
  /** When it was begun (`performance.now()`): one deadline covers the TCP connection, the banner and the key exchange. */
  readonly since: number;
}

/** Opens a TCP connection. Node gives all addresses of a name but the last 250 ms, too little for a distant host. */
export function dial(target: Target, signal: AbortSignal): Promise<Link> {
  return new Promise((resolve, reject) => {
    const since = performance.now();
    const socket = connect({
      host: target.address,
      port: target.port,
      noDelay: true,
      autoSelectFamilyAttemptTimeout: 3000,
    });
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      forget();
      act();
    };
    const fail = (failure: ConnectError): void => {
      settle(() => {
        socket.destroy();
        reject(failure);
      });
    };
    let forget = (): void => undefined;
    const timer = setTimeout(
      () => fail(new ConnectError({ fault: tooSlow(target, 'the TCP connection', target.connectTimeoutMs) })),
      target.connectTimeoutMs,
    );
    // Stays for the socket's life: an error that nobody hears would end the process.
    socket.on('error', (error) => fail(new ConnectError(socketFailure(target, error))));
    socket.once('connect', () => settle(() => resolve({ stream: socket, explain: () => '', since })));
    forget = onAbort(signal, () => fail(new ConnectError({ fault: interrupted(target) })));
  });
}

/** Runs a proxy command as ssh does; its stdin and stdout are the connection. */
export function dialThroughCommand(target: Target, command: string): Link {
  const child = spawn('/bin/sh', ['-c', `exec ${expandTokens(command, target)}`], { stdio: 'pipe', detached: true });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said = `${said}${chunk.toString()}`.slice(-2000);
  });
  for (const stream of [child, child.stdin, child.stdout, child.stderr]) stream.on('error', () => undefined);
  // Ends only with the whole program: by then its last words on standard error are here as well.
  const output = child.stdout.pipe(new PassThrough(), { end: false });
  child.on('close', () => output.end());
  // A program that is gone shows in its output's end, not in a broken write before that.
  const input = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      if (child.stdin.writable) child.stdin.write(chunk, () => done());
      else done();
    },
    final: (done) => {
      child.stdin.end();
      done();
    },
  });
  const stream = Duplex.from({ writable: input, readable: output });
  stream.on('close', () => endGroup(child.pid));
  return { stream, explain: () => said, since: performance.now() };
}

/** Ends the command with everything it started; it has a process group of its own. */
function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGTERM');
  } catch {
    // Gone already.
  }
}

/** The tokens of a proxy command that ssh2 can know: `%h`, `%p`, `%r`, `%n` and `%%`. */
function expandTokens(command: string, target: Target): string {
  const values: Readonly<Record<string, string>> = {
    '%': '%',
    h: quote(target.address),
    p: String(target.port),
    r: quote(target.user),
    n: quote(target.name),
  };
  return command.replaceAll(/%(.)/g, (token, name: string) => values[name] ?? token);
}
