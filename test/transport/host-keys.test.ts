import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Problem } from '../../src/core/problem.ts';
import { Fault } from '../../src/core/problem.ts';
import type { Target } from '../../src/core/target.ts';
import { opensshTransport } from '../../src/transport/openssh.ts';
import { sshTransport } from '../../src/transport/ssh.ts';
import type { ConnectOptions } from '../../src/transport/transport.ts';
import type { Sshd } from '../support/sshd.ts';
import { makeKey, NO_SSHD, startSshd } from '../support/sshd.ts';

describe.skipIf(NO_SSHD !== undefined)('the key of a real host', () => {
  let sshd: Sshd;
  let known: string;
  const hostKey = (type: string): string => readFileSync(join(sshd.folder, `host_${type}.pub`), 'utf8').trim();
  const print = (type: string): string =>
    execFileSync('ssh-keygen', ['-l', '-f', join(sshd.folder, `host_${type}.pub`)], { encoding: 'utf8' }).split(
      ' ',
    )[1] ?? '';

  beforeAll(async () => {
    sshd = await startSshd({ hostKeys: ['ed25519', 'rsa', 'ecdsa'] });
    known = join(sshd.folder, 'mine');
    makeKey(join(sshd.folder, 'other'), 'ed25519');
  });
  afterAll(() => sshd.stop());

  async function login(
    lines: readonly string[],
    changed: Partial<Target> = {},
    ask?: ConnectOptions['ask'],
  ): Promise<string> {
    writeFileSync(known, lines.map((line) => `${line}\n`).join(''));
    const target = sshd.target({ knownHosts: [known], ...changed });
    const options = { signal: new AbortController().signal, ...(ask === undefined ? {} : { ask }) };
    const connection = await sshTransport().connect(target, options);
    await connection.close();
    return /host key (\S+)/.exec(connection.detail)?.[1] ?? '';
  }

  async function problemOf(promise: Promise<unknown>): Promise<Problem | undefined> {
    const error: unknown = await promise.catch((failure: unknown) => failure);
    return error instanceof Fault ? error.problems[0] : undefined;
  }

  const at = (): string => `[127.0.0.1]:${sshd.port}`;
  const stranger = (): string => `${at()} ${readFileSync(join(sshd.folder, 'other.pub'), 'utf8').trim()}`;

  test.each(['ed25519', 'rsa', 'ecdsa'])('is asked for by the type we know: %s', async (type) => {
    expect(await login([`${at()} ${hostKey(type)}`])).toBe(hostKey(type).split(' ')[0]);
  });

  test('is asked for by the type we know, though its name is hashed', async () => {
    writeFileSync(known, `${at()} ${hostKey('rsa')}\n`);
    execFileSync('ssh-keygen', ['-q', '-H', '-f', known], { stdio: 'ignore' });

    expect(await login(readFileSync(known, 'utf8').trim().split('\n'))).toBe('ssh-rsa');
  });

  test('is looked up by its alias', async () => {
    expect(await login([`fleet ${hostKey('ed25519')}`], { hostKeyAlias: 'fleet' })).toBe('ssh-ed25519');
  });

  test('is refused when it is unknown and the policy is strict', async () => {
    expect(await problemOf(login([]))).toEqual({
      code: 'E_HOSTKEY',
      message: `the host key of web1 (127.0.0.1:${sshd.port}) is not known: found ssh-ed25519 ${print('ed25519')}, looked for '${at()}' in ${known}`,
      hint: `compare the fingerprint, then: ssh-keyscan -p ${sshd.port} 127.0.0.1 >> ${known}; or say copse_host_key: accept-new`,
    });
  });

  test.each(['strict', 'accept-new', 'ask'] as const)(
    'is refused when it changed, whatever the policy: %s',
    async (hostKeyPolicy) => {
      const lines = ['# mine', stranger()];
      const other = execFileSync('ssh-keygen', ['-l', '-f', join(sshd.folder, 'other.pub')], {
        encoding: 'utf8',
      }).split(' ')[1];

      expect(await problemOf(login(lines, { hostKeyPolicy }, () => Promise.resolve('yes')))).toEqual({
        code: 'E_HOSTKEY',
        message: `the host key of web1 (127.0.0.1:${sshd.port}) changed: expected ssh-ed25519 ${other} (${known}:2), found ssh-ed25519 ${print('ed25519')}`,
        hint: `somebody may be between you and the host; if it was installed anew: ssh-keygen -R '${at()}' -f ${known}`,
        at: { file: known, line: 2, col: 1 },
      });
      expect(readFileSync(known, 'utf8')).toBe(`# mine\n${stranger()}\n`);
    },
  );

  test('is refused when it is revoked', async () => {
    const lines = [`${at()} ${hostKey('ed25519')}`, `@revoked * ${hostKey('ed25519')}`];

    expect(await problemOf(login(lines))).toMatchObject({
      code: 'E_HOSTKEY',
      message: `the host key of web1 (127.0.0.1:${sshd.port}) is revoked: ssh-ed25519 ${print('ed25519')} (${known}:2)`,
    });
  });

  test('is taken and remembered under accept-new, in a private file', async () => {
    const fresh = join(sshd.folder, 'new', 'folder', 'known_hosts');

    expect(await login([], { knownHosts: [fresh], hostKeyPolicy: 'accept-new' })).toBe('ssh-ed25519');
    expect(readFileSync(fresh, 'utf8')).toBe(`${at()} ${hostKey('ed25519').split(' ').slice(0, 2).join(' ')}\n`);
    expect(statSync(fresh).mode & 0o777).toBe(0o600);
    expect(statSync(join(sshd.folder, 'new', 'folder')).mode & 0o777).toBe(0o700);
    expect(await login([], { knownHosts: [fresh] })).toBe('ssh-ed25519');
  });

  test('is remembered on a line of its own, hashed where the others are', async () => {
    const full = join(sshd.folder, 'full');
    writeFileSync(full, `db1 ${hostKey('rsa')}\n`);
    execFileSync('ssh-keygen', ['-q', '-H', '-f', full], { stdio: 'ignore' });
    writeFileSync(full, readFileSync(full, 'utf8').trimEnd());

    await login([], { knownHosts: [full], hostKeyPolicy: 'accept-new' });

    const lines = readFileSync(full, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => line.split(' ')[0]?.startsWith('|1|'))).toEqual([true, true]);
    expect(await login([], { knownHosts: [full] })).toBe('ssh-ed25519');
  });

  test('is asked about once, however many connections see it', async () => {
    writeFileSync(known, '');
    const questions: string[] = [];
    const ask: ConnectOptions['ask'] = ({ prompt }) => {
      questions.push(prompt);
      return Promise.resolve('yes');
    };
    const target = sshd.target({ knownHosts: [known], hostKeyPolicy: 'ask' });
    const transport = sshTransport();

    const connections = await Promise.all(
      Array.from({ length: 5 }, () => transport.connect(target, { signal: new AbortController().signal, ask })),
    );

    await Promise.all(connections.map((connection) => connection.close()));
    expect(questions).toEqual([
      `web1 (127.0.0.1:${sshd.port}) shows an unknown ssh-ed25519 host key ${print('ed25519')}. Accept and remember it? (yes, no, or the fingerprint) `,
    ]);
  });

  test.each([
    ['the fingerprint', () => print('ed25519'), 'ssh-ed25519'],
    ['no', () => 'no', undefined],
    ['another fingerprint', () => print('rsa'), undefined],
    ['nothing', () => '', undefined],
  ])('may be answered with %s', async (_title, answer, expected) => {
    const result = await login([], { hostKeyPolicy: 'ask' }, () => Promise.resolve(answer())).catch(() => undefined);

    expect(result).toBe(expected);
  });

  test('is not waited for with a clock while the person thinks', async () => {
    const slow: ConnectOptions['ask'] = () => new Promise((resolve) => setTimeout(() => resolve('yes'), 700));

    expect(await login([], { hostKeyPolicy: 'ask', connectTimeoutMs: 400 }, slow)).toBe('ssh-ed25519');
  });

  test('is refused under ask when there is nobody', async () => {
    expect(await problemOf(login([], { hostKeyPolicy: 'ask' }))).toMatchObject({ code: 'E_HOSTKEY' });
    expect(existsSync(known)).toBe(true);
    expect(readFileSync(known, 'utf8')).toBe('');
  });

  test('is not taken under accept-new when another type is known and that one is gone', async () => {
    const only = await startSshd({ hostKeys: ['ed25519'] });
    const mine = join(only.folder, 'mine');
    writeFileSync(mine, `[127.0.0.1]:${only.port} ${hostKey('rsa')}\n`);
    const target = only.target({ knownHosts: [mine], hostKeyPolicy: 'accept-new' });

    const problem = await problemOf(sshTransport().connect(target, { signal: new AbortController().signal }));

    expect(problem?.message).toContain('changed: expected ssh-rsa ');
    await only.stop();
  });

  test('that a certificate vouches for is known to the ssh program, which the hint names', async () => {
    makeKey(join(sshd.folder, 'ca'), 'ed25519');
    const certified = await startSshd();
    execFileSync('ssh-keygen', [
      '-q',
      '-s',
      join(sshd.folder, 'ca'),
      '-I',
      'web1',
      '-h',
      '-n',
      '127.0.0.1,web1',
      join(certified.folder, 'host_ed25519.pub'),
    ]);
    await certified.restart([`HostCertificate ${join(certified.folder, 'host_ed25519-cert.pub')}`]);
    const ca = readFileSync(join(sshd.folder, 'ca.pub'), 'utf8').trim();
    writeFileSync(known, `@cert-authority * ${ca}\n`);
    const target = certified.target({ knownHosts: [known] });
    const options = { signal: new AbortController().signal };

    const problem = await problemOf(sshTransport().connect(target, options));
    const connection = await opensshTransport().connect(target, options);
    const { stdout } = await connection.exec({ text: 'echo in', deadlineMs: 10_000 });

    expect(problem?.hint).toBe(`${known}:1 trusts host certificates, which copse_transport: openssh can check`);
    expect(stdout).toBe('in\n');
    await connection.close();
    await certified.stop();
  });
});
