import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AuthContext } from 'ssh2';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Problem } from '../../src/core/problem.ts';
import { Fault } from '../../src/core/problem.ts';
import { Secret } from '../../src/core/secret.ts';
import type { Target } from '../../src/core/target.ts';
import { sshTransport } from '../../src/transport/ssh.ts';
import type { ConnectOptions } from '../../src/transport/transport.ts';
import { sshString, uint32, wireReader } from '../../src/transport/wire.ts';
import { startFakeSshd } from '../support/fake-sshd.ts';
import type { Sshd } from '../support/sshd.ts';
import { makeKey, NO_SSHD, startSshd, targetOf } from '../support/sshd.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** How a login went in: the words of the detail line between `by` and the key exchange. */
async function login(target: Target, ask?: ConnectOptions['ask']): Promise<string> {
  const options = { signal: new AbortController().signal, ...(ask === undefined ? {} : { ask }) };
  const connection = await sshTransport().connect(target, options);
  await connection.close();
  return / by (.+?), [a-z0-9-]+(?:@[a-z.]+)?, host key/.exec(connection.detail)?.[1] ?? connection.detail;
}

async function problemOf(promise: Promise<unknown>): Promise<Problem | undefined> {
  const error: unknown = await promise.catch((failure: unknown) => failure);
  return error instanceof Fault ? error.problems[0] : { code: 'E_USAGE', message: String(error) };
}

/** Somebody who gives these answers, one after the other, and what they were asked. */
function person(...answers: string[]): { ask: NonNullable<ConnectOptions['ask']>; asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    ask: ({ prompt, secret }) => {
      asked.push(`${prompt}${secret ? '(secret)' : ''}`);
      return Promise.resolve(answers.shift() ?? '');
    },
  };
}

