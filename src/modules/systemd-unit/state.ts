import type { Answer, Questions } from '../../core/answer.ts';
import { cmd, script, type Command } from '../../core/command.ts';
import { fault } from '../../core/problem.ts';
import type { Params } from './schema.ts';

/** What systemd says of a unit; a property it does not have is empty. */
export interface Unit {
  /** loaded, not-found, masked, bad-setting, error. */
  readonly load: string;
  /** active, reloading, inactive, failed, activating, deactivating. */
  readonly active: string;
  readonly sub: string;
  /** enabled, disabled, static, masked, generated and more; empty where there is no file. */
  readonly file: string;
  readonly isOneshot: boolean;
  readonly remains: boolean;
  readonly canReload: boolean;
  readonly needsReload: boolean;
  /** How it last ended: success, exit-code, signal, timeout and more. */
  readonly result: string;
  readonly exitStatus: string;
  /** Changes with every start. */
  readonly start: string;
  /** Changes with every change of state, a reload too. */
  readonly change: string;
}

const PROPERTIES = [
  'LoadState',
  'ActiveState',
  'SubState',
  'UnitFileState',
  'Type',
  'RemainAfterExit',
  'CanReload',
  'NeedDaemonReload',
  'Result',
  'ExecMainStatus',
  'InvocationID',
  'ActiveEnterTimestampMonotonic',
  'StateChangeTimestampMonotonic',
];

/** A systemctl command in the scope of the task. */
export function systemctl(want: Params, ...words: readonly string[]): Command {
  if (want.scope === 'system') return cmd('systemctl', ...words);
  // Under sudo nobody tells where the manager of the user listens.
  const text =
    'XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/run/user/$(id -u)}; export XDG_RUNTIME_DIR; exec systemctl --user "$@"';
  return script(text, ...words);
}

/** The question of the `systemd_unit` module: one systemctl show. */
export function ask(want: Params): Questions {
  if (want.name === undefined) return {};
  return { unit: systemctl(want, 'show', `--property=${PROPERTIES.join(',')}`, '--', want.name) };
}

/** What the answer means; undefined when no unit was asked for. */
export function read(answer: Answer | undefined, want: Params): Unit | undefined {
  if (want.name === undefined) return undefined;
  if (answer?.code === 127) throw fault({ code: 'E_UNSUPPORTED', message: 'this host has no systemctl' });
  const properties = new Map(
    (answer?.stdout ?? '').split('\n').map((line) => {
      const at = line.indexOf('=');
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
  const get = (name: string): string => properties.get(name) ?? '';
  if (get('LoadState') === '' || get('ActiveState') === '') {
    const found = answer === undefined ? 'nothing' : `exit ${answer.code}: ${answer.stderr.trim().slice(0, 200)}`;
    throw fault({
      code: 'E_ANSWER',
      message: `expected the properties of "${want.name}" from systemctl, found ${found}`,
    });
  }
  return {
    load: get('LoadState'),
    active: get('ActiveState'),
    sub: get('SubState'),
    file: get('UnitFileState'),
    isOneshot: get('Type') === 'oneshot',
    remains: get('RemainAfterExit') === 'yes',
    canReload: get('CanReload') === 'yes',
    needsReload: get('NeedDaemonReload') === 'yes',
    result: get('Result'),
    exitStatus: get('ExecMainStatus'),
    start: `${get('InvocationID')} ${get('ActiveEnterTimestampMonotonic')}`,
    change: get('StateChangeTimestampMonotonic'),
  };
}
