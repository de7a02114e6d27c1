import ssh2 from 'ssh2';

/** A key pair in OpenSSH form. */
export interface HostKey {
  readonly private: string;
  /** `ssh-ed25519 AAAA…`. */
  readonly public: string;
}

/** A new key pair; a fifth of a millisecond, so every host has its own. */
export function makeKey(): HostKey {
  const { private: secret, public: open } = ssh2.utils.generateKeyPairSync('ed25519');
  return { private: secret, public: open.split(' ').slice(0, 2).join(' ') };
}

/** A line of known_hosts. */
export function knownHostsLine(address: string, port: number, key: HostKey): string {
  return `[${address}]:${port} ${key.public}\n`;
}
