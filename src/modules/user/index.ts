import { defineModule } from '../../core/module.ts';
import { plan } from './plan.ts';
import { Params } from './schema.ts';
import { ask, read, type Have } from './state.ts';

/** Users of the host. */
export const user = defineModule<Params, Have>({
  name: 'user',
  summary: 'Makes, changes and removes users.',
  notes: [
    'Users are looked up with getent, so that those of the image (/usr/lib/passwd), of sysusers and of directory services count as there. Only users of /etc/passwd can be changed or removed.',
    'On ostree hosts groups such as docker or libvirt may be only in /usr/lib/group, where nobody can be added to them: their line is copied into /etc/group first.',
    'A password is given as its hash. It is compared by a digest made on the host, and set through a pipe: it stands in no argument list and in no log.',
  ],
  kind: 'state',
  params: Params,
  freeForm: 'name',
  returns: {
    name: { type: 'string', description: 'the user' },
    present: { type: 'bool', description: 'it is there' },
    uid: { type: 'int', description: 'its number, -1 when it is not there' },
    gid: { type: 'int', description: 'number of its primary group, -1 when it is not there' },
    group: { type: 'string', description: 'name of its primary group' },
    groups: { type: 'list', description: 'names of its further groups' },
    home: { type: 'string', description: 'its home folder' },
    shell: { type: 'string', description: 'its login shell' },
    comment: { type: 'string', description: 'the GECOS field' },
  },
  examples: [
    '- user: {name: ops, groups: [wheel, systemd-journal], append: true, comment: On call}',
    '- name: the service has an account\n  user: {name: app, system: true, shell: /usr/sbin/nologin, home: /var/lib/app, create_home: false}',
    '- user: {name: core, password: $6$fYq2$9oCkd, update_password: on_create}',
    '- user: {name: former, state: absent, remove: true}\n  allow_destroy: [/var/home/former]',
  ],
  probe: ask,
  read: (answers, want) => read(answers['user'], want),
  plan,
  result: ({ name }, { present, uid, gid, group, groups, home, shell, comment }) => ({
    name,
    present,
    uid,
    gid,
    group,
    groups: [...groups],
    home,
    shell,
    comment,
  }),
});
