"""Packages: names and versions, the repository, what a request needs."""

import dataclasses
import hashlib
import io
import json
import os
import re
import tarfile
import time
import urllib.error
import urllib.request

from sysroot import CACHE, Failure, switches

INDEX = f"{CACHE}/index.json"
LOCAL = "/var/lib/copse-lab/packages"


@dataclasses.dataclass(frozen=True)
class Package:
    """A package of the repository or from a file."""

    name: str
    epoch: int
    version: str
    release: str
    arch: str
    provides: tuple = ()
    requires: tuple = ()
    failing_script: str = ""
    file: str = ""  # in the repository
    sha: str = ""  # of a local file

    @classmethod
    def of(cls, values, **more):
        known = {field.name for field in dataclasses.fields(cls)}
        chosen = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items() if key in known}
        return cls(**{**chosen, **more})

    @property
    def row(self):
        return [self.name, self.epoch, self.version, self.release, self.arch]

    @property
    def nevra(self):
        return nevra(self.row)


def evr(row):
    """[epoch:]version-release of [name, epoch, version, release, arch]."""
    return (f"{row[1]}:" if row[1] else "") + f"{row[2]}-{row[3]}"


def nevra(row):
    """name-[epoch:]version-release.arch."""
    return f"{row[0]}-{evr(row)}.{row[4]}"


def full(row):
    """The way `status --json` writes a package: [nevra, name, epoch, version, release, arch]."""
    return [nevra(row), *row]


def order(row):
    """A key that sorts versions nearly as RPM does."""
    parts = lambda text: [(1, int(part), "") if part.isdigit() else (0, 0, part) for part in re.findall(r"\d+|[A-Za-z]+", text)]
    return (row[1], parts(row[2]), parts(row[3]))


def matches(request, row, provides=()):
    """Whether a request (a name, a NEVRA, name-version, a provided name) means this package."""
    name, version = row[0], f"{row[2]}-{row[3]}"
    names = (name, f"{name}.{row[4]}", f"{name}-{row[2]}", f"{name}-{version}", f"{name}-{version}.{row[4]}", nevra(row), *provides)
    return request in names


def satisfies(requirement, row, provides=()):
    """Whether a package has what `name`, `name >= version` or `name = version` asks for."""
    name, _, rest = requirement.partition(" ")
    if name in provides:
        return True
    if name != row[0]:
        return False
    operator, _, version = rest.partition(" ")
    have, want = order([name, 0, row[2], "", ""])[1], order([name, 0, version, "", ""])[1]
    return not operator or (operator == "=" and have == want) or (operator == ">=" and have >= want)


def repository(job, cache_only=False, force=False):
    """The packages that can be layered; fetched again when the list is older than six hours."""
    is_old = force or not os.path.exists(INDEX) or time.time() - os.path.getmtime(INDEX) > 6 * 3600
    job.say("Enabled rpm-md repositories: lab")
    if cache_only or not is_old:
        job.say("Importing rpm-md...done")
    else:
        job.say("Updating metadata for 'lab'...", end="")
        text = fetch_or_fail("index.json")
        job.say("done")
        os.makedirs(CACHE, exist_ok=True)
        with open(INDEX, "wb") as file:
            file.write(text)
    try:
        with open(INDEX) as file:
            index = json.load(file)
    except OSError:
        raise Failure("Updating rpm-md repo 'lab': cache-only enabled but no cache for 'lab'") from None
    cached = " (cached)" if not is_old else ""
    job.say(f"rpm-md repo 'lab'{cached}; generated: {index['generated']} solvables: {len(index['packages'])}")
    return [Package.of(values) for values in index["packages"]]


def fetch_or_fail(name):
    """A file of the repository."""
    url = f"{switches().get('packages', '')}/{name}"
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.read()
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise Failure(
            "Updating rpm-md repo 'lab': cannot update repo 'lab': Cannot download repomd.xml: Cannot download repodata/repomd.xml: "
            f"All mirrors were tried; Last error: Curl error (7): Couldn't connect to server for {url} [{reason}]"
        ) from None


def content(package):
    """The tar of a package, kept once it was fetched."""
    if package.sha:
        return read(f"{LOCAL}/{package.sha}")
    path = f"{CACHE}/{package.file}"
    if not os.path.exists(path):
        text = fetch_or_fail(package.file)
        with open(path, "wb") as file:
            file.write(text)
    return read(path)


def is_local(word):
    """Whether an argument of `install` names a file or an address instead of a package."""
    return word.endswith(".rpm") or word.startswith(("file://", "http://", "https://"))


