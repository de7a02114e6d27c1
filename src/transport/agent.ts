import { connect } from 'node:net';
import { sshString, uint32, wireReader } from './wire.ts';

/** A public key or certificate that an ssh-agent can sign with. */
export interface AgentKey {
  readonly blob: Buffer;
  readonly comment: string;
}

const REQUEST_IDENTITIES = 11;
const IDENTITIES_ANSWER = 12;
const SIGN_REQUEST = 13;
const SIGN_RESPONSE = 14;
const RSA_SHA2_256 = 2;
const RSA_SHA2_512 = 4;
const MAX_ANSWER = 4 * 1024 * 1024;

/** The keys an ssh-agent holds, in its order; rejects with a plain sentence when it cannot be asked. */
export async function agentKeys(socket: string): Promise<readonly AgentKey[]> {
  const answer = wireReader(await request(socket, Buffer.of(REQUEST_IDENTITIES), 5000));
  if (answer.byte() !== IDENTITIES_ANSWER) throw new Error(`the ssh-agent at ${socket} refused to list its keys`);
  return Array.from({ length: answer.uint32() }, () => ({
    blob: answer.string(),
    comment: answer.string().toString(),
  }));
}

/** The agent's signature, whole: algorithm, signature, and what hardware keys add. It may wait for a person's touch. */
export async function agentSign(socket: string, blob: Buffer, data: Buffer, algorithm: string): Promise<Buffer> {
  const flags = algorithm === 'rsa-sha2-256' ? RSA_SHA2_256 : algorithm === 'rsa-sha2-512' ? RSA_SHA2_512 : 0;
  const message = Buffer.concat([Buffer.of(SIGN_REQUEST), sshString(blob), sshString(data), uint32(flags)]);
  const answer = wireReader(await request(socket, message, undefined));
  if (answer.byte() !== SIGN_RESPONSE) throw new Error(`the ssh-agent at ${socket} refused to sign`);
  return answer.string();
}

/** One question on a connection of its own: agents answer in order, and a touch would hold up all others. */
function request(path: string, message: Buffer, timeoutMs: number | undefined): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    let received = Buffer.alloc(0);
    const fail = (why: string): void => {
      socket.destroy();
      reject(new Error(`the ssh-agent at ${path} cannot be used: ${why}`));
    };
    if (timeoutMs !== undefined) socket.setTimeout(timeoutMs, () => fail(`no answer within ${timeoutMs}ms`));
    socket.on('error', (error) => fail(error.message));
    socket.on('close', () => fail('it closed the connection'));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 4) return;
      const length = received.readUInt32BE();
      if (length > MAX_ANSWER) fail('its answer is not one of an agent');
      if (received.length < 4 + length) return;
      resolve(received.subarray(4, 4 + length));
      socket.destroy();
    });
    socket.write(sshString(message));
  });
}
