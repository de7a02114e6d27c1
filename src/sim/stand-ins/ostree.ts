import type { Call } from '../calls.ts';
import type { Machine } from '../machine.ts';
import { ADMIN } from './ostree-admin.ts';
import { pull } from './ostree-pull.ts';
import { CONFIG, REMOTE } from './ostree-remote.ts';
import { fsck, log, prune, refs, reset, revParse, show } from './ostree-repo.ts';
import { runVerb, type Verbs } from './ostree-verb.ts';

const VERSION = `libostree:
 Version: '2025.3'
 Git: 3e6e1ab2a8fa1a27f1a4f1fa0a5c2a7a02a0a3bb
 Features:
  - sign-ed25519
  - systemd
`;

const VERBS: Verbs = { config: CONFIG, fsck, log, prune, pull, refs, reset, 'rev-parse': revParse, show };

/** The modelled ostree: `admin`, `remote`, and what reads and fills the repository of the system. */
export function ostreeTool(call: Call, machine: Machine): number | Promise<number> {
  const [first, ...rest] = call.args;
  if (first === '--version') {
    call.out(VERSION);
    return 0;
  }
  if (first === 'admin') return runVerb(machine, call, ADMIN, 'ostree admin', rest);
  if (first === 'remote') return runVerb(machine, call, REMOTE, 'ostree remote', rest);
  return runVerb(machine, call, VERBS, 'ostree', call.args);
}
