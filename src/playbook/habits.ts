/** Ansible spellings that copse answers: what was written, and what to write. Data only; docs/ansible.md shows the same. */
interface Habits {
  /** Keywords of plays, blocks and tasks. */
  readonly keywords: ReadonlyMap<string, string>;
  /** Actions of `meta`. */
  readonly meta: ReadonlyMap<string, string>;
  /** Modules by their short names. */
  readonly modules: ReadonlyMap<string, string>;
}

const ROLES = 'put its tasks into a file and write "import_tasks: roles/NAME.yml"';
const LOOP = 'write "loop:" with the list';
const ASYNC = 'leave it out: long work survives a lost connection by itself, "timeout: 30m" bounds it';
const VARS_NOW = 'write the value under "vars:" of the play, or register a result; both are read with ${{ }}';
const PACKAGES = 'on an image-based host write "rpm_ostree: {packages: [NAME]}"';
const UNIT = 'write "systemd_unit: {name: NAME.service, state: started, enabled: true}"';
const WHOLE_FILE = 'write the whole file with "copy: {dest: …, content: …}", or a drop-in file of its own';
const LVM = 'write "lvm:" with groups and volumes as they should be; "copse doc lvm" tells how';
const CONTAINER = 'write "container_service:" with the image; "copse doc container_service" tells how';
const NO_MODULE = 'write it with "command:"; "creates" and "removes" keep it from running again';

const KEYWORD_ANSWERS: Readonly<Record<string, string>> = {
  args: 'write the parameters below the module itself',
  async: ASYNC,
  poll: ASYNC,
  roles: ROLES,
  role: ROLES,
  include: 'write "import_tasks: FILE.yml"',
  include_tasks: 'write "import_tasks: FILE.yml"; a "when" on it applies to each of its tasks',
  include_role: ROLES,
  import_role: ROLES,
  include_vars: 'write "vars_files: [FILE.yml]" in the play',
  include_playbook: 'write "import_playbook: FILE.yml"',
  local_action: 'write the module itself and "delegate_to: localhost"',
  action: 'write the module itself: "copy: {…}"',
  first_available_file: 'choose the file with ${{ a ? b : c }}',
  remote_user: 'write "ansible_user: NAME" in the inventory, or "become_user: NAME" here',
  user: 'write "ansible_user: NAME" in the inventory',
  port: 'write "ansible_port: 2222" in the inventory',
  connection: 'write "ansible_connection: local" in the inventory for that host',
  sudo: 'write "become: true"',
  sudo_user: 'write "become_user: NAME"',
  su: 'write "become: true" and "become_method: su"',
  become_flags: 'leave it out: copse runs sudo itself',
  become_exe: 'leave it out: copse runs sudo itself',
  gather_subset: 'leave it out: all facts come in one round trip',
  gather_timeout: 'leave it out: all facts come in one round trip',
  fact_path: 'leave it out: facts are typed and come from copse itself',
  delegate_facts: 'leave it out: facts belong to the host they were read on',
  module_defaults: 'write the parameters out, or keep them in a variable: "copy: ${{ vars.defaults.merge({…}) }}"',
  collections: 'leave it out: modules have one short name each',
  debugger: 'run with --step, or -vv to see each command',
  throttle: 'write "forks: N" in the play',
  order: 'leave it out: hosts go in inventory order',
  force_handlers: 'leave it out: handlers that could not run are listed as owed at the end',
  vars_file: 'write "vars_files:"',
  max_fail_percent: 'write "max_fail_percentage:"',
  host: 'write "hosts:"',
  task: 'write "tasks:"',
  handler: 'write "handlers:"',
  when_: 'write "when:"',
  with_items: LOOP,
  with_list: LOOP,
  with_dict: 'write "loop: ${{ vars.mapping.items() }}"; an item has "key" and "value"',
  with_flattened: 'write "loop: ${{ vars.list.flatten() }}"',
  with_indexed_items: 'write "loop:"; the position is "index"',
  with_nested: `write "loop: '\${{ vars.a.map(x, vars.b.map(y, {"a": x, "b": y})).flatten() }}'"`,
  with_together: 'write "loop: ${{ range(vars.a.size()).map(i, [vars.a[i], vars.b[i]]) }}"',
  with_subelements: 'write a loop over a list computed with .map(x, …)',
  with_sequence: 'write "loop: ${{ range(5) }}"',
  with_random_choice: 'choose in the inventory: a run must not depend on chance',
  with_fileglob: 'list the files: "loop: [a.conf, b.conf]"',
  with_filetree: 'list the files: "loop: [a.conf, b.conf]"',
  with_first_found: 'choose the file with ${{ a ? b : c }}',
  with_lines: 'register the result of a command with "delegate_to: localhost", then "loop: ${{ result.stdout_lines }}"',
  with_file: 'write "copy: {src: FILE, …}"',
  with_inventory_hostnames: 'write "loop: ${{ groups.NAME }}"',
};

