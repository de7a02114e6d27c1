import type { Finding } from '../config/cel-run.ts';
import type { Problem } from '../core/problem.ts';

/** Findings of many hosts, each kept once with the hosts it was met on. */
export interface Tally {
  add(findings: readonly Finding[], hosts: readonly string[]): void;
  /** A problem that does not depend on values: it is told as it is. */
  report(problem: Problem, hosts: readonly string[]): void;
  /** What is to be told, given how many hosts were looked at. */
  problems(total: number): readonly Problem[];
}

interface Met {
  readonly problem: Problem;
  readonly kind: Finding['kind'];
  /** Hosts on which the piece is evaluated for sure. */
  sure: number;
  possible: number;
  dead: number;
  readonly names: string[];
}

const SHOWN = 3;

/** An empty tally. */
export function createTally(): Tally {
  const all = new Map<string, Met>();
  const meet = ({ kind, certainty, problem }: Finding, hosts: readonly string[]): void => {
    const { at, code, message } = problem;
    const key = `${code} ${at?.file}:${at?.line}:${at?.col} ${message}`;
    const met = all.get(key) ?? { problem, kind, sure: 0, possible: 0, dead: 0, names: [] };
    all.set(key, met);
    met[certainty] += hosts.length;
    for (const name of hosts.slice(0, SHOWN))
      if (met.names.length < SHOWN && !met.names.includes(name)) met.names.push(name);
  };
  return {
    add(findings, hosts) {
      for (const finding of findings) meet(finding, hosts);
    },
    report: (problem, hosts) => meet({ kind: 'name', certainty: 'sure', problem }, hosts),
    problems: (total) => [...all.values()].filter((met) => isTold(met, total)).map((met) => counted(met, total)),
  };
}

/** Whether a finding is a mistake: it is told unless the piece may well never be evaluated where it would fail. */
function isTold({ kind, sure, possible, dead }: Met, total: number): boolean {
  if (kind === 'name' || sure > 0) return true;
  if (kind === 'value') return false;
  // A variable that some hosts have is probably guarded by a condition; one that no host has is a slip.
  return kind === 'variable' ? possible + dead >= total : possible > 0;
}

function counted({ problem, sure, possible, dead, names }: Met, total: number): Problem {
  const hosts = Math.min(total, sure > 0 ? sure : possible + dead);
  if (hosts >= total || total < 2) return problem;
  const more = hosts > names.length ? ', …' : '';
  return { ...problem, message: `${problem.message} (on ${hosts} of ${total} hosts: ${names.join(', ')}${more})` };
}
