"""Makes the commit of a base with packages, overrides and an initramfs: a real commit whose parent is the base."""

import dataclasses
import io
import json
import subprocess
import tarfile
import tempfile

import packages
from packages import nevra
from sysroot import DB, REPO, Failure, commit, ostree, packages_of


def assemble(job, base, origin, cache_only=False):
    """The commit that a base and an origin make; the base itself when nothing of the origin is active."""
    if not origin.is_layered:
        return base
    job.say(f"Checking out tree {base[:7]}...done")
    plan = resolve(job, base, origin, cache_only)
    if not (plan.added or plan.removed or origin.initramfs):
        return base
    for package in plan.added:
        if package.failing_script:
            script = f"{package.name}.{package.failing_script}"
            raise Failure(
                f"Running %{package.failing_script} for {package.name}: bwrap(/bin/sh): Child process exited with code 1; "
                f"run `journalctl -t 'rpm-ostree({script})'` for more information"
            )
    for step in ("Processing packages", "Running pre scripts", "Running post scripts", "Running posttrans scripts", "Writing rpmdb"):
        job.say(f"{step}...done")
    job.say("Writing OSTree commit...", end="")
    checksum = write(job, base, origin, plan)
    job.say("done")
    return checksum


@dataclasses.dataclass
class Plan:
    """What layering does to a base."""

    rows: list  # the base's packages afterwards
    added: list  # packages: requested, required, local, replacing
    active: list  # requests that added something
    removed: list  # rows of the base that go away
    replaced: list  # [new row, old row]


def resolve(job, base, origin, cache_only):
    """Which packages come and go; says what is inactive."""
    base_rows = packages_of(base)["base"]
    named = {row[0]: row for row in base_rows}
    removed = [named[name] for name in origin.removals if name in named]
    replacing = [packages.from_store(sha) for sha, _ in origin.replacements]
    replaced = [[package.row, named[package.name]] for package in replacing if package.name in named]
    gone = removed + [old for _, old in replaced]
    rows = [row for row in base_rows if row not in gone] + [new for new, _ in replaced]
    requests = [(request, next((row for row in rows if packages.matches(request, row)), None)) for request in origin.packages]
    say_inactive(job, "requests", [f"{request} (already provided by {nevra(row)})" for request, row in requests if row])
    say_inactive(job, "base replacements", [package.nevra for package in replacing if package.name not in named])
    say_inactive(job, "base removals", [name for name in origin.removals if name not in named])
    wanted = [request for request, row in requests if not row]
    known = packages.repository(job, cache_only) if wanted else []
    job.say("Resolving dependencies...done")
    local = [packages.from_store(sha) for sha, _ in origin.local]
    added, active = packages.solve(rows, wanted, local, known)
    if known:
        job.say(f"Will download: {len(added)} package{'s' if len(added) != 1 else ''} ({len(added)}.0 kB)")
        job.say("Downloading from 'lab'...done")
    used = [package for package in replacing if package.name in named]
    if gone:
        job.say(f"Applying {len(gone)} override{'s' if len(gone) != 1 else ''}")
    return Plan(rows, [*added, *used], active, gone, replaced)


def say_inactive(job, what, lines):
    if lines:
        job.say(f"Inactive {what}:")
    for line in lines:
        job.say(f"  {line}")


def write(job, base, origin, plan):
    """Commits the files of the packages over the base; the new checksum."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        with tarfile.open(f"{folder}/over.tar", "w") as over:
            layered, seen = [], set()
            for package in plan.added:
                files = unpack(package, over, seen)
                if not any(new == package.row for new, _ in plan.replaced):
                    layered.append({"row": package.row, "local": bool(package.sha), "provides": list(package.provides), "files": files})
            db = {
                "base": plan.rows,
                "layered": layered,
                "active": plan.active,
                "removals": [row for row in plan.removed if not any(old == row for _, old in plan.replaced)],
                "replacements": plan.replaced,
                "from": base,
            }
            add(over, DB, json.dumps(db).encode())
            if origin.initramfs:
                add_initramfs(over, base, origin.initramfs_args)
        words = []
        gone = [path for row in plan.removed for path in files_of(base, row[0]) if path.lstrip("/") not in seen]
        if gone:
            with open(f"{folder}/skip", "w") as file:
                file.write("".join(f"{path}\n" for path in gone))
            words = [f"--skip-list={folder}/skip"]  # looks at every file: slow, and only needed here
        return job.run(
            *("ostree", "commit", f"--repo={REPO}", "--orphan", f"--parent={base}", f"--tree=ref={base}", *words),
            *(f"--tree=tar={folder}/over.tar", "--tar-autocreate-parents", "--bootable"),
            f"--add-metadata-string=version={commit(base)['version']}",
        ).strip()


def unpack(package, over, seen):
    """Copies a package's files into the tar that is laid over the base; their paths."""
    files = []
    with tarfile.open(fileobj=io.BytesIO(packages.content(package))) as tar:
        for member in tar:
            path = member.name.removeprefix("root").strip("/")
            if member.name.split("/")[0] != "root" or not path:
                continue
            path = f"usr/{path}" if path.split("/")[0] == "etc" else path
            if path in seen or (member.isdir() and path.count("/") < 2):
                continue  # folders such as usr/bin belong to the base
            if not member.isdir():
                files.append(f"/{path}")
            seen.add(path)
            member.name, member.mtime = path, 0
            over.addfile(member, tar.extractfile(member) if member.isfile() else None)
    return files


def files_of(base, name):
    """The files of a base package by their paths in the commit."""
    return json.loads(ostree("cat", f"--repo={REPO}", base, "/usr/share/rpm/files.json")).get(name, [])


def add_initramfs(over, base, arguments):
    """The base's initramfs behind a small archive that says it was made here: the kernel reads one after the other."""
    path = f"/usr/lib/modules/{commit(base)['meta']['ostree.linux']}/initramfs.img"
    old = subprocess.run(["ostree", "cat", f"--repo={REPO}", base, path], capture_output=True, check=True).stdout
    note = " ".join(["regenerated", *arguments]).encode() + b"\n"
    archive = entry(b"regenerated", note, 0o100644) + entry(b"TRAILER!!!", b"", 0)
    add(over, path.lstrip("/"), archive + b"\0" * (-len(archive) % 512) + old)


def entry(name, data, mode):
    """One entry of a cpio archive in the new ASCII format."""
    fields = [0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0]
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + name + b"\0"
    pad = lambda text: text + b"\0" * (-len(text) % 4)
    return pad(head) + pad(data)


def add(tar, path, data):
    member = tarfile.TarInfo(path)
    member.size, member.mode = len(data), 0o644
    tar.addfile(member, io.BytesIO(data))
