/** The deadline of a connect: it knows what is being waited for, and stands still while a person is asked. */
export interface Phase {
  /** Names what comes next; with a time, the clock starts anew. */
  enter(name: string, ms?: number): void;
  /** Runs something that waits for a person, without the clock. */
  pausing<T>(wait: () => Promise<T>): Promise<T>;
  readonly name: () => string;
  end(): void;
}

/** Starts the clock of a connect, which may have begun a while ago; `onLate` hears what was waited for, and how long. */
export function startPhase(
  name: string,
  clock: { readonly limit: number; readonly since: number },
  onLate: (during: string, limit: number) => void,
): Phase {
  let current = name;
  let { limit, since } = clock;
  let left = since + limit - performance.now();
  let timer: NodeJS.Timeout | undefined;
  let paused = 0;
  const run = (): void => {
    since = performance.now();
    timer = setTimeout(() => onLate(current, limit), Math.max(0, left));
  };
  const halt = (): void => {
    if (timer === undefined) return;
    clearTimeout(timer);
    timer = undefined;
    left -= performance.now() - since;
  };
  run();

  return {
    name: () => current,
    enter(next, nextMs) {
      current = next;
      if (nextMs === undefined) return;
      halt();
      limit = nextMs;
      left = nextMs;
      if (paused === 0) run();
    },
    async pausing(wait) {
      paused += 1;
      halt();
      try {
        return await wait();
      } finally {
        paused -= 1;
        if (paused === 0 && left !== Number.POSITIVE_INFINITY) run();
      }
    },
    end() {
      halt();
      left = Number.POSITIVE_INFINITY;
    },
  };
}
