import type { Json } from '../../core/json.ts';
import { defineModule } from '../../core/module.ts';
import { ask } from './ask.ts';
import { plan } from './plan.ts';
import { Params } from './schema.ts';
import { read, type Have } from './state.ts';

/** Trees of a build server. */
export const ostreeCompose = defineModule<Params, Have>({
  name: 'ostree_compose',
  summary: 'Composes an ostree tree from a treefile, now and by a timer.',
  notes: [
    'Runs "rpm-ostree compose tree" as root on a host that has it; the host need not boot from ostree. The repository is made with ostree_repo before.',
    'It composes when there is no commit yet, and when a file beside the treefile or a parameter differs from the last time; then rpm-ostree itself decides whether that makes another tree, and the task is "ok" when the ref has not moved. Newer packages alone are no reason, so that a second run has nothing to do: for them are "rebuild: always" and the timer.',
    'After a compose, in this order: the signature, static deltas, old commits removed, the summary. What was built is noted in the cache folder at the very end, so that a build that was cut off is finished by the next run, which does again only what is missing.',
    'A compose takes many minutes. It goes on when the connection is lost, and copse attaches to it again. Build and timer wait for each other where the host has flock.',
    'With "timer" a script, a service and a timer do the same without copse: the same text that the task runs, its values quoted in it. A build by the timer that failed is told at the next run and in "last_build".',
    'The treefile and what it includes come with "files" from this machine, with "git", or are there already. With "git" the folder is brought to the revision exactly; a branch moves on, a commit id does not. The timer fetches too.',
    'rpm-ostree before 2018.7 composes without --unified-core, and 2016 needs nothing more than this task uses: whether anything changed is read from the ref, and not from its words.',
  ],
  kind: 'state',
  params: Params,
  localFiles: ['files'],
  returns: {
    ref: { type: 'string', description: 'the branch' },
    commit: { type: 'string', description: 'its newest commit; empty when there is none' },
    inputs: { type: 'string', description: 'checksum over the files it is composed by' },
    revision: { type: 'string', description: 'commit of the git working tree; empty without git' },
    version: { type: 'string', description: 'version of rpm-ostree' },
    last_build: {
      type: 'string',
      description: 'how the last build by the timer ended: success, exit-code, timeout and more; empty without one',
    },
  },
  examples: [
    '- name: our own Atomic Host, with what it is made from on this machine\n  ostree_compose:\n    treefile: /srv/build/config/fedora-atomic-host.json\n    files: [trees/fedora-atomic-host.json, trees/fedora-28.repo]\n    ref: fedora/28/x86_64/atomic-host\n    repo: /srv/repo\n    cachedir: /srv/build/cache',
    '- name: the tree of the branch f28, signed, and composed anew every night\n  ostree_compose:\n    treefile: /srv/build/config/fedora-atomic-host.json\n    git: {url: "https://pagure.io/fedora-atomic.git", revision: f28, path: /srv/build/config}\n    ref: fedora/28/x86_64/atomic-host\n    repo: /srv/repo\n    cachedir: /srv/build/cache\n    sign: {key: "128CF232A9371991C8A65695E08E7E629DB62FB1"}\n    deltas: {}\n    keep: 30\n    timer: {on_calendar: "02:30", randomized_delay: 30m}\n  allow_destroy: [/srv/repo]',
  ],
  probe: ask,
  read,
  plan,
  result,
});

function result(want: Params, have: Have): Readonly<Record<string, Json>> {
  return {
    ref: want.ref,
    commit: have.head ?? '',
    inputs: have.inputs ?? '',
    revision: have.git.head,
    version: have.version,
    last_build: have.service.get('Result') ?? '',
  };
}
