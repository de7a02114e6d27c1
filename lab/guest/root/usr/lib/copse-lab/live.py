"""Live apply: the running /usr becomes another commit's, on the transient overlay that libostree makes."""

import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import packages
from sysroot import REPO, RUN, Failure, booted_of, deployments, ostree, packages_of, read_json, write_json

STATE = f"{RUN}/live.json"


def state(booted):
    """{replaced, inprogress} of the booted deployment; empty when nothing was applied live since it booted."""
    found = read_json(STATE)
    return found if found.get("id") == booted.id else {}


def apply(job, target, allow_replacement):
    """Makes the running tree that of the target commit."""
    booted = booted_of(deployments())
    now = state(booted)
    interrupted = now.get("inprogress")
    if interrupted and interrupted != target:
        raise Failure(f"Previously interrupted while targeting commit {interrupted}, cannot change target to {target}")
    if booted.unlocked not in ("none", "transient"):
        raise Failure(f"apply-live is incompatible with unlock state: {booted.unlocked}")
    source = now.get("replaced") or booted.checksum
    changes = packages.difference(*(packages.rows_of(packages_of(one)) for one in (source, target)))
    changed = len(changes["upgraded"]) + len(changes["downgraded"])
    if not allow_replacement and changes["removed"]:
        raise Failure(f"packages would be removed: {len(changes['removed'])}, allow replacement to override")
    if not allow_replacement and changed:
        raise Failure(f"packages would be changed: {changed}, allow replacement to override")
    if booted.unlocked == "none":
        job.run("ostree", "admin", "unlock", "--transient")
    write_json(STATE, {"id": booted.id, "replaced": now.get("replaced"), "inprogress": target})
    job.say("Computing /etc diff to preserve...done")
    job.say("Updating /usr...", end="")
    rows = [(line[0], line[5:].strip()) for line in ostree("diff", f"--repo={REPO}", source, target).splitlines()]
    change(target, [(kind, path) for kind, path in rows if path.startswith("/usr/") and not path.startswith("/usr/etc/")])
    job.say("done")
    job.say("Updating /etc...", end="")
    new_in_etc(target, [path for kind, path in rows if kind == "A" and path.startswith("/usr/etc/")])
    job.say("done")
    job.say("Running systemd-tmpfiles for /run and /var...", end="")
    subprocess.run(["systemd-tmpfiles", "--create", "--prefix=/run", "--prefix=/var"], capture_output=True, check=False)
    job.say("done")
    write_json(STATE, {"id": booted.id, "replaced": target, "inprogress": None})
    units = [path for kind, path in rows if kind == "M" and path.startswith("/usr/lib/systemd/system/")]
    if allow_replacement:
        subprocess.run(["systemctl", "daemon-reload"], check=False)
    if units:
        job.say("Successfully updated running filesystem tree; Following services may need to be restarted:")
        for path in units:
            job.say(f"  {path}")
    else:
        job.say("Successfully updated running filesystem tree.")


def change(target, rows):
    """Writes into /usr, which is read-only to everybody else: in a mount namespace of its own."""
    words = ["unshare", "--mount", "--propagation", "private", sys.executable, "-I", os.path.abspath(__file__), tree_of(target)]
    done = subprocess.run(words, input=json.dumps(rows), capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failure(f"Applying changes to /usr: {done.stderr.strip().splitlines()[-1]}")


def change_here(tree, rows):
    """The other side of `change`, inside the namespace."""
    subprocess.run(["mount", "-o", "remount,rw", "overlay", "/usr"], check=True)
    for kind, path in rows:
        if kind in "DM":
            remove(path)
        if kind in "AM":
            copy(f"{tree}{path}", path)


def new_in_etc(target, paths):
    """Defaults that the running /etc does not have yet."""
    tree = tree_of(target)
    for path in paths:
        place = "/etc" + path.removeprefix("/usr/etc")
        if not os.path.lexists(place):
            copy(f"{tree}{path}", place)


def tree_of(checksum):
    """A checked-out tree of a commit that is deployed."""
    found = next((one for one in deployments() if one.checksum == checksum), None)
    if not found:
        raise Failure(f"Commit {checksum} is not deployed")
    return found.tree


def remove(path):
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        os.unlink(path)


def copy(source, place):
    if os.path.islink(source) or not os.path.isdir(source):
        os.makedirs(os.path.dirname(place), exist_ok=True)
        shutil.copy2(source, place, follow_symlinks=False)
    else:
        shutil.copytree(source, place, symlinks=True, dirs_exist_ok=True)


if __name__ == "__main__":
    change_here(sys.argv[1], json.load(sys.stdin))
