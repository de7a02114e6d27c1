import type { HostKeyPolicy } from '../core/target.ts';
import { splitWords } from './words.ts';

/** What arguments for ssh say that copse does too. */
export interface SshArgs {
  address?: string;
  port?: number;
  user?: string;
  identities?: string[];
  identitiesOnly?: boolean;
  hostKeyPolicy?: HostKeyPolicy;
  hostKeyAlias?: string;
  knownHosts?: string[];
  jump?: string[];
  proxyCommand?: string;
  connectTimeoutMs?: number;
}

/** An argument that cannot be honoured. */
export interface Refused {
  readonly message: string;
  readonly hint: string;
}

/** Flags of ssh that change nothing here: verbosity, compression, terminals, multiplexing, forwarding of the agent. */
const MEANINGLESS_FLAGS = new Set([
  '-C',
  '-q',
  '-v',
  '-vv',
  '-vvv',
  '-t',
  '-tt',
  '-T',
  '-n',
  '-x',
  '-a',
  '-A',
  '-k',
  '-M',
]);
const FLAGS_WITH_VALUE: Readonly<Record<string, string>> = {
  '-J': 'ProxyJump',
  '-i': 'IdentityFile',
  '-p': 'Port',
  '-l': 'User',
};
/** They take the next word, which is no argument of its own. */
const OTHER_FLAGS_WITH_VALUE = /^-[BbcDEeFILmOQRSWw]$/;

/** Options of ssh that change nothing here, because copse decides these things itself. */
const MEANINGLESS_OPTIONS = new Set(
  `addkeystoagent batchmode challengeresponseauthentication checkhostip compression connectionattempts controlmaster
  controlpath controlpersist escapechar forwardagent forwardx11 forwardx11trusted gssapiauthentication
  gssapidelegatecredentials hashknownhosts hostbasedauthentication ipqos kbdinteractiveauthentication loglevel
  numberofpasswordprompts passwordauthentication permitlocalcommand preferredauthentications pubkeyauthentication
  requesttty sendenv serveralivecountmax serveraliveinterval sessiontype streamlocalbindunlink tcpkeepalive
  updatehostkeys verifyhostkeydns visualhostkey`.split(/\s+/),
);

/** Reads `ansible_ssh_common_args` and its like. As with ssh, what is said first counts. */
export function readSshArgs(text: string): { readonly args: SshArgs; readonly refused: readonly Refused[] } {
  const args: SshArgs = {};
  const refused: Refused[] = [];
  const words = splitWords(text, { comments: false });
  if (typeof words === 'number') {
    return { args, refused: [{ message: `a quote is not closed in "${text}"`, hint: 'close it' }] };
  }
  const queue = words.map((word) => word.text);
  for (let word = queue.shift(); word !== undefined; word = queue.shift()) {
    if (MEANINGLESS_FLAGS.has(word)) continue;
    const flag = word.slice(0, 2);
    const option = FLAGS_WITH_VALUE[flag] ?? (flag === '-o' ? '' : undefined);
    if (option === undefined) {
      const value = OTHER_FLAGS_WITH_VALUE.test(word) ? queue.shift() : undefined;
      refused.push(unknown(value === undefined ? word : `${word} ${value}`));
      continue;
    }
    const value = word.length > 2 ? word.slice(2) : queue.shift();
    if (value === undefined) refused.push({ message: `"${word}" lacks its value`, hint: 'write a value after it' });
    else apply(args, refused, ...(option === '' ? keyAndValue(value) : ([option, value] as const)));
  }
  return { args, refused };
}

/** `Key=value` or `Key value`, the key in any case. */
function keyAndValue(text: string): readonly [string, string] {
  const [, key = '', value = ''] = /^\s*([^\s=]+)\s*=?\s*(.*)$/s.exec(text) ?? [];
  return [key, value.replace(/^"(.*)"$/s, '$1').trim()];
}

function apply(args: SshArgs, refused: Refused[], option: string, value: string): void {
  const name = option.toLowerCase();
  if (MEANINGLESS_OPTIONS.has(name)) return;
  const setter = Object.hasOwn(SETTERS, name) ? SETTERS[name] : undefined;
  if (setter === undefined) refused.push(unknown(`-o ${option}`));
  else if (!setter(args, value))
    refused.push({
      message: `"${value}" cannot be understood for ${option}`,
      hint: 'man ssh_config says what it may be',
    });
}

function unknown(word: string): Refused {
  return {
    message: `the ssh argument "${word}" is not supported`,
    hint: 'write it in ~/.ssh/config under the host, and use the ssh program: copse_transport: openssh',
  };
}

type Setter = (args: SshArgs, value: string) => boolean;

const SETTERS: Readonly<Record<string, Setter>> = {
  proxyjump: (args, value) => {
    args.jump ??= value === 'none' ? [] : value.split(',').map((hop) => hop.trim());
    return value !== '';
  },
  proxycommand: (args, value) => {
    if (value === 'none') args.jump ??= [];
    else args.proxyCommand ??= value;
    return value !== '';
  },
  identityfile: (args, value) => {
    (args.identities ??= []).push(value);
    return value !== '';
  },
  identitiesonly: (args, value) => {
    args.identitiesOnly ??= value === 'yes' || value === 'true';
    return /^(?:yes|no|true|false)$/.test(value);
  },
  stricthostkeychecking: (args, value) => {
    const policy = HOST_KEY_POLICIES[value.toLowerCase()];
    if (policy !== undefined) args.hostKeyPolicy ??= policy;
    return policy !== undefined;
  },
  userknownhostsfile: knownHosts,
  globalknownhostsfile: knownHosts,
  hostkeyalias: (args, value) => {
    args.hostKeyAlias ??= value;
    return value !== '';
  },
  hostname: (args, value) => {
    args.address ??= value;
    return value !== '' && !value.startsWith('-');
  },
  user: (args, value) => {
    args.user ??= value;
    return value !== '';
  },
  port: (args, value) => {
    args.port ??= Number(value);
    return /^\d+$/.test(value) && Number(value) > 0 && Number(value) < 65_536;
  },
  connecttimeout: (args, value) => {
    args.connectTimeoutMs ??= Number(value) * 1000;
    return /^\d+$/.test(value);
  },
};

/** `no` becomes `accept-new`: a host key that changed is never accepted. */
const HOST_KEY_POLICIES: Readonly<Record<string, HostKeyPolicy>> = {
  yes: 'strict',
  no: 'accept-new',
  off: 'accept-new',
  'accept-new': 'accept-new',
  ask: 'ask',
};

function knownHosts(args: SshArgs, value: string): boolean {
  const files = value === 'none' ? [] : value.split(/\s+/);
  args.knownHosts = [...(args.knownHosts ?? []), ...files];
  return value !== '';
}
