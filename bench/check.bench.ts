import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { measure, table } from './measure.ts';

const TASKS = 1000;
const HOSTS = [1, 100, 1000];
const main = resolve(import.meta.dirname, '../dist/main.js');

/** What the arguments of the tasks are made of, and what that means for the hosts. */
const KINDS = [
  { title: 'alike for all hosts', value: 'x' },
  { title: 'from variables of ten groups', value: '${{ vars.number }}' },
  { title: 'from a variable of each host', value: '${{ vars.label }}' },
];

it(`copse check of ${TASKS} tasks over more and more hosts`, async () => {
  const rows: (string | number)[][] = [];
  for (const { title, value } of KINDS) {
    for (const hosts of HOSTS) {
      const folder = mkdtempSync(join(tmpdir(), 'copse-bench-'));
      try {
        writeFileSync(join(folder, 'hosts.yml'), inventory(hosts));
        writeFileSync(join(folder, 'site.yml'), playbook(value));
        const { status, wallS, cpuS, peakMiB, out } = await measure(
          process.execPath,
          [main, 'check', 'site.yml', '-i', 'hosts.yml'],
          { cwd: folder, env: process.env },
        );
        expect(status, out).toBe(0);
        rows.push([title, String(hosts), wallS, cpuS, peakMiB]);
      } finally {
        rmSync(folder, { recursive: true });
      }
    }
  }
  console.log(table(['arguments', 'hosts', 'wall s', 'CPU s', 'peak MiB'], rows));
});

function inventory(hosts: number): string {
  const groups = Math.min(10, hosts);
  return Array.from({ length: groups }, (_, group) => {
    const members = Array.from({ length: hosts }, (__, host) => host).filter((host) => host % groups === group);
    const lines = members.map((host) => `    host${host}: {label: own-${host}}`);
    return `group${group}:\n  vars: {number: ${8000 + group}, tools: [a${group}, b], channel: stable}\n  hosts:\n${lines.join('\n')}\n`;
  }).join('');
}

function playbook(value: string): string {
  const kinds = [
    (i: number) => `- copy: {dest: /etc/app/${i}, content: "is ${value}"}\n      register: file${i}`,
    (i: number) =>
      `- command: {argv: [echo, "to ${value}", "\${{ vars.channel }}"]}\n      when: file${i - 1}.changed && facts.os.id == "fedora"`,
    () => `- command: echo \${{ item }} ${value}\n      loop: \${{ vars.tools }}`,
    (i: number) => `- file: {path: "/srv/${i}", state: directory, mode: "0755"}\n      when: vars.channel == "stable"`,
  ];
  const tasks = Array.from({ length: TASKS }, (_, i) => `    ${kinds[i % kinds.length]?.(i) ?? ''}`);
  return `- hosts: all\n  become: true\n  tasks:\n${tasks.join('\n')}\n`;
}
