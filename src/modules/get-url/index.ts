import type { Answer } from '../../core/answer.ts';
import { defineModule, type Change, type ModuleContext } from '../../core/module.ts';
import { fault } from '../../core/problem.ts';
import { downloadStep } from '../download.ts';
import { closedFolder, missingFolder, planAttributes, unknownAccount } from '../path-attributes.ts';
import { askPath, readPath, type PathState } from '../path-state.ts';
import { destOf, Params } from './schema.ts';

/** The file that is there now, and what could bring another. */
interface Have {
  readonly path: PathState;
  /** Its digest by the algorithm of the wish, as hex; empty without a file or a wish. */
  readonly digest: string;
  readonly hasCurl: boolean;
  readonly hasWget: boolean;
}

const MORE = `for t in curl wget; do command -v "$t" >/dev/null && echo "has $t"; done
if [ -n "$4" ] && [ -f "$p" ] && ! [ -L "$p" ]; then s=$("$4" <"$p") || exit 1; echo "digest \${s%% *}"; fi
exit 0
`;

/** Files from the web. */
export const getUrl = defineModule<Params, Have>({
  name: 'get_url',
  summary: 'Brings a file from the web to the host, and checks what it is.',
  notes: [
    'The host itself asks, with curl, or with wget where there is no curl. The file is brought beside its place, compared with its checksum, and then renamed: nobody ever sees half of it, or another one. A file that is right by its checksum is not asked for at all.',
    'It goes on while the connection of copse is lost. What came before a download broke off is used by the next one, where there is a checksum.',
    'Certificates are always checked. A proxy is named by the task keyword "environment": {https_proxy: "http://proxy:3128"}.',
    'What only this machine can reach is brought with copy. Archives are unpacked by unarchive.',
  ],
  kind: 'state',
  params: Params,
  returns: {
    dest: { type: 'string', description: 'path of the file' },
    digest: {
      type: 'string',
      description: 'what the file is by the algorithm of the checksum, as hex; empty without one',
    },
    mode: { type: 'string', description: 'four octal digits, empty when absent' },
    size: { type: 'int', description: 'bytes' },
  },
  examples: [
    '- get_url:\n    url: https://example.org/app-1.2.0\n    dest: /usr/local/bin/app\n    checksum: sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae\n    mode: "0755"',
    '- name: from behind a login, through a proxy\n  get_url:\n    url: https://example.org/data.bin\n    dest: /var/lib/app/\n    headers: {Authorization: "Bearer ${{ vars.token }}"}',
  ],
  probe: (want) => {
    const { owner, group, checksum } = want;
    const values = [checksum === undefined ? '' : `${checksum.algorithm}sum`];
    return { file: askPath({ path: destOf(want), owner, group, more: MORE, values }) };
  },
  read: (answers, want) => read(answers['file'], want),
  plan,
  result: (want, { path, digest }) => ({ dest: destOf(want), digest, mode: path.mode, size: path.size }),
});

function read(answer: Answer | undefined, want: Params): Have {
  const path = readPath(answer, destOf(want));
  const lines = path.rest.split('\n');
  const [, digest = ''] = (lines.find((line) => line.startsWith('digest ')) ?? '').split(' ');
  if (want.checksum !== undefined && path.type === 'file' && !/^[0-9a-f]{64,128}$/.test(digest)) {
    const message = `expected the ${want.checksum.algorithm} of "${destOf(want)}", found exit ${answer?.code ?? ''}`;
    throw fault({ code: 'E_ANSWER', message, hint: 'add "become: true" when only root may read it' });
  }
  return { path, digest, hasCurl: lines.includes('has curl'), hasWget: lines.includes('has wget') };
}

function plan(want: Params, have: Have, context: ModuleContext): Change {
  const path = destOf(want);
  const { refusal, notes } = unknownAccount(want, have.path, context);
  if (refusal !== undefined) return refusal;
  const isThere = have.path.type === 'file';
  if (isThere && (want.checksum === undefined || have.digest === want.checksum.digest)) {
    return { ...planAttributes(path, want, have.path, 'target'), notes };
  }
  const cannot = notInPlace(path, have) ?? closedFolder(path, have.path, context) ?? noTool(want, have);
  if (cannot !== undefined) return cannot;
  const folder = missingFolder(path, have.path);
  const [missing] = folder;
  if (missing !== undefined && !context.check) return { refuse: missing, hint: 'make it first with file' };
  return bring(want, have.path, have.digest, [...notes, ...folder]);
}

function bring(want: Params, seen: PathState, digest: string, notes: readonly string[]): Change {
  const path = destOf(want);
  const { url, checksum, headers, timeout: timeoutMs, owner = '', group } = want;
  const isThere = seen.type === 'file';
  const mode = want.mode ?? (isThere ? seen.mode : '0644');
  const accounts = group === undefined ? owner : `${owner}:${group}`;
  const step = downloadStep({ url, path, checksum, headers, mode, accounts, timeoutMs });
  if (checksum === undefined) {
    const unchecked = 'without "checksum" whatever the server sends is taken';
    return {
      steps: [step],
      diff: [{ label: path, before: '', after: `what ${url} gives\n` }],
      notes: [...notes, unchecked],
    };
  }
  const before = isThere ? `${seen.size} bytes, ${checksum.algorithm} ${digest}\n` : '';
  const after = `${checksum.algorithm} ${checksum.digest} from ${url}\n`;
  return { steps: [step], diff: [{ label: path, before, after }], notes };
}

function notInPlace(path: string, { path: seen }: Have): Change | undefined {
  if (seen.through.type === 'directory') {
    return { refuse: `"${path}" is a folder, expected a file or nothing`, hint: `to write into it: dest: ${path}/` };
  }
  return seen.type === 'other' ? { refuse: `"${path}" is neither a file nor a folder; it is not replaced` } : undefined;
}

function noTool({ headers }: Params, { hasCurl, hasWget }: Have): Change | undefined {
  const needsCurl = Object.keys(headers).length > 0;
  if (hasCurl || (hasWget && !needsCurl)) return undefined;
  return {
    refuse: needsCurl ? 'the host has no curl, which "headers" need' : 'the host has neither curl nor wget',
    hint: 'bring the file with copy, or layer curl',
    code: 'E_UNSUPPORTED',
  };
}
