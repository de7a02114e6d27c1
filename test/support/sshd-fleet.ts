import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startSshd, type Sshd } from './sshd.ts';

/** An sshd listens on 16 sockets at most. */
const PER_SSHD = 15;

/** Many addresses of 127.0.0.0/8 behind real sshds, as an inventory of hosts. */
export interface SshdFleet {
  readonly inventory: string;
  readonly hosts: readonly string[];
  /** Connections accepted and commands begun since the last look, over all of them. */
  counts(): { readonly connections: number; readonly channels: number };
  stop(): Promise<void>;
}

/** Starts as many sshds as the hosts need, and writes their inventory into a folder. */
export async function startSshdFleet(count: number, folder: string): Promise<SshdFleet> {
  const sshds: Sshd[] = [];
  const lines: string[] = [];
  const hosts: string[] = [];
  while (hosts.length < count) {
    const net = sshds.length + 1;
    const addresses = Array.from(
      { length: Math.min(PER_SSHD, count - hosts.length) },
      (_, n) => `127.20.${net}.${n + 1}`,
    );
    const config = [...addresses.map((address) => `ListenAddress ${address}`), 'MaxStartups 200', 'LogLevel VERBOSE'];
    const sshd = await startSshd({ config });
    sshds.push(sshd);
    const key = readFileSync(join(sshd.folder, 'host_ed25519.pub'), 'utf8').trim();
    const known = join(folder, `known_${net}`);
    writeFileSync(known, addresses.map((address) => `[${address}]:${sshd.port} ${key}\n`).join(''));
    for (const address of addresses) {
      const name = `host${String(hosts.length + 1).padStart(3, '0')}`;
      hosts.push(name);
      lines.push(
        `${name} ansible_host=${address} ansible_port=${sshd.port} ansible_user=${sshd.target().user} ` +
          `ansible_ssh_private_key_file=${sshd.identity} ansible_ssh_common_args='-o UserKnownHostsFile=${known}'`,
      );
    }
  }
  const inventory = join(folder, 'hosts.ini');
  writeFileSync(inventory, `[fleet]\n${lines.join('\n')}\n`);
  let seen = { connections: 0, channels: 0 };
  return {
    inventory,
    hosts,
    counts() {
      const logs = sshds.map((sshd) => sshd.log()).join('');
      const now = {
        connections: occurrences(logs, 'Connection from'),
        channels: occurrences(logs, 'Starting session: command'),
      };
      const since = { connections: now.connections - seen.connections, channels: now.channels - seen.channels };
      seen = now;
      return since;
    },
    stop: async () => {
      await Promise.all(sshds.map((sshd) => sshd.stop()));
    },
  };
}

function occurrences(text: string, words: string): number {
  return text.split(words).length - 1;
}

/** Twenty tasks that need no root and no systemd: folders, files, links and guarded commands below a folder of each host. */
export function twentyTasks(root: string): string {
  const tasks = [
    '{name: base, file: {path: "${{ vars.root }}", state: directory, mode: "0755"}}',
    ...Array.from({ length: 9 }, (_, n) => [
      `{name: file ${n}, copy: {dest: "\${{ vars.root }}/file${n}", content: "\${{ host.name }} ${n}\\n", mode: "0640"}}`,
      n % 2 === 0
        ? `{name: link ${n}, file: {path: "\${{ vars.root }}/link${n}", state: link, src: "file${n}"}}`
        : `{name: stamp ${n}, command: {argv: [touch, "\${{ vars.root }}/stamp${n}"], creates: "\${{ vars.root }}/stamp${n}"}}`,
    ]).flat(),
    '{name: gone, file: {path: "${{ vars.root }}/gone", state: absent}}',
  ];
  return `- name: twenty tasks\n  hosts: fleet\n  vars: {root: "${root}/\${{ host.name }}"}\n  tasks:\n${tasks.map((task) => `    - ${task}`).join('\n')}\n`;
}
