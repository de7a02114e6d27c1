// Runs the same copse command three times in one process and prints the heap after each, to see whether anything grows. Half a MiB a
// round is V8's compiled code (heap snapshots of rounds 4 and 12 differ by nothing else); objects of hosts would be far more.
// Used by thousand.bench.ts: node --expose-gc bench/thrice.mjs run site.yaml -i hosts
import { runCli } from '../dist/cli/program.js';

const silent = { write: () => true };
for (let round = 1; round <= 3; round += 1) {
  const status = await runCli(['node', 'copse', ...process.argv.slice(2)], {
    stdout: silent,
    stderr: process.stderr,
    stdinIsTTY: false,
    env: process.env,
    cwd: process.cwd(),
  });
  await new Promise((resolve) => setTimeout(resolve, 500));
  globalThis.gc();
  const { heapUsed, rss } = process.memoryUsage();
  const { userCPUTime, systemCPUTime } = process.resourceUsage();
  console.log(
    JSON.stringify({
      round,
      status,
      heapMiB: heapUsed / 2 ** 20,
      rssMiB: rss / 2 ** 20,
      cpuS: (userCPUTime + systemCPUTime) / 1e6,
    }),
  );
}
process.exit();
