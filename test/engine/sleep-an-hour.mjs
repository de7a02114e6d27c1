// Loaded into copse with --import: when the process goes on after it was stopped (SIGCONT), an hour has passed. COPSE_SLEEP tells how
// that looks from inside: `running` as on a machine whose clocks went on (both jump, and every timer that was due fires at once), or
// `suspended` as on a laptop whose lid was closed (only the time of day jumps).
const HOUR = 3_600_000;
const isRunning = process.env['COPSE_SLEEP'] !== 'suspended';
const real = {
  now: Date.now,
  elapsed: performance.now.bind(performance),
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
};
const pending = new Map();
let asleep = 0;

Date.now = () => real.now() + asleep;
performance.now = () => real.elapsed() + (isRunning ? asleep : 0);

globalThis.setTimeout = (run, ms = 0, ...args) => {
  const timer = real.setTimeout(() => {
    pending.delete(timer);
    run(...args);
  }, ms);
  pending.set(timer, { run: () => run(...args), due: real.elapsed() + ms });
  return timer;
};
globalThis.clearTimeout = (timer) => {
  pending.delete(timer);
  real.clearTimeout(timer);
};
AbortSignal.timeout = (ms) => {
  const controller = new AbortController();
  globalThis
    .setTimeout(() => controller.abort(new DOMException('The operation timed out', 'TimeoutError')), ms)
    .unref();
  return controller.signal;
};

process.on('SIGCONT', () => {
  asleep += HOUR;
  if (!isRunning) return;
  const now = real.elapsed();
  for (const [timer, { run, due }] of Array.from(pending)) {
    if (due > now + HOUR || timer._destroyed) continue;
    pending.delete(timer);
    real.clearTimeout(timer);
    setImmediate(() => run());
  }
});
