import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Fault } from '../../src/core/problem.ts';
import { Secret } from '../../src/core/secret.ts';
import type { HostSpec, Target } from '../../src/core/target.ts';
import type { ResolveEnv } from '../../src/transport/resolve.ts';
import { resolveTarget } from '../../src/transport/resolve.ts';

const hasSsh = spawnSync('ssh', ['-V']).status === 0;
let home = '';

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'copse-home-'));
  mkdirSync(join(home, '.ssh'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function env(config = '', changed: Partial<ResolveEnv> = {}): ResolveEnv {
  writeFileSync(join(home, '.ssh', 'config'), config);
  const systemConfig = join(home, 'no-such-file');
  return { home, user: 'ann', sshAuthSock: '/run/agent', systemConfig, ...changed };
}

function plain(name: string): Target {
  return {
    name,
    address: name,
    port: 22,
    user: 'ann',
    transport: 'ssh',
    identities: [],
    identitiesOnly: false,
    agent: '/run/agent',
    password: undefined,
    passphrase: undefined,
    hostKeyPolicy: 'ask',
    hostKeyAlias: undefined,
    knownHosts: [
      join(home, '.ssh', 'known_hosts'),
      join(home, '.ssh', 'known_hosts2'),
      '/etc/ssh/ssh_known_hosts',
      '/etc/ssh/ssh_known_hosts2',
    ],
    jump: [],
    proxyCommand: undefined,
    connectTimeoutMs: 15_000,
  };
}

async function problemOf(spec: HostSpec, from: ResolveEnv): Promise<string> {
  const error: unknown = await resolveTarget(spec, from).catch((failure: unknown) => failure);
  return error instanceof Fault ? `${error.problems[0]?.code ?? ''} ${error.message}` : 'no fault';
}

describe('a host', () => {
  test('that nobody says anything about gets the defaults', async () => {
    expect(await resolveTarget({ name: 'web1' }, env())).toEqual(plain('web1'));
  });

  test('is what the inventory says, whatever ssh is configured to do', async () => {
    const password = new Secret('x');
    const spec: HostSpec = {
      name: 'web1',
      address: '10.0.0.5',
      port: 2201,
      user: 'core',
      identities: ['~/keys/fleet'],
      identitiesOnly: true,
      password,
      hostKeyPolicy: 'strict',
      hostKeyAlias: 'fleet',
      knownHosts: ['~/known'],
      connectTimeoutMs: 5000,
    };
    const config =
      'Host *\n Port 9\n User bob\n IdentityFile /x\n StrictHostKeyChecking no\n HostKeyAlias y\n UserKnownHostsFile /z\n ConnectTimeout 99\n';

    expect(await resolveTarget(spec, env(config))).toEqual({
      ...plain('web1'),
      address: '10.0.0.5',
      port: 2201,
      user: 'core',
      identities: [join(home, 'keys/fleet')],
      identitiesOnly: true,
      password,
      hostKeyPolicy: 'strict',
      hostKeyAlias: 'fleet',
      knownHosts: [join(home, 'known')],
      connectTimeoutMs: 5000,
    });
  });

  test('takes everything else from the configuration of ssh', async () => {
    writeFileSync(join(home, '.ssh', 'fleet_core'), '');
    const config = `Host web*
  HostName %h.example.com
  User core
  Port 2222
  IdentityFile ~/.ssh/fleet_%r
  IdentityFile ~/.ssh/not-there
  IdentitiesOnly yes
  IdentityAgent $MY_AGENT
  StrictHostKeyChecking accept-new
  HostKeyAlias fleet
  UserKnownHostsFile ~/.ssh/%k
  GlobalKnownHostsFile none
  ConnectTimeout 1m
  ProxyCommand nc %h %p
`;

    expect(await resolveTarget({ name: 'web1' }, env(config, { variables: { MY_AGENT: '/run/mine' } }))).toEqual({
      ...plain('web1'),
      address: 'web1.example.com',
      port: 2222,
      user: 'core',
      identities: [join(home, '.ssh', 'fleet_core')],
      identitiesOnly: true,
      agent: '/run/mine',
      hostKeyPolicy: 'accept-new',
      hostKeyAlias: 'fleet',
      knownHosts: [join(home, '.ssh', 'fleet')],
      connectTimeoutMs: 60_000,
      proxyCommand: 'nc %h %p',
    });
  });

  test('is looked up by the address that the inventory gives it', async () => {
    const target = await resolveTarget({ name: 'web1', address: 'gw' }, env('Host web1\n Port 1\nHost gw\n Port 2\n'));

    expect(target.port).toBe(2);
  });

  test('has the keys of its user that are there, in the order of ssh', async () => {
    for (const name of ['id_ed25519', 'id_rsa', 'other']) writeFileSync(join(home, '.ssh', name), '');

    const { identities } = await resolveTarget({ name: 'web1' }, env());

    expect(identities).toEqual([join(home, '.ssh', 'id_rsa'), join(home, '.ssh', 'id_ed25519')]);
  });

  test('on this machine needs no configuration', async () => {
    const target = await resolveTarget({ name: 'me', transport: 'local', user: 'core' }, env('Host *\n Port 9\n'));

    expect([target.transport, target.user, target.address]).toEqual(['local', userInfo().username, 'localhost']);
  });

  test('over the ssh program is left to its configuration', async () => {
    const config = 'Host web1\n HostName web1.example.com\n IdentityFile ~/.ssh/x\n ProxyJump j\n User core\n';

    expect(await resolveTarget({ name: 'web1', transport: 'openssh' }, env(config))).toEqual({
      ...plain('web1'),
      transport: 'openssh',
      user: 'core',
      knownHosts: [],
    });
  });

  test.skipIf(!hasSsh)('is asked about with ssh -G where only ssh can tell', async () => {
    const config = 'Match exec "test %h = web1"\n Port 2201\n User core\n ProxyJump j.example:24\nHost *\n Port 2202\n';
    const from = env(config, { userConfig: join(home, '.ssh', 'config') });

    const [web, db] = await Promise.all(['web1', 'db1'].map((name) => resolveTarget({ name }, from)));

    expect([web?.port, web?.user, web?.jump.map(({ address, port }) => `${address}:${port}`)]).toEqual([
      2201,
      'core',
      ['j.example:24'],
    ]);
    expect([db?.port, db?.jump]).toEqual([2202, []]);
  });
});

describe('jump hosts', () => {
  const way = (target: Target): string[] => target.jump.map(({ user, address, port }) => `${user}@${address}:${port}`);

  test('are resolved like hosts, and bring their own jump hosts along', async () => {
    const config =
      'Host web*\n ProxyJump inner\nHost inner\n HostName 10.1.1.1\n User hop\n ProxyJump bob@outer:2200\n';

    expect(way(await resolveTarget({ name: 'web1' }, env(config)))).toEqual(['bob@outer:2200', 'hop@10.1.1.1:22']);
  });

  test('that the inventory lists are taken in their order; only the first brings its own', async () => {
    const config = 'Host a\n ProxyJump z\nHost b\n ProxyJump y\n';

    const target = await resolveTarget({ name: 'web1', jump: ['a', 'root@b:24'] }, env(config));

    expect(way(target)).toEqual(['ann@z:22', 'ann@a:22', 'root@b:24']);
  });

  test('are switched off by an empty list and by none', async () => {
    const config = 'Host web2\n ProxyJump none\nHost *\n ProxyJump j\n ProxyCommand nc\n';

    expect(way(await resolveTarget({ name: 'web1', jump: [] }, env(config)))).toEqual([]);
    expect(way(await resolveTarget({ name: 'web2' }, env(config)))).toEqual([]);
    expect(way(await resolveTarget({ name: 'web3' }, env(config)))).toEqual(['ann@j:22']);
  });

  test('that name themselves are no loop', async () => {
    expect(way(await resolveTarget({ name: 'web1' }, env('Host *\n ProxyJump bastion\n')))).toEqual(['ann@bastion:22']);
  });

  test('that need each other are refused', async () => {
    const config = 'Host a\n ProxyJump b\nHost b\n ProxyJump a\n';

    expect(await problemOf({ name: 'web1', jump: ['a'] }, env(config))).toMatch(/^E_INVENTORY more than 8 jump hosts/);
  });

  test.each([
    ['core@[2001:db8::1]:2222', 'core@2001:db8::1:2222'],
    ['2001:db8::1', 'ann@2001:db8::1:22'],
    ['ssh://core@gw:24', 'core@gw:24'],
  ])('may be written %s', async (text, expected) => {
    expect(way(await resolveTarget({ name: 'web1', jump: [text] }, env()))).toEqual([expected]);
  });

  test.each(['', 'a b@', 'x:y', '-oProxyCommand=evil', 'host:99999'])('cannot be %j', async (text) => {
    expect(await problemOf({ name: 'web1', jump: [text] }, env())).toMatch(/^E_INVENTORY expected a jump host/);
  });

  test('know the inventory keys beside their own', async () => {
    writeFileSync(join(home, '.ssh', 'gw'), '');
    const from = env('Host gw\n IdentityFile ~/.ssh/gw\n');

    const target = await resolveTarget({ name: 'web1', identities: ['/fleet'], jump: ['gw'] }, from);

    expect(target.jump[0]?.identities).toEqual([join(home, '.ssh', 'gw'), '/fleet']);
  });
});
