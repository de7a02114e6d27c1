import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { problemsOf } from '../../src/core/problem.ts';
import type { Explain } from '../../src/core/step.ts';
import { parseDeployments } from '../../src/facts/deployments.ts';
import { parseStatusFile, parseTool } from '../../src/modules/cloud-init-check/read.ts';
import { parseLabel } from '../../src/modules/container-service/label.ts';
import { parseContainer, parseImage } from '../../src/modules/container-service/state.ts';
import { readStorageFile } from '../../src/modules/container-storage/setup-file.ts';
import { readReport } from '../../src/modules/lvm-report.ts';
import { explain as explainLvm } from '../../src/modules/lvm/explain.ts';
import { explain as explainRpmOstree } from '../../src/modules/rpm-ostree/explain.ts';

/** Outputs captured on real machines; they lie beside the repository, where they are there at all. */
export const captures = new URL('../../../shared/fixtures/', import.meta.url).pathname;

/** Whether the captured outputs are there. */
export const hasCaptures = existsSync(captures);

/** The state in an output in a few words, or a note that copse never asks such a thing. */
export interface Understood {
  readonly file: string;
  readonly state: string | undefined;
}

interface Reader {
  /** Of paths below the folder of captures. */
  readonly path: RegExp;
  /** Of the command that printed it, for outputs that are kept with theirs. */
  readonly cmd?: RegExp;
  readonly read: (text: string, call: Call) => string;
}

interface Call {
  readonly cmd: string;
  readonly rc: number;
  readonly stdout: string;
  readonly stderr: string;
}

const tool = (text: string): string => {
  const { status, errors, recoverable } = parseTool(text);
  return `cloud-init ${status || 'says nothing'}, ${errors.length} errors, ${Object.values(recoverable).flat().length} warnings`;
};

const deployments = (text: string): string => {
  const { tool: by, deployments: found, pending } = parseDeployments(text);
  const rows = found.map((one) => {
    const marks = (['booted', 'staged', 'pinned'] as const).filter((mark) => one[mark]);
    return `${one.version || one.checksum.slice(0, 8) || 'nothing'} of ${one.origin || 'nowhere'} (${marks.join(', ') || 'kept'})`;
  });
  return `${by}${pending ? ', pending' : ''}: ${rows.join('; ') || 'no deployments'}`;
};

const container = (text: string): string => {
  const { status, exitCode, health, labels } = parseContainer(text);
  return `container ${status} ${exitCode}${health === '' ? '' : ` ${health}`}, ${Object.keys(labels).length} labels`;
};

const image = (text: string): string => {
  const { id, digests, labels } = parseImage(text);
  return `image ${id.slice(0, 12)}, ${digests.length} digests, ${Object.keys(labels).length} labels`;
};

const report = (text: string): string => {
  const { vg, pv, lv } = readReport({ code: 0, stdout: text, stderr: '', bytes: new Uint8Array() }, 'a report');
  return `report of ${vg.length} groups, ${pv.length} physical volumes, ${lv.length} volumes`;
};

const why =
  (explain: Explain) =>
  (text: string): string => {
    const told = explain({ code: 1, stdout: '', stderr: text }) ?? explain({ code: 1, stdout: text, stderr: '' });
    if (told === undefined) return 'nothing to explain';
    const message = told.message ?? '';
    return `${told.code ?? 'E_COMMAND'} ${/^[a-z-]+ (?:failed|says) \(exit 1\): /.test(message) ? 'in its own words' : message}`;
  };

const labels = (text: string): string =>
  Object.entries(JSON.parse(text) as Record<string, string>)
    .map(([name, value]) => {
      const parts = parseLabel(value, { NAME: 'sssd', IMAGE: 'fedora/sssd', HOST: '/host' });
      return `${name}: ${'wrong' in parts ? parts.wrong : `${parts.options.length} options, ${parts.command.join(' ')}`}`;
    })
    .join('; ');

const READERS: readonly Reader[] = [
  { path: /^rpm-ostree\/(?:status-|bootc-status-|bootc-spec-.*\.json)/, read: deployments },
  { path: /^rpm-ostree\/bootc-spec-.*\.yaml$/, read: (text) => deployments(JSON.stringify(parse(text))) },
  { path: /^rpm-ostree\/tx-/, read: why(explainRpmOstree) },
  {
    path: /^cloud-init\/cloud-init-.*\/run-status\.json$/,
    read: (text) => `stage ${parseStatusFile(text).stage || 'none'}`,
  },
  { path: /^cloud-init\/.*\.json$/, cmd: /\bcloud-init status\b/, read: tool },
  { path: /^cloud-init\/reference-only\/(?:cloud-init-\d+-status|cloud-init-5304|docs-status|rancher)/, read: tool },
  { path: /^podman\/.*\.json$/, cmd: /^(?:podman|docker) (?:container )?inspect (?!-)/, read: container },
  { path: /^podman\/.*\.json$/, cmd: /^(?:podman|docker) image inspect (?!-)/, read: image },
  { path: /^podman\/reference-only\/apc-podman-container-inspect/, read: container },
  { path: /^podman\/reference-only\/(?:apc|man)-podman-image-inspect/, read: image },
  { path: /^podman\/reference-only\/sssd-image-labels/, read: labels },
  { path: /^lvm\/.*(?:fullreport|nameprefixes|bytes-suffix|pv_all)/, read: report },
  { path: /^lvm\/.*(?:excluded-by-filter|moby-35850)/, read: why(explainLvm) },
  {
    path: /^lvm\/.*etc-sysconfig-docker-storage\.txt$/,
    read: (text) => `docker is started with ${readStorageFile(text)?.driver ?? 'nothing'}`,
  },
];

/** Every captured output, with what copse makes of it; those of lvm with a command are read by a test of their own. */
export function understood(): readonly Understood[] {
  const files = readdirSync(captures, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/^(?:SOURCES\.txt|INDEX\.tsv)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(captures.length))
    .filter((file) => !file.startsWith('lvm/lvm2-'));
  return files.toSorted().map((file) => ({ file, state: stateOf(file) }));
}

function stateOf(file: string): string | undefined {
  const text = readFileSync(join(captures, file), 'utf8');
  const call = callOf(text);
  const reader = READERS.find(({ path, cmd }) => path.test(file) && (cmd === undefined || cmd.test(call?.cmd ?? '')));
  if (reader === undefined) return undefined;
  const { stdout, rc } = call ?? { stdout: text, rc: 0 };
  try {
    // A call that was killed by its timeout printed nothing that counts.
    return rc === 124
      ? 'no answer in time'
      : reader.read(call === undefined ? text : stdout, call ?? { cmd: '', rc, stdout, stderr: '' });
  } catch (error) {
    return problemsOf(error)
      .map(({ code }) => code)
      .join(', ');
  }
}

function callOf(text: string): Call | undefined {
  try {
    const parsed = JSON.parse(text) as Partial<Call>;
    return typeof parsed.cmd === 'string' && typeof parsed.stdout === 'string' ? (parsed as Call) : undefined;
  } catch {
    return undefined;
  }
}
