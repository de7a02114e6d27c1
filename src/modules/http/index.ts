import { script, withOptions } from '../../core/command.ts';
import type { Json } from '../../core/json.ts';
import { defineModule, type Change } from '../../core/module.ts';
import type { StepResult } from '../../core/step.ts';
import { curlConfig, explainCurl, headerOptions, type CurlOption } from '../curl-config.ts';
import { Params } from './schema.ts';

/** Whether the host has curl. */
interface Have {
  readonly hasCurl: boolean;
}

/** An answer longer than this many bytes is an error. */
const MOST = 1_048_576;

/** Exit code: another status than the wished. */
const STATUS = 65;

// The last line that curl prints is the status and the kind of the answer; the shell takes them off the answer itself.
const ASK = `config=$(cat)
answer=$(printf '%s\\n' "$config" | curl -q -sS -w '\\n%{http_code} %{content_type}' -K -) || exit
last=\${answer##*
}
printf '%s\\n' "$last" "\${answer%
*}"
for s do case \${last%% *} in $s) exit 0 ;; esac; done
exit ${STATUS}`;

/** Requests of HTTP. */
export const http = defineModule<Params, Have>({
  name: 'http',
  summary: 'Sends a request of HTTP and looks at the status of the answer.',
  notes: [
    'The host asks, with curl; with the task keyword "delegate_to: localhost" this machine does. Reported as "ran", because copse cannot know what a request did.',
    'A request that may change something is sent once. Where its connection breaks off nobody can know whether it came through, so the task fails and says so; write such requests so that they can be repeated.',
    'To wait until a service answers, use wait_for with "url". To keep a file, use get_url. Certificates are always checked; a proxy is named by the task keyword "environment".',
  ],
  kind: 'action',
  params: Params,
  freeForm: 'url',
  returns: {
    status: { type: 'int', description: 'the HTTP status, 0 when nothing was asked' },
    content_type: { type: 'string', description: 'what the server says the answer is' },
    body: { type: 'string', description: 'the answer as text, up to 1 MiB' },
    json: { type: 'dyn', description: 'the answer as a value where it is JSON, null otherwise' },
  },
  examples: [
    '- http: http://127.0.0.1:9090/api/v1/status\n  register: api',
    '- name: the node leaves the balancer\n  http:\n    url: https://lb.example.org/nodes/edge01\n    method: PUT\n    headers: {Authorization: "Bearer ${{ vars.token }}", Content-Type: application/json}\n    body: \'{"enabled": false}\'\n    status: [200, 204]',
  ],
  probe: () => ({ curl: script('command -v curl >/dev/null') }),
  read: (answers) => ({ hasCurl: answers['curl']?.code === 0 }),
  plan,
  result: (_want, _have, done) => resultOf(done.at(-1)),
});

function plan(want: Params, have: Have): Change {
  if (!have.hasCurl) {
    const hint = 'layer curl, or add "delegate_to: localhost" so that this machine asks';
    return { refuse: 'the host has no curl', hint, code: 'E_UNSUPPORTED' };
  }
  const { url, method, timeout, retries, status = [] } = want;
  const patterns = status.length === 0 ? ['2??'] : status.map(String);
  const wished = status.length === 0 ? '2xx' : status.join(' or ');
  const command = withOptions(script(ASK, ...patterns), {
    stdin: curlConfig(optionsOf(want)),
    // Each pause between two tries is twice as long as the one before it, up to ten minutes.
    timeoutMs: (timeout + 5000) * (retries + 1) + 1000 * 2 ** retries,
  });
  const explain = explainCurl(`${method} ${url} failed`);
  return {
    steps: [
      {
        do: 'run',
        say: `send ${method} ${url}`,
        command,
        explain: (failed) => {
          if (failed.code !== STATUS) return explain(failed);
          const { status: found, body } = resultOf(failed);
          const said = body === '' ? '' : `: ${body.replaceAll(/\s+/g, ' ').slice(0, 200)}`;
          return { message: `${method} ${url} answered ${found}, expected ${wished}${said}` };
        },
      },
    ],
  };
}

function optionsOf(want: Params): readonly CurlOption[] {
  const { url, method, body, timeout, retries, follow } = want;
  const flags: readonly CurlOption[] = [
    ['url', url],
    ['max-time', String(Math.ceil(timeout / 1000))],
    ['max-filesize', String(MOST)],
    ...(retries === 0 ? [] : [['retry', String(retries)] as const, ['retry-connrefused'] as const]),
    ...(follow ? [['location'] as const, ['proto-redir', '=http,https'] as const] : []),
    method === 'HEAD' ? ['head'] : ['request', method],
    ...(body === undefined ? [] : [['data-raw', body] as const]),
  ];
  return [...flags, ...headerOptions(want.headers)];
}

function resultOf(last: Pick<StepResult, 'stdout'> | undefined): {
  status: number;
  content_type: string;
  body: string;
  json: Json;
} {
  const text = last?.stdout ?? '';
  const end = text.indexOf('\n');
  const [status = '', ...type] = text.slice(0, Math.max(0, end)).split(' ');
  const body = end < 0 ? '' : text.slice(end + 1).replace(/\n$/, '');
  return { status: Number(status), content_type: type.join(' '), body, json: parsed(body) };
}

function parsed(text: string): Json {
  try {
    // JSON.parse gives nothing but JSON.
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}
