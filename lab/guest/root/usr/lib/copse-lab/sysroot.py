"""The host's deployments and commits, by libostree's own program."""

import configparser
import dataclasses
import fcntl
import functools
import json
import os
import re
import socket
import struct
import subprocess
import tempfile
from datetime import datetime

REPO = "/ostree/repo"
OSNAME = "debian"
DEPLOY = f"/ostree/deploy/{OSNAME}/deploy"
RUN = "/run/copse-lab"
CACHE = "/var/cache/copse-lab"
DB = "usr/share/rpm/packages.json"


class Failure(Exception):
    """Something that the user is told after `error: `."""


def crash_at(point):
    """Set by the daemon: dies when the switch `crash` names this point."""


def switches():
    """The lab's settings and failure switches."""
    found = {}
    for path in ("/etc/copse-lab.conf", "/run/copse-lab.conf"):
        try:
            with open(path) as file:
                lines = [line.strip() for line in file]
        except OSError:
            continue
        found.update(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return found


def daemon_config(key, default):
    """A value of /etc/rpm-ostreed.conf."""
    parser = configparser.ConfigParser()
    parser.optionxform = str
    parser.read("/etc/rpm-ostreed.conf")
    return parser.get("Daemon", key, fallback=default)


def error_text(stderr, program):
    """What a program said that failed, without its own `error: `."""
    return stderr.strip().rpartition("error: ")[2] or f"{program} failed"


def ostree(*words):
    """The output of libostree's program for a question."""
    done = subprocess.run(["ostree", *words], capture_output=True, text=True)
    if done.returncode:
        raise Failure(error_text(done.stderr, "ostree"))
    return done.stdout


def is_locked_by_others():
    """Whether `ostree admin` or another tool holds the lock of the sysroot."""
    try:
        with open("/ostree/lock", "r+") as file:
            query = struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 0, 0, 0)
            answer = fcntl.fcntl(file, 36, query)  # F_OFD_GETLK
            return struct.unpack("hhqqi4x", answer)[0] != fcntl.F_UNLCK
    except OSError:
        return False


@dataclasses.dataclass(frozen=True)
class Origin:
    """What a deployment shall be made of: the origin file."""

    refspec: str
    override_commit: str = ""
    packages: tuple = ()
    local: tuple = ()  # (sha256 of the file, NEVRA)
    removals: tuple = ()
    replacements: tuple = ()  # (sha256 of the file, NEVRA)
    initramfs: bool = False
    initramfs_args: tuple = ()

    @property
    def is_layered(self):
        return bool(self.packages or self.local or self.removals or self.replacements or self.initramfs)

    @classmethod
    def read(cls, path):
        file = configparser.ConfigParser(strict=False, delimiters=("=",), interpolation=None)
        file.read(path)
        get = lambda section, key: file.get(section, key, fallback="")
        many = lambda section, key: tuple(word for word in get(section, key).split(";") if word)
        pairs = lambda section, key: tuple(tuple(word.split(":", 1)) for word in many(section, key))
        return cls(
            refspec=get("origin", "refspec") or get("origin", "baserefspec"),
            override_commit=get("origin", "override-commit"),
            packages=many("packages", "requested"),
            local=pairs("packages", "requested-local"),
            removals=many("overrides", "remove"),
            replacements=pairs("overrides", "replace-local"),
            initramfs=get("rpmostree", "regenerate-initramfs") == "true",
            initramfs_args=many("rpmostree", "initramfs-args"),
        )

    def text(self):
        file = configparser.ConfigParser(interpolation=None)
        many = lambda words: "".join(f"{word};" for word in words)
        pairs = lambda rows: many(":".join(row) for row in rows)
        file["origin"] = {"baserefspec" if self.is_layered else "refspec": self.refspec}
        if self.override_commit:
            file["origin"]["override-commit"] = self.override_commit
        sections = {
            "packages": {"requested": many(self.packages), "requested-local": pairs(self.local)},
            "overrides": {"remove": many(self.removals), "replace-local": pairs(self.replacements)},
            "rpmostree": {"regenerate-initramfs": "true" if self.initramfs else "", "initramfs-args": many(self.initramfs_args)},
        }
        for section, values in sections.items():
            if any(values.values()):
                file[section] = {key: value for key, value in values.items() if value}
        with tempfile.TemporaryFile("w+") as out:
            file.write(out, space_around_delimiters=False)
            out.seek(0)
            return out.read()


@dataclasses.dataclass(frozen=True)
class Deployment:
    """One line of `ostree admin status`, with its origin and what its commit is based on."""

    index: int
    osname: str
    checksum: str
    serial: int
    booted: bool
    staged: bool
    pinned: bool
    unlocked: str
    origin: Origin

    @property
    def id(self):
        return f"{self.osname}-{self.checksum}.{self.serial}"

    @property
    def tree(self):
        return f"{DEPLOY}/{self.checksum}.{self.serial}"

    @property
    def base(self):
        return packages_of(self.checksum).get("from") or self.checksum


