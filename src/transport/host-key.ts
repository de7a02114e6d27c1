import { fault } from '../core/problem.ts';
import type { Fault, Problem } from '../core/problem.ts';
import type { Target } from '../core/target.ts';
import { onAbort } from './abort.ts';
import { called, interrupted } from './connect-fault.ts';
import type { HostVerdict } from './host-verdict.ts';
import { fingerprint, judge, keyType, namesOf } from './host-verdict.ts';
import type { KnownHosts, KnownKey } from './known-hosts.ts';
import { loadKnownHosts, rememberHost } from './known-hosts-files.ts';
import type { Ask } from './person.ts';

/** The decision about a key that a host showed. */
export type HostKeyDecision =
  | { readonly accept: true }
  | { readonly accept: false; readonly fault: Fault; readonly hostKeyTypes?: readonly string[] };

/** A key that a host showed, and who may be asked about it. */
export interface ShownKey {
  readonly target: Target;
  readonly key: Buffer;
  /** Key types that were asked for first. */
  readonly preferred: readonly string[];
  readonly ask: Ask | undefined;
  /** The person is not waited for when the run is interrupted. */
  readonly signal: AbortSignal;
}

/** Decides at once where the known hosts suffice; undefined when the person has to be asked or a file be written. */
export function decideNow(shown: ShownKey, known: KnownHosts): HostKeyDecision | undefined {
  const { target, key } = shown;
  const verdict = judge(known, namesOf(target), key);
  if (verdict.is === 'known') return { accept: true };
  if (verdict.is === 'revoked') return refuse(revoked(target, key, verdict.by));
  if (verdict.is === 'changed') return refuse(changed(target, key, verdict.by));
  if (verdict.is === 'other-type') {
    // The host may still have the key we know: worth another try that asks for it first.
    const hostKeyTypes = verdict.types.filter((type) => !shown.preferred.includes(type));
    const refusal = fault(changed(target, key, verdict.by));
    if (hostKeyTypes.length > 0) return { accept: false, fault: refusal, hostKeyTypes };
    if (target.hostKeyPolicy !== 'ask' || shown.ask === undefined) return { accept: false, fault: refusal };
  }
  if (target.hostKeyPolicy === 'accept-new') return undefined;
  if (target.hostKeyPolicy === 'ask' && shown.ask !== undefined) return undefined;
  return refuse(unknown(target, key, verdict));
}

let turn: Promise<unknown> = Promise.resolve();

/** Decides about an unknown key: one at a time in this process, so that no question is put twice. */
export function decideLater(shown: ShownKey): Promise<HostKeyDecision> {
  const decided = turn.then(() => (shown.signal.aborted ? givenUp(shown) : decide(shown)));
  // A question that nobody answers any more must not hold up the next one.
  turn = Promise.race([decided.catch(() => undefined), aborted(shown.signal)]);
  return decided;
}

function givenUp({ target }: ShownKey): HostKeyDecision {
  return { accept: false, fault: interrupted(target) };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    onAbort(signal, () => resolve());
  });
}

async function decide(shown: ShownKey): Promise<HostKeyDecision> {
  const { target, key, ask } = shown;
  // Somebody before us in the queue may have answered for this host.
  const known = await loadKnownHosts(target.knownHosts);
  const decision = decideNow(shown, known);
  if (decision !== undefined) return decision;
  const verdict = judge(known, namesOf(target), key);
  if (target.hostKeyPolicy === 'ask' && !(await confirmed(shown, verdict, ask))) {
    return refuse({ code: 'E_HOSTKEY', message: `the host key of ${called(target)} was not accepted` });
  }
  await rememberHost(target.knownHosts, namesOf(target)[0], key);
  return { accept: true };
}

async function confirmed({ target, key }: ShownKey, verdict: HostVerdict, ask: Ask | undefined): Promise<boolean> {
  if (ask === undefined) return false;
  const shown = fingerprint(key);
  const other = verdict.is === 'other-type' ? `; known so far: ${verdict.types.join(', ')} (${where(verdict.by)})` : '';
  const prompt = `${called(target)} shows an unknown ${keyType(key)} host key ${shown}${other}. Accept and remember it? (yes, no, or the fingerprint) `;
  const answer = (await ask({ prompt, secret: false })).trim();
  return answer === 'yes' || answer === shown;
}

function refuse(problem: Problem): HostKeyDecision {
  return { accept: false, fault: fault(problem) };
}

function revoked(target: Target, key: Buffer, by: KnownKey): Problem {
  return {
    code: 'E_HOSTKEY',
    message: `the host key of ${called(target)} is revoked: ${keyType(key)} ${fingerprint(key)} (${where(by)})`,
    hint: 'do not connect; the host needs a new key',
    at: placeOf(by),
  };
}

function changed(target: Target, key: Buffer, by: KnownKey): Problem {
  const [name] = namesOf(target);
  const expected = `${by.type} ${fingerprint(Buffer.from(by.key, 'base64'))}`;
  return {
    code: 'E_HOSTKEY',
    message: `the host key of ${called(target)} changed: expected ${expected} (${where(by)}), found ${keyType(key)} ${fingerprint(key)}`,
    hint: `somebody may be between you and the host; if it was installed anew: ssh-keygen -R '${name}' -f ${by.file}`,
    at: placeOf(by),
  };
}

function unknown(target: Target, key: Buffer, verdict: HostVerdict): Problem {
  const [name] = namesOf(target);
  const found = `${keyType(key)} ${fingerprint(key)}`;
  const message = `the host key of ${called(target)} is not known: found ${found}, looked for '${name}' in ${target.knownHosts.join(', ')}`;
  if (verdict.is === 'unknown' && verdict.authority !== undefined) {
    const hint = `${where(verdict.authority)} trusts host certificates, which copse_transport: openssh can check`;
    return { code: 'E_HOSTKEY', message, hint };
  }
  const [file] = target.knownHosts;
  const hint = `compare the fingerprint, then: ssh-keyscan -p ${target.port} ${target.address} >> ${file ?? '~/.ssh/known_hosts'}; or say copse_host_key: accept-new`;
  return { code: 'E_HOSTKEY', message, hint };
}

function where(known: KnownKey): string {
  return `${known.file}:${known.line}`;
}

function placeOf(known: KnownKey): Problem['at'] & object {
  return { file: known.file, line: known.line, col: 1 };
}
