import { z } from 'zod';
import type { Change } from '../core/module.ts';
import { absolutePath } from './params.ts';

/** A key of gpg, by its long id or fingerprint; upper case after parsing. */
function gpgKey(): z.ZodType<string, string> {
  const error = 'expected a key of gpg by its fingerprint (40 digits) or long id (16 digits): short ids can be forged';
  return z
    .string({ error })
    .transform((text) => text.replace(/^0x/i, '').replaceAll(' ', '').toUpperCase())
    .refine((text) => /^(?:[0-9A-F]{16}|[0-9A-F]{40})$/.test(text), { error })
    .meta({ title: 'gpg key' });
}

/** A key of gpg and the folder it lies in. */
export const GpgKey = z.strictObject({
  key: gpgKey().describe('The key, by its fingerprint or long id, quoted.'),
  home: absolutePath()
    .default('/root/.gnupg')
    .describe('Folder of gpg that has the key (GNUPGHOME); /root/.gnupg without it.'),
});
/** A key of gpg and the folder it lies in. */
export type GpgKey = z.infer<typeof GpgKey>;

/** Which static deltas there should be for the newest commit of a ref. */
export const Deltas = z.strictObject({
  empty: z.boolean().default(true).describe('One from nothing, for hosts that come new.'),
  previous: z
    .int()
    .min(0)
    .max(20)
    .default(1)
    .describe('From so many commits before it, for hosts that follow; of those that are still in the repository.'),
});
/** Which static deltas there should be for the newest commit of a ref. */
export type Deltas = z.infer<typeof Deltas>;

// Detached metadata is a dictionary of GVariant; the value of "ostree.gpgsigs" starts at the next multiple of eight and is signatures
// one after the other, each an OpenPGP packet that tells its own length. gpg takes them only as bytes, which POSIX printf makes.
const PACKETS = `{ for (i = 1; !(NF < i); i++) b[n++] = $i }
END {
  m = split("111 115 116 114 101 101 46 103 112 103 115 105 103 115 0", k, " ")
  for (p = 0; !(n < p + m); p++) { for (j = 0; j < m && b[p + j] == k[j + 1]; j++); if (j == m) break }
  if (j != m) exit
  p += m; if (p % 8) p += 8 - p % 8
  while (p < n) {
    t = b[p]; l = b[p + 1]; e = 2
    if (t == 137) { l = l * 256 + b[p + 2]; e = 3 }
    else if (t == 194 && 191 < l && l < 224) { l = (l - 192) * 256 + b[p + 2] + 192; e = 3 }
    else if (t != 136 && !(t == 194 && l < 192)) exit
    if (n < p + e + l) exit
    s = ""
    for (i = p; i < p + e + l; i++) s = s sprintf("\\\\%03o", b[i])
    print s; p += e + l
  }
}`;

/**
 * Functions of the shell. \`object REPO COMMIT\` is the path of a commit; \`good HOME SIGNATURES DATA\` prints the fingerprints of the
 * primary keys of HOME whose signatures of DATA are good: neither expired nor revoked. gpg judges, and its status lines are read.
 */
export const SIGNATURE_FUNCTIONS = `object() { printf '%s/objects/%s/%s.commit' "$1" "\${2%"\${2#??}"}" "\${2#??}"; }
quiet_gpg() { h=$1; shift; gpg --homedir "$h" --batch --no-tty --lock-never --no-auto-check-trustdb --trust-model always "$@" 2>/dev/null; }
good() {
  [ -f "$2" ] || return 0
  od -An -v -tu1 "$2" | awk '${PACKETS}' | while read -r bytes; do
    printf "$bytes" | quiet_gpg "$1" --status-fd 1 --verify - "$3"
  done | awk '$2 == "NEWSIG" { ok = 0 } $2 == "GOODSIG" { ok = 1 } $2 == "VALIDSIG" { if (ok) print $NF; ok = 0 }' | sort -u
}
`;

/** A key of gpg as the host has it. */
export interface KeySeen {
  /** Fingerprint of the primary key. */
  readonly fingerprint: string;
  /** Expired, revoked, disabled or invalid: nothing it signs is good. */
  readonly isSpoilt: boolean;
}

/** Lines of `gpg --with-colons`: the first fingerprint after a key is its own. */
export function keysOf(lines: readonly string[]): readonly KeySeen[] {
  const keys: KeySeen[] = [];
  let isSpoilt: boolean | undefined;
  for (const line of lines) {
    const fields = line.split(':');
    if (fields[0] !== 'fpr') isSpoilt = /^[eird]/.test(fields[1] ?? '') || (fields[11] ?? '').includes('D');
    else if (isSpoilt !== undefined) {
      keys.push({ fingerprint: fields[9] ?? '', isSpoilt });
      isSpoilt = undefined;
    }
  }
  return keys;
}

/** Why nothing can be signed or verified with a key; undefined when it can. */
export function keyRefusal(
  { key, home }: GpgKey,
  keys: readonly KeySeen[],
  part: 'public' | 'secret',
): Extract<Change, { readonly refuse: string }> | undefined {
  const [found, ...others] = keys;
  if (found === undefined) {
    const list = part === 'secret' ? '--list-secret-keys' : '--list-keys';
    return {
      refuse: `${home} has no ${part} key ${key}`,
      hint: `"gpg --homedir ${home} ${list}" on the host shows those it has; "gpg --import" brings one`,
    };
  }
  if (others.length > 0) return { refuse: `${home} has several keys ${key}`, hint: 'write the fingerprint' };
  if (!found.isSpoilt) return undefined;
  return { refuse: `the key ${key} has expired or was revoked`, hint: 'nothing it signs is trusted: use another one' };
}
