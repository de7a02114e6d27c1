import { Fault as Problems, throwIfAny, type Problem } from '../core/problem.ts';
import { didYouMean } from '../core/nearest.ts';
import { parseFault, type Fault } from '../sim/faults.ts';

/** Reads `edge03=boots-old,edge04=slow:200ms`; throws everything that is wrong with it at once. */
export function readFaults(
  texts: readonly string[],
  hosts: readonly string[],
): Readonly<Record<string, readonly Fault[]>> {
  const problems: Problem[] = [];
  const found: Record<string, Fault[]> = {};
  const words = texts.flatMap((text) => text.split(',')).map((word) => word.trim());
  for (const word of words.filter((one) => one !== '')) {
    const [host = '', fault] = word.split(/=(.*)/s);
    if (!hosts.includes(host)) problems.push(noHost(word, host, hosts));
    try {
      if (fault === undefined) continue;
      found[host] = [...(found[host] ?? []), parseFault(fault)];
    } catch (error) {
      if (!(error instanceof Problems)) throw error;
      problems.push(...error.problems);
    }
  }
  throwIfAny(problems);
  return found;
}

function noHost(word: string, host: string, hosts: readonly string[]): Problem {
  const range = `the hosts are ${hosts[0] ?? ''} to ${hosts.at(-1) ?? ''}`;
  return {
    code: 'E_USAGE',
    message: `fault "${word}": expected HOST=FAULT, found no host "${host}"`,
    hint: `${didYouMean(host, hosts) ?? range}; as in ${hosts[0] ?? 'edge01'}=boots-old`,
  };
}