/** An ssh-agent of our own with these keys in it. */
async function agentWith(folder: string, ...keys: readonly string[]): Promise<string> {
  const socket = join(mkdtempSync(join(folder, 'agent-')), 's');
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
  cleanups.push(
    () =>
      new Promise((resolve) => {
        agent.once('exit', () => resolve());
        agent.kill();
      }),
  );
  for (let tries = 0; tries < 100; tries += 1) {
    const added = spawnSync('ssh-add', ['-q', ...keys], { env: { ...process.env, SSH_AUTH_SOCK: socket } });
    if (added.status === 0) return socket;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('the ssh-agent does not take the keys');
}

describe.skipIf(NO_SSHD !== undefined)('a login with keys', () => {
  let folder = '';
  let sshd: Sshd;
  const file = (name: string): string => join(folder, name);

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'copse-login-'));
    makeKey(file('ed25519'), 'ed25519');
    makeKey(file('rsa'), 'rsa', '', ['-b', '2048']);
    makeKey(file('ecdsa'), 'ecdsa', '', ['-b', '521']);
    makeKey(file('locked'), 'ed25519', 'open sesame');
    makeKey(file('pem'), 'rsa', '', ['-b', '2048', '-m', 'PEM']);
    makeKey(file('pem-locked'), 'rsa', 'open sesame', ['-b', '2048', '-m', 'PEM']);
    makeKey(file('user-ca'), 'ed25519');
    for (const name of ['certified', 'certified-rsa']) {
      makeKey(file(name), name === 'certified' ? 'ed25519' : 'rsa');
      execFileSync('ssh-keygen', ['-q', '-s', file('user-ca'), '-I', 'test', '-n', 'fleet', file(`${name}.pub`)]);
    }
    const pkcs8 = { type: 'pkcs8', format: 'pem' } as const;
    const made = [
      generateKeyPairSync('ed25519').privateKey,
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
    ];
    writeFileSync(file('pkcs8-ed25519'), made[0]?.export(pkcs8) ?? '', { mode: 0o600 });
    const locked = { ...pkcs8, cipher: 'aes-256-cbc', passphrase: 'open sesame' };
    writeFileSync(file('pkcs8-locked'), made[1]?.export(locked) ?? '', { mode: 0o600 });
    const { publicBlob } = await import('../../src/transport/private-key.ts');
    const pkcs8Lines = made.map(
      (key, index) => `${['ssh-ed25519', 'ecdsa-sha2-nistp256'][index]} ${publicBlob(key)?.toString('base64')}`,
    );
    const names = ['ed25519', 'rsa', 'ecdsa', 'locked', 'pem', 'pem-locked'];
    sshd = await startSshd({
      authorizedKeys: [
        ...names.map((name) => readFileSync(file(`${name}.pub`), 'utf8').trim()),
        ...pkcs8Lines,
        `cert-authority,principals="fleet" ${readFileSync(file('user-ca.pub'), 'utf8').trim()}`,
      ],
    });
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await sshd.stop();
  });

  test.each(['ed25519', 'rsa', 'ecdsa', 'pem', 'pkcs8-ed25519'])('takes an %s key file', async (name) => {
    expect(await login(sshd.target({ identities: [file(name)] }))).toBe(`key ${file(name)}`);
  });

  test.each(['locked', 'pem-locked', 'pkcs8-locked'])('opens the %s key with its passphrase', async (name) => {
    const target = sshd.target({ identities: [file(name)], passphrase: new Secret('open sesame') });

    expect(await login(target)).toBe(`key ${file(name)}`);
  });

  test.each(['certified', 'certified-rsa'])('shows the certificate of the %s key', async (name) => {
    expect(await login(sshd.target({ identities: [file(name)] }))).toBe(`certificate ${file(name)}-cert.pub`);
  });

  test('finds the key of a certificate in another file, or in the agent', async () => {
    execFileSync('cp', [file('certified'), file('moved')]);
    execFileSync('cp', [file('certified-cert.pub'), file('moved.cert')]);
    const agent = await agentWith(folder, file('moved'));
    const alone = sshd.target({ identities: [file('moved.cert')] });

    expect(await login({ ...alone, identities: [file('moved.cert'), file('moved')] })).toBe(
      `certificate ${file('moved.cert')}`,
    );
    expect(await login({ ...alone, agent })).toBe(`certificate ${file('moved.cert')}`);
    expect((await problemOf(login(alone)))?.message).toMatch(/; no key was found for the certificate .*moved\.cert$/);
  });

  test('tries the keys in their order', async () => {
    makeKey(file('stranger'), 'ed25519');

    expect(await login(sshd.target({ identities: [file('stranger'), file('ed25519')] }))).toBe(
      `key ${file('ed25519')}`,
    );
  });

  test('asks for a passphrase once, and again after a wrong one', async () => {
    makeKey(file('asked'), 'ed25519', 'open sesame');
    const own = await startSshd({ authorizedKeys: [readFileSync(file('asked.pub'), 'utf8').trim()] });
    cleanups.push(() => own.stop());
    const { ask, asked } = person('wrong', 'open sesame');
    const target = own.target({ identities: [file('asked')] });

    const ways = await Promise.all([login(target, ask), login(target, ask), login(target, ask)]);

    expect(ways).toEqual([`key ${file('asked')}`, `key ${file('asked')}`, `key ${file('asked')}`]);
    expect(asked).toEqual([
      `passphrase of ${file('asked')}: (secret)`,
      `wrong passphrase; passphrase of ${file('asked')}: (secret)`,
    ]);
  });

  test('does not ask for the passphrase of a key that the host would not take', async () => {
    makeKey(file('locked-stranger'), 'ed25519', 'open sesame');
    const { ask, asked } = person();

    const way = await login(sshd.target({ identities: [file('locked-stranger'), file('ed25519')] }), ask);

    expect([way, asked]).toEqual([`key ${file('ed25519')}`, []]);
  });

  test('goes on after a key that cannot be opened', async () => {
    makeKey(file('forgotten'), 'ed25519', 'open sesame');
    const own = await startSshd({
      authorizedKeys: ['forgotten', 'ed25519'].map((name) => readFileSync(file(`${name}.pub`), 'utf8').trim()),
    });
    cleanups.push(() => own.stop());

    expect(await login(own.target({ identities: [file('forgotten'), file('ed25519')] }))).toBe(
      `key ${file('ed25519')}`,
    );
  });

  test('says what was tried, what was wrong with it and what the host would take', async () => {
    makeKey(file('refused'), 'ed25519');
    makeKey(file('refused-locked'), 'rsa', 'secret', ['-m', 'PEM', '-b', '2048']);
    rmSync(file('refused-locked.pub'));
    writeFileSync(file('text'), 'hello\n');
    const identities = [file('refused'), file('refused-locked'), file('text'), file('absent')];

    expect(await problemOf(login(sshd.target({ identities })))).toEqual({
      code: 'E_AUTH',
      message: `login refused for "${sshd.target().user}" on web1 (127.0.0.1:${sshd.port}): tried key ${file('refused')}; the host takes publickey; the key ${file('refused-locked')} cannot be used: it is encrypted and there is nobody to ask for its passphrase; the key ${file('text')} cannot be used: it is not a private key that can be read; the key ${file('absent')} cannot be used: there is no such file`,
      hint: 'check user and keys; ssh-add makes a key with a passphrase usable without asking',
    });
  });

  test('with nothing in hand says so', async () => {
    expect(await problemOf(login(sshd.target({ identities: [] })))).toMatchObject({
      code: 'E_AUTH',
      message: `login refused for "${sshd.target().user}" on web1 (127.0.0.1:${sshd.port}): copse had nothing to log in with; the host takes publickey`,
    });
  });

  test('does without an agent that is not there', async () => {
    expect(await login(sshd.target({ identities: [file('ed25519')], agent: file('no-socket') }))).toBe(
      `key ${file('ed25519')}`,
    );
  });

  test('takes keys, RSA keys and certificates from the agent', async () => {
    const agent = await agentWith(folder, file('ed25519'));
    const rsa = await agentWith(folder, file('rsa'));
    const certified = await agentWith(folder, file('certified'));
    const target = sshd.target({ identities: [], identitiesOnly: false });

    expect(await login({ ...target, agent })).toBe('agent key copse test');
    expect(await login({ ...target, agent: rsa })).toBe('agent key copse test');
    expect(await login({ ...target, agent: certified })).toMatch(/^agent key/);
  });

  test('takes a hardware key that the agent holds, and says what a bare file of one lacks', async () => {
    const device = hardwareKey();
    const agent = await deviceAgent(join(folder, 'device'), device);
    const own = await startSshd({ authorizedKeys: [device.line] });
    cleanups.push(() => own.stop());
    writeFileSync(file('id_sk'), device.file);

    expect(await login(own.target({ identities: [], identitiesOnly: false, agent }))).toBe('agent key token');
    expect(await login(own.target({ identities: [file('id_sk')], agent }))).toBe(`key ${file('id_sk')}`);
    const problem = await problemOf(login(own.target({ identities: [file('id_sk')] })));
    expect(problem?.message).toMatch(
      /; the ssh-agent does not hold .*id_sk, and only that or copse_transport: openssh can use a device$/,
    );
  });

  test('lets the agent sign for an encrypted key that it holds, and for one that is only public here', async () => {
    writeFileSync(file('plain-copy'), execFileSync('ssh-keygen', ['-y', '-P', 'open sesame', '-f', file('locked')]));
    execFileSync('cp', [file('locked'), file('opened')]);
    execFileSync('ssh-keygen', ['-q', '-p', '-P', 'open sesame', '-N', '', '-f', file('opened')], { stdio: 'ignore' });
    const agent = await agentWith(folder, file('opened'));

    expect(await login(sshd.target({ identities: [file('locked')], agent }))).toBe(`key ${file('locked')}`);
    expect(await login(sshd.target({ identities: [file('plain-copy')], agent }))).toBe(`key ${file('plain-copy')}`);
  });

  test('offers only the named keys, where an agent with many would lock us out', async () => {
    const many = Array.from({ length: 8 }, (_each, index) => makeKey(file(`many${index}`), 'ed25519'));
    const agent = await agentWith(folder, ...many);
    const own = await startSshd({
      config: ['MaxAuthTries 3'],
      authorizedKeys: [readFileSync(file('locked.pub'), 'utf8').trim()],
    });
    cleanups.push(() => own.stop());
    const target = own.target({ identities: [file('locked')], agent, passphrase: new Secret('open sesame') });

    expect(await login(target)).toBe(`key ${file('locked')}`);
    expect(await login({ ...target, identitiesOnly: false })).toBe(`key ${file('locked')}`);
    expect(await problemOf(login({ ...target, identities: [], identitiesOnly: false }))).toMatchObject({
      code: 'E_AUTH',
      message: expect.stringMatching(
        /^login refused for .*: too many keys were tried \(tried agent key copse test, /,
      ) as string,
      hint: 'name the key with copse_identity and say copse_identities_only: true',
    });
  });
});

