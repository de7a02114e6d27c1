/** One thing an inventory says about reaching a host, under copse's name and under Ansible's. */
export interface Setting {
  /** Copse's own name; it wins over Ansible's names on the same host. */
  readonly own?: string;
  /** Ansible's names; of several that are set the last one wins, as in Ansible. */
  readonly ansible: readonly string[];
  /** One line for the documentation and the editor. */
  readonly about: string;
  readonly secret?: true;
}

/** Every setting of a connection that copse honours. */
export const SETTINGS = {
  address: {
    own: 'copse_address',
    ansible: ['ansible_host', 'ansible_ssh_host'],
    about: 'name or address to connect to; the name in the inventory when absent',
  },
  port: { own: 'copse_port', ansible: ['ansible_port', 'ansible_ssh_port'], about: 'TCP port of the SSH server' },
  user: { own: 'copse_user', ansible: ['ansible_user', 'ansible_ssh_user'], about: 'user to log in as' },
  transport: {
    own: 'copse_transport',
    ansible: ['ansible_connection'],
    about: 'ssh (built in), openssh (the ssh program of this machine) or local (no connection, this machine)',
  },
  identity: {
    own: 'copse_identity',
    ansible: ['ansible_private_key_file', 'ansible_ssh_private_key_file'],
    about: 'private key file, or a list of them',
  },
  identitiesOnly: {
    own: 'copse_identities_only',
    ansible: [],
    about: 'use only these key files, not everything the agent holds',
  },
  password: {
    own: 'copse_password',
    ansible: ['ansible_password', 'ansible_ssh_pass', 'ansible_ssh_password'],
    about: 'login password; better written as !secret path',
    secret: true,
  },
  passphrase: {
    own: 'copse_passphrase',
    ansible: ['ansible_private_key_passphrase', 'ansible_ssh_private_key_passphrase'],
    about: 'passphrase of the private key file',
    secret: true,
  },
  hostKey: {
    own: 'copse_host_key',
    ansible: ['ansible_host_key_checking', 'ansible_ssh_host_key_checking'],
    about: 'unknown host keys: strict (refuse), accept-new (take and remember) or ask; changed keys are always refused',
  },
  hostKeyAlias: { own: 'copse_host_key_alias', ansible: [], about: 'name under which known_hosts has the host key' },
  knownHosts: { own: 'copse_known_hosts', ansible: [], about: 'known_hosts file, or a list of them' },
  jump: {
    own: 'copse_jump',
    ansible: [],
    about: 'jump hosts as user@host:port, first hop first; none switches off one from ~/.ssh/config',
  },
  proxyCommand: { own: 'copse_proxy_command', ansible: [], about: 'command whose stdin and stdout are the connection' },
  connectTimeout: {
    own: 'copse_connect_timeout',
    ansible: ['ansible_timeout', 'ansible_ssh_timeout'],
    about: 'how long connecting may take, such as 10s; a plain number is seconds',
  },
  become: {
    own: 'copse_become',
    ansible: ['ansible_become'],
    about: 'true: every task becomes another user; false: none does, whatever the playbook says',
  },
  becomeUser: {
    own: 'copse_become_user',
    ansible: ['ansible_become_user', 'ansible_sudo_user', 'ansible_su_user', 'ansible_doas_user'],
    about: 'user to become; root when absent',
  },
  becomeMethod: { own: 'copse_become_method', ansible: ['ansible_become_method'], about: 'sudo, su or doas' },
  becomePassword: {
    own: 'copse_become_password',
    ansible: [
      'ansible_become_password',
      'ansible_become_pass',
      'ansible_sudo_pass',
      'ansible_su_pass',
      'ansible_doas_pass',
    ],
    about: 'password for becoming another user; better written as !secret path',
    secret: true,
  },
  sshArgs: {
    ansible: ['ansible_ssh_args', 'ansible_ssh_common_args', 'ansible_ssh_extra_args'],
    about: 'arguments for ssh: -J, -i, -p, -l and -o with ProxyJump, ProxyCommand, StrictHostKeyChecking and others',
  },
} as const satisfies Readonly<Record<string, Setting>>;

/** The name of a setting. */
export type SettingName = keyof typeof SETTINGS;

/** Ansible's connection variables that mean nothing here, and why. */
export const IGNORED_VARIABLES: Readonly<Record<string, string>> = {
  ansible_python_interpreter: 'no Python is needed on a host',
  ansible_shell_type: 'a host is always spoken to through POSIX sh',
  ansible_shell_executable: 'a host is always spoken to through POSIX sh',
  ansible_pipelining: 'nothing is copied to a host before it runs',
  ansible_ssh_pipelining: 'nothing is copied to a host before it runs',
  ansible_ssh_use_tty: 'no terminal is asked for',
  ansible_ssh_retries: 'connecting is retried anyway',
  ansible_control_path: 'one connection is kept open per host',
  ansible_control_path_dir: 'one connection is kept open per host',
  ansible_ssh_executable: 'write copse_transport: openssh to use the ssh program',
  ansible_sftp_executable: 'files are copied over the one connection',
  ansible_scp_executable: 'files are copied over the one connection',
  ansible_sftp_extra_args: 'files are copied over the one connection',
  ansible_scp_extra_args: 'files are copied over the one connection',
  ansible_scp_if_ssh: 'files are copied over the one connection',
  ansible_sftp_batch_mode: 'files are copied over the one connection',
  ansible_ssh_transfer_method: 'files are copied over the one connection',
  ansible_ssh_password_mechanism: 'passwords are answered by the built-in client',
  ansible_sshpass_prompt: 'passwords are answered by the built-in client',
  ansible_ssh_verbosity: 'the built-in client is used',
  ansible_module_compression: 'no modules are copied to a host',
  ansible_remote_tmp: 'nothing is copied to a host before it runs',
  ansible_async_dir: 'long commands are detached in another way',
};

/** Ansible's connection variables that change what happens and that copse cannot honour; the hint says what to do. */
export const UNSUPPORTED_VARIABLES: Readonly<Record<string, string>> = {
  ansible_ssh_pkcs11_provider: 'load the key into ssh-agent, or set copse_transport: openssh and use ~/.ssh/config',
  ansible_private_key: 'put the key into a file and write copse_identity: path, or load it into ssh-agent',
  ansible_ssh_private_key: 'put the key into a file and write copse_identity: path, or load it into ssh-agent',
  ansible_become_exe: "only sudo, su and doas from the host's PATH are used; remove the variable",
  ansible_sudo_exe: "only sudo from the host's PATH is used; remove the variable",
};

/** Variables whose values are passwords. */
export const SECRET_VARIABLES: readonly string[] = Object.values<Setting>(SETTINGS)
  .filter(({ secret }) => secret === true)
  .flatMap(namesOf);

/** All names of a setting, from the weakest to the one that wins. */
export function namesOf({ ansible, own }: Setting): readonly string[] {
  return own === undefined ? ansible : [...ansible, own];
}

/** Copse's own names. */
export const OWN_NAMES: readonly string[] = Object.values<Setting>(SETTINGS).flatMap(({ own }) => own ?? []);

/** Every connection variable that copse knows, honoured or not. */
export const KNOWN_VARIABLES: ReadonlySet<string> = new Set([
  ...Object.values<Setting>(SETTINGS).flatMap(namesOf),
  ...Object.keys(IGNORED_VARIABLES),
  ...Object.keys(UNSUPPORTED_VARIABLES),
  'ansible_become_flags',
  'ansible_sudo_flags',
  'ansible_group_priority',
]);
