import type { Answer } from '../../core/answer.ts';
import { script, type Command } from '../../core/command.ts';
import type { RunStep, Step } from '../../core/step.ts';

/** Who else drives the deployments of a host, and what this rpm-ostree can do. */
export interface Around {
  /** A deployment can be staged so that only the command that unlocks it lets it boot. */
  readonly canLock: boolean;
  /** The staged deployment is locked; the status of rpm-ostree does not always tell. */
  readonly isLocked: boolean;
  /** Units of other updaters that are active. */
  readonly active: readonly string[];
  /** Units that a copse holds, perhaps one that is gone. */
  readonly held: readonly string[];
}

const UPDATERS = 'zincati.service rpm-ostreed-automatic.timer bootc-fetch-apply-updates.timer uupd.timer';

// The list of what is held lies in /run beside the masks themselves: a boot takes both away together.
const ASK = `rpm-ostree "$1" --help 2>/dev/null | grep -q -e --lock-finalization && echo can-lock
ostree admin status 2>/dev/null | grep -q '(finalization locked)' && echo is-locked
for unit in ${UPDATERS}; do systemctl is-active --quiet "$unit" 2>/dev/null && echo "active $unit"; done
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

/** Asks for it in one script. */
export function aroundQuestion(): Command {
  return script(ASK, 'install');
}

/** What the lines mean; nothing is known of a host that was not asked. */
export function readAround(answer: Answer | undefined): Around {
  const lines = (answer?.stdout ?? '').split('\n').map((line) => line.trim());
  const units = (word: string): readonly string[] => [
    ...new Set(lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1))),
  ];
  return {
    canLock: lines.includes('can-lock'),
    isLocked: lines.includes('is-locked'),
    active: units('active'),
    held: units('held'),
  };
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

/** The steps between holding other updaters and giving them back. */
export function held(
  want: { readonly hold_updates: boolean },
  around: Around,
  steps: readonly Step[],
): readonly Step[] {
  const { active } = around;
  if (!want.hold_updates || active.length === 0) return [...steps, ...giveBack(around)];
  return [holdStep(active), ...steps, giveBackStep(active)];
}

/** What a copse that is gone, or this task, holds is given back. */
export function giveBack({ held: units }: Around): readonly Step[] {
  return units.length > 0 ? [giveBackStep(units)] : [];
}
