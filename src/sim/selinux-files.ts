import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Booleans of the simulated policy, as its image has them. */
const BOOLEANS: Readonly<Record<string, boolean>> = {
  container_manage_cgroup: false,
  httpd_can_network_connect: false,
  httpd_can_network_connect_db: false,
  ssh_sysadm_login: false,
  virt_use_nfs: true,
};

const POLICY = 'etc/selinux/targeted/policy/policy.33';
const KERNEL = 'sys/fs/selinux';

/** The policy and its file of configuration, as the image brings them. */
export function layPolicy(root: string): void {
  for (const folder of ['policy', 'active', 'contexts/files']) {
    mkdirSync(join(root, 'etc/selinux/targeted', folder), { recursive: true });
  }
  const file = (path: string, text: string): void => writeFileSync(join(root, path), text);
  file('etc/selinux/config', '# enforcing, permissive or disabled\nSELINUX=enforcing\nSELINUXTYPE=targeted\n');
  file(
    'etc/selinux/targeted/contexts/files/file_contexts',
    '/var/www(/.*)?\tsystem_u:object_r:httpd_sys_content_t:s0\n',
  );
  keepBooleans(root, BOOLEANS);
  cpSync(join(root, 'etc/selinux'), join(root, 'usr/etc/selinux'), { recursive: true });
}

/** What a boot makes of the policy and the file: the mode and the booleans of the kernel, or nothing at all. */
export function bootPolicy(root: string, kargs: readonly string[]): void {
  rmSync(join(root, KERNEL), { recursive: true, force: true });
  const [, written = 'enforcing'] = /^SELINUX=(\w+)/m.exec(textOf(root, 'etc/selinux/config')) ?? [];
  const argument = kargs.find((word) => word.startsWith('enforcing='))?.slice('enforcing='.length);
  if (kargs.includes('selinux=0') || written.toLowerCase() === 'disabled') return;
  mkdirSync(join(root, KERNEL, 'booleans'), { recursive: true });
  enforce(root, argument ?? (written.toLowerCase() === 'permissive' ? '0' : '1'));
  for (const [name, value] of Object.entries(keptBooleans(root))) setBoolean(root, name, value);
}

/** The mode of the kernel, `0` or `1`; empty where SELinux is off. */
export function enforcing(root: string): string {
  return textOf(root, `${KERNEL}/enforce`);
}

/** Sets the mode of the kernel. */
export function enforce(root: string, value: string): void {
  writeFileSync(join(root, KERNEL, 'enforce'), value);
}

/** Sets a boolean of the kernel: what it is, and what it is to become. */
export function setBoolean(root: string, name: string, value: boolean): void {
  writeFileSync(join(root, KERNEL, 'booleans', name), value ? '1 1' : '0 0');
}

/** The booleans of the policy that boots. */
export function keptBooleans(root: string): Readonly<Record<string, boolean>> {
  const path = join(root, POLICY);
  const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  const found: Record<string, boolean> = {};
  for (let at = 0; at + 12 <= bytes.length;) {
    const length = bytes.readUInt32LE(at + 8);
    found[bytes.toString('latin1', at + 12, at + 12 + length)] = bytes.readUInt32LE(at + 4) === 1;
    at += 12 + length;
  }
  return found;
}

/** Writes the booleans as a policy has them: number, value and length of the name in four bytes each, then the name. */
export function keepBooleans(root: string, booleans: Readonly<Record<string, boolean>>): void {
  const parts = Object.entries(booleans).flatMap(([name, value], index) => {
    const head = Buffer.alloc(12);
    head.writeUInt32LE(index + 1, 0);
    head.writeUInt32LE(value ? 1 : 0, 4);
    head.writeUInt32LE(name.length, 8);
    return [head, Buffer.from(name, 'latin1')];
  });
  writeFileSync(join(root, POLICY), Buffer.concat(parts));
}

/** A file of the host; empty where there is none. */
export function textOf(root: string, path: string): string {
  const at = join(root, path);
  return existsSync(at) ? readFileSync(at, 'utf8') : '';
}
