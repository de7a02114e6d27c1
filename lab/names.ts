import { existsSync } from 'node:fs';

/** How the names of the machines of one run of the tests begin. */
export function testPrefix(pid: number): string {
  return `t${pid}-`;
}

/** True for the name of a machine that belongs to a run of the tests which still goes on. */
export function isInUseByTests(name: string): boolean {
  const [, pid] = /^t(\d+)-/.exec(name) ?? [];
  return pid !== undefined && existsSync(`/proc/${pid}`);
}
