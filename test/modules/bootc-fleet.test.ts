import { afterAll, beforeAll, expect, it } from 'vitest';
import { startFleet } from '../../src/sim/fleet.ts';
import { digestOf, imageOf } from '../../src/sim/model/image.ts';
import { bootedOf } from '../../src/sim/model/sysroot.ts';
import type { Fleet, HostOptions } from '../../src/sim/types.ts';
import { drive } from '../engine/activation-fleet.ts';
import { QUICK } from '../sim/client.ts';

const OS = 'quay.io/example/os:42';
const OLD = '42.20260803.0';
const NOW = '42.20260907.0';
const NEW = '42.20261012.0';
const digest = (version: string): string => digestOf(OS, version);

interface Row {
  readonly wish: string;
  readonly before?: string;
  /** Image and version that run afterwards. */
  readonly runs: readonly [image: string, version: string];
  readonly host?: Partial<HostOptions>;
  /** What is registered afterwards, as far as it matters. */
  readonly result?: Readonly<Record<string, unknown>>;
  readonly reboots: number;
  /** The policy for signatures is still demanded. */
  readonly isSigned?: true;
  /** Reboots that kept the kernel, when there are any. */
  readonly soft?: number;
}

const ROWS: readonly Row[] = [
  { wish: 'bootc: {upgrade: true}', runs: [OS, NEW], reboots: 1 },
  { wish: `bootc: {image: "${OS}"}`, before: 'debug: {msg: none}', runs: [OS, NOW], reboots: 0 },
  { wish: `bootc: {image: "${OS}", upgrade: true}`, runs: [OS, NEW], reboots: 1 },
  { wish: 'bootc: {image: "quay.io/example/other:1"}', runs: ['quay.io/example/other:1', NEW], reboots: 1 },
  {
    wish: `bootc: quay.io/example/os@${digest(OLD)}`,
    runs: [`quay.io/example/os@${digest(OLD)}`, OLD],
    reboots: 1,
  },
  { wish: `bootc: quay.io/example/os@${digest(NOW)}`, before: 'debug: {msg: none}', runs: [OS, NOW], reboots: 0 },
  {
    wish: `bootc: quay.io/example/os@${digest(NOW)}`,
    before: 'bootc: {upgrade: true, activate: stage}',
    runs: [OS, NOW],
    reboots: 0,
    result: { staged_digest: digest(NOW), needs_reboot: true },
  },
  {
    wish: 'bootc: {image: "localhost/os:test", transport: containers-storage, retain: true}',
    runs: ['localhost/os:test', NEW],
    reboots: 1,
  },
  {
    wish: 'bootc: {image: "quay.io/example/os:stable"}',
    before: `bootc: {image: "${OS}", enforce_container_sigpolicy: true, activate: stage}`,
    runs: ['quay.io/example/os:stable', NEW],
    reboots: 1,
    isSigned: true,
  },
  {
    wish: 'bootc: {upgrade: true, activate: stage}',
    runs: [OS, NOW],
    reboots: 0,
    result: { staged_digest: digest(NEW), digest: digest(NOW), needs_reboot: true, version: NOW },
  },
  {
    wish: 'bootc: {upgrade: true, activate: download}',
    runs: [OS, NOW],
    reboots: 0,
    result: { download_only: true, needs_reboot: false, staged_digest: digest(NEW) },
  },
  {
    wish: 'bootc: {upgrade: true, activate: stage}',
    before: 'bootc: {upgrade: true, activate: download}',
    runs: [OS, NOW],
    reboots: 0,
    result: { download_only: false, needs_reboot: true },
  },
  { wish: 'bootc: {upgrade: true}', before: 'bootc: {upgrade: true, activate: download}', runs: [OS, NEW], reboots: 1 },
  {
    wish: 'bootc: {upgrade: true, soft_reboot: required}',
    host: { sameKernel: true },
    runs: [OS, NEW],
    reboots: 1,
    soft: 1,
  },
  {
    wish: 'bootc: {upgrade: true, soft_reboot: auto}',
    before: 'bootc: {upgrade: true, activate: stage}',
    host: { sameKernel: true },
    runs: [OS, NEW],
    reboots: 1,
    soft: 1,
  },
  { wish: 'bootc: {upgrade: true, soft_reboot: auto}', runs: [OS, NEW], reboots: 1 },
  { wish: `bootc: {rollback_to: "${OLD}"}`, runs: [OS, OLD], reboots: 1 },
  { wish: `bootc: {rollback_to: "${digest(OLD)}", activate: stage}`, runs: [OS, NOW], reboots: 0 },
  {
    wish: `bootc: {rollback_to: "${NOW}"}`,
    before: `bootc: {rollback_to: "${OLD}", activate: stage}`,
    runs: [OS, NOW],
    reboots: 0,
  },
  {
    wish: `bootc: {rollback_to: "${OLD}"}`,
    before: 'bootc: {upgrade: true, activate: stage}',
    runs: [OS, OLD],
    reboots: 1,
  },
  { wish: `bootc: {image: "${OS}"}`, host: { image: '' }, runs: [OS, NEW], reboots: 1 },
];

let fleet: Fleet;
beforeAll(async () => {
  const hosts = ROWS.map(({ host }, index): HostOptions => {
    const { image = OS, ...more } = host ?? {};
    return { name: `edge${index + 1}`, ...more, ...(image === '' ? {} : { image }) };
  });
  fleet = await startFleet({ hosts, user: 'root', timing: QUICK });
});
afterAll(async () => {
  await fleet.stop();
});

it.concurrent.each(ROWS.map((row, index) => [row.wish, row.before ?? '', row, index] as const))(
  '%s (after "%s") comes true, and a second run has nothing to do',
  async (wish, before, row, index) => {
    const host = fleet.hosts[index]!;
    if (before !== '') expect((await drive(fleet, host.name, `- ${before}`)).problems).toEqual([]);
    const { bootId } = host.state;
    const isThere = before.startsWith('debug');

    const first = await drive(fleet, host.name, `- name: wish\n  ${wish}`);
    const second = await drive(fleet, host.name, `- name: wish\n  ${wish}`);

    const { origin } = bootedOf(host.state.sysroot);
    expect({ problems: first.problems, ends: first.ends }).toEqual({
      problems: [],
      ends: [isThere ? 'wish ok' : 'wish changed'],
    });
    expect([imageOf(origin.refspec)?.name, origin.version]).toEqual(row.runs);
    expect(imageOf(origin.refspec)?.isSigned).toBe(row.isSigned === true);
    expect(first.of('wish')).toMatchObject(row.result ?? {});
    expect({ problems: second.problems, ends: second.ends }).toEqual({ problems: [], ends: ['wish ok'] });
    expect(host.counts.reboots).toBe(row.reboots);
    expect(host.state.bootId === bootId).toBe(row.reboots === (row.soft ?? 0));
    expect(host.state.units.get('bootc-fetch-apply-updates.timer')?.active ?? 'active').toBe('active');
  },
  60_000,
);
