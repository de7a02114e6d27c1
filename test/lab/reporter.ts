import type { Reporter, TestCase, TestModule } from 'vitest/node';

declare module 'vitest' {
  export interface TaskMeta {
    /** What a scenario proves, in a few words. */
    proves?: string;
    /** How often its machines really booted. */
    reboots?: number;
  }
}

/** Ends a run of the lab with one table: scenario, what was proven, seconds, real reboots. */
export function labReporter(): Reporter {
  return {
    onTestRunEnd(modules) {
      const tests = modules.flatMap((module: TestModule) => [...module.children.allTests()]);
      const rows = tests.filter((test) => test.result().state !== 'skipped').map(rowOf);
      const widths = [0, 1, 2, 3].map((column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
      const line = (row: readonly string[]): string =>
        row
          .map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
          .join('  ');
      const failed = rows.filter((row) => row[4] === 'failed').length;
      console.log(
        ['', line(head), ...rows.map((row) => (row[4] === 'failed' ? `${line(row)}  FAILED` : line(row)))].join('\n'),
      );
      const reboots = rows.reduce((sum, row) => sum + Number(row[3]), 0);
      console.log(`\n${rows.length - failed} passed, ${failed} failed; ${reboots} real reboots`);
    },
  };
}

const head: readonly string[] = ['scenario', 'proven', 'seconds', 'reboots'];

function rowOf(test: TestCase): readonly string[] {
  const { proves = '', reboots = 0 } = test.meta();
  const seconds = (test.diagnostic()?.duration ?? 0) / 1000;
  return [test.name, proves, seconds.toFixed(0), String(reboots), test.result().state];
}
