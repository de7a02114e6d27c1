import { spawn } from 'node:child_process';
import { homedir, userInfo } from 'node:os';
import { fault } from '../core/problem.ts';
import { childProgram } from './child-program.ts';
import { heldChannel } from './held-channel.ts';
import type { Program } from './program.ts';
import { checkLength, goneBefore, nothingRan } from './start.ts';
import { supervise } from './supervise.ts';
import type { Connection, Transport } from './transport.ts';
import type { Tuning } from './tuning.ts';
import { TUNING } from './tuning.ts';

/**
 * Runs everything on this machine, in the home folder as a login would. Whatever user the inventory names, it is the one
 * who runs copse, as with Ansible's local connection.
 */
export function localTransport(changed: Partial<Tuning> = {}): Transport {
  const tuning = { ...TUNING, ...changed };
  return {
    name: 'local',
    connect(_target, { signal }) {
      const me = userInfo().username;
      if (signal.aborted) return Promise.reject(fault({ code: 'E_ABORTED', message: 'interrupted while connecting' }));
      return Promise.resolve(localConnection(`this machine as ${me}`, tuning));
    },
  };
}

function localConnection(detail: string, tuning: Tuning): Connection {
  const running = new Set<Program>();
  let end: (reason: string) => void = () => undefined;
  let over = false;
  const closed = new Promise<string>((resolve) => {
    end = resolve;
  });
  const start = (text: string): Program => {
    checkLength(text);
    if (over) throw goneBefore('closed by copse');
    const child = spawn('/bin/sh', ['-c', text], { cwd: homedir(), detached: true, stdio: 'pipe' });
    const program = childProgram(child);
    running.add(program);
    void program.closed.then(() => running.delete(program));
    return program;
  };

  return {
    detail,
    closed,
    async exec(request) {
      if (request.pty === true) throw noTerminal();
      const startedAt = performance.now();
      if (request.signal?.aborted === true) return nothingRan({ how: 'aborted' }, startedAt);
      return supervise(start(request.text), request, { startedAt, tuning });
    },
    open: async (text) => heldChannel(start(text)),
    async close() {
      over = true;
      for (const program of running) {
        program.signal('TERM');
        program.drop();
      }
      end('closed by copse');
      await Promise.resolve();
    },
  };
}

function noTerminal(): Error {
  return fault({
    code: 'E_UNSUPPORTED',
    message: 'the local transport has no terminal to give to a command',
    hint: 'run it without a terminal, or reach this machine with copse_transport: ssh',
  });
}
