import { closeSync, constants, openSync, readFileSync, rmSync, unlinkSync, writeFileSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { quote } from '../core/command.ts';
import { inward, outward } from './moved-root.ts';

/** One call of a stand-in on a host, as the model sees it: paths are the host's own. */
export interface Call {
  readonly tool: string;
  readonly args: readonly string[];
  /** Who calls. */
  readonly user: string;
  readonly cwd: string;
  readonly pid: number;
  /** Number of the SSH channel it came over; empty for what runs apart from any. */
  readonly channel: string;
  out(text: string): void;
  err(text: string): void;
  /** Prints now what was said so far. */
  flush(): void;
  /** Ends the call by running shell text in the caller's place; its `"$@"` are the call's arguments. */
  become(text: string): void;
}

/** Answers calls: takes the host's name and the call, gives the exit code. */
export type Dispatch = (host: string, call: Call) => number | Promise<number>;

/** The way stand-ins reach the model: a pipe for "I asked", a file for the question, files for the answer. */
export interface Calls {
  close(): void;
}

/**
 * The program behind every stand-in. It writes its words to a file, names the file on the fleet's pipe and then runs the
 * answers as they come. Starting it costs two short processes; starting node would cost fifty.
 */
export function standInProgram(mkfifo: string): string {
  return `#!/bin/sh
# A program of a simulated host: what it prints comes from the model of that host.
ulimit -S -f unlimited 2>/dev/null
copse_root=\${0%/*bin/*}
copse_root=\${copse_root%/usr}
copse_call=\${copse_root%/h/*}/ctl/\${copse_root##*/}.$$
case $0 in */copse-moved-root) set -- "$(cat)" ;; esac
${mkfifo} "$copse_call" && exec 9<>"$copse_call" && {
  printf '%s\\0' "\${COPSE_SIM_USER-}" "\${COPSE_SIM_CHANNEL-}" "$PWD" "\${0##*/}" "$@" >"$copse_call.q"
  printf '%s\\n' "\${copse_call##*/}" >"\${copse_call%/*}/in"
  while IFS= read -r copse_part <&9; do . "$copse_call.$copse_part"; done
}
`;
}

/** Tools whose output is for people or is JSON; what the others print is used as a path by scripts. */
const SPEAKS = new Set(['bootc', 'journalctl', 'ostree', 'podman', 'rpm', 'rpm-ostree', 'sudo']);

/** Files of answers are removed this long after they were written: the shell that reads them is quick. */
const SWEEP_MS = 5000;

/** Listens for calls on the pipe `in` of the folder. */
export function openCalls(folder: string, rootOf: (host: string) => string, dispatch: Dispatch): Calls {
  const fd = openSync(join(folder, 'in'), constants.O_RDWR | constants.O_NONBLOCK);
  const pipe = new Socket({ fd, readable: true, writable: false });
  const used: { readonly file: string; readonly at: number }[] = [];
  let held = '';
  pipe.setEncoding('utf8');
  pipe.on('data', (text: string) => {
    const lines = `${held}${text}`.split('\n');
    held = lines.pop() ?? '';
    for (const line of lines)
      void answer(join(folder, line), line.slice(0, line.lastIndexOf('.')), used, rootOf, dispatch);
  });
  const sweep = setInterval(() => removeOld(used), SWEEP_MS);
  sweep.unref();
  return {
    close: () => {
      clearInterval(sweep);
      pipe.destroy();
    },
  };
}

async function answer(
  file: string,
  host: string,
  used: { file: string; at: number }[],
  rootOf: (host: string) => string,
  dispatch: Dispatch,
): Promise<void> {
  const root = rootOf(host);
  const [user = '', channel = '', cwd = '', tool = '', ...args] = takeRequest(file, root);
  const fd = openAsker(file);
  if (fd === undefined) return;
  const reply = openReply(fd, file, SPEAKS.has(tool) ? undefined : root, used);
  let becomes = false;
  const call: Call = {
    tool,
    args: args.slice(0, -1),
    user,
    cwd,
    channel,
    pid: Number(file.slice(file.lastIndexOf('.') + 1)),
    out: (text) => reply.say(text, ''),
    err: (text) => reply.say(text, ' >&2'),
    flush: () => reply.flush(),
    become: (text) => {
      becomes = true;
      reply.run(text);
    },
  };
  const code = await dispatch(host, call);
  if (!becomes) reply.run(`exit ${code}`);
  reply.close();
}

function takeRequest(file: string, root: string): readonly string[] {
  const text = readFileSync(`${file}.q`, 'utf8');
  unlinkSync(`${file}.q`);
  return outward(text, root).split('\0');
}

interface Reply {
  say(text: string, where: string): void;
  run(text: string): void;
  flush(): void;
  close(): void;
}

/** Counts parts of answers over all calls: a process that becomes another stand-in keeps its number. */
let part = 0;

/** The pipe somebody waits at for an answer; undefined when a reboot ended whoever asked. */
function openAsker(file: string): number | undefined {
  try {
    return openSync(file, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENXIO') return undefined;
    throw error;
  } finally {
    rmSync(file, { force: true });
  }
}

function openReply(fd: number, file: string, root: string | undefined, used: { file: string; at: number }[]): Reply {
  let script = '';
  const flush = (): void => {
    if (script === '') return;
    part += 1;
    writeFileSync(`${file}.${part}`, script);
    used.push({ file: `${file}.${part}`, at: Date.now() });
    script = '';
    writeLine(fd, `${part}\n`);
  };
  return {
    flush,
    say: (text, where) => {
      const words = text.replaceAll('\0', '');
      if (words !== '') script += `printf %s ${quote(root === undefined ? words : inward(words, root))}${where}\n`;
    },
    run: (text) => {
      script += `${text}\n`;
    },
    close: () => {
      flush();
      closeSync(fd);
    },
  };
}

/** A caller that was killed reads no more: that is its business. */
function writeLine(fd: number, line: string): void {
  try {
    writeSync(fd, line);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPIPE')) throw error;
  }
}

function removeOld(used: { file: string; at: number }[]): void {
  const before = Date.now() - SWEEP_MS;
  while (used[0] !== undefined && used[0].at < before) {
    const gone = used.shift();
    if (gone !== undefined) rmSync(gone.file, { force: true });
  }
}
