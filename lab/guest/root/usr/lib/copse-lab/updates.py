"""Other commits: upgrade, deploy, rebase."""

import dataclasses
import os
import re
import subprocess

import layering
import packages
import status
import sysroot
from changing import REBOOT, UNCHANGED, deploy, gate, next_of, set_up, unchanged
from packages import say_difference
from requesting import with_more
from sysroot import REPO, Failure, booted_of, commit, newest, ostree, packages_of

UNRELIABLE = "Note: --check and --preview may be unreliable.  See https://github.com/coreos/rpm-ostree/issues/1579"


def pull(job, refspec, *words):
    """Fetches a ref of a remote; a ref without a remote is here already."""
    remote, colon, ref = refspec.rpartition(":")
    if not colon:
        return
    try:
        job.run("ostree", "pull", f"--repo={REPO}", *words, remote, ref)
    except Failure as error:
        raise Failure(f"While pulling {ref}: {error}") from None


def upgrade(job, options, words):
    gate(job, options)
    found = set_up(job)
    top = next_of(found)
    origin = with_more(job, options, top, top.origin)
    if re.fullmatch(r"[0-9a-f]{64}", origin.refspec):
        return unchanged(job, options, "Pinned to commit; no upgrade available")
    if "check" in options or "preview" in options:
        return check(job, options, found)
    if "cache-only" not in options:
        pull(job, origin.refspec, *([] if "allow-downgrade" in options else ["--timestamp-check"]))
        job.say("Scanning metadata...done")
    new = newest(origin.refspec)
    origin = dataclasses.replace(origin, override_commit="")
    if new == top.base and origin == top.origin and not newer_layers(job, options, top):
        return unchanged(job, options, "No upgrade available.")
    return deploy(job, options, found, origin, base=new, hint=REBOOT)


def newer_layers(job, options, top):
    """Whether the repository has newer packages than the ones that are layered."""
    if not packages_of(top.checksum).get("active"):
        return False
    plan = layering.resolve(job, top.base, top.origin, "cache-only" in options)
    have = [entry["row"] for entry in packages_of(top.checksum)["layered"]]
    return sorted(package.row for package in plan.added if package.row not in [new for new, _ in plan.replaced]) != sorted(have)


def check(job, options, found):
    """Looks for an update that the booted deployment lacks and remembers it, with the one that has it; 77 when there is none."""
    job.warn(UNRELIABLE)
    top = next_of(found)
    pull(job, top.origin.refspec, f"--subpath=/{os.path.dirname(sysroot.DB)}")
    new, booted = newest(top.origin.refspec), booted_of(found)
    if new == booted.base:
        if os.path.exists(status.CACHED_UPDATE):
            os.unlink(status.CACHED_UPDATE)
        job.say("No updates available.")
        return UNCHANGED
    info, changes = commit(new), packages.difference(packages_of(booted.base)["base"], packages_of(new)["base"])
    layered = [entry["row"][0] for entry in packages_of(top.checksum).get("layered", [])]
    update = {"osname": top.osname, "checksum": new, "version": info["version"], "timestamp": info["timestamp"], "origin": top.origin.refspec}
    update |= {"gpg-enabled": False, "ref-has-new-commit": True, "update-sha256": new, "rpm-diff": status.rpm_diff(changes, layered)}
    update |= {"deployment": top.id} if top.staged and top.base == new else {}
    sysroot.write_json(status.CACHED_UPDATE, update)
    job.say("AvailableUpdate:")
    job.say(f"        Version: {info['version']}")
    job.say(f"         Commit: {new}")
    counts = ", ".join(f"{len(pairs)} {kind}" for kind, pairs in changes.items() if pairs)
    job.say(f"           Diff: {counts}")
    if "preview" in options:
        say_difference(job, changes)
    return 0


def deploy_revision(job, options, words):
    if "register-driver" in options:
        name = options["register-driver"][-1]
        sysroot.write_json(status.DRIVER, {"driver-name": name, "driver-sd-unit": job.owner.unit})
        if words in ([], [""]):
            return 0
    gate(job, options)
    if len(words) != 1:
        raise Failure("REVISION must be specified")
    found = set_up(job)
    top = next_of(found)
    new = revision(job, options, top.origin.refspec, words[0])
    if "disallow-downgrade" in options and commit(new)["timestamp"] < commit(top.base)["timestamp"]:
        raise Failure(f"Upgrade target revision '{new}' with timestamp '{commit(new)['timestamp']}' is chronologically older than current revision '{top.base}'")
    origin = with_more(job, options, top, dataclasses.replace(top.origin, override_commit=new))
    if new == top.base and dataclasses.replace(origin, override_commit="") == dataclasses.replace(top.origin, override_commit=""):
        return unchanged(job, options, "No change.")
    return deploy(job, options, found, origin, base=new, hint=REBOOT)


def revision(job, options, refspec, word):
    """The commit that a version or checksum means on this branch; it is fetched."""
    kind, _, value = word.partition("=") if "=" in word else ("", "", word)
    wanted = value.removeprefix("revision=")
    if not re.fullmatch(r"[0-9a-f]{64}", wanted) or kind == "version":
        if "cache-only" not in options:
            pull(job, refspec, "--commit-metadata-only", "--depth=-1")
        known = re.findall(r"^commit ([0-9a-f]{64})$", ostree("log", f"--repo={REPO}", refspec), re.M)
        wanted = next((one for one in known if commit(one)["version"] == value), "")
        if not wanted:
            raise Failure(f"Version {value} not found in {refspec}")
    if "cache-only" not in options:
        last = newest(refspec)
        pull(job, f"{refspec}@{wanted}")
        if last and last != wanted:  # the ref still means the newest commit that is known
            ostree("refs", f"--repo={REPO}", f"--create={refspec}", "--force", last)
    return wanted


def rebase(job, options, words):
    gate(job, options)
    found = set_up(job)
    top = next_of(found)
    if not words:
        raise Failure("REFSPEC must be specified")
    refspec = full_refspec(words[0], top.origin.refspec)
    if refspec == top.origin.refspec and len(words) == 1:
        raise Failure(f"Old and new refs are equal: {refspec}")
    if "cache-only" not in options:
        pull(job, refspec)
    new = revision(job, options, refspec, words[1]) if len(words) > 1 else newest(refspec)
    if not new:
        raise Failure(f"No such branch '{refspec}' in the repository")
    origin = dataclasses.replace(top.origin, refspec=refspec, override_commit=new if len(words) > 1 else "")
    origin = with_more(job, options, top, origin)
    result = deploy(job, options, found, origin, base=new)
    if "skip-purge" not in options and "dry-run" not in options and top.origin.refspec != refspec:
        subprocess.run(["ostree", "refs", f"--repo={REPO}", "--delete", top.origin.refspec], capture_output=True, check=False)
    return result


def full_refspec(word, current):
    """remote:branch, remote:, :branch or branch, completed from the current one."""
    if word.startswith(("ostree-unverified", "ostree-image-signed", "ostree-remote", "docker://")):
        raise Failure(f"container images are not a part of the lab's stand-in: {word}")
    word = word.removeprefix("ostree://")
    remote, colon, branch = word.rpartition(":")
    old_remote, _, old_branch = current.rpartition(":")
    return f"{remote or old_remote}:{branch or old_branch}"
