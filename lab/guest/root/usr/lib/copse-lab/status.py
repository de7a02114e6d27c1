"""`rpm-ostree status`: the JSON document and the text."""

import json
import os
import subprocess
from datetime import datetime, timezone

import live
from packages import evr, full
from sysroot import CACHE, booted_of, commit, daemon_config, deployments, newest, packages_of, read_json

CACHED_UPDATE = f"{CACHE}/cached-update.json"
DRIVER = "/run/rpm-ostree/update-driver.json"


def document(running, booted_only=False):
    """The value of `status --json`."""
    found = deployments()
    shown = [one for one in found if one.booted] if booted_only else found
    busy = running and [running.method, running.owner.sender, "/org/projectatomic/rpmostree1/" + found[0].osname.replace("-", "_")]
    return {
        "deployments": [entry(one) for one in shown],
        "transaction": busy or None,
        "cached-update": cached_update(found),
        "update-driver": driver(),
    }


def entry(one):
    """One deployment as `status --json` has it."""
    info, db, origin = commit(one.checksum), packages_of(one.checksum), one.origin
    values = {
        "id": one.id,
        "osname": one.osname,
        "checksum": one.checksum,
        "serial": one.serial,
        "booted": one.booted,
        "staged": one.staged,
        "pinned": one.pinned,
        "unlocked": one.unlocked,
        "timestamp": info["timestamp"],
        "version": info["version"],
        "origin": origin.refspec,
        "gpg-enabled": False,
        "base-commit-meta": commit(one.base)["meta"],
        "requested-packages": list(origin.packages),
        "packages": sorted(db.get("active", [])),
        "requested-local-packages": [name for _, name in origin.local],
        "requested-local-fileoverride-packages": [],
        "requested-base-removals": list(origin.removals),
        "base-removals": [full(row) for row in db.get("removals", [])],
        "requested-base-local-replacements": [name for _, name in origin.replacements],
        "base-local-replacements": [[full(new), full(old)] for new, old in db.get("replacements", [])],
        "base-remote-replacements": {},
        "regenerate-initramfs": origin.initramfs,
    }
    if origin.initramfs_args:
        values["initramfs-args"] = list(origin.initramfs_args)
    if "from" in db:
        base = commit(db["from"])
        values |= {"base-checksum": db["from"], "base-version": base["version"], "base-timestamp": base["timestamp"]}
        values["layered-commit-meta"] = {**info["meta"], "rpmostree.clientlayer": True, "rpmostree.clientlayer_version": 6}
    known = newest(origin.refspec)
    if known and known != one.base:
        pending = commit(known)
        values |= {"pending-base-checksum": known, "pending-base-version": pending["version"]}
        values["pending-base-timestamp"] = pending["timestamp"]
    if one.staged and os.path.exists("/run/ostree/staged-deployment-locked"):
        values["finalization-locked"] = True
    if one.booted:
        now = live.state(one)
        values |= {f"live-{key}": now[key] for key in ("replaced", "inprogress") if now.get(key)}
    return {key: value for key, value in values.items() if value != "" or key != "version"}


def driver():
    """The registered update driver; the record may name a unit that is not active."""
    found = read_json(DRIVER)
    return found or None


def cached_update(found):
    """What the last check found, unless it is booted by now."""
    update = read_json(CACHED_UPDATE)
    if not update or update["checksum"] == booted_of(found).base:
        return None
    if found[0].staged and found[0].base == update["checksum"]:
        update["deployment"] = found[0].id
    return update


def rpm_diff(changes, layered):
    """`rpm-diff` of a cached update: type 0 is of the base, 1 layered."""
    kind = lambda row: 1 if row[0] in layered else 0
    version = lambda row: [evr(row), row[4]]
    pairs = lambda name: [[kind(new), new[0], version(old), version(new)] for old, new in changes[name]]
    ones = lambda name: [[kind(old or new), (old or new)[0], *version(old or new)] for old, new in changes[name]]
    return {"upgraded": pairs("upgraded"), "downgraded": pairs("downgraded"), "removed": ones("removed"), "added": ones("added")}


def text(running, booted_only=False, say=print):
    """What a person reads."""
    say(f"State: {'busy' if running else 'idle'}")
    for line in finalize_failure():
        say(line)
    say(f"AutomaticUpdates: {daemon_config('AutomaticUpdatePolicy', 'none').replace('none', 'disabled')}")
    if driver():
        say(f"AutomaticUpdatesDriver: {driver()['driver-name']}")
    if running:
        say(f"Transaction: {running.title}")
        say(f"  Initiator: {running.owner}")
    say("Deployments:")
    rows = document(running, booted_only)["deployments"]
    for number, one in enumerate(rows):
        if number:
            say("")
        say(("● " if one["booted"] else "  ") + one["origin"])
        for key, value in lines(one):
            say(f"{key:>25}: {value}")


def lines(one):
    """The rows below one deployment's name."""
    when = lambda seconds: datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    yield "Version", f"{one.get('base-version') or one.get('version', '')} ({when(one.get('base-timestamp') or one['timestamp'])})"
    yield "BaseCommit" if "base-checksum" in one else "Commit", one.get("base-checksum") or one["checksum"]
    if one["staged"]:
        yield "Staged", "yes"
    if "live-replaced" in one:
        yield "LiveCommit", one["live-replaced"]
    names = {
        "LayeredPackages": one["packages"],
        "InactiveRequests": [request for request in one["requested-packages"] if request not in one["packages"]],
        "LocalPackages": one["requested-local-packages"],
        "RemovedBasePackages": [f"{row[1]} {row[3]}-{row[4]}" for row in one["base-removals"]],
        "ReplacedBasePackages": [f"{old[1]} {old[3]}-{old[4]} -> {new[3]}-{new[4]}" for new, old in one["base-local-replacements"]],
    }
    for key, values in names.items():
        if values:
            yield key, " ".join(values)
    if one["regenerate-initramfs"]:
        yield "Initramfs", " ".join(["regenerate", *one.get("initramfs-args", [])])
    if one["unlocked"] != "none":
        yield "Unlocked", one["unlocked"]
    if one["pinned"]:
        yield "Pinned", "yes"


def finalize_failure():
    """The warning of a deployment that could not be finalized at the last shutdown."""
    failed = subprocess.run(["systemctl", "is-failed", "-q", "ostree-boot-complete.service"], check=False)
    if failed.returncode:
        return
    words = ["journalctl", "-b", "-1", "-u", "ostree-finalize-staged.service", "-o", "cat", "--no-pager"]
    log = subprocess.run(words, capture_output=True, text=True, check=False).stdout
    yield "Warning: failed to finalize previous deployment"
    for line in [line for line in log.splitlines() if line.startswith("error: ")][-1:]:
        yield f"         {line}"
    yield "         check `journalctl -b -1 -u ostree-finalize-staged.service`"


def dump(value):
    return json.dumps(value, indent=2, ensure_ascii=False)
