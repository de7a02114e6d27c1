import { z } from 'zod';
import type { Answer } from '../../core/answer.ts';
import { fault } from '../../core/problem.ts';

/** What a host says of its first boot, before it is judged. */
export interface Seen {
  readonly hasCloudInit: boolean;
  /** What the generator decided: enabled, disabled, or empty where it did not run. */
  readonly generator: string;
  readonly hasMarker: boolean;
  readonly cmdline: string;
  readonly bootId: string;
  /** running, starting, degraded and more; empty without systemd. */
  readonly system: string;
  readonly status: Stages | undefined;
  readonly result: { readonly datasource: string; readonly errors: readonly string[] } | undefined;
  /** What the tool says where there are no files. */
  readonly tool: ToolStatus | undefined;
  /**
   * What cloud-init does once for an instance it did in this boot. The note of the instance before cannot tell it alone: where the source of
   * data is local, the second stage of the very first boot writes its own over it (seen on a machine of the lab, cloud-init 25.1).
   */
  readonly isFirstBoot: boolean;
  /** By name of the unit. */
  readonly units: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly ignition: Ignition | undefined;
  /** Ignition would run again at the next boot. */
  readonly hasFirstbootFile: boolean;
}

/** The stages of cloud-init in one. */
export interface Stages {
  readonly datasource: string;
  /** The running stage; empty between and after the stages. */
  readonly stage: string;
  readonly errors: readonly string[];
  /** Messages by level: WARNING, DEPRECATED, ERROR, CRITICAL; each once. */
  readonly recoverable: Readonly<Record<string, readonly string[]>>;
}

/** What `cloud-init status` says. */
export interface ToolStatus extends Stages {
  readonly status: string;
}

/** The report Ignition leaves. */
export interface Ignition {
  readonly bootId: string;
  readonly userConfig: boolean | undefined;
  readonly ranBefore: boolean;
}

const Messages = z.record(z.string(), z.array(z.string())).nullish();
const Stage = z.object({ errors: z.array(z.string()).nullish(), recoverable_errors: Messages });
const StatusFile = z.object({
  v1: z.looseObject({ datasource: z.string().nullish(), stage: z.string().nullish() }),
});
const ResultFile = z.object({
  v1: z.object({ datasource: z.string().nullish(), errors: z.array(z.string()).nullish() }),
});
const Tool = z.looseObject({
  status: z.string(),
  datasource: z.string().nullish(),
  stage: z.string().nullish(),
  errors: z.array(z.string()).nullish(),
  recoverable_errors: Messages,
});
const IgnitionFile = z.object({
  provisioningBootID: z.string().nullish(),
  userConfigProvided: z.boolean().nullish(),
  previousReport: z.unknown().optional(),
});

/** The answer to `ask`. */
export function read(answer: Answer | undefined): Seen {
  if (answer?.code !== 0) {
    const found = answer === undefined ? 'nothing' : `exit ${answer.code}: ${answer.stderr.trim().slice(0, 200)}`;
    throw fault({ code: 'E_ANSWER', message: `expected the state of the first boot, found ${found}` });
  }
  const lines = answer.stdout.split('\n');
  const all = (key: string): string[] =>
    lines.filter((line) => line.startsWith(`${key} `)).map((line) => line.slice(key.length + 1));
  const [status] = all('status');
  const [result] = all('result');
  const [ignition] = all('ignition');
  const tool = all('tool').join('\n');
  return {
    hasCloudInit: all('has').includes('cloud-init'),
    generator: all('run')[0] ?? '',
    hasMarker: all('marker').includes('yes'),
    cmdline: all('cmdline')[0] ?? '',
    bootId: all('boot')[0] ?? '',
    system: all('system')[0] ?? '',
    status: status === undefined ? undefined : parseStatusFile(status),
    result: result === undefined ? undefined : parseResultFile(result),
    tool: tool === '' ? undefined : parseTool(tool),
    isFirstBoot: all('instance').includes('new') || all('previous').includes('NO_PREVIOUS_INSTANCE_ID'),
    units: unitsOf(lines),
    ignition: ignition === undefined ? undefined : parseIgnition(ignition),
    hasFirstbootFile: all('firstboot').includes('yes'),
  };
}

/** `/run/cloud-init/status.json` of any version since 0.7.9. */
export function parseStatusFile(text: string): Stages {
  const { v1 } = parsed(StatusFile, text, 'status.json');
  const stages = Object.values(v1).flatMap((one) => {
    const stage = Stage.safeParse(one);
    return stage.success ? [stage.data] : [];
  });
  return {
    datasource: shortName(v1.datasource),
    stage: v1.stage ?? '',
    errors: unique(stages.flatMap((stage) => stage.errors ?? [])),
    recoverable: merged(stages.map((stage) => stage.recoverable_errors ?? {})),
  };
}

/** `/run/cloud-init/result.json`. */
export function parseResultFile(text: string): { datasource: string; errors: readonly string[] } {
  const { v1 } = parsed(ResultFile, text, 'result.json');
  return { datasource: shortName(v1.datasource), errors: unique(v1.errors ?? []) };
}

/** What `cloud-init status` prints: JSON since 22.4, and before that lines of which only the first is of use. */
export function parseTool(text: string): ToolStatus {
  if (!text.trimStart().startsWith('{')) {
    // Older versions print dots while they wait, on the same line.
    const status = /status: ([a-z ]+)$/m.exec(text)?.[1]?.trim() ?? '';
    return { status, datasource: '', stage: '', errors: [], recoverable: {} };
  }
  const { status, datasource, stage, errors, recoverable_errors: messages } = parsed(Tool, text, 'cloud-init status');
  return {
    status,
    datasource: datasource ?? '',
    stage: stage ?? '',
    errors: unique(errors ?? []),
    recoverable: merged([messages ?? {}]),
  };
}

/** `/etc/.ignition-result.json`. */
export function parseIgnition(text: string): Ignition {
  const { provisioningBootID, userConfigProvided, previousReport } = parsed(
    IgnitionFile,
    text,
    'the report of Ignition',
  );
  return {
    bootId: provisioningBootID ?? '',
    userConfig: userConfigProvided ?? undefined,
    ranBefore: previousReport !== undefined && previousReport !== null,
  };
}

function parsed<T>(schema: z.ZodType<T>, text: string, what: string): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  throw fault({ code: 'E_ANSWER', message: `expected the JSON of ${what}, found "${text.slice(0, 60)}"` });
}

/** `DataSourceNoCloud [seed=/dev/vdb]` is `nocloud`. */
function shortName(name: string | null | undefined): string {
  return (name ?? '')
    .replace(/^DataSource/, '')
    .replace(/[\s[].*$/, '')
    .toLowerCase();
}

// Each stage repeats what the stages before it said.
function merged(all: readonly Readonly<Record<string, readonly string[]>>[]): Record<string, readonly string[]> {
  const levels = unique(all.flatMap((one) => Object.keys(one)));
  return Object.fromEntries(levels.map((level) => [level, unique(all.flatMap((one) => one[level] ?? []))]));
}

function unique(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)];
}

function unitsOf(lines: readonly string[]): ReadonlyMap<string, ReadonlyMap<string, string>> {
  const units = new Map<string, Map<string, string>>();
  let current = new Map<string, string>();
  for (const line of lines) {
    if (line.startsWith('unit ')) {
      current = new Map();
      units.set(line.slice(5), current);
    } else if (line.startsWith('of ')) {
      const at = line.indexOf('=');
      current.set(line.slice(3, at), line.slice(at + 1));
    }
  }
  return units;
}
