import type { AnyModule } from '../core/module.ts';
import { assert } from './assert/index.ts';
import { authorizedKey } from './authorized-key/index.ts';
import { bootc } from './bootc/index.ts';
import { cloudInitCheck } from './cloud-init-check/index.ts';
import { command } from './command/index.ts';
import { containerService } from './container-service/index.ts';
import { containerStorage } from './container-storage/index.ts';
import { copy } from './copy/index.ts';
import { debug } from './debug/index.ts';
import { file } from './file/index.ts';
import { filesystem } from './filesystem/index.ts';
import { firewalld } from './firewalld/index.ts';
import { getUrl } from './get-url/index.ts';
import { group } from './group/index.ts';
import { hostname } from './hostname/index.ts';
import { http } from './http/index.ts';
import { kernelModule } from './kernel-module/index.ts';
import { lines } from './lines/index.ts';
import { lvm } from './lvm/index.ts';
import { mount } from './mount/index.ts';
import { ostree } from './ostree/index.ts';
import { ostreeCheck } from './ostree-check/index.ts';
import { ostreeCompose } from './ostree-compose/index.ts';
import { ostreeRefs } from './ostree-refs/index.ts';
import { ostreeRemote } from './ostree-remote/index.ts';
import { ostreeRepo } from './ostree-repo/index.ts';
import { reboot } from './reboot/index.ts';
import { rpmOstree } from './rpm-ostree/index.ts';
import { rpmOstreeCheck } from './rpm-ostree-check/index.ts';
import { rpmOstreeMaintenance } from './rpm-ostree-maintenance/index.ts';
import { script } from './script/index.ts';
import { selinux } from './selinux/index.ts';
import { sysctl } from './sysctl/index.ts';
import { systemdUnit } from './systemd-unit/index.ts';
import { timer } from './timer/index.ts';
import { unarchive } from './unarchive/index.ts';
import { user } from './user/index.ts';
import { waitFor } from './wait-for/index.ts';

/** Every module there is, by name. */
export const modules: readonly AnyModule[] = [
  assert,
  authorizedKey,
  bootc,
  cloudInitCheck,
  command,
  containerService,
  containerStorage,
  copy,
  debug,
  file,
  filesystem,
  firewalld,
  getUrl,
  group,
  hostname,
  http,
  kernelModule,
  lines,
  lvm,
  mount,
  ostree,
  ostreeCheck,
  ostreeCompose,
  ostreeRefs,
  ostreeRemote,
  ostreeRepo,
  reboot,
  rpmOstree,
  rpmOstreeCheck,
  rpmOstreeMaintenance,
  script,
  selinux,
  sysctl,
  systemdUnit,
  timer,
  unarchive,
  user,
  waitFor,
];

const BY_NAME: ReadonlyMap<string, AnyModule> = new Map(modules.map((module) => [module.name, module]));

/** The module of that name, or undefined. */
export function findModule(name: string): AnyModule | undefined {
  return BY_NAME.get(name);
}
