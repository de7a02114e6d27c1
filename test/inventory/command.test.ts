import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { inventoryCommand } from '../../src/cli/inventory.ts';
import { renderProblems } from '../../src/config/frame.ts';
import { Fault } from '../../src/core/problem.ts';
import { folderOf, short } from './support/files.ts';

const FILES = {
  'inventory.yml': `all:
  vars:
    ansible_user: core
    ntp: pool.example.com
  children:
    edge:
      hosts:
        edge[1:2].example.com:
      vars: {channel: stable}
    canary:
      hosts:
        edge2.example.com: {channel: next}
`,
  'group_vars/edge.yml':
    'ansible_become_password: hunter2\nansible_python_interpreter: /usr/bin/python3\npackages: [tmux, nmap]\n',
  'more.ini': 'edge9 ansible_hots=1\n',
  'play/group_vars/all.yml': 'ntp: other.example.com\n',
};

interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

async function run(...argv: string[]): Promise<Ran> {
  const cwd = folderOf(FILES);
  let out = '';
  let err = '';
  let status = -1;
  const terminal = {
    stdout: { write: (text: string) => ((out += text), true) },
    stderr: { write: (text: string) => ((err += text), true) },
    stdinIsTTY: false,
    env: {},
    cwd,
  };
  const command = inventoryCommand(async (action) => {
    status = await action(terminal);
  });
  const program = new Command('copse').addCommand(command);
  for (const one of [program, command]) one.exitOverride().configureOutput({ writeErr: (text) => (err += text) });
  try {
    await program.parseAsync(['node', 'copse', 'inventory', ...argv]);
  } catch (error) {
    if (error instanceof Fault) err += renderProblems(error.problems);
    else if (!(error instanceof Error && 'exitCode' in error)) throw error;
    status = 65;
  }
  return { status, out: short(out), err: short(err) };
}

describe('copse inventory', () => {
  it('draws groups and hosts when nothing else is asked', async () => {
    expect(await run()).toEqual({
      status: 0,
      out: `@all:
  |--@ungrouped:
  |--@edge:
  |  |--edge1.example.com
  |  |--edge2.example.com
  |--@canary:
  |  |--edge2.example.com
`,
      err: '',
    });
  });

  it('--graph GROUP --vars draws a part with its variables, passwords hidden', async () => {
    expect((await run('--graph', 'canary', '--vars')).out).toBe(`@canary:
  |--edge2.example.com
  |  |--{ansible_become_password = ***}
  |  |--{ansible_python_interpreter = /usr/bin/python3}
  |  |--{ansible_user = core}
  |  |--{channel = next}
  |  |--{ntp = pool.example.com}
  |  |--{packages = ["tmux","nmap"]}
`);
  });

  it('--list prints what dynamic inventories print, for the limited hosts only', async () => {
    const { out } = await run('--list', '-l', 'canary', '--playbook-dir', 'play');

    expect(JSON.parse(out)).toEqual({
      _meta: {
        hostvars: {
          'edge2.example.com': {
            ansible_become_password: '***',
            ansible_python_interpreter: '/usr/bin/python3',
            ansible_user: 'core',
            channel: 'next',
            ntp: 'other.example.com',
            packages: ['tmux', 'nmap'],
          },
        },
      },
      all: { children: ['ungrouped', 'edge', 'canary'] },
      canary: { hosts: ['edge2.example.com'] },
      edge: { hosts: ['edge2.example.com'] },
    });
  });

  it('--host prints the variables of a host, sorted', async () => {
    expect((await run('--host', 'edge1.example.com')).out).toBe(`{
    "ansible_become_password": "***",
    "ansible_python_interpreter": "/usr/bin/python3",
    "ansible_user": "core",
    "channel": "stable",
    "ntp": "pool.example.com",
    "packages": [
        "tmux",
        "nmap"
    ]
}
`);
  });

  it('--host --explain says where every value comes from and how the host is reached', async () => {
    expect((await run('--host', 'edge2.example.com', '--explain')).out).toBe(`edge2.example.com, inventory.yml:8
  groups: canary, edge

ansible_become_password = ***
  > ***  group "edge", group_vars/edge.yml:1
ansible_python_interpreter = /usr/bin/python3   (not used: no Python is needed on a host)
  > /usr/bin/python3  group "edge", group_vars/edge.yml:2
ansible_user = core
  > core  group "all", inventory.yml:3
channel = next
    stable  group "edge", inventory.yml:9
  > next    host "edge2.example.com", inventory.yml:12
ntp = pool.example.com
  > pool.example.com  group "all", inventory.yml:4
packages = ["tmux","nmap"]
  > ["tmux","nmap"]  group "edge", group_vars/edge.yml:3

connection: ssh core@edge2.example.com; the rest from ~/.ssh/config
`);
  });

  it('-e wins over everything, and changes the connection', async () => {
    const { out } = await run('-e', 'ansible_user=root', '--host', 'edge1.example.com', '--explain');

    expect(out).toContain('ansible_user = root\n    core  group "all", inventory.yml:3\n  > root  the command line\n');
    expect(out).toContain('connection: ssh root@edge1.example.com;');
  });

  it('--host knows localhost', async () => {
    expect((await run('--host', 'localhost', '--explain')).out).toContain('connection: local, this machine\n');
  });

  it.each([
    [
      'a host that is not there',
      ['--host', 'edge3.example.com'],
      'there is no host "edge3.example.com" [E_PATTERN]\n   hint: did you mean "edge1.example.com"?',
    ],
    [
      'a group that is not there',
      ['--graph', 'egde'],
      'there is no group "egde" [E_PATTERN]\n   hint: did you mean "edge"?',
    ],
    [
      'two questions at once',
      ['--list', '--graph'],
      "error: option '--list' cannot be used with option '--graph [group]'\n",
    ],
    ['--explain without a host', ['--explain'], '--explain explains one host [E_USAGE]\n   hint: add: --host NAME'],
    [
      '--vars where variables are shown anyway',
      ['--list', '--vars'],
      '--vars belongs to --graph [E_USAGE]\n   hint: --list and --host show variables anyway',
    ],
    [
      'a limit on one host',
      ['--host', 'x', '-l', 'y'],
      '--limit does not go with --host [E_USAGE]\n   hint: leave one of them out',
    ],
    [
      'a limit that names nothing',
      ['--list', '-l', 'canry'],
      '--limit:1:1: there is no group or host "canry" [E_PATTERN]\n    1 | canry\n      | ^^^^^\n   hint: did you mean "canary"?',
    ],
  ])('refuses %s', async (_title, argv, err) => {
    expect(await run(...argv)).toEqual({ status: 65, out: '', err });
  });

  it('tells on the side what is odd', async () => {
    const { status, out, err } = await run('-i', 'inventory.yml', '-i', 'more.ini', '--graph', 'canary');

    expect({ status, out }).toEqual({ status: 0, out: '@canary:\n  |--edge2.example.com\n' });
    expect(err).toBe(
      'note: more.ini:1:7: "ansible_hots" is no connection variable, it is an ordinary variable [E_NAME]\n    1 | edge9 ansible_hots=1\n      |       ^^^^^^^^^^^^^^\n   hint: did you mean "ansible_host"?\n',
    );
  });
});
