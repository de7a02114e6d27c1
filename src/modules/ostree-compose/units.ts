import { shellText } from '../../core/command.ts';
import { BUILD, buildWords } from './build.ts';
import type { Params, Timer } from './schema.ts';

/** The first line of every unit written here, and the second of the script; a file without it belongs to somebody else. */
export const MARK = '# Written by copse (ostree_compose). Changes here are overwritten.';

/** A file that the timer needs. */
export interface UnitFile {
  readonly path: string;
  readonly mode: string;
  readonly text: string;
}

/** The paths of the script, the service and the timer. */
export function unitPaths({ name }: Params): readonly [script: string, service: string, timer: string] {
  return [`/etc/copse/compose/${name}`, `/etc/systemd/system/${name}.service`, `/etc/systemd/system/${name}.timer`];
}

/** The files that compose again and again without copse. */
export function unitFiles(want: Params, timer: Timer, version: string): readonly UnitFile[] {
  const [script, service, clock] = unitPaths(want);
  return [
    {
      path: script,
      mode: '0755',
      text: `#!/bin/sh\n${MARK}\nset -- ${shellText(buildWords(want, version))}\n${BUILD}`,
    },
    { path: service, mode: '0644', text: serviceText(want, script) },
    { path: clock, mode: '0644', text: timerText(want, timer) },
  ];
}

function serviceText({ ref, repo, timeout }: Params, script: string): string {
  return [
    MARK,
    '[Unit]',
    `Description=Compose ${ref} into ${repo.replaceAll('%', '%%')}`,
    'Wants=network-online.target',
    'After=network-online.target',
    '',
    '[Service]',
    'Type=oneshot',
    `ExecStart=/bin/sh ${script}`,
    'SuccessExitStatus=77',
    `TimeoutStartSec=${Math.max(1, Math.ceil(timeout / 1000))}`,
    'Nice=10',
    '',
  ].join('\n');
}

function timerText({ ref }: Params, { on_calendar, randomized_delay: delay }: Timer): string {
  return [
    MARK,
    '[Unit]',
    `Description=Compose ${ref} again`,
    '',
    '[Timer]',
    `OnCalendar=${on_calendar}`,
    ...(delay === undefined ? [] : [`RandomizedDelaySec=${Math.ceil(delay / 1000)}`]),
    'Persistent=true',
    '',
    '[Install]',
    'WantedBy=timers.target',
    '',
  ].join('\n');
}
