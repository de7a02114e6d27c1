import { fault } from '../core/problem.ts';
import type { HostSpec } from '../core/target.ts';

/** A jump host as people write it: `user@host:port`, `[2001:db8::1]:2222`, `ssh://user@host:port`. Throws E_INVENTORY. */
export function parseHop(text: string): HostSpec {
  const match =
    /^(?:ssh:\/\/)?(?:([^@/]+)@)?(?:\[([^\]]+)\]|([^:@/[\]]+|[^@/[\]]*:[^@/[\]]*:[^@/[\]]*))(?::(\d+))?\/?$/.exec(text);
  const [, user, bracketed, plain, port] = match ?? [];
  const host = bracketed ?? plain;
  if (host === undefined || host.startsWith('-') || Number(port ?? 22) > 65_535) {
    throw fault({
      code: 'E_INVENTORY',
      message: `expected a jump host such as user@host:port, found "${text}"`,
      hint: 'separate several hops by commas; put an IPv6 address in brackets',
    });
  }
  return {
    name: host,
    ...(user === undefined ? {} : { user }),
    ...(port === undefined ? {} : { port: Number(port) }),
  };
}
