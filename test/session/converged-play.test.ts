import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copse } from '../support/cli.ts';
import { NO_SSHD } from '../support/sshd.ts';
import { overSsh, type OverSsh } from './over-ssh.ts';
import { NEVER } from './this-machine.ts';

/** Long enough that what copse sends without waiting for an answer is one turn on the wire. */
const DELAY_MS = 80;

describe.skipIf(NO_SSHD)('a converged play of twenty tasks', () => {
  let host: OverSsh;
  let folder: string;

  beforeAll(async () => {
    host = await overSsh({}, {}, 60_000);
    folder = mkdtempSync(join(tmpdir(), 'copse-converged-'));
    const target = host.sshd.target();
    const known = join(folder, 'known_hosts');
    writeFileSync(known, hostKeyLine(host));
    const words = `ansible_host=127.0.0.1 ansible_port=${host.proxy.port} ansible_user=${target.user}`;
    const options = `ansible_ssh_private_key_file=${host.sshd.identity} ansible_ssh_common_args='-o UserKnownHostsFile=${known}'`;
    writeFileSync(join(folder, 'hosts.ini'), `[fleet]\nweb1 ${words} ${options}\n`);
    writeFileSync(join(folder, 'site.yaml'), twentyStates(join(folder, 'root')));
  });

  afterAll(async () => {
    await host.stop();
    rmSync(folder, { recursive: true });
  });

  /** Turns and connections on the wire, and channels by the log of sshd, that something costs. */
  async function cost(act: () => Promise<unknown>): Promise<{ turns: number; connections: number; channels: number }> {
    const look = (): { turns: number; connections: number; channels: number } => ({
      turns: host.proxy.turns(),
      connections: host.proxy.accepted(),
      channels: host.sshd.log().split('Starting session: command').length,
    });
    const before = look();
    await act();
    const after = look();
    return {
      turns: after.turns - before.turns,
      connections: after.connections - before.connections,
      channels: after.channels - before.channels,
    };
  }

  it('costs one connection, at most three channels and at most three round trips beside the login', async () => {
    const run = (): ReturnType<typeof copse> => copse(['run', 'site.yaml', '-i', 'hosts.ini'], { cwd: folder });
    const first = await run();
    host.proxy.set({ delayMs: DELAY_MS });
    const login = await cost(async () => {
      await host.session.connect(NEVER);
      await host.session.drop();
    });

    let second: Awaited<ReturnType<typeof run>> | undefined;
    const converged = await cost(async () => {
      second = await run();
    });

    expect([first.status, second?.status]).toEqual([0, 0]);
    expect(second?.out).toContain('1 host: 1 ok');
    expect(converged.connections).toBe(1);
    expect(converged.channels).toBeLessThanOrEqual(3);
    expect(converged.turns - login.turns).toBeLessThanOrEqual(3);
  });
});

/** Twenty tasks that describe states: a folder, files, links, and one thing that is not there. */
function twentyStates(root: string): string {
  const pairs = Array.from({ length: 9 }, (_, n) => [
    `copy: {dest: ${root}/file${n}, content: "${n}\\n", mode: "0640"}`,
    `file: {path: ${root}/link${n}, state: link, src: file${n}}`,
  ]);
  const tasks = [
    `file: {path: ${root}, state: directory, mode: "0755"}`,
    ...pairs.flat(),
    `file: {path: ${root}/gone, state: absent}`,
  ];
  return `- hosts: fleet\n  tasks:\n${tasks.map((task, n) => `    - name: task ${n}\n      ${task}\n`).join('')}`;
}

/** What known_hosts says of the sshd, under the address of the proxy. */
function hostKeyLine({ sshd, proxy }: OverSsh): string {
  return readFileSync(sshd.knownHosts, 'utf8').replaceAll(`:${sshd.port} `, `:${proxy.port} `);
}
