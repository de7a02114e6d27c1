import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { startProxy, type FaultProxy } from '../test/support/fault-proxy.ts';
import { startSshd, type Sshd } from '../test/support/sshd.ts';
import { measure, table, type Figures } from './measure.ts';

/** Milliseconds there and back that are added to a link of this machine with itself. */
const ROUND_TRIPS_MS = [0, 50, 150];
const TASKS = 20;

/** Where Ansible is, if it is: `ANSIBLE=/path/to/ansible-playbook npm run bench`. */
const ANSIBLE = process.env['ANSIBLE'] ?? 'ansible-playbook';

/** One way to find that a host is as it should be. */
interface Way {
  readonly title: string;
  readonly run: () => Promise<Figures>;
}

it(`a converged play of ${TASKS} tasks on one host, over slower and slower links`, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'copse-bench-'));
  const sshd = await startSshd();
  const proxy = await startProxy(sshd.port);
  try {
    const ways = prepare(folder, sshd, proxy);
    const rows: (string | number)[][] = [];
    for (const { title, run } of ways) {
      proxy.set({});
      const first = await run();
      expect(first.status, first.out).toBe(0);
      const row: (string | number)[] = [title];
      let cost: readonly number[] = [];
      for (const ms of ROUND_TRIPS_MS) {
        proxy.set({ delayMs: ms / 2 });
        const before = { turns: proxy.turns(), connections: proxy.accepted() };
        const { status, wallS, out } = await run();
        expect(status, out).toBe(0);
        row.push(wallS);
        cost = [proxy.accepted() - before.connections, proxy.turns() - before.turns];
      }
      rows.push([...row, ...cost]);
    }
    const head = ['', ...ROUND_TRIPS_MS.map((ms) => `s at +${ms} ms`), 'connections', 'turns of the wire'];
    console.log(`\n${table(head, rows)}\n`);
  } finally {
    await proxy.close();
    await sshd.stop();
    rmSync(folder, { recursive: true });
  }
});

function prepare(folder: string, sshd: Sshd, proxy: FaultProxy): readonly Way[] {
  const known = join(folder, 'known_hosts');
  writeFileSync(known, readFileSync(sshd.knownHosts, 'utf8').replaceAll(`:${sshd.port} `, `:${proxy.port} `));
  const { user } = sshd.target();
  const common = `-o UserKnownHostsFile=${known} -o IdentitiesOnly=yes`;
  const words = `ansible_host=127.0.0.1 ansible_port=${proxy.port} ansible_user=${user} ansible_python_interpreter=/usr/bin/python3`;
  writeFileSync(
    join(folder, 'hosts.ini'),
    `[fleet]\nweb1 ${words} ansible_ssh_private_key_file=${sshd.identity} ansible_ssh_common_args='${common}'\n`,
  );
  writeFileSync(join(folder, 'site.yaml'), playbook(join(folder, 'root')));
  const main = resolve(import.meta.dirname, '../dist/main.js');
  const env = { ...process.env, COPSE_STATE: join(folder, 'state') };
  const ssh = ['ssh', '-F', 'none', '-i', sshd.identity, '-p', String(proxy.port), ...common.split(' ')];
  const control = ['-o', `ControlPath=${join(folder, 'mux')}`, '-o', 'ControlMaster=auto', '-o', 'ControlPersist=60'];
  const each = [...ssh, ...control, `${user}@127.0.0.1`, 'stat -c %a /etc/hosts; sha256sum /etc/hosts']
    .map(quoted)
    .join(' ');
  const loop = `set -e; for n in $(seq ${TASKS}); do ${each} >/dev/null; done; ${[...ssh, ...control, '-O', 'exit', 'x'].map(quoted).join(' ')}`;
  return [
    {
      title: 'copse run',
      run: () => measure(process.execPath, [main, 'run', 'site.yaml', '-i', 'hosts.ini'], { cwd: folder, env }),
    },
    {
      title: `${TASKS} commands over one ssh with ControlMaster`,
      run: () => measure('sh', ['-c', loop], { cwd: folder, env }),
    },
    ...ansible(folder, env),
  ];
}

function ansible(folder: string, env: NodeJS.ProcessEnv): readonly Way[] {
  if (spawnSync(ANSIBLE, ['--version'], { stdio: 'ignore' }).status !== 0) {
    console.log(`no row for Ansible: "${ANSIBLE}" does not run here; give its path in ANSIBLE`);
    return [];
  }
  const more = {
    ANSIBLE_PIPELINING: '1',
    ANSIBLE_SSH_ARGS: '-C -o ControlMaster=auto -o ControlPersist=60s',
    ANSIBLE_SSH_CONTROL_PATH_DIR: join(folder, 'cp'),
    ANSIBLE_HOME: join(folder, 'ansible'),
    ANSIBLE_NOCOWS: '1',
  };
  const close = 'for s in cp/*; do [ -S "$s" ] && ssh -O exit -o ControlPath="$s" x 2>/dev/null; done; exit "$code"';
  const run = `"$0" site.yaml -i hosts.ini; code=$?; ${close}`;
  return [
    {
      title: 'ansible-playbook, pipelining and ControlPersist',
      run: () => measure('sh', ['-c', run, ANSIBLE], { cwd: folder, env: { ...env, ...more } }),
    },
  ];
}

/** Twenty tasks that Ansible and copse read alike. */
function playbook(root: string): string {
  const pairs = Array.from({ length: TASKS / 2 - 1 }, (_, n) => [
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

function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
