import { defineModule } from '../../core/module.ts';
import { KINDS } from './kinds.ts';
import { plan } from './plan.ts';
import { Params } from './schema.ts';
import { ask, read, type Have } from './state.ts';

/** Zones of firewalld. */
export const firewalld = defineModule<Params, Have>({
  name: 'firewalld',
  summary: 'Sets what a zone of firewalld lets in, now and at every boot.',
  notes: [
    'Both firewalls must be right: the one that runs, and the one that is kept (--permanent). What is kept is changed first, since firewalld checks it; then the running one, by the same words. Only a new zone or another "target" needs a reload, which is done once and drops what only the running firewall had.',
    'The lists say what must be there; what else is there stays, unless "exclusive" names the list or "absent" the item. Ways to write the same rule or forward count as one.',
    'A change after which ssh would no longer be let in where copse comes from is refused, if the rules tell so: by target, the service ssh, the port, any rule that accepts, in the zone of the address, the interface or the default. "allow_lockout: true" goes on all the same. What the rules do not tell, such as a router in between, a guard does: put the task into a block with "guard: {within: 3m, reload: firewalld.service}", and the host undoes it by itself unless copse can log in again.',
    'firewalld must run: start it before with systemd_unit. Services, ipsets, policies between zones and direct rules of your own are files below /etc/firewalld: write them with copy, and reload.',
  ],
  kind: 'state',
  params: Params,
  returns: {
    zone: { type: 'string', description: 'the zone the task was about' },
    default_zone: { type: 'string', description: 'the default zone of the host' },
    target: { type: 'string', description: 'what becomes of packets that no rule of the zone is about' },
    running: {
      type: 'map',
      description: 'the lists of the zone in the running firewall, by the names of the parameters',
    },
  },
  examples: [
    '- firewalld: {services: [https], absent: {services: [cockpit]}}\n  become: true',
    '- name: only ssh and the application come in\n  become: true\n  firewalld:\n    zone: public\n    services: [ssh]\n    ports: [8080/tcp]\n    exclusive: [services, ports]\n    target: DROP',
    '- firewalld:\n    zone: admin\n    create: true\n    sources: [10.20.0.0/16]\n    services: [ssh, cockpit]\n    rich_rules: ["rule family=ipv4 source address=10.20.9.0/24 reject"]\n  become: true',
  ],
  probe: ask,
  read,
  plan,
  result: (want, have) => {
    const name = want.zone ?? want.default_zone ?? have.defaultZone;
    const zone = have.runtime.get(name);
    const lists = KINDS.map((kind): readonly [string, string[]] => [kind.name, [...(zone?.lists[kind.name] ?? [])]]);
    return {
      zone: name,
      default_zone: have.defaultZone,
      target: zone?.target ?? '',
      running: Object.fromEntries(lists),
    };
  },
});
