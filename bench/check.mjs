// How long `copse check` takes and how much memory it needs, from one host to a thousand, for a playbook of 1000 tasks.
// Run: npm run build && node bench/check.mjs
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const TASKS = 1000;
const HOSTS = [1, 100, 1000];
const KINDS = {
  plain: 'tasks alike for all hosts',
  grouped: 'arguments from variables of ten groups',
  own: 'arguments from a variable that every host has for itself',
};

if (process.argv[2] === 'one') await one(process.argv[3], Number(process.argv[4]), process.argv[5]);
else all();

function all() {
  process.stdout.write(
    `${'1000 tasks'.padEnd(60)}${'hosts'.padStart(8)}${'seconds'.padStart(10)}${'CPU s'.padStart(10)}${'peak MB'.padStart(10)}\n`,
  );
  for (const kind of Object.keys(KINDS)) {
    for (const hosts of HOSTS) {
      const folder = mkdtempSync(join(tmpdir(), 'copse-bench-'));
      try {
        writeFiles(folder, kind, hosts);
        const ended = spawnSync(
          process.execPath,
          [fileURLToPath(import.meta.url), 'one', kind, String(hosts), folder],
          { encoding: 'utf8' },
        );
        if (ended.status !== 0) throw new Error(ended.stderr);
        const { seconds, cpu, megabytes } = JSON.parse(ended.stdout);
        process.stdout.write(
          `${KINDS[kind].padEnd(60)}${String(hosts).padStart(8)}${seconds.toFixed(2).padStart(10)}${cpu.toFixed(2).padStart(10)}${String(megabytes).padStart(10)}\n`,
        );
      } finally {
        rmSync(folder, { recursive: true });
      }
    }
  }
}

async function one(_kind, _hosts, folder) {
  const started = performance.now();
  const { loadInventory } = await import('../dist/inventory/load.js');
  const { loadPlaybook } = await import('../dist/playbook/load.js');
  const { checkPlaybook } = await import('../dist/playbook/check.js');
  const inventory = await loadInventory([join(folder, 'hosts.yml')], {
    cwd: folder,
    signal: new AbortController().signal,
  });
  const playbook = await loadPlaybook(['site.yml'], { cwd: folder, extraVars: {} });
  const problems = checkPlaybook(playbook, inventory, { extraVars: {} });
  if (problems.length > 0) throw new Error(JSON.stringify(problems[0]));
  const seconds = (performance.now() - started) / 1000;
  process.stdout.write(
    JSON.stringify({
      seconds,
      cpu: (process.cpuUsage().user + process.cpuUsage().system) / 1e6,
      megabytes: Math.round(process.resourceUsage().maxRSS / 1024),
    }),
  );
}

function writeFiles(folder, kind, hosts) {
  const groups = Array.from({ length: Math.min(10, hosts) }, (_, g) => {
    const members = Array.from({ length: hosts }, (_, h) => h).filter((h) => h % Math.min(10, hosts) === g);
    const lines = members.map((h) => `    host${h}: {address: 10.0.${h >> 8}.${h & 255}}`);
    return `group${g}:\n  vars: {port: ${8000 + g}, tools: [a${g}, b], channel: stable}\n  hosts:\n${lines.join('\n')}\n`;
  });
  writeFileSync(join(folder, 'hosts.yml'), groups.join(''));
  const value = { plain: 'x', grouped: '${{ vars.port }}', own: '${{ vars.address }}' }[kind];
  const tasks = Array.from({ length: TASKS }, (_, i) => {
    if (i % 4 === 0)
      return `    - name: file ${i}\n      copy: {dest: /etc/copse/${i}, content: "port ${value}"}\n      register: file${i}\n`;
    if (i % 4 === 1)
      return `    - when: file${i - 1}.changed && facts.os.id == "fedora"\n      command: {argv: [echo, "to ${value}", "\${{ vars.channel }}"]}\n`;
    if (i % 4 === 2) return `    - command: echo \${{ item }} ${value}\n      loop: \${{ vars.tools }}\n`;
    return `    - file: {path: "/srv/${i}", state: directory, mode: "0755"}\n      when: vars.channel == "stable"\n`;
  });
  writeFileSync(join(folder, 'site.yml'), `- hosts: all\n  become: true\n  tasks:\n${tasks.join('')}`);
}
