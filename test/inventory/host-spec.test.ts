import { describe, expect, it } from 'vitest';
import { emptyRecord } from '../../src/config/plain.ts';
import { Secret } from '../../src/core/secret.ts';
import type { HostSpec } from '../../src/core/target.ts';
import type { Value } from '../../src/core/value.ts';
import { hostSpec } from '../../src/inventory/host-spec.ts';
import { load } from './support/files.ts';

function spec(vars: Record<string, Value>): HostSpec {
  const all = Object.assign(emptyRecord<Value>(), vars);
  return hostSpec({ name: 'h1', groups: ['web'], vars: all, at: undefined });
}

/** A specification with its secrets revealed, for comparison. */
function opened(value: unknown): unknown {
  if (value instanceof Secret) return `secret ${value.reveal()}`;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, opened(inner)]));
}

describe('a host is reached as its variables say:', () => {
  const table: readonly [title: string, vars: Record<string, Value>, expected: Omit<HostSpec, 'name'>][] = [
    ['nothing', { http_port: 80, user: 'www', port: 8080, address: 'x', jump: 'y' }, {}],
    [
      'an address, port and user',
      { ansible_host: '10.0.0.1', ansible_port: '2222', ansible_user: 'core' },
      { address: '10.0.0.1', port: 2222, user: 'core' },
    ],
    [
      'the older names win, as in Ansible',
      { ansible_host: 'a', ansible_ssh_host: 'b', ansible_port: 1, ansible_ssh_port: 2 },
      { address: 'b', port: 2 },
    ],
    [
      "copse's own names win over both",
      { copse_address: 'c', ansible_host: 'a', ansible_ssh_host: 'b' },
      { address: 'c' },
    ],
    [
      'null is as if nothing were said',
      { ansible_host: 'a', ansible_ssh_host: null, copse_address: null },
      { address: 'a' },
    ],
    ['an address that looks like a number', { ansible_host: 10 }, { address: '10' }],
    [
      'one key file or several',
      { copse_identity: ['~/.ssh/a', 'b'], copse_identities_only: true },
      { identities: ['~/.ssh/a', 'b'], identitiesOnly: true },
    ],
    ['the connection by its full name', { ansible_connection: 'ansible.builtin.local' }, { transport: 'local' }],
    ['paramiko is just ssh', { ansible_connection: 'paramiko_ssh' }, { transport: 'ssh' }],
    ['host keys are not checked in Ansible', { ansible_host_key_checking: 'False' }, { hostKeyPolicy: 'accept-new' }],
    ['host keys are checked in Ansible', { ansible_host_key_checking: true }, {}],
    [
      'a policy of host keys',
      { copse_host_key: 'ask', copse_host_key_alias: 'x', copse_known_hosts: 'kh' },
      { hostKeyPolicy: 'ask', hostKeyAlias: 'x', knownHosts: ['kh'] },
    ],
    ['several jump hosts', { copse_jump: 'a@b:22, c' }, { jump: ['a@b:22', 'c'] }],
    ['no jump host', { copse_jump: 'none', ansible_ssh_common_args: '-J bastion' }, { jump: [] }],
    ['a list of jump hosts', { copse_jump: ['a', 'b'] }, { jump: ['a', 'b'] }],
    [
      'a proxy command',
      { copse_proxy_command: 'nc %h %p', ansible_ssh_common_args: '-J bastion' },
      { proxyCommand: 'nc %h %p' },
    ],
    ['a timeout in seconds', { ansible_ssh_timeout: 30 }, { connectTimeoutMs: 30_000 }],
    ['a timeout with its unit', { copse_connect_timeout: '1m30s' }, { connectTimeoutMs: 90_000 }],
    ['what means nothing here', { ansible_python_interpreter: '/usr/bin/python3', ansible_pipelining: true }, {}],
    ['flags that sudo has anyway', { ansible_become_flags: '-H -S -n' }, {}],
    [
      'an expression',
      { copse_address: '${{ host.name }}.${{ vars.domain }}', domain: 'x.org', copse_port: '${{ 22 + 2200 }}' },
      { address: 'h1.x.org', port: 2222 },
    ],
  ];
  it.each(table)('%s', (_title, vars, expected) => {
    expect(opened(spec(vars))).toEqual({ name: 'h1', ...expected });
  });

  const args: readonly [args: string, expected: Omit<HostSpec, 'name'>][] = [
    ['-J a@b:22,c', { jump: ['a@b:22', 'c'] }],
    ['-Jbastion', { jump: ['bastion'] }],
    ['-o ProxyJump=bastion -o ProxyJump=other', { jump: ['bastion'] }],
    ['-oProxyJump=none', { jump: [] }],
    ['-o ProxyCommand="ssh -W %h:%p -q bastion"', { proxyCommand: 'ssh -W %h:%p -q bastion' }],
    ["-o 'ProxyCommand ssh -W %h:%p bastion'", { proxyCommand: 'ssh -W %h:%p bastion' }],
    [
      '-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null',
      { hostKeyPolicy: 'accept-new', knownHosts: ['/dev/null'] },
    ],
    ['-o stricthostkeychecking=yes', { hostKeyPolicy: 'strict' }],
    ['-o UserKnownHostsFile="a b" -o GlobalKnownHostsFile=none', { knownHosts: ['a', 'b'] }],
    ['-i k1 -o IdentityFile=k2 -o IdentitiesOnly=yes', { identities: ['k1', 'k2'], identitiesOnly: true }],
    [
      '-p 2222 -l core -o ConnectTimeout=5 -o HostKeyAlias=x -o HostName=y',
      { port: 2222, user: 'core', connectTimeoutMs: 5000, hostKeyAlias: 'x', address: 'y' },
    ],
    ['-C -q -vvv -tt -A -o ControlMaster=auto -o ControlPersist=60s -o ForwardAgent=yes -o ServerAliveInterval=30', {}],
    ['', {}],
  ];
  it.each(args)('the arguments of ssh %s', (text, expected) => {
    expect(opened(spec({ ansible_ssh_common_args: text }))).toEqual({ name: 'h1', ...expected });
  });

  it('variables win over arguments of ssh, and the first of these over the others', () => {
    const vars = {
      ansible_ssh_args: '-p 1 -l a',
      ansible_ssh_common_args: '-p 2 -J x',
      ansible_ssh_extra_args: '-J y',
      ansible_user: 'b',
    };

    expect(spec(vars)).toEqual({ name: 'h1', port: 1, user: 'b', jump: ['x'] });
  });

  it('an inventory that always becomes another user says whom, and how', () => {
    const vars = {
      ansible_become: 'yes',
      ansible_become_user: 'admin',
      ansible_become_method: 'community.general.doas',
      ansible_become_pass: 'pw',
    };

    expect(opened(spec(vars))).toEqual({
      name: 'h1',
      become: { user: 'admin', method: 'doas', password: 'secret pw' },
      becomeUser: 'admin',
      becomeMethod: 'doas',
      becomePassword: 'secret pw',
    });
  });

  it('a password for becoming is kept for the tasks that ask for it', () => {
    expect(opened(spec({ ansible_sudo_pass: 'pw' }))).toEqual({ name: 'h1', becomePassword: 'secret pw' });
  });

  it('a host may forbid becoming', () => {
    expect(opened(spec({ ansible_become: false }))).toEqual({ name: 'h1', neverBecome: true });
  });

  it('a password comes out of a file, an expression or the inventory as a secret', async () => {
    const inventory = await load({
      'hosts.yml':
        'all:\n  vars:\n    pool: !secret pw.txt\n  hosts:\n    a: {copse_password: !secret pw.txt}\n    b: {ansible_password: "${{ vars.pool }}"}\n    c: {ansible_ssh_pass: 12345}\n    d: {ansible_password: " $x "}\n',
      'pw.txt': 'from file\n',
    });
    const passwords = [...inventory.hosts.values()].map((host) => hostSpec(host).password?.reveal());

    expect(passwords).toEqual(['from file', 'from file', '12345', ' $x ']);
    expect(JSON.stringify([...inventory.hosts.values()].map(({ vars }) => vars))).not.toMatch(/from file|12345|\$x /);
  });
});
