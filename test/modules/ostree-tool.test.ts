import { expect, it } from 'vitest';
import { explainOstree } from '../../src/modules/ostree-tool.ts';

/** What ostree 2022.7 and 2025.3 said, and the beginning of what a person is told. */
const SAID: readonly (readonly [stderr: string, code: string | undefined, says: string])[] = [
  [
    "While fetching http://nohost.invalid/r/summary.sig: [6] Couldn't resolve host name",
    'E_COMMAND',
    'the server of the remote cannot be reached',
  ],
  [
    'While fetching http://nohost.invalid/r/summary.sig: [6] Could not resolve hostname',
    'E_COMMAND',
    'the server of the remote cannot be reached',
  ],
  [
    "While fetching http://127.0.0.1:9/r/summary.sig: [7] Couldn't connect to server",
    'E_COMMAND',
    'the server of the remote cannot be reached',
  ],
  ['While fetching http://h/r/config: Server returned HTTP 403', 'E_COMMAND', 'the server of the remote answers 403'],
  ['Remote "nono" not found', 'E_COMMAND', 'the repository has no remote "nono"'],
  ["No such branch 'os/nono' in repository summary", 'E_COMMAND', 'there is no ref "os/nono"'],
  ["Refspec 'lab:no' not found", 'E_COMMAND', 'there is no ref "lab:no"'],
  [
    'Commit 00b2: GPG verification enabled, but no signatures found (use gpg-verify=false in remote config to disable)',
    'E_COMMAND',
    'the commit is not signed by a key that the remote trusts; nothing was taken from it',
  ],
  [
    "Upgrade target revision '14cf' with timestamp 'x' is chronologically older than current revision '00b2' with timestamp 'y'; use --allow-downgrade to permit",
    'E_COMMAND',
    'the newest commit of the remote is older than the one the host has',
  ],
  ['Writing content object: fallocate: No space left on device', 'E_SPACE', 'a file system of the host is full'],
  ['Out of range deployment index 9, expected < 3', undefined, 'ostree failed (exit 1): Out of range'],
];

it.each(SAID)('%s', (stderr, code, says) => {
  const told = explainOstree({ code: 1, stdout: '', stderr: `error: ${stderr}\n` });

  expect(told?.code).toBe(code);
  expect(told?.message.startsWith(says), told?.message).toBe(true);
  expect(told?.message).toContain(stderr);
});
