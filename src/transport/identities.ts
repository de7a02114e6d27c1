import type { Target } from '../core/target.ts';
import { agentKeys, agentSign } from './agent.ts';
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
  const usable: Identity[] = [];
  const add = (identity: Identity): void => {
    if (!usable.some((other) => other.blob.equals(identity.blob))) usable.push(identity);
  };
  for (const path of target.identities) {
    const file = await keyFile(path, passphrase).catch(note);
    if (file === undefined) continue;
    for (const identity of fromFile(file, held, passphrase)) add(identity);
    if (file.kind === 'public' && !held.some((key) => key.blob.equals(file.blob))) note(notHeld(path, file.blob));
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

/** A file's identities: its certificate, then the bare key; signed by the agent where the file cannot do it at once. */
function fromFile(file: KeyFile, held: readonly Identity[], passphrase: AskPassphrase): Identity[] {
  const inAgent = held.find((key) => key.blob.equals(file.blob));
  const label = `key ${file.path}`;
  if (inAgent === undefined && file.kind === 'public') return [];
  const eager = file.kind === 'plain';
  const own: Identity['sign'] = (data, algorithm) => file.sign(data, algorithm, passphrase);
  const sign = eager ? own : (inAgent?.sign ?? own);
  const plain: Identity = { blob: file.blob, type: keyType(file.blob), label, eager, sign };
  const { certificate } = file;
  if (certificate === undefined) return [plain];
  const certified = `certificate ${file.path}-cert.pub`;
  return [{ ...plain, blob: certificate, type: keyType(certificate), label: certified }, plain];
}

function notHeld(path: string, blob: Buffer): string {
  const device = keyType(blob).startsWith('sk-') ? ', and only that or copse_transport: openssh can use a device' : '';
  return `the ssh-agent does not hold ${path}${device}`;
}
