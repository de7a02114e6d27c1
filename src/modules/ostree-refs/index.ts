import { defineModule } from '../../core/module.ts';
import { plan } from './plan.ts';
import { ask, read, type Have } from './read.ts';
import { Params } from './schema.ts';

/** The refs of an ostree repository, and which of its commits stay. */
export const ostreeRefs = defineModule<Params, Have>({
  name: 'ostree_refs',
  summary: 'Refs of an ostree repository: pulled, moved, named, removed, pruned.',
  notes: [
    'A ref is pulled before it is needed, so that the deployment later takes no time on the network: "ostree: {deploy: REF}" takes what is there. Without "update" a ref that is there is left alone, and no remote is asked.',
    'With "update" the summary of the remote tells its newest commits, also under --check; where it has none, or the ostree of the host is older than 2023, the ref is pulled each time, and is changed when it brought something. A pull that was broken off goes on where it was.',
    'REF@COMMIT needs no network where the repository has the commit. A branch of the repository itself, such as "os/proven@COMMIT", keeps a commit from being pruned.',
    'An alias is another name of a branch of the repository itself. One of a ref of a remote would lead nowhere, and ostree then fails with every ref of the repository: it is refused.',
    'A ref that a deployment follows is not removed, nor one that an alias leads to, nor those that ostree and rpm-ostree themselves keep deployments by.',
    '"prune" goes by ostree\'s own rules, and the commits that go are told before. What no commit leads to goes along: it is no reason by itself. A repository is not pruned when a deployment would lose its commit. Every new deployment of ostree prunes the repository of the system down to the newest commit of each ref, so that "keep" lasts there only until then; elsewhere it lasts.',
    'For a repository that is composed into and served, ostree_repo has the same as "keep", with its summary and deltas. Refs and history are told by ostree_check.',
  ],
  kind: 'state',
  params: Params,
  freeForm: 'refs',
  returns: {
    refs: { type: 'map', description: 'commit by ref, of all refs of the repository but its aliases' },
    aliases: { type: 'map', description: 'branch by alias' },
  },
  examples: [
    '- name: tomorrow\'s image is on the host before the window opens\n  ostree_refs: {refs: "fleet:os/next/x86_64", update: true}\n  become: true',
    '- name: this build, by whatever name the remote gives it later\n  ostree_refs:\n    refs:\n      - fleet:os/stable/x86_64@1f590962cbc0e61a595698e2e8a40bb5fb23fa666e5215c5ac2cb74b7833acc1\n      - os/proven@1f590962cbc0e61a595698e2e8a40bb5fb23fa666e5215c5ac2cb74b7833acc1\n    aliases: {os/current: os/proven}\n  become: true',
    '- name: what the fleet has left is gone, and its space with it\n  ostree_refs: {absent: ["old:os/stable/x86_64"], prune: {}}\n  allow_destroy: [/ostree/repo]\n  become: true',
    '- name: a mirror keeps a month\n  ostree_refs: {repo: /srv/mirror, prune: {keep_younger_than: 30d}}\n  allow_destroy: [/srv/mirror]',
  ],
  probe: ask,
  read,
  plan,
  result: (_want, { refs, aliases }) => ({ refs: Object.fromEntries(refs), aliases: Object.fromEntries(aliases) }),
});
