import { IGNITION_UNITS, UNITS } from './ask.ts';
import type { Seen, Stages } from './read.ts';
import type { State } from './schema.ts';

/** How the first boot stands, with what speaks for it. */
export interface Verdict {
  readonly state: State;
  /** cloud-init, ignition or none. */
  readonly provider: 'cloud-init' | 'ignition' | 'none';
  /** Why, in a few words. */
  readonly reason: string;
  readonly datasource: string;
  readonly stage: string;
  readonly errors: readonly string[];
  /** Recoverable errors, without deprecations. */
  readonly warnings: readonly string[];
  readonly deprecations: readonly string[];
  readonly firstBoot: boolean;
  readonly userConfig: boolean;
}

const NOTHING: Stages = { datasource: '', stage: '', errors: [], recoverable: {} };

/** Judges what a host says. The exit code and the version of the tool mean nothing: distributions change both. */
export function judge(seen: Seen): Verdict {
  const found = begun(seen);
  // What ran in this boot counts more than what will happen in the next.
  if (seen.result !== undefined) return finished(found, seen);
  if (seen.status !== undefined) return unfinished(found, seen);
  const disabled = disabledBy(seen);
  if (seen.hasCloudInit && disabled !== undefined) return { ...found, state: 'disabled', reason: disabled };
  if (seen.hasCloudInit && !isIgnition(seen)) return untold(found, seen);
  return isIgnition(seen)
    ? ignition(found, seen)
    : { ...found, provider: 'none', reason: 'neither cloud-init nor Ignition' };
}

function begun(seen: Seen): Verdict {
  const stages = seen.status ?? seen.tool ?? NOTHING;
  const { DEPRECATED: deprecations = [], ...others } = stages.recoverable;
  return {
    state: 'absent',
    provider: 'cloud-init',
    reason: '',
    datasource:
      seen.result?.datasource === undefined || seen.result.datasource === ''
        ? stages.datasource
        : seen.result.datasource,
    stage: stages.stage,
    errors: [...new Set([...(seen.result?.errors ?? []), ...stages.errors])],
    warnings: Object.values(others).flat(),
    deprecations,
    firstBoot: seen.isFirstBoot,
    userConfig: false,
  };
}

function finished(found: Verdict, seen: Seen): Verdict {
  const failed = failedUnits(seen, UNITS);
  if (found.errors.length > 0) return { ...found, state: 'error', reason: 'it finished with errors' };
  if (failed.length > 0) return { ...found, state: 'error', errors: failed, reason: 'a unit of it failed' };
  const warnings =
    found.datasource === 'none'
      ? [...found.warnings, 'no datasource was found: the fallback "none" was used']
      : found.warnings;
  if (warnings.length > 0)
    return { ...found, state: 'degraded', warnings, reason: 'it finished with recoverable errors' };
  return { ...found, state: 'done', reason: 'it finished' };
}

function unfinished(found: Verdict, seen: Seen): Verdict {
  const failed = failedUnits(seen, UNITS);
  const at = found.stage === '' ? '' : ` in the stage ${found.stage}`;
  if (failed.length > 0)
    return {
      ...found,
      state: 'error',
      errors: [...found.errors, ...failed],
      reason: `it stopped${at}: a unit of it failed`,
    };
  if (isWorking(seen, UNITS)) return { ...found, state: 'running', reason: `it runs${at}` };
  return { ...found, state: 'error', reason: `it stopped${at} and nothing of it is left to start` };
}

/** There are no files: a version before them, another place, or it did not run. */
function untold(found: Verdict, seen: Seen): Verdict {
  const status = seen.tool?.status ?? '';
  if (status === 'done') return finished(found, seen);
  if (status === 'disabled') return { ...found, state: 'disabled', reason: 'the tool says so' };
  if (status === 'error') return { ...found, state: 'error', reason: 'the tool says so' };
  if (status === 'running' || isWorking(seen, UNITS))
    return { ...found, state: 'running', reason: 'it has not begun to write its state' };
  return { ...found, state: 'never', reason: 'it is there and did not run in this boot' };
}

/** The order in which cloud-init itself looks. */
function disabledBy(seen: Seen): string | undefined {
  const words = seen.cmdline.split(/\s+/);
  if (words.includes('cloud-init=enabled')) return undefined;
  if (seen.hasMarker) return 'by /etc/cloud/cloud-init.disabled';
  if (words.includes('cloud-init=disabled')) return 'by the kernel command line';
  return seen.generator === 'disabled' ? 'by its generator: no datasource was found' : undefined;
}

function isIgnition(seen: Seen): boolean {
  const unit = seen.units.get('coreos-ignition-firstboot-complete')?.get('LoadState');
  return (
    seen.ignition !== undefined ||
    unit === 'loaded' ||
    /(?:^|\s)(?:ignition\.platform\.id|flatcar\.oem\.id)=/.test(seen.cmdline)
  );
}

/** Ignition is over before anybody can log in; what may be open is what belongs to it afterwards. */
function ignition(found: Verdict, seen: Seen): Verdict {
  const report = seen.ignition;
  const verdict: Verdict = {
    ...found,
    provider: 'ignition',
    datasource: /(?:^|\s)(?:ignition\.platform\.id|flatcar\.oem\.id)=(\S+)/.exec(seen.cmdline)?.[1] ?? '',
    firstBoot: report !== undefined && report.bootId !== '' && report.bootId === seen.bootId,
    userConfig: report?.userConfig ?? false,
    warnings: report?.ranBefore === true ? ['Ignition ran more than once'] : [],
  };
  if (isWorking(seen, IGNITION_UNITS))
    return { ...verdict, state: 'running', reason: 'units of the first boot are still at work' };
  if (seen.hasFirstbootFile) {
    return {
      ...verdict,
      state: 'error',
      errors: ['/boot/ignition.firstboot is still there'],
      reason: 'the next boot would provision it again',
    };
  }
  const warnings = [...verdict.warnings, ...failedUnits(seen, IGNITION_UNITS)];
  return warnings.length > 0
    ? { ...verdict, state: 'degraded', warnings, reason: 'Ignition finished, with what is listed' }
    : { ...verdict, state: 'done', reason: 'Ignition finished' };
}

function failedUnits(seen: Seen, names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const unit = seen.units.get(name);
    return unit?.get('ActiveState') === 'failed' ? [`${name}.service failed (${unit.get('Result') ?? 'unknown'})`] : [];
  });
}

/** The boot goes on, or a unit is being started. Without systemd only the files can tell, and they say that it is not over. */
function isWorking(seen: Seen, names: readonly string[]): boolean {
  if (['initializing', 'starting', 'offline', 'unknown', ''].includes(seen.system))
    return seen.system !== '' || seen.status !== undefined;
  return names.some((name) => seen.units.get(name)?.get('ActiveState') === 'activating');
}
