import { defineModule } from '../../core/module.ts';
import type { Json } from '../../core/json.ts';
import { ask } from './ask.ts';
import { plan } from './plan.ts';
import { Params } from './schema.ts';
import { servedUrl } from './serve.ts';
import { read, wishedRefs, type Have } from './state.ts';

/** Repositories of a build server. */
export const ostreeRepo = defineModule<Params, Have>({
  name: 'ostree_repo',
  summary: 'Keeps an ostree repository: made, signed, with deltas, pruned, served.',
  notes: [
    'For a build server or a mirror. The repository the host itself boots from is the matter of the ostree module.',
    'The order is: make, configure, pull, sign, deltas, prune, summary, fsck, serve. Each happens only where something is missing: a commit without a good signature, a delta that is not there, commits beyond "keep", a summary that does not tell what there is or whose signature is not good.',
    'Signatures are judged by gpg itself, on the object as it lies on the disk: a signature by an expired or revoked key, or of something else, counts as none. The key must be usable without a passphrase, or be unlocked in a gpg-agent. Clients verify with "gpg-verify" and "gpg-verify-summary" of their remote.',
    'A summary that somebody signed is never replaced by an unsigned one. Deltas never bring a new summary by themselves in ostree: here they do.',
    'Where clients must never see a commit before its signature, let ostree_compose work in a repository of its own and sign there, and pull from it with "from".',
    '"keep" removes commits for good, so the task must say allow_destroy with the path. Commits that no ref leads to go too.',
    'Served by python3 or busybox as the user "nobody": good for some hundred hosts. For more, or with TLS, put nginx in front: container_service with a read-only mount of the path. Afterwards the URL was really asked and gave this repository. A firewall is not opened.',
    'The former configuration is put back when ostree cannot read its repository with the new one.',
  ],
  kind: 'state',
  params: Params,
  returns: {
    path: { type: 'string', description: 'folder of the repository' },
    version: { type: 'string', description: 'version of ostree on the host' },
    refs: { type: 'map', description: 'newest commit by ref' },
    unsigned: {
      type: 'list',
      description: 'refs whose newest commit has no good signature of the key; empty without a key',
    },
    deltas: { type: 'int', description: 'how many static deltas there are' },
    key: { type: 'string', description: 'fingerprint of the key, empty without one' },
    url: { type: 'string', description: 'where the host itself finds the repository served, empty when it is not' },
  },
  examples: [
    '- name: a repository to compose into, and the archive that hosts pull from\n  ostree_repo: {path: /srv/build/repo, mode: bare-user}\n- ostree_repo:\n    path: /srv/repo\n    config: {core.min-free-space-size: 5GB}\n    serve: {port: 8080}',
    '- name: publish what was composed, signed, with deltas for hosts that come new and for those one step behind\n  ostree_repo:\n    path: /srv/repo\n    from: /srv/build/repo\n    refs: [fedora/28/x86_64/atomic-host]\n    sign: {key: "128CF232A9371991C8A65695E08E7E629DB62FB1"}\n    deltas: {}\n    keep: 10\n    fsck: changed\n  allow_destroy: [/srv/repo]',
    '- name: a mirror has what its maker signed\n  ostree_repo:\n    path: /srv/mirror\n    verify: {key: "128CF232A9371991C8A65695E08E7E629DB62FB1", home: /etc/mirror/gnupg}\n    fsck: always',
  ],
  probe: ask,
  read,
  plan,
  result,
});

function result(want: Params, have: Have): Readonly<Record<string, Json>> {
  const key = have.keys[0]?.fingerprint;
  const heads = wishedRefs(want, have.refs).flatMap((ref) => {
    const [head] = have.refs.get(ref) ?? [];
    return head === undefined ? [] : [[ref, head] as const];
  });
  return {
    path: want.path,
    version: have.version,
    refs: Object.fromEntries(heads),
    unsigned:
      key === undefined
        ? []
        : heads.filter(([, head]) => have.signed.get(head)?.includes(key) !== true).map(([ref]) => ref),
    deltas: have.deltas.length,
    key: key ?? '',
    url: want.serve !== undefined && have.answers ? servedUrl(want.serve) : '',
  };
}
