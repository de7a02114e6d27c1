import { cmd, script, withOptions } from '../../core/command.ts';
import type { Explain, RunStep, Step, TransactionStep, WaitStep } from '../../core/step.ts';
import type { Engine } from './engine.ts';
import type { UnitFile } from './render.ts';
import type { Params } from './schema.ts';

const MINUTE_MS = 60_000;

/** An image may take this long to come, in milliseconds. */
const PULL_MS = 30 * MINUTE_MS;

/** Brings the image. With `always` it says with 77 that the tag has not moved. */
export function pullStep(image: string, engine: Engine, isThere: boolean): TransactionStep {
  const text = `a=$("$1" image inspect --format '{{.Id}}' "$2" 2>/dev/null)
"$1" pull -q "$2" >/dev/null || exit
b=$("$1" image inspect --format '{{.Id}}' "$2") && [ "$a" != "$b" ] || exit 77`;
  const command = isThere ? script(text, engine.path, image) : cmd(engine.path, 'pull', '-q', image);
  return {
    do: 'transaction',
    say: isThere ? `look whether ${image} has moved` : `pull ${image}`,
    command: withOptions(command, { timeoutMs: PULL_MS }),
    ...(isThere ? { unchangedCodes: [77] } : {}),
    explain: failed(
      `${image} could not be pulled`,
      'try "curl -I" to the registry on the host, and look at /etc/containers/registries.conf and the login',
    ),
  };
}

/** Restarts a container whose image is no longer the one its name means. */
export function restartIfMoved(want: Params, engine: Engine): TransactionStep {
  const text = `a=$("$1" container inspect --format '{{.Image}}' "$2" 2>/dev/null); b=$("$1" image inspect --format '{{.Id}}' "$3") || exit
[ "\${a#sha256:}" != "\${b#sha256:}" ] || exit 77
exec systemctl restart -- "$2.service"`;
  return {
    do: 'transaction',
    say: `restart ${want.name} if its image has moved`,
    command: withOptions(script(text, engine.path, want.name, want.image ?? ''), { timeoutMs: startMs(want) }),
    unchangedCodes: [77],
    explain: startFailure(want),
  };
}

/** Lets the generator of podman read the new file before it is put in place: it would say nothing on daemon-reload. */
export function tryQuadlet(want: Params, file: UnitFile): RunStep {
  const text = `d=$(mktemp -d) || exit 70
trap 'rm -rf -- "$d"' EXIT
cat >"$d/$1.container"
o=$(QUADLET_UNIT_DIRS=$d /usr/lib/systemd/system-generators/podman-system-generator --dryrun) || exit 1
case $o in *ExecStart=*) ;; *) exit 1;; esac`;
  return {
    do: 'run',
    say: `let podman check the new unit of ${want.name}`,
    command: withOptions(script(text, want.name), { stdin: file.text }),
    explain: failed(
      'podman does not take the unit',
      'nothing was replaced; "options" are what copse does not check itself',
    ),
  };
}

/** Lets systemd read its files again and makes certain that it knows the unit. */
export function reloadStep(want: Params): RunStep {
  const text = `systemctl daemon-reload || exit
case $(systemctl show --property=LoadState -- "$1") in LoadState=loaded) ;; *) exit 1;; esac`;
  return {
    do: 'run',
    say: 'let systemd read its files again',
    command: script(text, `${want.name}.service`),
    explain: failed(
      `systemd does not know ${want.name}.service afterwards`,
      '"journalctl -b -t quadlet-generator" on the host says why',
    ),
  };
}

/** Starts it, anew if it runs. */
export function restartStep(want: Params): TransactionStep {
  const text = 'systemctl reset-failed -- "$1" 2>/dev/null\nexec systemctl restart -- "$1"';
  return {
    do: 'transaction',
    say: `start ${want.name}, anew if it runs`,
    command: withOptions(script(text, `${want.name}.service`), { timeoutMs: startMs(want) }),
    explain: startFailure(want),
  };
}

// Active for three seconds, and neither starting nor unhealthy in the eyes of the engine.
const STEADY = `s=$(systemctl show --property=ActiveState,SubState,Result,NRestarts,ActiveEnterTimestampMonotonic -- "$2.service")
case $s in *ActiveState=active*) ;; *) printf %s "$s" | tr '\\n' ' ' >&2; exit 1;; esac
j=$("$1" container inspect --format '{{json .State}}' "$2" | tr -d ' \\n') || exit 1
case $j in *'"Status":"starting"'*) echo 'its health is not known yet' >&2; exit 1;; *'"Status":"unhealthy"'*) echo 'it is unhealthy' >&2; exit 1;; esac
case $j in *'"Running":true'*) ;; *) echo 'its container does not run' >&2; exit 1;; esac
t=\${s##*ActiveEnterTimestampMonotonic=}; t=\${t%%[!0-9]*}; u=$(cut -d. -f1 /proc/uptime)
[ $((u - \${t:-0} / 1000000)) -ge 3 ]`;

/** Waits until it runs, stays and is healthy. */
export function steadyStep(want: Params, engine: Engine): WaitStep {
  return {
    do: 'wait',
    say: `wait until ${want.name} runs${want.health === undefined ? '' : ' and is healthy'}`,
    until: withOptions(script(STEADY, engine.path, want.name), { timeoutMs: 30_000 }),
    everyMs: 1000,
    deadlineMs: want.start_timeout,
    explain: ({ stderr }) => ({
      message: `${want.name} was started and does not stay up: ${stderr.trim().slice(0, 300) || 'it is not active'}`,
      hint: logHint(want),
      code: 'E_TIMEOUT',
    }),
  };
}

/** Stops the unit. */
export function stopStep(want: Params): TransactionStep {
  return {
    do: 'transaction',
    say: `stop ${want.name}`,
    command: withOptions(cmd('systemctl', 'stop', '--', `${want.name}.service`), {
      timeoutMs: want.stop_timeout + 2 * MINUTE_MS,
    }),
  };
}

function startMs(want: Params): number {
  return want.start_timeout + want.stop_timeout + MINUTE_MS;
}

function startFailure(want: Params): Explain {
  return ({ code }) => ({
    message: `${want.name} could not be started (systemctl: exit ${code ?? 'unknown'})`,
    hint: logHint(want),
  });
}

function logHint({ name }: Params): string {
  return `"journalctl -u ${name} -n 50 --no-pager" on the host says why`;
}

/** A failure in our words with what the tool said last. */
export function failed(message: string, hint: string): Explain {
  return ({ code, stderr }) => {
    const said = stderr.trim().split('\n').at(-1)?.slice(0, 300) ?? '';
    return { message: `${message} (exit ${code ?? 'unknown'})${said === '' ? '' : `: ${said}`}`, hint };
  };
}

/** A plain step. */
export function runStep(say: string, ...words: readonly [string, ...string[]]): Step {
  const [program, ...rest] = words;
  return { do: 'run', say, command: cmd(program, ...rest) };
}
