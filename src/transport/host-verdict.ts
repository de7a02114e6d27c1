import { createHash } from 'node:crypto';
import type { Target } from '../core/target.ts';
import type { KnownHosts, KnownKey } from './known-hosts.ts';
import { knownName } from './known-hosts.ts';

/** What the known hosts say about a key that a host showed. */
export type HostVerdict =
  | { readonly is: 'known'; readonly by: KnownKey }
  | { readonly is: 'revoked'; readonly by: KnownKey }
  /** The host is known by another key of this type. */
  | { readonly is: 'changed'; readonly by: KnownKey }
  /** The host is known, but only by keys of other types. */
  | { readonly is: 'other-type'; readonly types: readonly string[]; readonly by: KnownKey }
  /** Nothing about the host; `authority` when a host certificate would be trusted. */
  | { readonly is: 'unknown'; readonly authority: KnownKey | undefined };

/** The names a target is looked up by: its own, then (as ssh does) the one without the port. */
export function namesOf(target: Pick<Target, 'address' | 'port' | 'hostKeyAlias'>): readonly [string, ...string[]] {
  if (target.hostKeyAlias !== undefined) return [target.hostKeyAlias.toLowerCase()];
  const name = knownName(target.address, target.port);
  return target.port === 22 ? [name] : [name, knownName(target.address, 22)];
}

/** Judges the key a host showed. Pure. */
export function judge(known: KnownHosts, names: readonly [string, ...string[]], key: Buffer): HostVerdict {
  const key64 = key.toString('base64');
  const same = names.flatMap((name) => known.withKey(name, key64));
  const revoked = same.find((line) => line.marker === 'revoked');
  if (revoked !== undefined) return { is: 'revoked', by: revoked };
  const match = same.find((line) => line.marker === undefined);
  if (match !== undefined) return { is: 'known', by: match };

  // Only the name with its port can accuse: another sshd may well listen on port 22.
  const lines = known.all(names[0]);
  const plain = lines.filter((line) => line.marker === undefined);
  const type = keyType(key);
  const changed = plain.find((line) => line.type === type);
  if (changed !== undefined) return { is: 'changed', by: changed };
  const other = plain[0];
  if (other !== undefined) return { is: 'other-type', types: plain.map((line) => line.type), by: other };
  return { is: 'unknown', authority: lines.find((line) => line.marker === 'cert-authority') };
}

/** The type inside a key as it travels: `ssh-ed25519`, `ssh-rsa`, `ecdsa-sha2-nistp256`. */
export function keyType(key: Buffer): string {
  return key.length < 4 ? '' : key.subarray(4, 4 + key.readUInt32BE(0)).toString('latin1');
}

/** A key's fingerprint as ssh shows it: `SHA256:` and base64 without padding. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

const SIGNATURES: Readonly<Record<string, readonly string[]>> = {
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'],
};

/** Host key algorithms to offer, best first. */
export type HostKeyAlgorithm = (typeof HOST_KEYS)[number];

const HOST_KEYS = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
  'ssh-rsa',
] as const;

/** The algorithms to offer, those of known types first: a host known only by its RSA key must not show another one. */
export function hostKeyOrder(types: readonly string[]): HostKeyAlgorithm[] {
  const known = new Set(types.flatMap((type) => SIGNATURES[type] ?? [type]));
  return [...HOST_KEYS.filter((name) => known.has(name)), ...HOST_KEYS.filter((name) => !known.has(name))];
}
