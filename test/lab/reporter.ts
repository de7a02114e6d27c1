import type { Reporter, TestCase, TestModule } from 'vitest/node';

declare module 'vitest' {
  export interface TaskMeta {
    /** What a scenario proves, in a few words. */
    proves?: string;
    /** How often its machines really booted. */
    reboots?: number;
  }
}

/** Tells of each scenario as it ends, and at last one table: scenario, what was proven, seconds, real reboots; with the totals. */
export function labReporter(): Reporter {
  const started = Date.now();
  return {
    onTestCaseResult(test) {
      const { cells, failed } = rowOf(test);
      if (test.result().state !== 'skipped') console.log(`${failed ? 'FAILED' : 'passed'}  ${cells[2]} s  ${cells[0]}`);
    },
    onTestRunEnd(modules) {
      const tests = modules.flatMap((module: TestModule) => [...module.children.allTests()]);
      const rows = tests.filter((test) => test.result().state !== 'skipped').map(rowOf);
      const widths = head.map((_, column) =>
        Math.max(...[head, ...rows.map(({ cells }) => cells)].map((row) => row[column]?.length ?? 0)),
      );
      const line = (cells: readonly string[]): string =>
        cells
          .map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
          .join('  ');
      console.log(
        ['', line(head), ...rows.map(({ cells, failed }) => `${line(cells)}${failed ? '  FAILED' : ''}`)].join('\n'),
      );
      const failed = rows.filter((row) => row.failed).length;
      const reboots = rows.reduce((sum, row) => sum + row.reboots, 0);
      const skipped = tests.length - rows.length;
      const minutes = ((Date.now() - started) / 60_000).toFixed(1);
      console.log(
        `\n${rows.length - failed} passed, ${failed} failed, ${skipped} not run; ${reboots} real reboots; ${minutes} minutes`,
      );
    },
  };
}

const head: readonly string[] = ['scenario', 'proven', 'seconds', 'reboots'];

interface Row {
  readonly cells: readonly string[];
  readonly reboots: number;
  readonly failed: boolean;
}

function rowOf(test: TestCase): Row {
  const { proves = '', reboots = 0 } = test.meta();
  const seconds = (test.diagnostic()?.duration ?? 0) / 1000;
  return {
    cells: [test.name, proves, seconds.toFixed(0), String(reboots)],
    reboots,
    failed: test.result().state !== 'passed',
  };
}
