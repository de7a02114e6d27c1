import type { Emit, Event } from '../core/events.ts';

/** Takes events; it cannot reach back. */
export interface Reporter {
  readonly name: string;
  take(event: Event): void | Promise<void>;
  /** Called once, after the last event or when the run broke. */
  close?(): void | Promise<void>;
}

/** Where a reporter that must not fail (the journal) tells the engine to stop. */
export interface Hub {
  readonly emit: Emit;
  /** Reporters that threw, with what; the run goes on without them and is told at the end. */
  broken(): readonly { readonly name: string; readonly error: unknown }[];
  close(): Promise<void>;
}

/**
 * Hands each event to the essential reporters first and waits for them (their failure stops the run), then to the others,
 * of which one that throws is dropped. `mask` removes secret values from all texts of an event before anybody sees it.
 */
export function createHub(
  essential: readonly Reporter[],
  others: readonly Reporter[],
  mask: (event: Event) => Event,
): Hub {
  const alive = new Set(others);
  const broken: { name: string; error: unknown }[] = [];
  return {
    async emit(event) {
      const masked = mask(event);
      for (const reporter of essential) await reporter.take(masked);
      for (const reporter of alive) {
        try {
          await reporter.take(masked);
        } catch (error) {
          alive.delete(reporter);
          broken.push({ name: reporter.name, error });
        }
      }
    },
    broken: () => broken,
    async close() {
      await Promise.allSettled([...essential, ...others].map((reporter) => Promise.resolve(reporter.close?.())));
    },
  };
}
