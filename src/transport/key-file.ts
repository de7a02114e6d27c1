import type { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fault } from '../core/problem.ts';
import { keyType } from './host-verdict.ts';
import type { KeyTrouble } from './private-key.ts';
import { isEncrypted, openPrivateKey, publicBlob, publicPart, signWith } from './private-key.ts';

/** A key file of the user's. Its secret half is opened when it is needed first, once per process. */
export interface KeyFile {
  readonly path: string;
  readonly blob: Buffer;
  /** A certificate for the key, from `<path>-cert.pub`. */
  readonly certificate: Buffer | undefined;
  /** `public`: the agent has to sign. `encrypted`: a passphrase is needed first. */
  readonly kind: 'public' | 'encrypted' | 'plain';
  sign(data: Buffer, algorithm: string, passphrase: AskPassphrase): Promise<Buffer>;
}

/** Where a passphrase comes from; `undefined` when there is none to be had. `again` after a wrong one. */
export type AskPassphrase = (path: string, again: boolean) => Promise<string | undefined>;

const files = new Map<string, Promise<KeyFile>>();

/** Reads a key file, once per process. Rejects with a Fault (E_AUTH) that says what is wrong with it. */
export function keyFile(path: string, passphrase: AskPassphrase): Promise<KeyFile> {
  const cached = files.get(path);
  if (cached !== undefined) return cached;
  const reading = readKeyFile(path, passphrase);
  files.set(path, reading);
  // A file that could not be used may be mended, or its passphrase be known, the next time.
  reading.catch(() => files.delete(path));
  return reading;
}

async function readKeyFile(path: string, passphrase: AskPassphrase): Promise<KeyFile> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw keyFault(path, missing(error) ? 'there is no such file' : String(error), error);
  });
  const beside = publicKeyIn((await readIfThere(`${path}.pub`)) ?? '');
  const certificate = publicKeyIn((await readIfThere(`${path}-cert.pub`)) ?? '');
  const own = publicKeyIn(text);
  if (own !== undefined) {
    return {
      path,
      blob: own,
      certificate,
      kind: 'public',
      sign: () => Promise.reject(keyFault(path, 'it is public')),
    };
  }

  let opening: Promise<KeyObject> | undefined;
  const open = (ask: AskPassphrase): Promise<KeyObject> => {
    opening ??= openWith(path, text, ask);
    opening.catch(() => {
      opening = undefined;
    });
    return opening;
  };
  const blob = publicPart(text) ?? beside ?? publicBlob(await open(passphrase));
  if (blob === undefined) throw keyFault(path, 'it is of a kind that SSH does not use');
  if (keyType(blob).startsWith('sk-')) {
    // The file names the device; only ssh-agent and ssh itself know how to talk to that.
    return { path, blob, certificate, kind: 'public', sign: () => Promise.reject(keyFault(path, 'it is in a device')) };
  }
  return {
    path,
    blob,
    certificate,
    kind: isEncrypted(text) ? 'encrypted' : 'plain',
    sign: async (data, algorithm, ask) => signWith(await open(ask), data, algorithm),
  };
}

async function openWith(path: string, text: string, ask: AskPassphrase): Promise<KeyObject> {
  let opened: KeyObject | KeyTrouble = openPrivateKey(text, undefined);
  for (let tries = 0; tries < 3 && (opened === 'encrypted' || opened === 'passphrase'); tries += 1) {
    const passphrase = await ask(path, tries > 0);
    if (passphrase === undefined) break;
    opened = openPrivateKey(text, passphrase);
  }
  if (opened === 'encrypted') throw keyFault(path, 'it is encrypted and there is nobody to ask for its passphrase');
  if (opened === 'passphrase') throw keyFault(path, 'the passphrase is wrong');
  if (opened === 'format') throw keyFault(path, 'it is not a private key that can be read');
  return opened;
}

/** The key of the first public key line of a text, such as a `.pub` file. */
function publicKeyIn(text: string): Buffer | undefined {
  const match = /^(?:ssh-|ecdsa-|sk-)\S+ ([A-Za-z0-9+/=]+)/m.exec(text);
  return match?.[1] === undefined ? undefined : Buffer.from(match[1], 'base64');
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}

function missing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function keyFault(path: string, what: string, cause?: unknown): Error {
  return fault({ code: 'E_AUTH', message: `the key ${path} cannot be used: ${what}` }, cause);
}
