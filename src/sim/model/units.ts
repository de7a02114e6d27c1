/** What systemd knows of a unit. */
export interface Unit {
  readonly name: string;
  readonly description: string;
  readonly active: 'active' | 'inactive' | 'failed' | 'activating';
  readonly sub: string;
  readonly load: 'loaded' | 'not-found';
  /** A link to /dev/null hides the unit file. */
  readonly masked: boolean;
  /** The link lies in /run: the next boot takes it away. */
  readonly maskedInRun?: boolean;
  /** State of the unit file; a transient unit has none. */
  readonly file: 'enabled' | 'disabled' | 'static' | 'transient';
  readonly fragment: string;
  /** `success`, `exit-code`, `signal`. */
  readonly result: string;
  readonly mainPid: number;
  readonly exitStatus: number;
  /** Milliseconds since 1970 of the last start and end; 0 when it never happened in this boot. */
  readonly started: number;
  readonly ended: number;
  /** The same of the last reload. */
  readonly reloaded: number;
  /** Content of the unit file when systemd last read it; undefined for units of the image. */
  readonly text?: string;
  /** Stays listed after it ended until it is reset. */
  readonly transient?: boolean;
}

/** A unit of the image before it was touched. */
export function imageUnit(name: string, enabled: boolean): Unit {
  return {
    name,
    description: DESCRIPTIONS[name] ?? name,
    load: 'loaded',
    masked: false,
    active: 'inactive',
    sub: 'dead',
    file: enabled ? 'enabled' : 'disabled',
    fragment: `/usr/lib/systemd/system/${name}`,
    result: 'success',
    mainPid: 0,
    exitStatus: 0,
    started: 0,
    ended: 0,
    reloaded: 0,
  };
}

/** A unit from its file's text. */
export function fileUnit(name: string, fragment: string, text: string): Unit {
  const unit = imageUnit(name, false);
  return {
    ...unit,
    description: setting(text, 'Description') ?? name,
    fragment,
    text,
    file: /^\[Install\]/m.test(text) ? 'disabled' : 'static',
  };
}

/** A unit nobody ever described. */
export function missingUnit(name: string): Unit {
  return { ...imageUnit(name, false), description: name, load: 'not-found', file: 'static', fragment: '' };
}

/** The last value of a setting in a unit file. */
export function setting(text: string, key: string): string | undefined {
  return [...text.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].at(-1)?.[1]?.trim();
}

/** State of the unit file as systemctl says it; empty where there is none. */
export function fileState(unit: Unit): string {
  if (unit.masked) return unit.maskedInRun === true ? 'masked-runtime' : 'masked';
  return unit.load === 'not-found' ? '' : unit.file;
}

/** Whether the unit's work is over when its program ends, and whether it counts as active then. */
export function oneshot(unit: Unit): 'no' | 'remains' | 'ends' {
  if (setting(unit.text ?? '', 'Type') !== 'oneshot') return 'no';
  return setting(unit.text ?? '', 'RemainAfterExit') === 'yes' ? 'remains' : 'ends';
}

/** Whether the unit knows how to reload: one of the image does, one from a file when it says how. */
export function canReload(unit: Unit): boolean {
  return unit.text === undefined || setting(unit.text, 'ExecReload') !== undefined;
}

/** Names with `.service` added where the type is missing, as systemctl does. */
export function unitName(word: string): string {
  return /\.(?:service|socket|timer|target|mount|path|slice|scope|device|automount|swap)$/.test(word)
    ? word
    : `${word}.service`;
}

/** The unit running. */
export function running(unit: Unit, pid: number, now: number): Unit {
  const sub = unit.name.endsWith('.service') ? 'running' : unit.name.endsWith('.socket') ? 'listening' : 'active';
  const mainPid = unit.name.endsWith('.service') ? pid : 0;
  return { ...unit, active: 'active', sub, result: 'success', mainPid, exitStatus: 0, started: now, ended: 0 };
}

/** The unit after its process ended with a status. */
export function ended(unit: Unit, status: number, now: number): Unit {
  const good = status === 0;
  return {
    ...unit,
    active: good ? 'inactive' : 'failed',
    sub: good ? 'dead' : 'failed',
    result: good ? 'success' : 'exit-code',
    exitStatus: status,
    mainPid: 0,
    ended: now,
  };
}

/** Units every host has, with whether they start at boot. */
export const IMAGE_UNITS: Readonly<Record<string, boolean>> = {
  'boot-complete.target': false,
  'chronyd.service': true,
  'dbus-broker.service': true,
  'firewalld.service': true,
  'greenboot-healthcheck.service': true,
  'multi-user.target': true,
  'NetworkManager.service': true,
  'ostree-boot-complete.service': false,
  'ostree-finalize-staged.service': false,
  'podman.socket': false,
  'rpm-ostreed-automatic.timer': false,
  'rpm-ostreed.service': false,
  'sshd.service': true,
  'systemd-journald.service': true,
};

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  'boot-complete.target': 'Boot Completion Check',
  'chronyd.service': 'NTP client/server',
  'dbus-broker.service': 'D-Bus System Message Bus',
  'firewalld.service': 'firewalld - dynamic firewall daemon',
  'greenboot-healthcheck.service': 'greenboot Health Checks Runner',
  'multi-user.target': 'Multi-User System',
  'NetworkManager.service': 'Network Manager',
  'ostree-boot-complete.service': 'OSTree Complete Boot',
  'ostree-finalize-staged.service': 'OSTree Finalize Staged Deployment',
  'podman.socket': 'Podman API Socket',
  'rpm-ostreed-automatic.timer': 'rpm-ostree Automatic Update Trigger',
  'rpm-ostreed.service': 'rpm-ostree System Management Daemon',
  'sshd.service': 'OpenSSH server daemon',
  'systemd-journald.service': 'Journal Service',
};
