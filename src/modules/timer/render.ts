import { joinTexts, mapText, type MaybeSecret } from '../../core/secret.ts';
import { markOf } from '../owned-file.ts';
import { seconds, unitText, unitWords } from '../unit-words.ts';
import type { Params } from './schema.ts';

/** Paths of what makes a timer. */
export interface Paths {
  readonly service: string;
  readonly timer: string;
  readonly environment: string;
  /** Where systemd keeps when a persistent timer last ran. */
  readonly stamp: string;
}

/** The paths of a timer of that name. */
export function pathsOf({ name }: Pick<Params, 'name'>): Paths {
  return {
    service: `/etc/systemd/system/${name}.service`,
    timer: `/etc/systemd/system/${name}.timer`,
    environment: `/etc/copse/timers/${name}.env`,
    stamp: `/var/lib/systemd/timers/stamp-${name}.timer`,
  };
}

/** The unit that runs the command. */
export function serviceText(want: Params): string {
  const { command = [], user, chdir, timeout } = want;
  return [
    markOf('timer'),
    '[Unit]',
    `Description=${unitText(want.description ?? want.name)}`,
    '',
    '[Service]',
    'Type=oneshot',
    ...(user === undefined ? [] : [`User=${user}`]),
    ...(chdir === undefined ? [] : [`WorkingDirectory=${unitText(chdir)}`]),
    ...(hasEnvironment(want) ? [`EnvironmentFile=${unitText(pathsOf(want).environment)}`] : []),
    ...(timeout === undefined ? [] : [`TimeoutStartSec=${seconds(timeout)}`]),
    `ExecStart=${unitWords(command)}`,
    '',
  ].join('\n');
}

/** The unit that waits. */
export function timerText(want: Params): string {
  const { on_calendar: calendar, on_boot: boot, every, randomized_delay: delay, accuracy } = want;
  return [
    markOf('timer'),
    '[Unit]',
    `Description=${unitText(want.description ?? want.name)}`,
    '',
    '[Timer]',
    ...calendar.map((time) => `OnCalendar=${unitText(time)}`),
    ...(boot === undefined ? [] : [`OnBootSec=${seconds(boot)}`]),
    ...(every === undefined ? [] : [`OnUnitActiveSec=${seconds(every)}`]),
    ...(want.persistent ? ['Persistent=true'] : []),
    ...(delay === undefined ? [] : [`RandomizedDelaySec=${seconds(delay)}`]),
    ...(accuracy === undefined ? [] : [`AccuracySec=${seconds(accuracy)}`]),
    '',
    '[Install]',
    'WantedBy=timers.target',
    '',
  ].join('\n');
}

/** The file with the variables; undefined where there are none. Nothing in it is expanded by systemd. */
export function environmentText(want: Params): MaybeSecret | undefined {
  if (!hasEnvironment(want)) return undefined;
  const lines = Object.entries<MaybeSecret>(want.environment).map(([name, value]) =>
    joinTexts([`${name}="`, mapText(value, (text) => text.replaceAll(/["\\]/g, '\\$&')), '"\n']),
  );
  return joinTexts([`${markOf('timer')}\n`, ...lines]);
}

function hasEnvironment({ environment }: Params): boolean {
  return Object.keys(environment).length > 0;
}