def deployments():
    """All deployments in boot order; the first one boots next."""
    found = []
    for line in ostree("admin", "status", "-S").splitlines():
        head = re.match(r"([* ]) (\S+) ([0-9a-f]{64})\.(\d+)(?: \((.+)\))?$", line)
        if head:
            mark, osname, checksum, serial, note = head.groups()
            fields = dict(index=len(found), osname=osname, checksum=checksum, serial=int(serial), booted=mark == "*")
            fields |= dict(staged="staged" in (note or "") or "locked" in (note or ""), pinned=False, unlocked="none")
            found.append(fields)
        elif found and line.strip() == "Pinned: yes":
            found[-1]["pinned"] = True
        elif found and line.strip().startswith("Unlocked: "):
            found[-1]["unlocked"] = line.split(": ")[1]
    origin = lambda fields: Origin.read(f"{DEPLOY}/{fields['checksum']}.{fields['serial']}.origin")
    return [Deployment(**fields, origin=origin(fields)) for fields in found]


def booted_of(all_deployments):
    """The running one."""
    return next(one for one in all_deployments if one.booted)


@functools.cache
def commit(checksum):
    """{timestamp, version, meta} of a commit; commits never change."""
    info = {"timestamp": 0, "version": "", "meta": {}}
    for line in ostree("show", f"--repo={REPO}", checksum).splitlines():
        if line.startswith("Date:"):
            info["timestamp"] = int(datetime.strptime(line[5:].strip(), "%Y-%m-%d %H:%M:%S %z").timestamp())
        if line.startswith("Version:"):
            info["version"] = line[8:].strip()
    linux = ostree("show", f"--repo={REPO}", "--print-metadata-key=ostree.linux", checksum).strip().strip("'")
    info["meta"] = {"version": info["version"], "ostree.bootable": True, "ostree.linux": linux}
    return info


@functools.cache
def packages_of(checksum):
    """The package list of a commit: `base`, and what layering made of it."""
    return json.loads(ostree("cat", f"--repo={REPO}", checksum, f"/{DB}"))


def newest(refspec):
    """The newest commit that is known for a refspec; empty when there is none."""
    try:
        return ostree("rev-parse", f"--repo={REPO}", refspec).strip()
    except Failure:
        return ""


def kargs_of(deployment, all_deployments):
    """The kernel arguments of a deployment, without libostree's own."""
    if deployment.staged:
        staged = read_json(f"{RUN}/staged.json")
        if staged.get("id") == deployment.id:
            return staged["kargs"]
        deployment = booted_of(all_deployments)
    in_boot_order = [one for one in all_deployments if not one.staged]
    version = len(in_boot_order) - in_boot_order.index(deployment)
    for name in os.listdir("/boot/loader/entries"):
        with open(f"/boot/loader/entries/{name}") as file:
            fields = dict(line.rstrip("\n").split(" ", 1) for line in file if " " in line)
        if int(fields["version"]) == version:
            return [word for word in fields["options"].split() if not word.startswith("ostree=")]
    raise Failure(f"No boot entry for {deployment.id}")


def stage(job, checksum, origin, kargs, is_locked=False):
    """Stages a commit for the next boot; the new deployment."""
    job.say("Staging deployment...", end="")
    keep_bases([checksum, *(one.checksum for one in deployments())])
    with tempfile.NamedTemporaryFile("w", suffix=".origin") as file:
        file.write(origin.text())
        file.flush()
        lock = ["--lock-finalization"] if is_locked else []
        words = [f"--os={OSNAME}", f"--origin-file={file.name}", "--karg-none", *(f"--karg-append={word}" for word in kargs)]
        job.run("ostree", "admin", "deploy", "--stage", *lock, *words, checksum)
    new = deployments()[0]
    write_json(f"{RUN}/staged.json", {"id": new.id, "kargs": list(kargs)})
    journal(new, job)
    crash_at("staged")
    job.say("done")
    return new


def keep_bases(checksums):
    """What layered commits are made of stays as long as they are deployed: refs like rpm-ostree's own, for `ostree prune`."""
    bases = [packages_of(one).get("from") for one in checksums]
    wanted = {f"rpmostree/base/{index}": base for index, base in enumerate(filter(None, dict.fromkeys(bases)))}
    known = ostree("refs", f"--repo={REPO}", "--list", "rpmostree/base").split()
    for name in set(known) - set(wanted):
        ostree("refs", f"--repo={REPO}", "--delete", name)
    for name, base in wanted.items():
        ostree("refs", f"--repo={REPO}", "--force", f"--create={name}", base)


def journal(new, job):
    """The daemon's record of a new deployment, with the fields that others look for."""
    fields = {
        "MESSAGE": f"Created new deployment {new.tree}",
        "MESSAGE_ID": "9bddbda177cd44d891b1b561a8a0ce9e",
        "DEPLOYMENT_CHECKSUM": new.checksum,
        "DEPLOYMENT_PATH": new.tree,
        "COMMAND_LINE": job.title.strip(),
        "AGENT": job.owner.id,
        "AGENT_SD_UNIT": job.owner.unit,
    }
    text = "".join(f"{key}={value}\n" for key, value in fields.items())
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link:
        link.sendto(text.encode(), "/run/systemd/journal/socket")


def read_json(path):
    """A small state file; empty when it is not there."""
    try:
        with open(path) as file:
            return json.load(file)
    except (OSError, ValueError):
        return {}


def write_json(path, value):
    """Writes a small state file whole."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(f"{path}.new", "w") as file:
        json.dump(value, file)
    os.replace(f"{path}.new", path)
