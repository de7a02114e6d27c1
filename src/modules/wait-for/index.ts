import type { Answers } from '../../core/answer.ts';
import { script, showCommand, withOptions, type Command } from '../../core/command.ts';
import { defineModule, type Change } from '../../core/module.ts';
import { showDuration } from '../../core/units.ts';
import { Params } from './schema.ts';

/** How the condition stands now. */
type Have = 'met' | 'open' | 'no tool';

/** Exit code of a question that the host has no tool for. */
const NO_TOOL = 127;

/** One look must not take longer than this, in milliseconds. */
const LOOK_MS = 15_000;

/** Waits until something is so. */
export const waitFor = defineModule<Params, Have>({
  name: 'wait_for',
  summary: 'Waits until a path, port, URL or command is as wished.',
  notes: [
    'The first look travels with the questions of other tasks; nothing is waited for when it is so already.',
    'To wait for a host to come back, use reboot: it proves that it came back as it should.',
  ],
  kind: 'state',
  inert: true,
  params: Params,
  returns: { waited: { type: 'bool', description: 'it was not so at the first look' } },
  examples: [
    '- wait_for: {port: 9090}',
    '- wait_for: {url: "http://127.0.0.1:8080/healthz", timeout: 2m}',
    '- wait_for: {path: /run/app/lock, state: absent, msg: the old instance does not end}',
    '- wait_for: {command: [systemctl, is-active, --quiet, boot-complete.target], timeout: 10m, every: 5s}',
  ],
  probe: (want) => ({ look: condition(want) }),
  read: (answers) => read(answers),
  plan,
  result: (_want, _have, done) => ({ waited: done.length > 0 }),
});

function read(answers: Answers): Have {
  const code = answers['look']?.code ?? NO_TOOL;
  if (code === 0) return 'met';
  return code === NO_TOOL ? 'no tool' : 'open';
}

function plan(want: Params, have: Have): Change {
  if (have === 'met') return { steps: [] };
  const say = `wait until ${described(want)}`;
  if (have === 'no tool') {
    const hint = want.command === undefined ? `it needs ${toolsOf(want)}` : 'write the path of a program that is there';
    return { refuse: `the host has no program to see whether ${described(want)}`, hint, code: 'E_UNSUPPORTED' };
  }
  const until = condition(want);
  const message = want.msg ?? `not so within ${showDuration(want.timeout)}: ${described(want)}`;
  return {
    steps: [
      {
        do: 'wait',
        say,
        until,
        everyMs: want.every,
        deadlineMs: want.timeout,
        explain: ({ stderr }) => ({
          message: stderr.trim() === '' ? message : `${message}; last: ${stderr.trim().slice(0, 200)}`,
          code: 'E_TIMEOUT',
        }),
      },
    ],
    // The wait itself has seen it; a second look could only see that it is gone again.
    verify: false,
  };
}

function toolsOf(want: Params): string {
  return want.url === undefined ? 'bash or nc' : 'curl';
}

function described({ path, contains, port, host, url, status, command, state }: Params): string {
  const isWished = state === 'present' || state === 'started';
  if (path !== undefined) {
    if (contains === undefined) return `${path} is ${isWished ? 'there' : 'gone'}`;
    return `a line of ${path} ${isWished ? 'matches' : 'no longer matches'} "${contains}"`;
  }
  if (url !== undefined) return `${url} ${isWished ? 'answers' : 'no longer answers'} ${status}`;
  if (command !== undefined) return `${showCommand(commandOf(command))} ${isWished ? 'succeeds' : 'fails'}`;
  if (host !== undefined) return `${host} port ${port} ${isWished ? 'takes' : 'no longer takes'} connections`;
  return `${isWished ? 'something' : 'nothing'} listens on port ${port}`;
}

const EXISTS = '[ -e "$1" ] || [ -L "$1" ]';
const MATCHES = 'grep -Eq -e "$2" -- "$1" 2>/dev/null';
// State 0A of the kernel's own tables is "listening".
const LISTENS = 'grep -Eq "^ *[0-9]+: [0-9A-F]+:$1 [0-9A-F]+:[0-9A-F]+ 0A " /proc/net/tcp /proc/net/tcp6 2>/dev/null';
const CONNECTS = `if command -v bash >/dev/null && command -v timeout >/dev/null; then
  timeout 5 bash -c 'exec 3<>"/dev/tcp/$1/$2"' copse "$1" "$2" 2>/dev/null
elif command -v nc >/dev/null; then nc -z -w 5 "$1" "$2" </dev/null 2>/dev/null
else exit 127
fi`;
const ANSWERS = `command -v curl >/dev/null || exit 127
[ "$(curl -s -o /dev/null -m 10 -w '%{http_code}' -- "$1")" = "$2" ]`;

/** The question whose exit 0 means that it is so. */
function condition(want: Params): Command {
  const [text, ...values] = look(want);
  const isWished = want.state === 'present' || want.state === 'started';
  const whole = isWished ? text : `( ${text}\n)\ncode=$?\n[ $code != 127 ] || exit 127\n[ $code != 0 ]`;
  return withOptions(script(whole, ...values), { timeoutMs: LOOK_MS });
}

function look({ path, contains, port = 0, host, url, status, command }: Params): [string, ...string[]] {
  if (path !== undefined) return contains === undefined ? [EXISTS, path] : [MATCHES, path, contains];
  if (url !== undefined) return [ANSWERS, url, String(status)];
  if (command !== undefined) return ['"$@"', ...command];
  if (host !== undefined) return [CONNECTS, host.replaceAll(/[[\]]/g, ''), String(port)];
  return [LISTENS, port.toString(16).toUpperCase().padStart(4, '0')];
}

function commandOf(words: readonly string[]): Command {
  const [program = '', ...rest] = words;
  return { argv: [program, ...rest] };
}
