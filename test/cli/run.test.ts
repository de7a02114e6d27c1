import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Event } from '../../src/core/events.ts';
import { startFleet } from '../../src/sim/fleet.ts';
import type { Fleet } from '../../src/sim/types.ts';
import { copse, type Told } from '../support/cli.ts';

const PLANTED = 'correct-horse-battery';

let folder = '';
let fleet: Fleet;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'copse-cli-'));
  fleet = await startFleet({ hosts: 3, timing: { transaction: 300, down: 500 } });
}, 60_000);
afterAll(async () => {
  await fleet.stop();
  rmSync(folder, { recursive: true });
});

function run(text: string, ...words: readonly string[]): Promise<Told> {
  writeFileSync(join(folder, 'site.yaml'), text);
  return copse(['run', 'site.yaml', '-i', fleet.inventoryFile, ...words], { cwd: folder });
}

function events(told: Told): readonly Event[] {
  return told.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Event);
}

const LAYER = `
- hosts: all
  become: true
  tasks:
    - name: tools
      rpm_ostree: {packages: [tmux]}
    - name: file
      copy: {dest: /etc/motd, content: "hello\\n", mode: "0644"}
`;

describe('copse run on a simulated fleet', () => {
  it('layers, reboots and proves; the second run sends nothing that changes a host', async () => {
    const first = await run(LAYER);
    const second = await run(LAYER);

    expect([first.status, first.err, second.status, second.err]).toEqual([0, '', 0, '']);
    expect(fleet.hosts.map(({ counts }) => [counts.reboots, counts.transactions])).toEqual([
      [1, 1],
      [1, 1],
      [1, 1],
    ]);
    expect(first.out).toContain('3 hosts: 3 changed; 3 reboots');
    expect(second.out).toContain('3 hosts: 3 ok;');
  }, 60_000);

  it('tells every event as one line of JSON, the summary last', async () => {
    const told = events(await run(LAYER, '--output', 'json'));

    expect(told.at(0)?.type).toBe('run-start');
    expect(told.at(-1)).toMatchObject({ type: 'run-end', status: 0 });
    expect(told.filter((event) => event.type === 'task-end')).toHaveLength(6);
  });

  it('exits 10 under --detailed-exitcode when something changed, 0 when nothing did', async () => {
    const text = '- hosts: all\n  become: true\n  tasks: [{copy: {dest: /etc/detailed, content: x}}]\n';

    expect((await run(text, '--detailed-exitcode')).status).toBe(10);
    expect((await run(text, '--detailed-exitcode')).status).toBe(0);
  });

  it.each([
    ['2 when a task failed on a host', '- hosts: all\n  tasks: [{command: "false"}]\n', [], 2],
    ['65 for a wrong playbook, and no host is connected to', '- hosts: all\n  tasks: [{comand: "false"}]\n', [], 65],
    ['65 for a pattern that matches nothing', '- hosts: all\n  tasks: []\n', ['--limit', 'nobody'], 65],
    ['64 for a wrong option', '- hosts: all\n  tasks: []\n', ['--forks', 'many'], 64],
  ])('exits %s', async (_, text, words, status) => {
    const before = fleet.hosts.map(({ counts }) => counts.connections);
    const told = await run(text, ...words);

    expect(told.status).toBe(status);
    if (status !== 2) expect(fleet.hosts.map(({ counts }) => counts.connections)).toEqual(before);
  });

  it('exits 4 when a host cannot be reached, after the others were done', async () => {
    fleet.host('edge02').inject({ fault: 'refuse' });
    try {
      const told = await run('- hosts: all\n  tasks: [{command: id}]\n', '--output', 'json');

      expect(told.status).toBe(4);
      const recap = events(told).flatMap((event) => (event.type === 'run-end' ? event.recap : []));
      expect(recap.map(({ host, status }) => [host, status])).toEqual([
        ['edge01', 'ok'],
        ['edge02', 'unreachable'],
        ['edge03', 'ok'],
      ]);
    } finally {
      fleet.host('edge02').clear();
    }
  }, 60_000);

  it('exits 74 when the journal cannot be written, and sends nothing', async () => {
    writeFileSync(join(folder, 'not-a-folder'), '');
    writeFileSync(join(folder, 'site.yaml'), LAYER);
    const before = fleet.hosts.map(({ counts }) => counts.connections);

    const told = await copse(['run', 'site.yaml', '-i', fleet.inventoryFile], {
      cwd: folder,
      env: { COPSE_STATE: join(folder, 'not-a-folder') },
    });

    expect(told.status).toBe(74);
    expect(fleet.hosts.map(({ counts }) => counts.connections)).toEqual(before);
  });

  it('keeps a secret out of the output, the events, the journal and the argv of everything on the host', async () => {
    mkdirSync(join(folder, 'secrets'), { recursive: true });
    writeFileSync(join(folder, 'secrets', 'password'), PLANTED);
    const text = `
- hosts: edge01
  become: true
  vars: {password: !secret secrets/password}
  tasks:
    - copy: {dest: /etc/secret, content: "password=\${{ vars.password }}\\n", mode: "0600"}
    - command: {shell: 'printf "%s" "$PASSWORD"; cat; printf "%s" "$PASSWORD" >&2; ps -ef 2>/dev/null || true', stdin: "\${{ vars.password }}"}
      environment: {PASSWORD: "\${{ vars.password }}"}
      register: shown
    - debug: {msg: "it was \${{ shown.stdout }} \${{ vars.password }}"}
    - command: {shell: 'echo "$PASSWORD" >&2; exit 1'}
      environment: {PASSWORD: "\${{ vars.password }}"}
      ignore_errors: true
`;
    const told = [await run(text, '-vvv', '--diff'), await run(text, '--output', 'json', '--diff')];

    expect(told.map(({ status, err }) => [status, err])).toEqual([
      [0, ''],
      [0, ''],
    ]);
    const state = readdirSync(join(folder, 'state'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('journal') || name.endsWith('.json'))
      .map((name) => readFileSync(join(folder, 'state', name), 'utf8'));
    const everything = [...told.flatMap(({ out, err }) => [out, err]), ...state].join('\n');
    expect(everything).toContain('***');
    expect(everything).not.toContain(PLANTED);
    expect(JSON.stringify(fleet.host('edge01').counts.calls)).not.toContain(PLANTED);
  }, 60_000);
});
