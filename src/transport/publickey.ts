import type { AnyAuthMethod, Client, ParsedKey } from 'ssh2';
import ssh2 from 'ssh2';
import { certifiedType, isCertificate } from './certificate.ts';
import type { Identity } from './identities.ts';
import type { InsideProtocol } from './inside.ts';
import { inside } from './inside.ts';
import { sshString } from './wire.ts';

const USERAUTH_REQUEST = 50;

interface Offer extends ParsedKey {
  readonly identity: Identity;
  failed: Error | undefined;
}

/**
 * A publickey method for ssh2's authHandler from one of our identities. ssh2 alone knows neither certificates nor
 * hardware keys, and cannot wait for a signature; `teachPublickey` must have been called on the client.
 */
export function publickeyMethod(username: string, identity: Identity): AnyAuthMethod {
  const offer: Offer = Object.assign(Object.create(template()) as ParsedKey, {
    // ssh2 chooses the signature algorithm for this type only, by what the server announced.
    type: identity.type.startsWith('ssh-rsa') ? ('ssh-rsa' as const) : ('ssh-ed25519' as const),
    comment: identity.label,
    isPrivateKey: () => true,
    identity,
    failed: undefined as Error | undefined,
    sign(this: Offer): Buffer {
      // Reached only when our own signing failed: ssh2 takes an error for "next method".
      return this.failed as unknown as Buffer;
    },
  });
  return { type: 'publickey', username, key: offer };
}

/** Replaces the client's publickey messages by our own; `onTrouble` hears why an identity could not sign. */
export function teachPublickey(client: Client, onTrouble: (label: string, error: Error) => void): void {
  const protocol = inside(client)._protocol;
  protocol.authPK = (username, key, chosen, sign) => {
    const offer = key as Offer;
    const { identity } = offer;
    const { signature, algorithm } = algorithmsOf(identity.type, chosen);
    const ask = (): void => send(protocol, request({ username, algorithm, blob: identity.blob, signed: false }));
    if (sign === undefined && !identity.eager) {
      ask();
      return;
    }
    const body = request({ username, algorithm, blob: identity.blob, signed: true });
    identity.sign(Buffer.concat([sshString(protocol._kex.sessionID), body]), signature).then(
      (signed) => send(protocol, Buffer.concat([body, sshString(signed)])),
      (error: unknown) => {
        offer.failed = error instanceof Error ? error : new Error(String(error));
        signingFailures.add(offer.failed);
        onTrouble(identity.label, offer.failed);
        // Only after the host took the key can ssh2 be told that signing failed.
        if (sign === undefined) ask();
        else sign(Buffer.alloc(0), () => undefined);
      },
    );
  };
}

/** Names of the signature's algorithm and of the key's: the same for plain keys, another one for a certificate. */
function algorithmsOf(type: string, chosen: string | undefined): { signature: string; algorithm: string } {
  if (!type.startsWith('ssh-rsa')) return { signature: certifiedType(type), algorithm: type };
  const signature = chosen ?? 'ssh-rsa';
  return { signature, algorithm: isCertificate(type) ? `${signature}-cert-v01@openssh.com` : signature };
}

const signingFailures = new WeakSet<Error>();

/** Whether ssh2 reports one of our own failed signatures, after which it goes on with the next method. */
export function isSigningFailure(error: Error): boolean {
  return signingFailures.has(error);
}

interface LoginRequest {
  readonly username: string;
  readonly algorithm: string;
  readonly blob: Buffer;
  /** A signature follows; otherwise the host is asked whether it would take the key. */
  readonly signed: boolean;
}

function request({ username, algorithm, blob, signed }: LoginRequest): Buffer {
  return Buffer.concat([
    Buffer.of(USERAUTH_REQUEST),
    ...[username, 'ssh-connection', 'publickey'].map(sshString),
    Buffer.of(signed ? 1 : 0),
    sshString(algorithm),
    sshString(blob),
  ]);
}

function send(protocol: InsideProtocol, payload: Buffer): void {
  const { write } = protocol._packetRW;
  try {
    const packet = write.alloc(payload.length);
    packet.set(payload, write.allocStart);
    protocol._authsQueue.push('publickey');
    const finalized = write.finalize(packet);
    if (protocol._kexinit === undefined) protocol._cipher.encrypt(finalized);
    else (protocol._queue ??= []).push(finalized);
  } catch {
    // The connection ended while somebody signed; its own events say so.
  }
}

let parsed: ParsedKey | undefined;

/** Any parsed key: ssh2 recognises its own by a private mark, which our offers inherit. */
function template(): ParsedKey {
  if (parsed === undefined) {
    const blob = Buffer.concat([sshString('ssh-ed25519'), sshString(Buffer.alloc(32, 1))]);
    const key = ssh2.utils.parseKey(`ssh-ed25519 ${blob.toString('base64')}`);
    if (key instanceof Error) throw key;
    parsed = key;
  }
  return parsed;
}
