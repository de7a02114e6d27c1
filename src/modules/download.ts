import { script, withOptions } from '../core/command.ts';
import type { MaybeSecret } from '../core/secret.ts';
import type { TransactionStep } from '../core/step.ts';
import type { Checksum } from './checksum.ts';
import { curlConfig, explainCurl, headerOptions } from './curl-config.ts';

/** A file to bring from the web. */
export interface Download {
  readonly url: string;
  /** Where it is put in place by a rename. */
  readonly path: string;
  readonly checksum: Checksum | undefined;
  readonly headers: Readonly<Record<string, MaybeSecret>>;
  /** Four octal digits. */
  readonly mode: string;
  /** What `chown` takes; empty for nothing. */
  readonly accounts: string;
  readonly timeoutMs: number;
}

/** Exit code: what came is not what the checksum says. */
const MISMATCH = 65;
/** Exit code: neither curl nor a wget that would do. */
const NO_TOOL = 69;

// What was brought in part goes on where it ended, but only where a checksum tells that the pieces fit; a server that cannot
// do that says so with 33 or 36. The name of the part holds the checksum, so that no other file is gone on with.
const BRING = `url=$1 dest=$2 tool=$3 sum=$4 mode=$5 accounts=$6 plain=$7
config=$(cat)
part=\${dest%/*}/.\${dest##*/}.copse-part\${sum:+-$(printf %.8s "$sum")}
bring() {
  if command -v curl >/dev/null; then
    go=$1; set --
    [ "$go" != on ] || set -- -C -
    printf '%s\\n' "$config" | curl -q -fsSL --proto-redir '=http,https' --connect-timeout 30 --retry 3 "$@" -o "$part" -K -
  elif [ -n "$plain" ] && command -v wget >/dev/null; then wget -q -O "$part" "$url"
  else exit ${NO_TOOL}; fi
}
umask 077
if [ -n "$sum" ] && [ -s "$part" ]; then
  bring on; code=$?
  if [ $code = 33 ] || [ $code = 36 ] || [ $code = 22 ]; then rm -f -- "$part"; bring; code=$?; fi
else rm -f -- "$part"; bring; code=$?; fi
if [ $code != 0 ]; then [ -n "$sum" ] || rm -f -- "$part"; exit $code; fi
[ -e "$part" ] || : >"$part"
if [ -n "$sum" ]; then
  is=$("$tool" <"$part") || exit
  is=\${is%% *}
  if [ "$is" != "$sum" ]; then rm -f -- "$part"; printf '%s\\n' "$is" >&2; exit ${MISMATCH}; fi
fi
{ [ -z "$accounts" ] || chown -- "$accounts" "$part"; } && chmod "$mode" -- "$part" && mv -f -- "$part" "$dest"`;

/** Brings a file: beside its place, compared with its checksum, and then renamed. Survives a lost connection. */
export function downloadStep(want: Download): TransactionStep {
  const { url, path, headers, checksum, mode, accounts, timeoutMs } = want;
  const isPlain = Object.keys(headers).length === 0;
  const tool = checksum === undefined ? '' : `${checksum.algorithm}sum`;
  const words = [url, path, tool, checksum?.digest ?? '', mode, accounts, isPlain ? 'plain' : ''];
  const config = curlConfig([['url', url], ...headerOptions(headers)]);
  return {
    do: 'transaction',
    say: `bring ${url} to ${path}`,
    command: withOptions(script(BRING, ...words), { stdin: config, timeoutMs }),
    explain: explainCurl(`${url} was not brought`, (code, said) => ofScript(code, said, want)),
  };
}

function ofScript(code: number, said: string, { url, checksum }: Download): string | undefined {
  if (code === NO_TOOL) return 'the host has neither curl nor, for a request without headers, wget';
  if (code !== MISMATCH || checksum === undefined) return undefined;
  return `${url} is not what the checksum says: expected ${checksum.algorithm} ${checksum.digest}, found ${said}; nothing was put in place`;
}
