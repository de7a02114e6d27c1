import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { resolve, type Deployment } from './model/deployment.ts';
import { fileUnit, IMAGE_UNITS, imageUnit, missingUnit, running, type Unit } from './model/units.ts';
import { outward } from './moved-root.ts';

/** The units of one host. */
export interface Units {
  /** The unit of that name; reads its file when systemd has not seen it yet. */
  get(name: string): Unit;
  set(unit: Unit): void;
  remove(name: string): void;
  /** All units systemd has loaded. */
  all(): readonly Unit[];
  /** Whether the file changed since it was read. */
  needsReload(unit: Unit): boolean;
  /** Reads all files again. */
  reload(): void;
  /** Starts what is enabled; transient units and failures are forgotten. */
  boot(deployment: Deployment, now: number): void;
}

const FOLDERS = ['/etc/systemd/system', '/run/systemd/system'];

/** Makes the units of a host from its image, from the files in its folders, and from others that start at boot. */
export function createUnits(root: string, enabled: readonly string[] = []): Units {
  const units = new Map<string, Unit>();
  let pid = 600;
  const load = (name: string): Unit | undefined => {
    const [, stem = '', instance = '', type = ''] = /^([^@]+)@([^@]+)(\.\w+)$/.exec(name) ?? [];
    const files = stem === '' ? [name] : [name, `${stem}@${type}`];
    const fragment = files
      .flatMap((file) => FOLDERS.map((folder) => `${folder}/${file}`))
      .find((path) => existsSync(join(root, path)));
    if (fragment === undefined) return undefined;
    const path = join(root, fragment);
    if (!statSync(path).isFile()) return undefined;
    return fileUnit(name, fragment, outward(readFileSync(path, 'utf8'), root).replaceAll('%i', instance));
  };
  const get = (name: string): Unit => {
    const known = units.get(name);
    if (known !== undefined && (known.load !== 'not-found' || known.masked)) return known;
    const read = load(name) ?? missingUnit(name);
    if (read.load === 'loaded') units.set(name, read);
    return read;
  };
  return {
    get,
    set: (unit) => units.set(unit.name, unit),
    remove: (name) => units.delete(name),
    all: () => [...units.values()],
    needsReload: (unit) => unit.text !== undefined && load(unit.name)?.text !== unit.text,
    reload: () => {
      for (const unit of units.values()) {
        if (unit.text === undefined) continue;
        const read = load(unit.name);
        if (read === undefined && unit.active === 'inactive') units.delete(unit.name);
        else units.set(unit.name, reread(unit, read));
      }
    },
    boot: (deployment, now) => {
      const before = new Map(units);
      units.clear();
      const brought = resolve(deployment.origin).layered.flatMap((pkg) => pkg.units ?? []);
      const image = [...Object.entries(IMAGE_UNITS), ...brought.map((name) => [name, false] as const)];
      for (const [name, starts] of image) units.set(name, imageUnit(name, starts));
      for (const name of enabled) units.set(name, imageUnit(name, true));
      for (const unit of before.values()) keepFileState(units, unit, load);
      for (const unit of units.values()) {
        pid += 1;
        if (unit.file === 'enabled' && !unit.masked) units.set(unit.name, running(unit, pid, now));
      }
    },
  };
}

function reread(unit: Unit, read: Unit | undefined): Unit {
  if (read === undefined) return { ...unit, load: 'not-found', file: 'static', text: '' };
  const file = unit.file === 'enabled' && read.file !== 'static' ? unit.file : read.file;
  return {
    ...unit,
    description: read.description,
    fragment: read.fragment,
    text: read.text ?? '',
    file,
  };
}

/** Enabled, disabled and masked are links below /etc: they outlive a boot. */
function keepFileState(units: Map<string, Unit>, unit: Unit, load: (name: string) => Unit | undefined): void {
  const now = units.get(unit.name) ?? (unit.text === undefined ? undefined : load(unit.name));
  if (now === undefined || unit.transient === true) return;
  units.set(unit.name, { ...now, file: unit.file, masked: unit.masked && unit.maskedInRun !== true });
}
