import { firstOf, type Deployed } from './deployed.ts';
import { digestOf, type Params } from './schema.ts';
import type { Have } from './state.ts';

/** Whether a deployment holds the wish; with `wasTried` the steps have run, and an upgrade has brought what there was. */
export function holds(want: Params, one: Deployed | undefined, have: Have, wasTried: boolean): boolean {
  if (one === undefined || one.image === '') return false;
  return isWished(want, one) && !(want.upgrade && isBehind(one, have, wasTried));
}

/** Whether the host follows the wished image already, so that only a newer build may be missing. */
export function follows(want: Params, { host }: Have): boolean {
  const first = firstOf(host);
  return first !== undefined && first.image !== '' && isWished(want, first);
}

function isWished(want: Params, one: Deployed): boolean {
  if (want.image === undefined) return true;
  const { enforce_container_sigpolicy: enforce } = want;
  if (enforce !== undefined && enforce !== one.isSigned) return false;
  // A digest of an image for many architectures is not the one of the build for this host: then the name tells.
  const isSameImage = one.transport === want.transport && withTag(one.image) === withTag(want.image);
  return isSameImage || digestOf(want.image) === one.digest;
}

function withTag(image: string): string {
  return /[:@][^/]*$/.test(image) ? image : `${image}:latest`;
}

function isBehind(one: Deployed, { host, look }: Have, wasTried: boolean): boolean {
  const isOld = one.digest !== firstOf(host)?.digest;
  if (wasTried || isOld) return isOld;
  // Where nobody could look, the upgrade itself must tell.
  return look !== 'done' || one.newer !== undefined;
}
