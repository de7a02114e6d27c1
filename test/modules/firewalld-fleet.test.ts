import { afterAll, beforeAll, expect, it } from 'vitest';
import { startFleet } from '../../src/sim/fleet.ts';
import type { Fleet } from '../../src/sim/types.ts';
import { drive } from '../engine/activation-fleet.ts';
import { QUICK } from '../sim/client.ts';

const WISHES = [
  '{services: [https], ports: [8080/tcp], rich_rules: ["rule family=ipv4 source address=10.0.0.0/8 service name=ssh accept"], forward_ports: ["port=80:proto=tcp:toport=8080"]}',
  '{services: [ssh], exclusive: [services], masquerade: true, absent: {ports: [8080/tcp]}}',
  '{zone: public, target: DROP, services: [ssh]}',
  '{zone: admin, create: true, sources: [10.20.0.0/16], services: [ssh, cockpit]}',
  '{zone: internal, interfaces: [enp1s0]}',
  '{default_zone: internal}',
];

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({
    hosts: [...WISHES.map((_, index) => ({ name: `fw${index}` })), { name: 'off' }],
    timing: QUICK,
  });
});
afterAll(async () => {
  await fleet.stop();
});

it.each(WISHES.map((wish, index) => [wish, `fw${index}`] as const))(
  '%s comes true, holds after a reboot, and a second run has nothing to do',
  async (wish, host) => {
    const task = `- name: wish\n  firewalld: ${wish}`;

    const first = await drive(fleet, host, task);
    const calls = fleet.host(host).counts.calls.length;
    const second = await drive(fleet, host, task);
    const changes = fleet
      .host(host)
      .counts.calls.slice(calls)
      .filter(
        ({ tool, args }) =>
          tool === 'firewall-cmd' && args.some((word) => /^--(?:add|change|remove|set|new|reload)/.test(word)),
      );
    const booted = await drive(fleet, host, `- reboot: {}\n${task}`);

    expect([...first.problems, ...first.ends]).toEqual(['wish changed']);
    expect([...second.problems, ...second.ends, changes]).toEqual(['wish ok', []]);
    expect([...booted.problems, booted.ends.at(-1)]).toEqual(['wish ok']);
  },
  60_000,
);

it('a firewall that does not run is refused, and runs after the task that the hint names', async () => {
  const stop = await drive(fleet, 'off', '- systemd_unit: {name: firewalld.service, state: stopped}');
  const refused = await drive(fleet, 'off', '- firewalld: {services: [https]}');
  const start = '- systemd_unit: {name: firewalld.service, state: started, enabled: true}\n';
  const done = await drive(fleet, 'off', `${start}- name: wish\n  firewalld: {services: [https]}`);

  expect(stop.problems).toEqual([]);
  expect(refused.problems).toEqual(['firewalld does not run on this host']);
  expect([...done.problems, done.ends.at(-1)]).toEqual(['wish changed']);
}, 60_000);
