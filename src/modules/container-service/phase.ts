import { script, withOptions, type Command } from '../../core/command.ts';
import type { Explain, TransactionStep } from '../../core/step.ts';
import type { Engine } from './engine.ts';
import { parseLabel } from './label.ts';
import { homeOf } from './options.ts';
import type { Phase } from './phase-schema.ts';
import type { Params } from './schema.ts';
import type { ImageSeen } from './state.ts';

/** Which container of its life this is. */
export type PhaseName = 'setup' | 'uninstall';

// One script and one transaction: a lost connection neither repeats an enrolment nor leaves its secret behind.
const RUN = `e=$1 box=$2 marker=$3 kept=$4 otp=$5 n=$6; shift 6
umask 077
d=$(mktemp -d) || exit 70
# Overwritten first: what is only unlinked can still be read from the disk.
forget() {
  if [ -n "$otp" ] && [ -f "$otp" ] && s=$(wc -c <"$otp") && [ "$s" -gt 0 ]; then
    dd if=/dev/zero of="$otp" bs="$((s))" count=1 conv=notrunc,fsync 2>/dev/null
  fi
  [ -z "$otp" ] || rm -f -- "$otp"
}
trap 'rm -rf -- "$d"; forget' EXIT
trap 'exit 129' HUP INT TERM
: >"$d/list"; : >"$d/there"
while [ "$n" -gt 0 ]; do printf '%s\\n' "$1" >>"$d/list"; shift; n=$((n - 1)); done
while IFS= read -r p; do if [ -e "$p" ]; then printf '%s\\n' "\${p#/}" >>"$d/there"; fi; done <"$d/list"
if [ -s "$d/there" ]; then
  mkdir -p -- "\${kept%/*}" && tar -C / -czpf "$kept.new" -T "$d/there" && mv -f -- "$kept.new" "$kept" || exit 71
fi
if [ -n "$otp" ]; then mkdir -p -- "\${otp%/*}" && cat >"$otp" || exit 72; fi
[ -z "$box" ] || "$e" rm -f "$box" >/dev/null 2>&1 </dev/null
umask 022
"$e" "$@" || exit
if [ -s "$d/list" ] && command -v restorecon >/dev/null; then restorecon -R -i -f "$d/list"; fi
[ -z "$marker" ] || { mkdir -p -- "\${marker%/*}" && date -u +%Y-%m-%dT%H:%M:%SZ >"$marker"; }`;

// Runs in the container: what the host has is put in place, and what the command made of it goes back.
const WITH_HOST_DATA = `h=$1 n=$2; shift 2
list=
while [ "$n" -gt 0 ]; do list="$list$1
"; shift; n=$((n - 1)); done
each() { printf %s "$list" | while IFS= read -r p; do if [ -e "$1$p" ]; then (cd "$1/" && cp -a --parents -- ".$p" "$2/") || exit 1; fi; done; }
each "$h" '' || exit 73
"$@" || exit
each '' "$h" || exit 74`;

/** A phase as one transaction, or what is wrong with its label. */
export function phaseStep(
  name: PhaseName,
  phase: Phase,
  want: Params,
  engine: Engine,
  image: ImageSeen | undefined,
): TransactionStep | { readonly wrong: string } {
  const box = `${want.name}-${name}`;
  const words = phase.label === undefined ? commandWords(phase, want, box) : labelWords(phase, want, image);
  if ('wrong' in words) return words;
  const home = homeOf(want.name);
  const marker = name === 'setup' ? `${home}/setup` : '';
  const list = phase.host_data;
  const kept = `/var/lib/copse/containers/${want.name}/before-${name}.tar.gz`;
  const command = script(
    RUN,
    engine.path,
    phase.label === undefined ? box : '',
    marker,
    kept,
    phase.secret?.file ?? '',
    String(list.length),
    ...list,
    ...words,
  );
  return {
    do: 'transaction',
    say: `run the ${name} of ${want.name}: ${[phase.label ?? phase.command?.join(' '), ...phase.args].join(' ')}`,
    command: withSecret(withOptions(command, { timeoutMs: phase.timeout }), phase),
    explain: explain(name, want),
  };
}

function withSecret(command: Command, { secret }: Phase): Command {
  if (secret === undefined) return command;
  return secret.env === undefined
    ? withOptions(command, { stdin: secret.value })
    : withOptions(command, { env: { [secret.env]: secret.value } });
}

function commandWords(phase: Phase, want: Params, box: string): readonly string[] {
  const { secret, host_data: list, environment, command = [], args } = phase;
  const image = want.image ?? '';
  const known = { NAME: want.name, IMAGE: image, HOST: '/host', ...environment };
  const copying = ['--entrypoint=/bin/sh'];
  return [
    'run',
    '--rm',
    `--name=${box}`,
    '--privileged',
    '--network=host',
    '--volume=/:/host',
    ...Object.entries(known).map(([key, value]) => `--env=${key}=${value}`),
    ...secretWords(phase, secret),
    ...(list.length === 0 ? [] : copying),
    image,
    ...(list.length === 0 ? [] : ['-c', WITH_HOST_DATA, 'copse', '/host', String(list.length), ...list]),
    ...command,
    ...args,
  ];
}

// A variable without a value is taken from the environment of the engine, which the secret came into over a pipe.
function secretWords(_phase: Phase, secret: Phase['secret']): string[] {
  if (secret === undefined || secret.file !== undefined) return [];
  return secret.env === undefined ? ['--interactive'] : [`--env=${secret.env}`];
}

function labelWords(
  phase: Phase,
  want: Params,
  image: ImageSeen | undefined,
): readonly string[] | { readonly wrong: string } {
  const text = labelOf(image, phase.label ?? '');
  if (text === undefined) return { wrong: `the image has no label "${phase.label}"` };
  const parts = parseLabel(text, {
    PWD: '/root',
    HOST: '/host',
    ...phase.environment,
    NAME: want.name,
    IMAGE: want.image ?? '',
  });
  if ('wrong' in parts) return { wrong: `the label "${phase.label}" cannot be used: ${parts.wrong}` };
  return [
    'run',
    '--rm',
    ...parts.options,
    ...secretWords(phase, phase.secret),
    want.image ?? '',
    ...parts.command,
    ...phase.args,
  ];
}

/** The text of a label, in whichever case the image has it. */
export function labelOf(image: ImageSeen | undefined, name: string): string | undefined {
  const found = Object.entries(image?.labels ?? {}).find(([key]) => key.toLowerCase() === name.toLowerCase());
  return found?.[1];
}

const REASONS: Readonly<Record<number, string>> = {
  71: 'the files of the host could not be kept before',
  72: 'the secret could not be written',
  73: 'the files of the host could not be copied into the container',
  74: 'the files could not be copied back to the host',
  125: 'the engine could not run the container',
  126: 'its command cannot be executed',
  127: 'its command is not in the image',
};

// What a setup prints is shown nowhere: it may repeat a password.
function explain(name: PhaseName, want: Params): Explain {
  return ({ code, stderr }) => {
    const engineSays = code === 125 ? `: ${stderr.trim().split('\n').at(-1)?.slice(0, 300) ?? ''}` : '';
    const why = REASONS[code ?? -1] ?? `it ended with ${code ?? 'no status'}`;
    return {
      message: `the ${name} of ${want.name} failed: ${why}${engineSays}`,
      hint: 'a one-time secret may be used up: give a new one, then run the task again',
    };
  };
}
