import { createHash } from 'node:crypto';
import { textOf, type Bytes } from '../core/bytes.ts';

/** A public key of OpenPGP, as far as it matters whether a keyring has it. */
export interface GpgKey {
  /** Forty hexadecimal digits, upper case. */
  readonly fingerprint: string;
  /** First name it was given, empty when it has none. */
  readonly name: string;
  /** When it signed something of itself last (seconds since 1970): a key that was prolonged has a newer one. */
  readonly signed: number;
}

const BEGIN = '-----BEGIN PGP PUBLIC KEY BLOCK-----';
const END = '-----END PGP PUBLIC KEY BLOCK-----';

/** The public keys in a file: binary as in a keyring, or one or several armored blocks. Undefined when it is neither. */
export function keysIn(bytes: Bytes): readonly GpgKey[] | undefined {
  const text = textOf(bytes);
  const keys = text.includes(BEGIN) ? armored(text).flatMap((part) => keysOf(part) ?? []) : keysOf(bytes);
  return keys?.length === 0 && bytes.length > 0 ? undefined : keys;
}

/** What of wished keys a keyring lacks: keys that are not there, and those that have been prolonged since. */
export function missingKeys(wished: readonly GpgKey[], keyring: readonly GpgKey[]): readonly GpgKey[] {
  return wished.filter(
    (key) => !keyring.some(({ fingerprint, signed }) => fingerprint === key.fingerprint && signed >= key.signed),
  );
}

function armored(text: string): readonly Bytes[] {
  return text
    .split(BEGIN)
    .slice(1)
    .map((part) => {
      const [block = ''] = part.split(END);
      const lines = block.split(/\r?\n/);
      // Headers end with an empty line; a checksum begins with "=".
      const body = lines.slice(lines.findIndex((line, at) => at > 0 && line.trim() === '') + 1);
      return Buffer.from(body.filter((line) => !line.startsWith('=')).join(''), 'base64');
    });
}

function keysOf(bytes: Bytes): readonly GpgKey[] | undefined {
  const keys: { fingerprint: string; name: string; signed: number }[] = [];
  const packets = packetsOf(bytes);
  if (packets === undefined) return undefined;
  for (const { tag, body } of packets) {
    const last = keys.at(-1);
    if (tag === PUBLIC_KEY) keys.push({ fingerprint: fingerprintOf(body), name: '', signed: 0 });
    else if (last === undefined) continue;
    else if (tag === USER_ID && last.name === '') last.name = textOf(body);
    else if (tag === SIGNATURE) last.signed = Math.max(last.signed, ownSignature(body, last.fingerprint));
  }
  return keys;
}

const SIGNATURE = 2;
const PUBLIC_KEY = 6;
const USER_ID = 13;

interface Packet {
  readonly tag: number;
  readonly body: Bytes;
}

/** RFC 4880, 4.2; undefined where the bytes are no packets. */
function packetsOf(bytes: Bytes): readonly Packet[] | undefined {
  const packets: Packet[] = [];
  for (let at = 0; at < bytes.length;) {
    const head = bytes[at] ?? 0;
    if ((head & 0x80) === 0) return undefined;
    const isNew = (head & 0x40) !== 0;
    const size = isNew ? newLength(bytes, at + 1) : oldLength(bytes, at + 1, head & 3);
    if (size === undefined || size.from + size.length > bytes.length) return undefined;
    const body = bytes.subarray(size.from, size.from + size.length);
    packets.push({ tag: isNew ? head & 0x3f : (head >> 2) & 0xf, body });
    at = size.from + size.length;
  }
  return packets;
}

interface Extent {
  readonly from: number;
  readonly length: number;
}

function newLength(bytes: Bytes, at: number): Extent | undefined {
  const first = bytes[at] ?? 0;
  if (first < 192) return { from: at + 1, length: first };
  if (first < 224) return { from: at + 2, length: (first - 192) * 256 + (bytes[at + 1] ?? 0) + 192 };
  return first === 255 ? { from: at + 5, length: numberAt(bytes, at + 1, 4) } : undefined;
}

function oldLength(bytes: Bytes, at: number, kind: number): Extent | undefined {
  const width = [1, 2, 4][kind];
  return width === undefined ? undefined : { from: at + width, length: numberAt(bytes, at, width) };
}

function numberAt(bytes: Bytes, at: number, width: number): number {
  return bytes.subarray(at, at + width).reduce((sum, byte) => sum * 256 + byte, 0);
}

/** RFC 4880, 12.2 for keys of version 4; RFC 9580 for those of version 6. */
function fingerprintOf(body: Bytes): string {
  const isNew = (body[0] ?? 4) >= 5;
  const head = isNew
    ? [0x9b, body.length >>> 24, body.length >>> 16, body.length >>> 8, body.length]
    : [0x99, body.length >>> 8, body.length];
  const hash = createHash(isNew ? 'sha256' : 'sha1').update(Uint8Array.from(head, (byte) => byte & 0xff));
  return hash.update(body).digest('hex').toUpperCase();
}

/** When a signature was made, if the key itself made it; 0 otherwise. */
function ownSignature(body: Bytes, fingerprint: string): number {
  if ((body[0] ?? 0) < 4) return 0;
  const hashed = numberAt(body, 4, 2);
  const free = numberAt(body, 6 + hashed, 2);
  const parts = [
    ...subpackets(body.subarray(6, 6 + hashed)),
    ...subpackets(body.subarray(8 + hashed, 8 + hashed + free)),
  ];
  const made = parts.find(({ tag }) => tag === 2);
  const by = parts.find(({ tag }) => tag === 16);
  const issuer = by === undefined ? '' : Buffer.from(by.body).toString('hex').toUpperCase();
  return made !== undefined && fingerprint.endsWith(issuer) ? numberAt(made.body, 0, 4) : 0;
}

function subpackets(bytes: Bytes): readonly Packet[] {
  const parts: Packet[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = newLength(bytes, at);
    if (size === undefined || size.length === 0) break;
    parts.push({ tag: (bytes[size.from] ?? 0) & 0x7f, body: bytes.subarray(size.from + 1, size.from + size.length) });
    at = size.from + size.length;
  }
  return parts;
}
