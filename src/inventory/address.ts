import { isIP, isIPv6 } from 'node:net';

const BRACKETED_PORT = /^\[(.+)\]:(\d+)$/;
const PORT = /^((?:[^:[\]]|\[[^\]]*\])*):(\d+)$/;
const RANGE = String.raw`\[(?:[a-zA-Z]:[a-zA-Z]|[0-9]+:[0-9]+)(?::[0-9]+)?\]`;
const LABEL = String.raw`(?:[\p{L}\p{N}_]|${RANGE})(?:[\p{L}\p{N}_-]|${RANGE})*(?<![_-])`;
const HOSTNAME = new RegExp(String.raw`^${LABEL}(?:\.${LABEL})*$`, 'u');
const ANY_RANGE = /\[[0-9]+:[0-9]+(?::[0-9]+)?\]/g;

/**
 * Takes `host`, `host:port` and `[address]:port` apart; ranges may stand in the host. Undefined when it is none of these,
 * and then Ansible takes the whole text as the name. A bare IPv6 address has no port.
 */
export function parseAddress(text: string): { host: string; port: number | undefined } | undefined {
  const split = BRACKETED_PORT.exec(text) ?? PORT.exec(text);
  const host = split?.[1] ?? text;
  if (!isHost(host)) return undefined;
  return { host, port: split === null ? undefined : Number(split[2]) };
}

function isHost(text: string): boolean {
  if (HOSTNAME.test(text)) return true;
  const sample = text.replace(ANY_RANGE, '1');
  return sample.includes('.') || sample.includes(':') ? isIP(sample) !== 0 : false;
}

/** True for an IPv6 address with nothing around it. */
export function isBareIPv6(text: string): boolean {
  return isIPv6(text);
}
