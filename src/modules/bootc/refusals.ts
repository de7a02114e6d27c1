import type { Change } from '../../core/module.ts';
import { firstOf } from './deployed.ts';
import type { Params } from './schema.ts';
import type { Have } from './state.ts';

/** Why bootc cannot or must not meet the wish on this host, with the task that can; undefined where it can. */
export function refusal(want: Params, have: Have): Change | undefined {
  return notOurs(want, have) ?? layered(have) ?? driven(have) ?? notAble(want, have);
}

/** One tool owns the updates of a host: bootc where it runs from a container image, else rpm-ostree. */
function notOurs(want: Params, { host }: Have): Change | undefined {
  const { booted, staged } = host;
  if (booted === undefined) {
    return {
      refuse: 'bootc knows of no deployment on this host: it was not booted from an image',
      hint: 'a host of packages becomes one by "bootc install"; a live system cannot be updated',
      code: 'E_UNSUPPORTED',
    };
  }
  const { image, isLayered } = staged ?? booted;
  if (image !== '' || isLayered || booted.isLayered || want.image !== undefined) return undefined;
  return {
    refuse: 'this host follows an ostree ref and no container image, so that rpm-ostree owns its updates',
    hint: 'write "rpm_ostree: {upgrade: true}"; or move it to an image with "bootc: {image: NAME:TAG}"',
    code: 'E_UNSUPPORTED',
  };
}

/** Layers and overrides would be lost by a switch, and stop an upgrade. */
function layered({ host }: Have): Change | undefined {
  const { booted, staged } = host;
  if (booted?.isLayered === true) {
    return {
      refuse:
        'the running deployment was changed by rpm-ostree (layered packages, overrides or the like), which bootc can neither keep nor update',
      hint: 'either let rpm-ostree own the host ("rpm_ostree: {upgrade: true}", or {rebase: "ostree-unverified-registry:IMAGE"}), or take the changes away first: "rpm_ostree: {absent: [NAMES], overrides: {reset: all}}", or "rpm-ostree reset" on the host',
      code: 'E_UNSUPPORTED',
    };
  }
  if (staged?.isLayered !== true) return undefined;
  return {
    refuse:
      'a deployment that rpm-ostree changed (layered packages, overrides or the like) is staged, and bootc would throw it away',
    hint: 'boot it with "reboot:", or drop it with "rpm_ostree_maintenance: {cleanup: pending}"',
    code: 'E_UNSUPPORTED',
  };
}

/** Zincati stages updates for its own time; building on them or dropping them would break its plan. */
function driven({ host, updaters }: Have): Change | undefined {
  if (host.staged?.isKept !== true || !updaters.active.includes('zincati.service')) return undefined;
  return {
    refuse: 'an update is staged and waits for its own time (zincati.service)',
    hint: 'let it be booted first, or stop its owner and drop it: "rpm_ostree_maintenance: {cleanup: pending}"',
    code: 'E_BUSY',
  };
}

function notAble(want: Params, have: Have): Change | undefined {
  const verb = want.image === undefined ? 'upgrade' : 'switch';
  if (want.activate === 'download' && !have.options.has(`${verb} --download-only`)) {
    return {
      refuse: `the bootc of this host cannot download an image without staging it for the next boot ("bootc ${verb}" has no --download-only)`,
      hint: 'write "activate: stage"; an upgrade can since bootc 1.12, a switch since later',
      code: 'E_UNSUPPORTED',
    };
  }
  if (want.soft_reboot === 'required' && !have.options.has(`${verb} --soft-reboot`)) {
    return {
      refuse: 'the bootc of this host knows no soft reboot',
      hint: 'it can since 1.7; "soft_reboot: auto" reboots the host whole where it must',
      code: 'E_UNSUPPORTED',
    };
  }
  if (want.rollback !== 'on_failure' || firstOf(have.host)?.isComposefs !== true) return undefined;
  return {
    refuse:
      'this host keeps its deployments with composefs, where copse cannot go back to an exact deployment by itself',
    hint: 'leave out "rollback"; "rollback_to" goes back when it is asked to',
    code: 'E_UNSUPPORTED',
  };
}
