import { defineModule } from '../../core/module.ts';
import { plan } from './plan.ts';
import { Params } from './schema.ts';
import { ask, read, type Have } from './state.ts';

/** Commands that systemd runs at their time. */
export const timer = defineModule<Params, Have>({
  name: 'timer',
  summary: 'Has systemd run a command at given times.',
  notes: [
    'It stands for cron: two units in /etc/systemd/system, NAME.timer and NAME.service. The command runs alone, its output is in the journal ("journalctl -u NAME"), and it is not started while it still runs.',
    'The words of the command are taken exactly as they are: "$", "%" and quotes mean nothing. Secrets belong into "environment", never into a word, which every user of the host may see.',
    'The times are checked by systemd on the host before anything is written, because each version knows other words. "randomized_delay" keeps the hosts of a fleet from doing it all at the same second.',
    'absent removes the units, the variables and what systemd remembers. A command that runs at that moment goes on to its end.',
  ],
  kind: 'state',
  params: Params,
  returns: {
    timer: { type: 'string', description: 'name of the unit that waits' },
    active: { type: 'string', description: 'active where it waits for its time; inactive, failed' },
    next: {
      type: 'string',
      description: 'when it runs next, as systemd prints it; empty where that is not a time of the calendar',
    },
    last: { type: 'string', description: 'when it last ran, as systemd prints it; empty where it never did' },
    last_result: { type: 'string', description: 'how the command last ended: success, exit-code, timeout and more' },
  },
  examples: [
    '- timer:\n    name: prune-images\n    command: [/usr/bin/podman, image, prune, --all, --force]\n    on_calendar: Sun 03:00\n    randomized_delay: 1h\n    persistent: true',
    '- name: a report every ten minutes\n  timer:\n    name: report\n    command: [/usr/local/bin/report, --site, north]\n    on_boot: 2m\n    every: 10m\n    timeout: 5m\n    environment: {LANG: C.UTF-8}',
    '- timer: {name: report, state: absent}',
  ],
  probe: ask,
  read,
  plan,
  result: (want, { waits, runs }) => ({
    timer: `${want.name}.timer`,
    active: waits['ActiveState'] ?? '',
    next: timeOf(waits['NextElapseUSecRealtime']),
    last: timeOf(waits['LastTriggerUSec']),
    last_result: runs['Result'] ?? '',
  }),
});

function timeOf(text = ''): string {
  return text === 'n/a' || text === '0' ? '' : text;
}
