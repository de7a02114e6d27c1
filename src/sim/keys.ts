import ssh2 from 'ssh2';

/** A key pair in OpenSSH form. */
export interface HostKey {
  readonly private: string;
  /** `ssh-ed25519 AAAA…`. */
  readonly public: string;
}

/**
 * A new key pair; a fifth of a millisecond, so every host has its own. ssh2 writes about one ed25519 key in 130 that it
 * cannot read itself, so each is read before it is used.
 */
export function makeKey(): HostKey {
  for (;;) {
    const { private: secret, public: open } = ssh2.utils.generateKeyPairSync('ed25519');
    if (!(ssh2.utils.parseKey(secret) instanceof Error)) {
      return { private: secret, public: open.split(' ').slice(0, 2).join(' ') };
    }
  }
}

/** A line of known_hosts. */
export function knownHostsLine(address: string, port: number, key: HostKey): string {
  return `[${address}]:${port} ${key.public}\n`;
}
