import type { Answer } from '../core/answer.ts';
import { script } from '../core/command.ts';
import type { Change } from '../core/module.ts';
import type { RunStep, Step } from '../core/step.ts';

/** Who else changes the deployments of a host, or reboots it. */
export interface Updaters {
  /** Units of other updaters that are active. */
  readonly active: readonly string[];
  /** Units that a copse holds, perhaps one that is gone. */
  readonly held: readonly string[];
  /** An update that ends in a reboot runs at this moment. */
  readonly isUpdating: boolean;
  /** Kured runs here: it reboots the host some time after /run/reboot-required is there. */
  readonly hasKured: boolean;
}

const UPDATERS = ['zincati.service', 'rpm-ostreed-automatic.timer', 'bootc-fetch-apply-updates.timer', 'uupd.timer'];

/** What the timer of bootc starts; it reboots the host at its end where it found something. */
const BOOTC_UPDATE = 'bootc-fetch-apply-updates.service';

/**
 * Shell text that tells of them, a line each, for `readUpdaters`. What is held lies in /run beside the masks themselves: a boot takes
 * both away together. Kured is a container, whose process the host sees.
 */
export const TELL_UPDATERS = `unit=
{ systemctl show --property=Id --property=ActiveState ${[...UPDATERS, BOOTC_UPDATE].join(' ')} 2>/dev/null; echo; } | while IFS='=' read -r key value; do
  case $key in
    Id) unit=$value ;;
    ActiveState) state=$value ;;
    '') [ -z "$unit" ] || echo "$state $unit"
      unit= ;;
  esac
done
pgrep -x kured >/dev/null 2>&1 && echo kured
sed 's/^/held /' /run/copse/held 2>/dev/null
:`;

const HOLD = `mkdir -p /run/copse || exit 1
for unit; do
  echo "$unit" >>/run/copse/held || exit 1
  systemctl mask --runtime --now "$unit" || exit 1
done`;

const GIVE_BACK = `[ -e /run/copse/held ] || exit 0
bad=0
while read -r unit; do
  systemctl unmask --runtime "$unit" && systemctl start "$unit" || bad=1
done </run/copse/held
[ "$bad" = 0 ] && rm -f /run/copse/held`;

/** What is said while somebody else's work is waited for. */
export const OTHERS_AT_WORK =
  'another transaction is running (of rpm-ostree or bootc), or greenboot still checks the boot';

/** What the lines mean; nothing is known of a host that was not asked. */
export function readUpdaters(answer: Answer | undefined): Updaters {
  const lines = (answer?.stdout ?? '').split('\n').map((line) => line.trim());
  const units = (word: string): readonly string[] => [
    ...new Set(lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1))),
  ];
  return {
    active: units('active').filter((unit) => UPDATERS.includes(unit)),
    held: units('held'),
    isUpdating: [...units('activating'), ...units('active')].includes(BOOTC_UPDATE),
    hasKured: lines.includes('kured'),
  };
}

/** The steps between holding other updaters and giving them back. */
export function held(
  want: { readonly hold_updates: boolean },
  updaters: Updaters,
  steps: readonly Step[],
): readonly Step[] {
  const { active } = updaters;
  if (!want.hold_updates || active.length === 0) return [...steps, ...giveBack(updaters)];
  return [holdStep(active), ...steps, giveBackStep(active)];
}

/** What a copse that is gone, or this task, holds is given back. */
export function giveBack({ held: units }: Pick<Updaters, 'held'>): readonly Step[] {
  return units.length > 0 ? [giveBackStep(units)] : [];
}

/** Refuses to change a host that an update of bootc is about to reboot. */
export function updateUnderWay({ isUpdating }: Updaters): Change | undefined {
  if (!isUpdating) return undefined;
  return {
    refuse: `${BOOTC_UPDATE} is at work, and reboots the host when it found an update`,
    hint: 'run the playbook again when it is done',
    code: 'E_BUSY',
  };
}

/** What a person must know of kured, which can be held only in its cluster. */
export function kuredNotes({ hasKured }: Updaters, activate: string): readonly string[] {
  if (!hasKured) return [];
  return activate === 'reboot'
    ? [
        'kured runs here and may reboot the host too; only its cluster can hold it: kubectl -n kube-system annotate ds kured weave.works/kured-node-lock=\'{"nodeID":"copse"}\'',
      ]
    : ['kured runs here: it drains and reboots the host some time after /run/reboot-required is there'];
}

/** Stops other updaters, so that they cannot start again until they are given back or the host boots. */
function holdStep(units: readonly string[]): RunStep {
  return { do: 'run', say: `hold ${units.join(', ')}`, command: script(HOLD, ...units), unchangedCodes: [0] };
}

/** Lets them start again; also after a failure, and what a copse that is gone left behind. */
function giveBackStep(units: readonly string[]): RunStep {
  const say = `give back ${units.join(', ')}`;
  return { do: 'run', say, command: script(GIVE_BACK), unchangedCodes: [0], always: true };
}
