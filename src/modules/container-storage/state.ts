import { z } from 'zod';
import type { Answers, Questions } from '../../core/answer.ts';
import { script, withOptions } from '../../core/command.ts';
import { fault } from '../../core/problem.ts';
import { askBlocks } from '../block-script.ts';
import { readBlocks, type Block } from '../block-state.ts';
import { askReport, readReport } from '../lvm-report.ts';
import { SETUP_FILE, STORAGE_FILE, mapperPath, readStorageFile, type StorageOptions } from './setup-file.ts';
import type { Params } from './schema.ts';

/** Where docker reads its configuration. */
export const DAEMON_FILE = '/etc/docker/daemon.json';

/** A thin pool of the host. */
export interface Pool {
  /** GROUP/POOL. */
  readonly name: string;
  /** Its name under /dev/mapper, as docker is told it. */
  readonly device: string;
  readonly bytes: number;
  /** Percent in use; undefined when inactive. */
  readonly dataPercent: number | undefined;
  readonly metadataPercent: number | undefined;
  /** Thin volumes in it that LVM knows, as GROUP/VOLUME; those of docker are not among them. */
  readonly volumes: readonly string[];
}

/** What docker itself says while it runs. */
export interface Runtime {
  readonly driver: string;
  readonly version: string;
  /** The pool it uses, as device-mapper names it; empty for other drivers. */
  readonly pool: string;
  /** It keeps its data in files on loop devices: a fallback that is not for production. */
  readonly isLoopback: boolean;
}

/** What `container_storage` knows of a host. */
export interface Have {
  /** The path of container-storage-setup; empty when the host has none. */
  readonly tool: string;
  readonly setupText: string;
  readonly storage: StorageOptions | undefined;
  readonly daemonText: string;
  /** Whether the folder of daemon.json is there. */
  readonly hasFolder: boolean;
  /** Whether the unit is there, and whether it and its socket are active. */
  readonly hasService: boolean;
  readonly isActive: boolean;
  readonly isSocketActive: boolean;
  readonly runtime: Runtime | undefined;
  /** Version by `docker --version`; empty without docker. */
  readonly version: string;
  /** Something is below the data root. */
  readonly isFilled: boolean;
  /** Named volumes of users below the data root. */
  readonly volumes: number;
  /** docker keeps its list of devices there: a used pool without it is refused by docker. */
  readonly hasDeviceList: boolean;
  readonly hasLoopFile: boolean;
  readonly pools: readonly Pool[];
  /** What is on the disks of the setup, by path. */
  readonly disks: ReadonlyMap<string, Block>;
}

const ASK = `root=$1 service=$2
for t in container-storage-setup docker-storage-setup; do
  t=$(command -v "$t") && { printf 'tool %s\\n' "$t"; break; }
done
systemctl show --property=Id --property=LoadState --property=ActiveState -- "$service" docker.socket 2>/dev/null | sed 's/^/unit /'
v=$(docker --version 2>/dev/null) && printf 'version %s\\n' "$v"
[ -z "$(ls -A -- "$root" 2>/dev/null | head -n 1)" ] || echo filled
printf 'volumes %s\\n' "$(find "$root/volumes" -mindepth 1 -maxdepth 1 -type d 2>/dev/null | wc -l)"
[ -z "$(ls -A -- "$root/devicemapper/metadata" 2>/dev/null | head -n 1)" ] || echo devices
[ ! -e "$root/devicemapper/devicemapper/data" ] || echo loopfile
if systemctl --quiet is-active -- "$service" 2>/dev/null; then
  printf 'info %s\\n' "$(timeout 20 docker info --format '{{json .}}' 2>/dev/null | tr -d '\\n')"
fi
[ ! -d /etc/docker ] || echo folder
for f in ${SETUP_FILE} ${STORAGE_FILE} ${DAEMON_FILE}; do
  printf 'file %s\\n' "$f"
  [ ! -f "$f" ] || while IFS= read -r l || [ -n "$l" ]; do printf 'text %s\\n' "$l"; done <"$f"
done
echo end
`;

/** The questions of the module: one script, the pools of the host, and the disks that are to be used. */
export function ask(want: Params): Questions {
  const disks = want.setup?.devs ?? [];
  return {
    docker: withOptions(script(ASK, want.data_root, want.service), { timeoutMs: 60_000 }),
    lvs: askReport({
      verb: 'lvs',
      columns: ['lv_name', 'vg_name', 'lv_attr', 'lv_size', 'pool_lv', 'data_percent', 'metadata_percent'],
    }),
    ...(disks.length === 0 ? {} : { disks: askBlocks(disks) }),
  };
}

const Info = z.object({
  Driver: z.string(),
  DriverStatus: z.array(z.array(z.string())).nullish(),
  ServerVersion: z.string().default(''),
});

