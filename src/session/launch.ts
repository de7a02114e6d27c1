import { randomBytes } from 'node:crypto';
import type { Bytes } from '../core/bytes.ts';
import { becomeWords } from './become.ts';
import type { Identity } from './session.ts';

/** What a launched `sh` does: answer statements until its input ends, or run one script and become its command. */
export type LaunchMode = 'shell' | 'script';

/** Everything that is sent to start a `sh` on the host as some user. */
export interface Launch {
  /** One line for the login shell, whichever that is: only quoted printable ASCII. No secret is in it. */
  readonly text: string;
  /** Random text that nothing on the host knows beforehand. Proves that what follows comes from our `sh`. */
  readonly mark: string;
  /** Text with which sudo asks for a password, so that a question for one is told apart from all other text. */
  readonly prompt: string;
  /** What must be written to its stdin after it said hello, before anything else. */
  readonly stdin: Bytes | undefined;
  readonly as: Identity;
}

/** Shell text that is run by a launched `sh`. */
export interface Payload {
  readonly text: string;
  /** Holds a secret: it travels over stdin and is in no argument list. */
  readonly secret: boolean;
}

/** Longest text that travels in the command itself; Linux refuses one argument above 128 KiB. */
const INLINE = 80_000;
/** sudo writes every command to the journal, so less travels there. */
const INLINE_BECOME = 16_000;

/**
 * Makes the line that starts `sh` as that user. The payload rides in the line itself where it may, which saves a round trip;
 * otherwise it is in `stdin`. With `terminal` the program that becomes the user has a terminal, though not as its input or output.
 */
export function launch(mode: LaunchMode, as: Identity, payload: Payload, terminal = false): Launch {
  const [first, second] = [randomHex(), randomHex()];
  const encoded = encode(payload.text);
  const inline = !payload.secret && encoded.length <= (as === undefined ? INLINE : INLINE_BECOME);
  const prompt = `copse-${randomHex()}:`;
  const mark = first + second;
  const sh = [
    '/bin/sh',
    '-c',
    'eval "$1"',
    'copse',
    BOOT,
    first,
    second,
    mode,
    inline ? 'line' : 'stdin',
    inline ? encoded : '',
  ];
  const words =
    as === undefined
      ? sh
      : ['/bin/sh', '-c', terminal ? STAGE_ON_TERMINAL : STAGE, 'copse', first, second, ...becomeWords(as, prompt, sh)];
  return {
    text: `exec ${words.map((word) => `'${word}'`).join(' ')}`,
    mark,
    prompt,
    stdin: inline
      ? undefined
      : mode === 'shell'
        ? batchBytes(payload.text, mark)
        : Buffer.from(`${payload.text}\n${mark}\n`),
    as,
  };
}

/** A batch as a launched shell reads it: its length, then all of it in one read, with the mark last to prove that it is whole. */
export function batchBytes(text: string, mark: string): Bytes {
  const body = Buffer.from(text + mark);
  return Buffer.concat([Buffer.from(`${body.length}\n`), body]);
}

/**
 * Text as octal escapes that `printf %b` turns back: only characters that mean themselves between single quotes in
 * every login shell (sh, bash, zsh, fish, csh). Shell text otherwise is quoted in one place only, `core/command.ts`.
 */
export function encode(text: string | Bytes): string {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text;
  let encoded = '';
  for (const byte of bytes) encoded += ENCODED[byte] ?? '';
  return encoded;
}

const ENCODED: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const character = String.fromCodePoint(byte);
  const plain = byte >= 0x20 && byte < 0x7f && !"'\\!".includes(character);
  return plain ? character : `\\0${byte.toString(8).padStart(3, '0')}`;
});

function randomHex(): string {
  return randomBytes(8).toString('hex');
}

/** Runs as the login user before another one is become: proves that the login shell started our `sh`. */
const STAGE_BEGIN = [
  'printf "%s%s login\\n" "$1" "$2"',
  'shift 2',
  'PATH=${PATH:+$PATH:}/usr/local/bin:/usr/bin:/bin LC_ALL=C',
  'export PATH LC_ALL',
];
const STAGE = [...STAGE_BEGIN, 'exec "$@"'].join('; ');

