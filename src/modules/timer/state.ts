import type { Answer, Answers, Questions } from '../../core/answer.ts';
import { cmd, script } from '../../core/command.ts';
import { fault } from '../../core/problem.ts';
import { askOwned, readOwned, type OwnedFile } from '../owned-file.ts';
import { pathsOf } from './render.ts';
import type { Params } from './schema.ts';

/** What systemd says of one of the units; a property it does not have is empty. */
export type UnitSeen = Readonly<Record<string, string>>;

/** What `timer` knows of a host. */
export interface Have {
  readonly service: OwnedFile;
  readonly timer: OwnedFile;
  /** sha256 and mode of the file with the variables; empty where there is none. */
  readonly environment: { readonly sha256: string; readonly mode: string };
  readonly hasStamp: boolean;
  readonly hasProgram: boolean;
  readonly hasUser: boolean;
  /** What systemd says of each time it does not take. */
  readonly wrongTimes: ReadonlyMap<number, string>;
  readonly waits: UnitSeen;
  readonly runs: UnitSeen;
}

const PROPERTIES = [
  'LoadState',
  'ActiveState',
  'UnitFileState',
  'NeedDaemonReload',
  'FragmentPath',
  'NextElapseUSecRealtime',
  'LastTriggerUSec',
  'Result',
  'ExecMainStatus',
];

const ABOUT = `if [ -f "$1" ]; then s=$(sha256sum <"$1") || exit 1; echo "env \${s%% *} $(stat -c %a -- "$1")"; fi
[ ! -e "$2" ] || echo stamp
[ ! -x "$3" ] || echo program
[ -z "$4" ] || id -u -- "$4" >/dev/null 2>&1 && echo user
exit 0`;

// Exit 1 is a time that is none. Where there is no such tool, nobody is asked.
const TIMES = `command -v systemd-analyze >/dev/null || exit 0
i=0
for t do
  o=$(systemd-analyze calendar -- "$t" 2>&1 >/dev/null) || printf 'wrong %s %s\\n' "$i" "$(printf %s "$o" | head -n 1)"
  i=$((i + 1))
done
exit 0`;

/** Both files, both units, the times, and what the command needs. */
export function ask(want: Params): Questions {
  const paths = pathsOf(want);
  const [program = ''] = want.command ?? [];
  const times = want.state === 'absent' ? [] : want.on_calendar;
  return {
    service: askOwned(paths.service),
    timer: askOwned(paths.timer),
    about: script(ABOUT, paths.environment, paths.stamp, program, want.user ?? ''),
    units: cmd(
      'systemctl',
      'show',
      `--property=${PROPERTIES.join(',')}`,
      '--',
      `${want.name}.timer`,
      `${want.name}.service`,
    ),
    ...(times.length === 0 ? {} : { times: script(TIMES, ...times) }),
  };
}

/** What the answers mean. */
export function read(answers: Answers, want: Params): Have {
  const [waits, runs] = unitsOf(answers['units'], want);
  const about = answers['about'];
  if (about?.code !== 0) {
    const message = `expected what "${want.name}" needs, found exit ${about?.code ?? 'nothing'}`;
    throw fault({ code: 'E_ANSWER', message, hint: 'add "become: true" to the task' });
  }
  const lines = about.stdout.split('\n');
  const [, sha256 = '', mode = ''] = (lines.find((line) => line.startsWith('env ')) ?? '').split(' ');
  const paths = pathsOf(want);
  return {
    service: readOwned(answers['service'], paths.service),
    timer: readOwned(answers['timer'], paths.timer),
    environment: { sha256, mode },
    hasStamp: lines.includes('stamp'),
    hasProgram: lines.includes('program'),
    hasUser: lines.includes('user'),
    wrongTimes: wrongTimesOf(answers['times']?.stdout ?? ''),
    waits,
    runs,
  };
}

function unitsOf(units: Answer | undefined, want: Params): readonly [UnitSeen, UnitSeen] {
  if (units?.code === 127) throw fault({ code: 'E_UNSUPPORTED', message: 'this host has no systemctl' });
  const blocks = (units?.stdout ?? '').trim().split(/\n\n+/);
  const [waits = {}, runs = {}] = blocks.map((text) => propertiesOf(text));
  if ('LoadState' in waits) return [waits, runs];
  const found = units === undefined ? 'nothing' : `exit ${units.code}: ${units.stderr.trim().slice(0, 200)}`;
  throw fault({ code: 'E_ANSWER', message: `expected what systemd knows of "${want.name}.timer", found ${found}` });
}

function propertiesOf(text: string): UnitSeen {
  const pairs = text.split('\n').map((line) => {
    const at = line.indexOf('=');
    return [line.slice(0, at), line.slice(at + 1)] as const;
  });
  return Object.fromEntries(pairs);
}

function wrongTimesOf(text: string): ReadonlyMap<number, string> {
  return new Map(
    [...text.matchAll(/^wrong (\d+) (.*)$/gm)].map(([, index = '', said = '']) => [Number(index), said] as const),
  );
}
