/** The times and limits of connections, in milliseconds unless the name says otherwise. Tests shorten them. */
export interface Tuning {
  /** Silence after which the other side is asked for a sign of life; three unanswered ones make a link dead. */
  readonly keepaliveMs: number;
  /** How long a told-to-stop program may take before it is killed. */
  readonly stopGraceMs: number;
  /** How long a killed program may take before its channel is dropped. */
  readonly killGraceMs: number;
  /** How long children may hold a program's output open after it ended. */
  readonly heldOpenMs: number;
  /** Channels in use at the same time on one connection (sshd refuses above its MaxSessions, and reaps late). */
  readonly channels: number;
  /** How long a refused channel is asked for again. */
  readonly channelPatienceMs: number;
  /** Connections to one sshd that are not logged in yet (sshd drops some above its MaxStartups). */
  readonly unauthenticated: number;
  /** How often a connection that was dropped before the login is tried. */
  readonly connectTries: number;
  /** First pause between such tries; it doubles, with jitter. */
  readonly retryMs: number;
  /** Tunnels through one connection to a jump host (a process there may hold about a thousand files). */
  readonly tunnels: number;
}

/** What copse uses: a dead link is noticed within 45 s, sshd's defaults are never met. */
export const TUNING: Tuning = {
  keepaliveMs: 15_000,
  stopGraceMs: 2000,
  killGraceMs: 1000,
  heldOpenMs: 1500,
  channels: 4,
  channelPatienceMs: 5000,
  unauthenticated: 8,
  connectTries: 5,
  retryMs: 250,
  tunnels: 200,
};
