import type { Explain } from '../../core/step.ts';
import { reasonIn, type Reason } from '../reasons.ts';

const LOGS = 'run the same bootc command on the host to see all it says';

const REASONS: readonly Reason[] = [
  {
    sign: /local rpm-ostree modifications/,
    code: 'E_UNSUPPORTED',
    say: 'the host has packages layered by rpm-ostree, and bootc does not update such a host',
    hint: '"rpm-ostree reset" takes them away; or update it with rpm_ostree: {upgrade: true}',
  },
  {
    sign: /No space left on device|min-free-space|not enough (?:disk )?space/i,
    code: 'E_SPACE',
    say: 'a file system of the host is full',
    hint: 'see "df -h / /boot /sysroot"; unpin or remove deployments and images that nobody needs',
  },
  {
    sign: /unauthorized|authentication required|invalid username\/password|\b40[13]\b|access to the resource is denied/i,
    code: 'E_COMMAND',
    say: 'the registry does not let the host have the image',
    hint: 'bootc reads its login from /etc/ostree/auth.json (mode 0600): lay it there with "copy" from a secret, and look whether the token is still good',
  },
  {
    sign: /manifest unknown|name unknown|repository name not known|not found: manifest/i,
    code: 'E_COMMAND',
    say: 'the registry has no such image or tag',
    hint: 'check the spelling; "skopeo inspect docker://IMAGE" tells what there is',
  },
  {
    sign: /signature was required|no signature exists|invalid signature|signature verification failed|rejected by policy|no containers policy\.json/i,
    code: 'E_COMMAND',
    say: 'the image is not signed as the policy of the host demands',
    hint: 'see /etc/containers/policy.json and registries.d on the host, and who signs the image',
  },
  {
    sign: /not an ostree encapsulated container|ostree\.final-diffid|not a bootable container|containers\.bootc/,
    code: 'E_COMMAND',
    say: 'the image is no bootable one',
    hint: 'it must be made from a bootc base image; "bootc container lint" at its end finds what is wrong',
  },
  {
    sign: /no such host|dial tcp|i\/o timeout|connection refused|network is unreachable|x509:|TLS handshake/i,
    code: 'E_COMMAND',
    say: 'the registry cannot be reached',
    hint: 'look at the network, the name server, the proxy and the certificates of the host',
  },
  {
    sign: /No rollback available/,
    code: 'E_COMMAND',
    say: 'there is no deployment to go back to',
    hint: '"image" with the digest of the build of before fetches it anew',
  },
  {
    sign: /not soft-reboot capable/,
    code: 'E_UNSUPPORTED',
    say: 'the new image cannot be booted without its kernel',
    hint: 'write "soft_reboot: auto", which boots it whole then',
  },
];

/** Why bootc failed. Its text is the only place where it says so; what is not known keeps the tool's own words. */
export const explain: Explain = (failed) => {
  const known = reasonIn(REASONS, failed);
  const error = /(?:error:|ERROR) ([^\n]+)/.exec(failed.stderr)?.[1];
  if (known !== undefined || error === undefined) return known;
  return { message: `bootc failed (exit ${failed.code ?? 'unknown'}): ${error.slice(0, 300)}`, hint: LOGS };
};
