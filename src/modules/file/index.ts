import { defineModule } from '../../core/module.ts';
import { plan } from './plan.ts';
import { Params } from './schema.ts';
import { ask, read, type Have } from './state.ts';

/** Folders, links, permissions, and paths that must not be there. */
export const file = defineModule<Params, Have>({
  name: 'file',
  summary: 'Makes folders and links, sets mode and owner, removes paths.',
  notes: [
    'The content of a file is the business of copy.',
    'A folder that is not empty is removed only when the task names it: allow_destroy: [/the/path]. A path with something mounted on it or below it is never removed.',
  ],
  kind: 'state',
  params: Params,
  returns: {
    path: { type: 'string', description: 'the path' },
    state: { type: 'string', description: 'what is there now: absent, file, directory, link, other' },
    mode: { type: 'string', description: 'four octal digits, empty when absent' },
    owner: { type: 'string', description: 'name of the owner' },
    group: { type: 'string', description: 'name of the group' },
    size: { type: 'int', description: 'bytes' },
  },
  examples: [
    '- file: {path: /var/srv/app, state: directory, owner: app, group: app, mode: "0750"}',
    '- name: the old release is gone\n  file: {path: /var/srv/app-1.0, state: absent}\n  allow_destroy: [/var/srv/app-1.0]',
    '- file: {path: /etc/localtime, state: link, src: ../usr/share/zoneinfo/UTC, force: true}',
  ],
  probe: ask,
  read,
  plan,
  result: (want, have) => ({
    path: want.path,
    state: have.path.type,
    mode: have.path.mode,
    owner: have.path.owner,
    group: have.path.group,
    size: have.path.size,
  }),
});
