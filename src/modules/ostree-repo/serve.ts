import { cmd, script, withOptions } from '../../core/command.ts';
import type { Change, Diff } from '../../core/module.ts';
import type { Step } from '../../core/step.ts';
import { FETCH } from './fetch.ts';
import type { Params, Serve } from './schema.ts';
import type { Have } from './state.ts';

/** The first line of every unit written here; a file without it belongs to somebody else. */
const MARK = '# Written by copse (ostree_repo). Changes here are overwritten.';

const WAIT_MS = 60_000;

/** Where the repository is asked for on the host itself. */
export function servedUrl({ address, port }: Serve): string {
  const local = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address;
  return `http://${local.includes(':') ? `[${local}]` : local}:${port}`;
}

/** Steps, diff or refusal of the unit that serves the repository. */
export function planServe(want: Params, serve: Serve, have: Have): Change {
  if (have.unitFile !== undefined && !have.unitFile.startsWith(MARK)) {
    return {
      refuse: `${unitPath(serve)} is there and was not written by copse`,
      hint: 'give another name with "unit", or remove that unit first',
    };
  }
  if (serve.state === 'absent') return { steps: have.unitFile === undefined ? [] : removeSteps(serve) };
  const chosen = serverOf(serve, have);
  return chosen === undefined ? noServer(serve) : planUnit(want, serve, have, render(want, serve, chosen));
}

function noServer({ server }: Serve): Change {
  const wished = server === 'auto' ? 'neither python3 nor a busybox with httpd' : `no ${server} that could serve`;
  return {
    refuse: `the host has ${wished}`,
    hint: 'layer python3, or serve the folder from a container: "copse doc container_service"',
    code: 'E_UNSUPPORTED',
  };
}

function planUnit(want: Params, serve: Serve, have: Have, text: string): Change {
  const isWritten = have.unitFile === text;
  const mustReload = !isWritten || have.unit.get('NeedDaemonReload') === 'yes';
  const isUp = have.unit.get('ActiveState') === 'active' && have.answers;
  const path = unitPath(serve);
  const write: Step = { do: 'put', say: `write ${path}`, path, content: text, mode: '0644' };
  const steps = [
    ...(isWritten ? [] : [write]),
    ...(mustReload ? [run('let systemd read its files again', 'daemon-reload')] : []),
    ...(have.unit.get('UnitFileState') === 'enabled' ? [] : [run(`enable ${serve.unit}`, 'enable', '--', serve.unit)]),
    ...(mustReload || !isUp ? startSteps(want, serve) : []),
  ];
  const diff: Diff[] = isWritten ? [] : [{ label: path, before: have.unitFile ?? '', after: text }];
  return { steps, diff };
}

interface Server {
  readonly name: string;
  readonly path: string;
}

/** The wished one; for auto the one the unit has already, so that another package changes nothing. */
function serverOf({ server }: Serve, { servers, unitFile }: Have): Server | undefined {
  const known = [...servers].map(([name, path]): Server => ({ name, path }));
  if (server !== 'auto') return known.find(({ name }) => name === server);
  return known.find(({ path }) => unitFile?.includes(`\nExecStart=${path} `)) ?? known[0];
}

function render({ path }: Params, { address, port }: Serve, server: Server): string {
  const listen = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
  const words =
    server.name === 'python3' ? `-m http.server ${port} --bind ${address}` : `httpd -f -p ${listen} -h ${path}`;
  return [
    MARK,
    '[Unit]',
    `Description=The ostree repository ${path} over HTTP`,
    'Wants=network-online.target',
    'After=network-online.target',
    `RequiresMountsFor=${path}`,
    '',
    '[Service]',
    `WorkingDirectory=${path}`,
    `ExecStart=${server.path} ${words}`,
    'User=nobody',
    ...(port < 1024 ? ['AmbientCapabilities=CAP_NET_BIND_SERVICE'] : []),
    'NoNewPrivileges=yes',
    'PrivateDevices=yes',
    'ProtectSystem=full',
    'Restart=on-failure',
    'RestartSec=2',
    '',
    '[Install]',
    'WantedBy=multi-user.target',
    '',
  ].join('\n');
}

function startSteps({ path }: Params, serve: Serve): readonly Step[] {
  const { unit } = serve;
  const url = servedUrl(serve);
  const log = `"journalctl -u ${unit} -n 20 --no-pager" on the host says why`;
  return [
    {
      do: 'run',
      say: `start ${unit}, anew if it runs`,
      command: script('systemctl reset-failed -- "$1" 2>/dev/null\nexec systemctl restart -- "$1"', unit),
    },
    {
      do: 'wait',
      say: `wait until ${url} gives the repository`,
      until: withOptions(script(`${FETCH}serves "$1" "$2"`, path, url), { timeoutMs: 15_000 }),
      everyMs: 500,
      deadlineMs: WAIT_MS,
      explain: () => ({
        message: `${unit} was started, and ${url}/config is not the one of ${path}`,
        hint: `${log}: the port may be taken, or "nobody" may not read the folder`,
        code: 'E_TIMEOUT',
      }),
    },
  ];
}

function removeSteps(serve: Serve): readonly Step[] {
  const { unit } = serve;
  return [
    run(`stop and disable ${unit}`, 'disable', '--now', '--', unit),
    { do: 'run', say: `remove ${unitPath(serve)}`, command: cmd('rm', '-f', '--', unitPath(serve)) },
    run('let systemd read its files again', 'daemon-reload'),
  ];
}

function run(say: string, ...words: readonly string[]): Step {
  return { do: 'run', say, command: cmd('systemctl', ...words) };
}

function unitPath({ unit }: Serve): string {
  return `/etc/systemd/system/${unit}`;
}
