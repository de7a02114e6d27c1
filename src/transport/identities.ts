import type { Target } from '../core/target.ts';
import { agentKeys, agentSign } from './agent.ts';
import { certifiedKey, isCertificate } from './certificate.ts';
import { keyType } from './host-verdict.ts';
import type { AskPassphrase, KeyFile } from './key-file.ts';
import { keyFile } from './key-file.ts';

/** A key to log in with, wherever its secret half is. */
export interface Identity {
  /** The public key or certificate. */
  readonly blob: Buffer;
  /** Type inside the blob: `ssh-ed25519`, `ssh-rsa-cert-v01@openssh.com`, `sk-ssh-ed25519@openssh.com`. */
  readonly type: string;
  /** What people call it: `key /home/ann/.ssh/id_ed25519`, `agent key ann@laptop`. */
  readonly label: string;
  /** Signing asks nobody and costs nothing, so the question whether the host would take the key can be left out. */
  readonly eager: boolean;
  readonly sign: (data: Buffer, algorithm: string) => Promise<Buffer>;
}

/** Keys to try, in order, and what was wrong with others. */
export interface Identities {
  readonly usable: readonly Identity[];
  readonly notes: readonly string[];
}

/**
 * The keys for a target: the files it names (signed by the agent where the agent holds them), then, unless it wants only
 * those, everything else in the agent. sshd counts refused keys, so the named ones come first.
 */
export async function identitiesOf(target: Target, passphrase: AskPassphrase): Promise<Identities> {
  const notes: string[] = [];
  const note = (error: unknown): undefined => {
    notes.push(error instanceof Error ? error.message : String(error));
  };
  const held =
    target.agent === undefined ? [] : await heldKeys(target.agent).catch((error: unknown) => note(error) ?? []);
  const files: KeyFile[] = [];
  // One after the other: each may ask the person.
  for (const path of target.identities) {
    const file = await keyFile(path, passphrase).catch(note);
    if (file !== undefined) files.push(file);
  }
  const keys = files.flatMap((file) => plainKey(file, held, passphrase) ?? []);
  const usable: Identity[] = [];
  const add = (identity: Identity): void => {
    if (!usable.some((other) => other.blob.equals(identity.blob))) usable.push(identity);
  };
  for (const file of files) {
    const found = identitiesIn(file, [...keys, ...held]);
    if (found.length === 0) note(notHeld(file));
    for (const identity of found) add(identity);
  }
  if (!target.identitiesOnly) for (const identity of held) add(identity);
  return { usable, notes };
}

async function heldKeys(socket: string): Promise<Identity[]> {
  const keys = await agentKeys(socket);
  return keys.map(({ blob, comment }) => ({
    blob,
    type: keyType(blob),
    label: `agent key ${comment === '' ? keyType(blob) : comment}`,
    eager: false,
    sign: (data, algorithm) => agentSign(socket, blob, data, algorithm),
  }));
}

/** The key of a file, signed for by the file itself or, where that cannot be done at once, by the agent. */
function plainKey(file: KeyFile, held: readonly Identity[], passphrase: AskPassphrase): Identity | undefined {
  const inAgent = held.find((key) => key.blob.equals(file.blob));
  const label = `key ${file.path}`;
  if (file.kind === 'public') return inAgent === undefined ? undefined : { ...inAgent, label };
  const eager = file.kind === 'plain';
  const own: Identity['sign'] = (data, algorithm) => file.sign(data, algorithm, passphrase);
  return { blob: file.blob, type: keyType(file.blob), label, eager, sign: eager ? own : (inAgent?.sign ?? own) };
}

/** What a file lets us show: the certificate beside its key and the key, or the certificate that it is itself. */
function identitiesIn({ path, blob, certificate }: KeyFile, keys: readonly Identity[]): Identity[] {
  const keyOf = (wanted: Buffer): Identity | undefined => keys.find((key) => key.blob.equals(wanted));
  if (isCertificate(keyType(blob))) {
    const signer = keyOf(blob) ?? keyOf(certifiedKey(blob));
    return signer === undefined ? [] : [{ ...signer, blob, type: keyType(blob), label: `certificate ${path}` }];
  }
  const key = keyOf(blob);
  if (key === undefined) return [];
  if (certificate === undefined) return [key];
  const type = keyType(certificate);
  return [{ ...key, blob: certificate, type, label: `certificate ${path}-cert.pub` }, key];
}

function notHeld({ path, blob }: KeyFile): string {
  const type = keyType(blob);
  if (isCertificate(type)) return `no key was found for the certificate ${path}`;
  const device = type.startsWith('sk-') ? ', and only that or copse_transport: openssh can use a device' : '';
  return `the ssh-agent does not hold ${path}${device}`;
}
