/** Keeps hosts in step: none begins a task before every other host has come as far (`linear`), or not at all (`free`). */
export interface Pace {
  /** Resolves when the host may do what stands at this position. */
  arrive(host: string, position: number): Promise<void>;
  /** The host takes no further part; nobody waits for it any more. */
  leave(host: string): void;
}

/** Every host goes on as fast as it can. */
export const freePace: Pace = { arrive: () => Promise.resolve(), leave: () => undefined };

/**
 * Ansible's linear strategy over positions in document order. A host that goes back (a loop over a block) holds the others
 * until it is with them again; the hosts that are furthest behind may always go on, so that nobody waits for ever.
 */
export function linearPace(hosts: readonly string[]): Pace {
  const at = new Map<string, number>(hosts.map((host) => [host, -1]));
  const counts = new Map<number, number>([[-1, hosts.length]]);
  const waiting = new Map<number, (() => void)[]>();

  function move(host: string, position: number | undefined): void {
    const old = at.get(host);
    if (old !== undefined) {
      const left = (counts.get(old) ?? 1) - 1;
      if (left === 0) counts.delete(old);
      else counts.set(old, left);
    }
    if (position === undefined) at.delete(host);
    else {
      at.set(host, position);
      counts.set(position, (counts.get(position) ?? 0) + 1);
    }
    wake();
  }

  function wake(): void {
    const behind = Math.min(...counts.keys());
    for (const [position, resolvers] of waiting) {
      if (position > behind) continue;
      waiting.delete(position);
      for (const resolve of resolvers) resolve();
    }
  }

  return {
    arrive(host, position) {
      move(host, position);
      if (Math.min(...counts.keys()) >= position) return Promise.resolve();
      return new Promise((resolve) => {
        waiting.set(position, [...(waiting.get(position) ?? []), resolve]);
      });
    },
    leave: (host) => move(host, undefined),
  };
}