/** What the answers mean. A host without lvm has no pools. Throws E_ANSWER on an answer that cannot be understood. */
export function read(answers: Answers, want: Params): Have {
  const answer = answers['docker'];
  const lines = (answer?.stdout ?? '').split('\n');
  if (answer === undefined || !lines.includes('end')) {
    const found = answer === undefined ? 'nothing' : `exit ${answer.code}: ${answer.stderr.trim().slice(0, 200)}`;
    throw fault({ code: 'E_ANSWER', message: `expected a description of the storage of docker, found ${found}` });
  }
  const units = unitsOf(valuesOf(lines, 'unit'));
  const service = units.get(want.service);
  return {
    tool: valueOf(lines, 'tool'),
    setupText: fileText(lines, SETUP_FILE),
    storage: readStorageFile(fileText(lines, STORAGE_FILE)),
    daemonText: fileText(lines, DAEMON_FILE),
    hasFolder: lines.includes('folder'),
    hasService: service?.['LoadState'] === 'loaded',
    isActive: service?.['ActiveState'] === 'active',
    isSocketActive: units.get('docker.socket')?.['ActiveState'] === 'active',
    runtime: runtimeOf(valueOf(lines, 'info')),
    version: /\d+\.\d+[.\d]*/.exec(valueOf(lines, 'version'))?.[0] ?? '',
    isFilled: lines.includes('filled'),
    volumes: Number(valueOf(lines, 'volumes')),
    hasDeviceList: lines.includes('devices'),
    hasLoopFile: lines.includes('loopfile'),
    pools: answers['lvs']?.code === 127 ? [] : poolsOf(answers),
    disks: disksOf(answers, want),
  };
}

function disksOf(answers: Answers, want: Params): ReadonlyMap<string, Block> {
  const disks = want.setup?.devs ?? [];
  const blocks = disks.length === 0 ? [] : readBlocks(answers['disks'], disks);
  return new Map(blocks.map((block, index) => [disks[index] ?? '', block]));
}

function poolsOf(answers: Answers): readonly Pool[] {
  const rows = readReport(answers['lvs'], 'a report of logical volumes').lv;
  const percent = (text = ''): number | undefined => (text === '' ? undefined : Number(text));
  return rows
    .filter((row) => row['lv_attr']?.startsWith('t') === true)
    .map((row) => ({
      name: `${row['vg_name'] ?? ''}/${row['lv_name'] ?? ''}`,
      device: mapperPath(row['vg_name'] ?? '', row['lv_name'] ?? ''),
      bytes: Number(row['lv_size'] ?? 0),
      dataPercent: percent(row['data_percent']),
      metadataPercent: percent(row['metadata_percent']),
      volumes: rows
        .filter((other) => other['vg_name'] === row['vg_name'] && other['pool_lv'] === row['lv_name'])
        .map((other) => `${other['vg_name'] ?? ''}/${other['lv_name'] ?? ''}`),
    }));
}

/**
 * True for a pool that docker refuses when it starts ("unable to take ownership of thin-pool that already has used data blocks"):
 * it holds data, and the list of what is in it is gone.
 */
export function isForeign(pool: Pool, have: Have): boolean {
  return !have.isActive && !have.hasDeviceList && (pool.dataPercent ?? 0) > 0;
}

/** Properties of units, which systemctl separates with an empty line. */
function unitsOf(lines: readonly string[]): ReadonlyMap<string, Readonly<Record<string, string>>> {
  const units = new Map<string, Record<string, string>>();
  let unit: Record<string, string> = {};
  for (const line of [...lines, '']) {
    const at = line.indexOf('=');
    if (at > 0) unit[line.slice(0, at)] = line.slice(at + 1);
    if (unit['Id'] !== undefined) units.set(unit['Id'], unit);
    if (at < 0) unit = {};
  }
  return units;
}

function runtimeOf(text: string): Runtime | undefined {
  if (text === '') return undefined;
  const parsed = Info.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const { Driver, DriverStatus, ServerVersion } = parsed.data;
  const status = new Map((DriverStatus ?? []).map(([key = '', value = '']) => [key, value]));
  return {
    driver: Driver,
    version: ServerVersion,
    pool: status.get('Pool Name') ?? '',
    isLoopback: status.has('Data loop file'),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function fileText(lines: readonly string[], path: string): string {
  const at = lines.indexOf(`file ${path}`);
  const rest = at < 0 ? [] : lines.slice(at + 1);
  const end = rest.findIndex((line) => !line.startsWith('text '));
  const texts = rest.slice(0, end < 0 ? rest.length : end).map((line) => line.slice('text '.length));
  return texts.length === 0 ? '' : `${texts.join('\n')}\n`;
}

function valueOf(lines: readonly string[], key: string): string {
  return valuesOf(lines, key)[0] ?? '';
}

function valuesOf(lines: readonly string[], key: string): string[] {
  return lines.filter((line) => line.startsWith(`${key} `)).map((line) => line.slice(key.length + 1));
}
