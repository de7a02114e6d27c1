/** One look at a host: when (milliseconds that only grow), in which boot, and whether it was healthy. */
export interface Sample {
  readonly at: number;
  readonly boot: string;
  readonly verdict: 'pass' | 'fail' | 'not-yet' | 'unknown';
}

/** The run of samples so far. */
export interface Window {
  readonly boot: string;
  /** When the present run of passes began, and its last sample; undefined without one. */
  readonly since: number | undefined;
  readonly last: number;
  readonly fails: number;
}

/** How long a window must be. */
export interface WindowWish {
  readonly minHealthyMs: number;
  readonly everyMs: number;
}

/** A window before its first sample. */
export const NO_WINDOW: Window = { boot: '', since: undefined, last: 0, fails: 0 };

/** So many fails in a row are enough. */
const FAILS = 3;

/**
 * Adds a sample. Healthy needs passes only, in one boot, over the whole time; time that nobody looked (a sleeping laptop, a
 * lost connection) does not count, so that the run begins anew after a gap.
 */
export function addSample(
  before: Window,
  sample: Sample,
  { minHealthyMs, everyMs }: WindowWish,
): { readonly window: Window; readonly verdict: 'healthy' | 'unhealthy' | 'go-on' } {
  const sameBoot = before.boot === sample.boot;
  const fails = sample.verdict === 'fail' ? (sameBoot ? before.fails : 0) + 1 : 0;
  if (sample.verdict !== 'pass') {
    const window = { boot: sample.boot, since: undefined, last: sample.at, fails };
    return { window, verdict: fails >= FAILS ? 'unhealthy' : 'go-on' };
  }
  const hasGap = sample.at - before.last > 3 * everyMs + 5000;
  const since = sameBoot && !hasGap ? (before.since ?? sample.at) : sample.at;
  const window = { boot: sample.boot, since, last: sample.at, fails: 0 };
  return { window, verdict: sample.at - since >= minHealthyMs ? 'healthy' : 'go-on' };
}