const META_ANSWERS: Readonly<Record<string, string>> = {
  noop: 'leave the task out',
  refresh_inventory: 'leave it out: the inventory is read once, before the run',
  reset_connection: 'leave it out: a broken connection is opened again by itself',
  clear_facts: 'leave it out: facts are read anew after every reboot',
  clear_host_errors: 'leave it out: use "rescue" to go on with a host',
  end_play: 'put a "when" on a block around the rest',
  end_host: 'put a "when" on a block around the rest',
  end_batch: 'put a "when" on a block around the rest',
};

const MODULE_ANSWERS: Readonly<Record<string, string>> = {
  package: PACKAGES,
  dnf: PACKAGES,
  dnf5: PACKAGES,
  yum: PACKAGES,
  apt: PACKAGES,
  apk: PACKAGES,
  zypper: PACKAGES,
  pacman: PACKAGES,
  rpm_ostree_pkg: 'write "rpm_ostree: {packages: [NAME]}"',
  rhel_rpm_ostree: 'write "rpm_ostree: {packages: [NAME]}"',
  rpm_ostree_upgrade: 'write "rpm_ostree: {upgrade: true}"',
  atomic_host: 'write "rpm_ostree: {upgrade: true}", or "ostree: {upgrade: true}" on a host without rpm-ostree',
  bootc_manage:
    'write "bootc: {image: IMAGE}" for state: switch, "bootc: {upgrade: true}" for state: latest; it reboots by itself',
  service: UNIT,
  systemd: UNIT,
  systemd_service: UNIT,
  sysvinit: UNIT,
  shell: 'write "command: {shell: \'… "$1"\', args: [value]}"; no quoting can go wrong then',
  raw: 'write "command: {shell: …}": no module needs Python here',
  expect: 'write "command: {argv: […], stdin: TEXT}"',
  template: 'write "copy: {dest: …, content: …}" with ${{ }} in the text',
  lineinfile: 'write "lines: {path: …, regexp: …, line: …}", or a drop-in file with "copy:"',
  blockinfile: 'write "lines: {path: …, marker: …, block: …}", or a drop-in file with "copy:"',
  replace: WHOLE_FILE,
  ini_file: WHOLE_FILE,
  assemble: WHOLE_FILE,
  set_fact: VARS_NOW,
  add_host: 'write the host into the inventory',
  group_by: 'write the group into the inventory, or "when:" on the tasks',
  setup: 'leave it out: facts are read before the first task; see "copse facts"',
  gather_facts: 'leave it out: facts are read before the first task; see "copse facts"',
  ping: 'leave it out: a host that cannot be reached is reported anyway',
  fail: 'write "assert: {that: CONDITION, msg: TEXT}"',
  pause: 'write "wait_for:" with what you wait for',
  wait_for_connection: 'leave it out: "reboot" and a lost connection are waited for by themselves',
  stat: 'write "command: {argv: [test, -e, PATH], unchanged_codes: [0, 1]}" and register it',
  slurp: 'write "command: {argv: [cat, PATH]}" and register it',
  fetch: 'write "command: {argv: [cat, PATH]}" and register it',
  uri: 'write "http: {url: URL, status: [200]}", or "wait_for:" with "url" to wait for an answer',
  synchronize: 'write "copy:" for files; images and packages carry the rest',
  git: NO_MODULE,
  pip: NO_MODULE,
  npm: NO_MODULE,
  known_hosts: 'write "lines: {path: …, line: …}", or the whole file with "copy:"',
  cron: 'write "timer: {name: NAME, command: [/path/of/program], on_calendar: daily}"',
  timezone: 'write "command: {argv: [timedatectl, set-timezone, ZONE]}"',
  modprobe: 'write "kernel_module: {name: NAME}"',
  seboolean: 'write "selinux: {booleans: {NAME: true}}", which is for now and for every boot',
  sefcontext: 'write "selinux: {file_contexts: [{path: PATTERN, type: TYPE}], restore: PATH}"',
  seport: 'write "selinux: {ports: [{port: 8081, type: TYPE}]}"',
  atomic_container: CONTAINER,
  atomic_image: CONTAINER,
  docker_container: CONTAINER,
  podman_container: CONTAINER,
  podman_image: CONTAINER,
  lvg: LVM,
  lvol: LVM,
  parted: NO_MODULE,
  meta: 'only "meta: flush_handlers" is there',
};

/** The answer to an Ansible module; where it names a module that is not there, the general one. */
export function moduleAnswer(name: string, isModule: (name: string) => boolean): string | undefined {
  const answer = HABITS.modules.get(name);
  return answer === undefined || namedModules(answer).every(isModule) ? answer : NO_MODULE;
}

/** Modules and keywords that an answer tells to write: `copy` of `write "copy: {…}"`. */
export function namedModules(answer: string): readonly string[] {
  return [...answer.matchAll(/(?:write|and|with|by) "([a-z_]+):/g)].map((match) => match[1] ?? '');
}

/** What copse answers to Ansible's spellings. */
export const HABITS: Habits = {
  keywords: new Map(Object.entries(KEYWORD_ANSWERS)),
  meta: new Map(Object.entries(META_ANSWERS)),
  modules: new Map(Object.entries(MODULE_ANSWERS)),
};