/**
 * The same for a sudo with `requiretty`: it wants a controlling terminal, whatever its input and output are, and `script` of util-linux
 * makes one. Input and both outputs pass it by, over descriptors 3 to 5; its own input is a terminal that never says anything. It takes
 * its command as text for $SHELL, so every word is put between single quotes, which none of them has.
 */
const STAGE_ON_TERMINAL = [
  ...STAGE_BEGIN,
  'command -v script >/dev/null || exec "$@"',
  'copse_q=$(printf "\\047"); copse_l=exec; for copse_w do copse_l="$copse_l $copse_q$copse_w$copse_q"; done',
  'SHELL=/bin/sh exec script -qec "$copse_l <&3 >&4 2>&5" /dev/null 3<&0 4>&1 5>&2 </dev/ptmx >/dev/null 2>&1',
].join('; ');

/**
 * Runs first in every `sh` we launch. Its arguments: itself, two halves of the mark (halves, so that the mark is in no
 * process list), the mode, where the payload is, the payload. It makes the shell the leader of a process group, so that everything
 * it starts can be ended together; sets a known PATH, locale, umask and folder; says hello with its process id and with a frame
 * mark that the host's kernel drew (on both outputs, so that noise of profiles before it is cut off); and runs the payload.
 * If nobody hears the hello any more (a sudo that took longer than we waited), nothing is run.
 * Its printf must be built in, as it is in every /bin/sh of Linux: secrets pass through it.
 * Only single-line text without single quotes and exclamation marks, because any login shell has to pass it on.
 */
const BOOT = [
  'copse_g=; { read -r copse_g </proc/$$/stat; } 2>/dev/null; copse_g=${copse_g##*) }; copse_g=${copse_g#* * }',
  '[ "${copse_g%% *}" = $$ ] || [ -n "${7-}" ] || { command -v setsid >/dev/null && exec setsid /bin/sh -c "$1" copse "$@" led; }',
  'case $(command -v printf) in */*) echo "copse needs a /bin/sh with a printf of its own" >&2; exit 125 ;; esac',
  'umask 022; unset CDPATH ENV BASH_ENV LANGUAGE; PATH=${PATH:+$PATH:}/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  'if [ -d /usr/lib/locale/C.utf8 ] || [ -d /usr/lib/locale/C.UTF-8 ]; then LC_ALL=C.UTF-8; else case $(locale -a 2>/dev/null) in *C.[Uu][Tt][Ff]8* | *C.[Uu][Tt][Ff]-8*) LC_ALL=C.UTF-8 ;; *) LC_ALL=C ;; esac; fi',
  'export PATH LC_ALL; cd -- "${HOME:-/}" 2>/dev/null || cd /',
  'copse_m=$2$3; copse_u=; { read -r copse_u </proc/sys/kernel/random/uuid; } 2>/dev/null; copse_u=${copse_u:-$copse_m}',
  'printf "%s hello %s %s\\n" "$copse_m" $$ "$copse_u" && printf "%s hello %s %s\\n" "$copse_m" $$ "$copse_u" >&2 || exit 125',
  'copse_n=$(printf "\\n_"); copse_n=${copse_n%_}',
  'copse_r() { copse_s=; while IFS= read -r copse_l; do [ "$copse_l" = "$copse_m" ] && return 0; copse_s=$copse_s$copse_l$copse_n; done; return 1; }',
  'copse_e() { printf "%s %s %s\\n" "$copse_u" "$1" "$2"; printf "%s %s %s\\n" "$copse_u" "$1" "$2" >&2; }',
  'copse_b() { IFS= read -r copse_l && copse_s=$(head -c "$copse_l") && case $copse_s in *"$copse_m") copse_s=${copse_s%"$copse_m"} ;; *) return 1 ;; esac; }',
  'if [ "$5" = line ]; then copse_s=$(printf %b "$6"); elif [ "$4" = script ]; then copse_r || exit 125; else copse_b || exit 125; fi',
  'if [ "$4" = script ]; then set --; eval "$copse_s"; exit; fi',
  'set --; eval "$copse_s"; while copse_b; do eval "$copse_s"; done',
].join('; ');
