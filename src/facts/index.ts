import type { Answer } from '../core/answer.ts';
import type { Facts, OstreeFacts } from '../core/facts.ts';
import { Fault } from '../core/problem.ts';
import { NO_OSTREE } from './boot-order.ts';
import { parseDeployments } from './deployments.ts';
import { linesOf, numberIn, pairsOf, splitSections } from './sections.ts';
import { parseDevices, parseMounts } from './storage.ts';

export { factsQuestion } from './script.ts';

/** Facts of a host that was not asked: every text empty, every number 0, every list empty. */
export function emptyFacts(): Facts {
  return factsOf(new Map());
}

/**
 * Facts from the answer to `factsQuestion`. What a host could not tell is empty or 0; only an answer that was cut off, or that
 * is none, throws E_ANSWER.
 */
export function parseFacts(answer: Pick<Answer, 'stdout'>): Facts {
  return factsOf(splitSections(answer.stdout));
}

function factsOf(sections: ReadonlyMap<string, string>): Facts {
  const host = pairsOf(sections.get('host'));
  const [hostname = '', kernel = '', arch = ''] = (host.get('uname') ?? '').split(' ');
  const ostree = deploymentsOf(sections.get('deployments'));
  return {
    os: { ...parseOsRelease(sections.get('os')), image_based: host.has('ostree-booted') || ostree.booted.id !== '' },
    hostname,
    machine_id: host.get('machine-id') ?? '',
    kernel,
    arch,
    boot_id: host.get('boot_id') ?? '',
    uptime_s: numberIn(host.get('uptime')),
    clock_s: numberIn(host.get('clock')),
    cpus: numberIn(host.get('cpus')),
    memory: parseMemory(sections.get('memory')),
    devices: parseDevices(sections.get('devices')),
    mounts: parseMounts(sections.get('mounts'), sections.get('space')),
    ostree,
    tools: parseTools(sections.get('tools')),
    systemd: parseSystemd(sections.get('systemd')),
    user: { name: host.get('user') ?? '', uid: numberIn(host.get('uid')), home: host.get('home') ?? '' },
  };
}

/** A status that cannot be read leaves the host without deployments here; the module that needs them says why. */
function deploymentsOf(text: string | undefined): OstreeFacts {
  if (text === undefined || text.trim() === '') return NO_OSTREE;
  try {
    return parseDeployments(text);
  } catch (error) {
    if (error instanceof Fault) return NO_OSTREE;
    throw error;
  }
}

function parseOsRelease(text: string | undefined): Omit<Facts['os'], 'image_based'> {
  const values = new Map(
    linesOf(text).flatMap((line): [string, string][] => {
      const [, key, value] = /^([A-Z_0-9]+)=(.*)$/.exec(line) ?? [];
      return key === undefined || value === undefined ? [] : [[key, unquote(value)]];
    }),
  );
  const get = (key: string): string => values.get(key) ?? '';
  return { id: get('ID'), version: get('VERSION_ID'), variant: get('VARIANT_ID'), name: get('PRETTY_NAME') };
}

function unquote(value: string): string {
  const inner = /^"(.*)"$/.exec(value)?.[1] ?? /^'(.*)'$/.exec(value)?.[1] ?? value;
  return inner.replaceAll(/\\(["'$`\\])/g, '$1');
}

function parseMemory(text: string | undefined): Facts['memory'] {
  const kib = new Map(linesOf(text).map((line) => [line.split(':', 1)[0] ?? '', numberIn(line.split(':')[1])]));
  // Kernels before 3.14 do not tell MemAvailable.
  const available = kib.get('MemAvailable') ?? kib.get('MemFree') ?? 0;
  return { total: (kib.get('MemTotal') ?? 0) * 1024, available: available * 1024 };
}

function parseTools(text: string | undefined): Facts['tools'] {
  const versions = [...pairsOf(text)].map(([tool, said]) => [tool, /\d+(?:\.\d+)+/.exec(said)?.[0] ?? 'unknown']);
  return Object.fromEntries(versions.sort(([a = ''], [b = '']) => a.localeCompare(b)));
}

function parseSystemd(text: string | undefined): Facts['systemd'] {
  const lines = linesOf(text);
  const property = (name: string): string =>
    lines.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
  const units = lines.filter((line) => !/^[A-Za-z]+=/.test(line)).map((line) => line.trim().split(/\s+/)[0] ?? '');
  const version = numberIn(/\d+/.exec(property('Version'))?.[0]);
  return { version, state: property('SystemState'), failed_units: units.sort() };
}
