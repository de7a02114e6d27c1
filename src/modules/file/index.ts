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
  result: (want, have) => {
    // A wish about a link is about the link itself, any other about what it leads to.
    const isOfLink = want.state === 'link' || want.state === 'absent' || have.path.through.type === 'absent';
    const { type, mode, owner, group, size } = isOfLink ? have.path : have.path.through;
    return { path: want.path, state: type, mode, owner, group, size };
  },
});
