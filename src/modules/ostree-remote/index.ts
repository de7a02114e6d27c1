import { defineModule } from '../../core/module.ts';
import { plan } from './plan.ts';
import { ask, read, type Have } from './read.ts';
import { Params } from './schema.ts';

/** A remote of an ostree repository: where it is, and whose commits are believed. */
export const ostreeRemote = defineModule<Params, Have>({
  name: 'ostree_remote',
  summary: 'Where an ostree repository pulls from, and which keys it trusts.',
  notes: [
    'State comes from the files: /etc/ostree/remotes.d for the system, the "config" of the repository, and the keyring of the remote beside it. A remote that is written in the configuration of the repository is changed there, with "ostree config" where it is that of the system, which may be mounted read-only.',
    'Commits are verified unless the task says gpg_verify: false; a host where somebody switched it off is put right. Keys are compared by fingerprint and by when they were last signed, so that a key which was prolonged is imported again. Keys that are trusted and not named are told in a note: ostree cannot take a single one away. "state: absent" removes the keyring too.',
    'Where the host has rpm-ostree, its daemon is told to read the remotes anew.',
    'Refs are pulled and deployed by ostree.',
  ],
  kind: 'state',
  params: Params,
  localFiles: ['keys_src'],
  returns: {
    url: { type: 'string', description: 'where the remote is, empty when there is none' },
    gpg_verify: { type: 'bool', description: 'commits must be signed' },
    keys: { type: 'list', description: 'fingerprints of the trusted keys, when keys were wished' },
    file: { type: 'string', description: 'file that tells of the remote, empty when there is none' },
  },
  examples: [
    '- name: where this fleet gets its images from\n  ostree_remote:\n    name: fleet\n    url: https://images.example.org/repo\n    keys_src: files/fleet.gpg\n  become: true',
    '- ostree_remote: {name: lab, url: "http://10.0.2.2:8099/repo", gpg_verify: false, branches: [lab/stable/x86_64]}\n  become: true',
    '- name: a mirror on a build server pulls through a proxy\n  ostree_remote:\n    name: fedora\n    repo: /srv/ostree/repo\n    url: https://ostree.fedoraproject.org\n    options: {proxy: "http://proxy.example.org:3128", http2: false}',
    '- ostree_remote: {name: old, state: absent}\n  become: true',
  ],
  probe: ask,
  read,
  plan,
  result: (_want, { section, keys, files }) => ({
    url: section?.get('url') ?? '',
    gpg_verify: section !== undefined && section.get('gpg-verify') !== 'false',
    keys: (keys ?? []).map(({ fingerprint }) => fingerprint),
    file: files[0]?.path ?? '',
  }),
});
