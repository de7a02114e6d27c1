import type { KeyObject } from 'node:crypto';
import { createPrivateKey, createPublicKey, sign as cryptoSign } from 'node:crypto';
import ssh2 from 'ssh2';
import { mpint, sshString, wireReader } from './wire.ts';

/** Why a private key could not be opened. */
export type KeyTrouble = 'encrypted' | 'passphrase' | 'format';

/** Opens a private key file's text: OpenSSH, PEM and PKCS#8, and what else ssh2 can read. */
export function openPrivateKey(text: string, passphrase: string | undefined): KeyObject | KeyTrouble {
  if (/^-----BEGIN (?:ENCRYPTED )?PRIVATE KEY-----/m.test(text)) return openPkcs8(text, passphrase);
  const parsed = ssh2.utils.parseKey(text, passphrase);
  // An OpenSSH file may hold several keys; like ssh, only the first counts.
  const first: unknown = Array.isArray(parsed) ? parsed[0] : parsed;
  if (first instanceof Error) return isEncrypted(text) ? locked(passphrase) : 'format';
  const key = first as Exclude<typeof parsed, Error>;
  return key.isPrivateKey() ? createPrivateKey(key.getPrivatePEM()) : 'format';
}

/** The public key inside an OpenSSH private key file, readable without its passphrase; undefined in other formats. */
export function publicPart(text: string): Buffer | undefined {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+?)-----END/.exec(text)?.[1];
  if (body === undefined) return undefined;
  const bytes = Buffer.from(body, 'base64');
  const magic = Buffer.from('openssh-key-v1\0');
  if (!bytes.subarray(0, magic.length).equals(magic)) return undefined;
  const reader = wireReader(bytes.subarray(magic.length));
  for (let skipped = 0; skipped < 3; skipped += 1) reader.string();
  return reader.uint32() === 0 ? undefined : reader.string();
}

const CURVES: Readonly<Record<string, string>> = { 'P-256': 'nistp256', 'P-384': 'nistp384', 'P-521': 'nistp521' };

/** The public half as it travels in SSH; undefined for kinds of keys that SSH does not know. */
export function publicBlob(key: KeyObject): Buffer | undefined {
  const jwk = createPublicKey(key).export({ format: 'jwk' });
  const part = (name: 'n' | 'e' | 'x' | 'y'): Buffer => Buffer.from(jwk[name] ?? '', 'base64url');
  if (jwk.kty === 'RSA') return Buffer.concat([sshString('ssh-rsa'), mpint(part('e')), mpint(part('n'))]);
  if (jwk.kty === 'OKP' && jwk.crv === 'Ed25519') {
    return Buffer.concat([sshString('ssh-ed25519'), sshString(part('x'))]);
  }
  const curve = CURVES[jwk.crv ?? ''];
  if (jwk.kty !== 'EC' || curve === undefined) return undefined;
  const point = Buffer.concat([Buffer.of(4), part('x'), part('y')]);
  return Buffer.concat([sshString(`ecdsa-sha2-${curve}`), sshString(curve), sshString(point)]);
}

const HASHES: Readonly<Record<string, string>> = {
  'rsa-sha2-512': 'sha512',
  'rsa-sha2-256': 'sha256',
  'ssh-rsa': 'sha1',
  'ecdsa-sha2-nistp256': 'sha256',
  'ecdsa-sha2-nistp384': 'sha384',
  'ecdsa-sha2-nistp521': 'sha512',
};

/** A signature as SSH sends it: the algorithm's name and the signature in that algorithm's form. */
export function signWith(key: KeyObject, data: Buffer, algorithm: string): Buffer {
  const raw = cryptoSign(HASHES[algorithm] ?? null, data, { key, dsaEncoding: 'ieee-p1363' });
  if (key.asymmetricKeyType !== 'ec') return Buffer.concat([sshString(algorithm), sshString(raw)]);
  const half = raw.length / 2;
  const pair = Buffer.concat([mpint(raw.subarray(0, half)), mpint(raw.subarray(half))]);
  return Buffer.concat([sshString(algorithm), sshString(pair)]);
}

function openPkcs8(text: string, passphrase: string | undefined): KeyObject | KeyTrouble {
  try {
    return createPrivateKey(passphrase === undefined ? text : { key: text, passphrase });
  } catch {
    return isEncrypted(text) ? locked(passphrase) : 'format';
  }
}

function locked(passphrase: string | undefined): KeyTrouble {
  return passphrase === undefined ? 'encrypted' : 'passphrase';
}

/** Whether a private key file says that it is encrypted: in its header, or in the cipher name of the OpenSSH format. */
export function isEncrypted(text: string): boolean {
  if (/^Proc-Type: 4,ENCRYPTED|^Encryption: aes|BEGIN ENCRYPTED PRIVATE KEY/m.test(text)) return true;
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+?)-----END/.exec(text)?.[1];
  if (body === undefined) return false;
  const cipher = wireReader(Buffer.from(body, 'base64').subarray('openssh-key-v1\0'.length)).string();
  return cipher.toString() !== 'none';
}
