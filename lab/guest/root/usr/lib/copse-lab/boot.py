"""What boots next and how: rollback, cleanup, live apply, locked finalization, kernel arguments, initramfs."""

import dataclasses
import os
import shutil
import subprocess

import live
import packages
import sysroot
from changing import QUEUED, REBOOT, check_inhibitors, deploy, next_of, set_up, unchanged
from sysroot import Failure, booted_of, deployments, kargs_of, keep_bases, ostree


def rollback(job, options, words):
    found = set_up(job)
    if found[0].staged:
        raise Failure("Staged deployment (remove with cleanup -p)")
    booted = booted_of(found)
    others = [one for one in found[booted.index + 1 :] if one.osname == booted.osname]
    if booted.index == 0 and not others:
        raise Failure("No rollback deployment found")
    target = booted if booted.index else others[0]
    job.say(f"Moving '{target.checksum}.{target.serial}' to be first deployment")
    job.run("ostree", "admin", "set-default", str(target.index))
    if "reboot" in options:
        check_inhibitors()
    else:
        job.say(QUEUED)
    return 0


def cleanup(job, options, words):
    if not options.keys() & {"pending", "rollback", "base", "repomd"}:
        raise Failure("cleanup: At least one cleanup option must be specified")
    before = deployments()
    if "pending" in options:
        undeploy(job, lambda one, booted: one.index < booted.index)
    if "rollback" in options:
        undeploy(job, lambda one, booted: one.index > booted.index)
    if "repomd" in options and os.path.exists(packages.INDEX):
        os.unlink(packages.INDEX)
    if "base" in options:
        shutil.rmtree("/var/cache/copse-lab/tmp", ignore_errors=True)
    if len(deployments()) == len(before) and options.keys() & {"pending", "rollback"}:
        job.say("Deployments unchanged.")
    return 0


def undeploy(job, goes):
    while True:
        found = deployments()
        gone = next((one for one in found if not one.pinned and not one.booted and goes(one, booted_of(found))), None)
        if not gone:
            keep_bases([one.checksum for one in found])
            return
        job.run("ostree", "admin", "undeploy", str(gone.index))


def refresh_md(job, options, words):
    set_up(job)
    packages.repository(job, force="force" in options)
    return 0


def apply_live(job, options, words):
    found = set_up(job)
    top, booted = next_of(found), booted_of(found)
    if "reset" in options:
        live.apply(job, booted.checksum, allow_replacement=True)
        return 0
    target = options.get("target", [None])[-1]
    if not target and top.booted:
        raise Failure("No target commit specified and no pending deployment")
    live.apply(job, target or top.checksum, "allow-replacement" in options)
    return 0


def finalize(job, options, words):
    found = deployments()
    top = next_of(found)
    if not top.staged:
        raise Failure("No pending staged deployment found")
    if not words and "allow-missing-checksum" not in options:
        raise Failure("Missing expected checksum")
    if words and words[0] != top.base:
        raise Failure(f"Expected staged base checksum {words[0]}, but found {top.base}")
    is_locked = any("(finalization locked)" in line for line in ostree("admin", "status", "-S").splitlines())
    if not is_locked and "allow-unlocked" not in options:
        raise Failure("Staged deployment already unlocked")
    check_inhibitors()
    if is_locked:
        job.run("ostree", "admin", "lock-finalization", "-u")
    options["reboot"] = True
    return 0


def usroverlay(look, options, words):
    words = [f"--{name}" for name in ("hotfix", "transient") if name in options]
    done = subprocess.run(["ostree", "admin", "unlock", *words], capture_output=True, text=True, check=False)
    look.client.send(out=done.stdout, err=done.stderr)
    return done.returncode


KARGS_CHANGES = ("append", "replace", "delete", "append-if-missing", "delete-if-present")


def kargs_method(options, words):
    return "KernelArgs" if options.keys() & set(KARGS_CHANGES) else None


def kargs(job, options, words):
    if not kargs_method(options, words):
        if "import-proc-cmdline" in options:
            with open("/proc/cmdline") as file:
                job.say(" ".join(word for word in file.read().split() if not word.startswith("ostree=")))
            return 0
        found = deployments()
        job.say(" ".join(kargs_of(found[int(options.get("deploy-index", ["0"])[-1])], found)))
        return 0
    if "delete" in options and "replace" in options:
        raise Failure("Cannot specify both --delete and --replace")
    found = set_up(job)
    top = next_of(found)
    old = kargs_of(found[int(options.get("deploy-index", [str(top.index)])[-1])], found)
    new = changed_kargs(old, options)
    if new == old and "replace" not in options:
        return unchanged(job, options, "No changes.")
    checksum = sysroot.stage(job, top.checksum, top.origin, new, "lock-finalization" in options)
    job.say(f"Kernel arguments updated.\n{QUEUED}")
    return 0 if checksum else 1


def changed_kargs(old, options):
    """The arguments after --delete, --replace and --append, in rpm-ostree's own order."""
    new = list(old)
    for word in options.get("delete-if-present", []):
        new = [one for one in new if one != word]
    for word in options.get("delete", []):
        new.remove(found_karg(new, word))
    for word in options.get("replace", []):
        key, _, value = word.partition("=")
        value, _, other = value.partition("=")
        at = new.index(found_karg(new, f"{key}={value}" if other else key))
        new[at] = f"{key}={other or value}"
    for word in options.get("append-if-missing", []):
        if word not in new:
            new.append(word)
    return new + options.get("append", [])


def found_karg(words, word):
    """The one argument that `K` or `K=V` means."""
    key = word.partition("=")[0]
    same = [one for one in words if one.partition("=")[0] == key]
    exact = [one for one in same if one == word]
    if not same:
        raise Failure(f"No key '{key}' found")
    if "=" in word and not exact:
        raise Failure(f"No karg '{word}' found")
    if not exact and len(same) > 1:
        raise Failure(f"Multiple values for key '{key}' found")
    return (exact or same)[0]


def initramfs_method(options, words):
    return "SetInitramfsState" if options.keys() & {"enable", "disable"} else None


def initramfs(job, options, words):
    if not initramfs_method(options, words):
        is_on = next_of(deployments()).origin.initramfs
        job.say(f"Initramfs regeneration: {'enabled' if is_on else 'disabled'}")
        return 0
    found = set_up(job)
    origin, arguments = next_of(found).origin, tuple(options.get("arg", []))
    wanted = "enable" in options
    if wanted == origin.initramfs and not arguments and not origin.initramfs_args:
        raise Failure(f"initramfs regeneration state is already {'enabled' if wanted else 'disabled'}")
    origin = dataclasses.replace(origin, initramfs=wanted, initramfs_args=arguments if wanted else ())
    return deploy(job, options, found, origin, hint=REBOOT)
