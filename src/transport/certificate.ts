import { keyType } from './host-verdict.ts';
import { sshString, wireReader } from './wire.ts';

const CERTIFICATE = /-cert-v01@openssh\.com$/;
/** How many fields the key itself has, by its type. */
const FIELDS: Readonly<Record<string, number>> = {
  'ssh-rsa': 2,
  'ssh-ed25519': 1,
  'sk-ssh-ed25519@openssh.com': 2,
  'sk-ecdsa-sha2-nistp256@openssh.com': 3,
};

/** Whether a key type is that of a certificate. */
export function isCertificate(type: string): boolean {
  return CERTIFICATE.test(type);
}

/** The type of the key that a certificate is for; hardware keys keep their `@openssh.com`. Plain types stay. */
export function certifiedType(type: string): string {
  return type.replace(CERTIFICATE, type.startsWith('sk-') ? '@openssh.com' : '');
}

/** The key that a certificate is for, as OpenSSH's PROTOCOL.certkeys lays it out: type, nonce, then the key's fields. */
export function certifiedKey(certificate: Buffer): Buffer {
  const type = certifiedType(keyType(certificate));
  const reader = wireReader(certificate);
  reader.string();
  reader.string();
  const fields = Array.from({ length: FIELDS[type] ?? 2 }, () => sshString(reader.string()));
  return Buffer.concat([sshString(type), ...fields]);
}