/** A key as a token would have it: it signs over a hash, with a flag for the touch and a counter. */
function hardwareKey(): { blob: Buffer; line: string; file: string; sign: (data: Buffer) => Buffer } {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const type = 'sk-ssh-ed25519@openssh.com';
  const point = Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url');
  const blob = Buffer.concat([sshString(type), sshString(point), sshString('ssh:')]);
  const sha256 = (data: Buffer | string): Buffer => createHash('sha256').update(data).digest();
  const body = Buffer.concat([
    Buffer.from('openssh-key-v1\0'),
    ...['none', 'none', ''].map(sshString),
    uint32(1),
    sshString(blob),
    sshString(''),
  ]).toString('base64');
  return {
    blob,
    line: `${type} ${blob.toString('base64')}`,
    file: `-----BEGIN OPENSSH PRIVATE KEY-----\n${body}\n-----END OPENSSH PRIVATE KEY-----\n`,
    sign: (data) => {
      const touch = Buffer.concat([Buffer.of(1), uint32(7)]);
      const signature = sign(null, Buffer.concat([sha256('ssh:'), touch, sha256(data)]), privateKey);
      return Buffer.concat([sshString(type), sshString(signature), touch]);
    },
  };
}

/** An agent that holds one hardware key. */
async function deviceAgent(path: string, device: ReturnType<typeof hardwareKey>): Promise<string> {
  const server = createServer((socket) => {
    socket.on('data', (message) => {
      const reader = wireReader(message.subarray(4));
      if (reader.byte() === 11) {
        socket.write(sshString(Buffer.concat([Buffer.of(12), uint32(1), sshString(device.blob), sshString('token')])));
      } else {
        reader.string();
        socket.write(sshString(Buffer.concat([Buffer.of(14), sshString(device.sign(reader.string()))])));
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(path, () => resolve()));
  cleanups.push(() => new Promise((resolve) => server.close(() => resolve())));
  return path;
}

describe('a login with a password', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'copse-password-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function host(onLogin: (context: AuthContext) => void, changed: Partial<Target> = {}): Promise<Target> {
    const server = await startFakeSshd({ onLogin });
    cleanups.push(() => server.close());
    const known = join(folder, `known_${server.port}`);
    writeFileSync(known, server.known);
    return { ...targetOf(server.port, '/none', known), user: 'ann', identities: [], ...changed };
  }

  function passwordIs(right: string): (context: AuthContext) => void {
    return (context) => {
      if (context.method === 'password' && context.password === right) context.accept();
      else context.reject(['password']);
    };
  }

  test('takes the one from the inventory', async () => {
    expect(await login(await host(passwordIs('s3cret'), { password: new Secret('s3cret') }))).toBe('the password');
  });

  test('never shows it', async () => {
    const problem = await problemOf(login(await host(passwordIs('right'), { password: new Secret('s3cret') })));

    expect(problem?.message).toMatch(/^login refused for "ann" on .*: tried the password; the host takes password$/);
    expect(JSON.stringify(problem)).not.toContain('s3cret');
  });

  test('asks the person when there is none', async () => {
    const { ask, asked } = person('s3cret');

    expect(await login(await host(passwordIs('s3cret')), ask)).toBe('the password');
    expect(asked).toEqual(['password of ann on web1: (secret)']);
  });

  test('answers the questions of keyboard-interactive: the password itself, the rest by the person', async () => {
    const target = await host(
      (context) => {
        if (context.method !== 'keyboard-interactive') context.reject(['keyboard-interactive']);
        else {
          const prompts = [
            { prompt: 'Password: ', echo: false },
            { prompt: 'One-time code: ', echo: true },
          ];
          context.prompt(prompts, (answers) => {
            if (answers.join() === 's3cret,123456') context.accept();
            else context.reject(['keyboard-interactive']);
          });
        }
      },
      { password: new Secret('s3cret') },
    );
    const { ask, asked } = person('123456');

    expect(await login(target, ask)).toBe('keyboard-interactive');
    expect(asked).toEqual(['One-time code: ']);
  });

  test('goes on to the second factor after the first', async () => {
    let first = false;
    const target = await host(
      (context) => {
        if (!first && context.method === 'password') {
          first = true;
          context.reject(['keyboard-interactive'], true);
        } else if (first && context.method === 'keyboard-interactive') {
          context.prompt([{ prompt: 'Code: ', echo: true }], ([answer]) => {
            if (answer === '42') context.accept();
            else context.reject();
          });
        } else context.reject(['password']);
      },
      { password: new Secret('s3cret') },
    );

    expect(await login(target, person('42').ask)).toBe('keyboard-interactive');
  });

  test('says that it has expired', async () => {
    const target = await host(
      (context) => {
        if (context.method === 'password') context.requestChange('change it', () => undefined);
        else context.reject(['password']);
      },
      { password: new Secret('old') },
    );

    expect(await problemOf(login(target))).toEqual({
      code: 'E_AUTH',
      message: `the password of "ann" on web1 (127.0.0.1:${target.port}) has expired`,
      hint: 'log in by hand and change it: ssh ann@127.0.0.1',
    });
  });

  test('is not needed where a host lets anybody in', async () => {
    expect(await login(await host((context) => context.accept()))).toBe('nothing');
  });
});