def take_local(word, folder):
    """Takes a package from a file or an address into the host's own store."""
    if word.endswith(".src.rpm"):
        raise Failure(f"Cannot install source package '{word}'")
    try:
        if word.startswith(("http://", "https://")):
            with urllib.request.urlopen(word, timeout=60) as answer:
                data = answer.read()
        else:
            data = read(os.path.join(folder, word.removeprefix("file://")))
    except urllib.error.HTTPError as error:
        raise Failure(f"Downloading {word}: [22] HTTP response code said error, server returned status {error.code}") from None
    except OSError as error:
        raise Failure(f"can't open '{word}': {getattr(error, 'strerror', None) or error}") from None
    sha = hashlib.sha256(data).hexdigest()
    os.makedirs(LOCAL, exist_ok=True)
    with open(f"{LOCAL}/{sha}", "wb") as file:
        file.write(data)
    return from_store(sha)


def from_store(sha):
    """A package that was taken in before."""
    return Package.of(about(read(f"{LOCAL}/{sha}")), sha=sha)


def about(data):
    """PACKAGE.json of a package's tar."""
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            return json.load(tar.extractfile("PACKAGE.json"))
    except (tarfile.TarError, KeyError, ValueError):
        raise Failure("rpmReadPackageFile failed: no such package format") from None


def read(path):
    with open(path, "rb") as file:
        return file.read()


def solve(base_rows, requests, local, known):
    """What layering adds, as (packages to add, requests that are active); everything a package requires comes along."""
    missing, chosen, active = [], list(local), []
    for request in requests:
        if any(matches(request, row) for row in base_rows) or any(matches(request, package.row) for package in chosen):
            continue
        found = [package for package in known if matches(request, package.row, package.provides)]
        if found:
            chosen.append(max(found, key=lambda package: order(package.row)))
            active.append(request)
        else:
            missing.append(request)
    if missing:
        raise Failure(f"Packages not found: {', '.join(missing)}")
    problems = []
    for package in chosen:  # grows while it is walked
        for requirement in package.requires:
            have = [(row, ()) for row in base_rows] + [(other.row, other.provides) for other in chosen]
            if any(satisfies(requirement, row, provides) for row, provides in have):
                continue
            found = [other for other in known if satisfies(requirement, other.row, other.provides)]
            if found:
                chosen.append(max(found, key=lambda other: order(other.row)))
            else:
                problems.append((package, requirement, [row for row in base_rows if row[0] == requirement.split(" ")[0]]))
    if problems:
        raise Failure(unsolved(problems))
    return chosen, active


def unsolved(problems):
    """libsolv's report in its usual shape."""
    count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''} detected:"
    lines = [f"Could not depsolve transaction; {count}"]
    for number, (package, requirement, in_base) in enumerate(problems, 1):
        mark = f" Problem{f' {number}' if len(problems) > 1 else ''}: "
        if in_base:
            lines.append(f"{mark}package {package.nevra} from lab requires {requirement}, but none of the providers can be installed")
            lines.append("  - conflicting requests")
            lines += [f"  - cannot install both {requirement.replace(' >= ', '-')} from lab and {nevra(row)} from @System" for row in in_base]
        else:
            lines += [f"{mark}conflicting requests", f"  - nothing provides {requirement} needed by {package.nevra} from lab"]
    return "\n".join(lines)


def difference(old_rows, new_rows):
    """{upgraded, downgraded, removed, added} between two package lists, as rows of (old, new)."""
    old, new = {row[0]: row for row in old_rows}, {row[0]: row for row in new_rows}
    both = [(old[name], new[name]) for name in sorted(old.keys() & new.keys()) if evr(old[name]) != evr(new[name])]
    return {
        "upgraded": [pair for pair in both if order(pair[0]) < order(pair[1])],
        "downgraded": [pair for pair in both if order(pair[0]) >= order(pair[1])],
        "removed": [(old[name], None) for name in sorted(old.keys() - new.keys())],
        "added": [(None, new[name]) for name in sorted(new.keys() - old.keys())],
    }


def rows_of(db):
    """Every package of a package list, base and layered."""
    return db["base"] + [entry["row"] for entry in db.get("layered", [])]


def say_difference(job, changes):
    """The blocks that end a successful run."""
    for kind, pairs in changes.items():
        if pairs:
            job.say(f"{kind.capitalize()}:")
        for old, new in pairs:
            job.say(f"  {old[0]} {evr(old)} -> {evr(new)}" if old and new else f"  {nevra(old or new)}")
