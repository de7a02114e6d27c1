"""Makes the package list of a base commit, which the stand-ins for rpm-ostree and rpm read in usr/share/rpm.

base_packages.py < 'NAME VERSION ARCHITECTURE' lines of dpkg-query   packages.json of the first version
base_packages.py --newer VERSION < packages.json                     packages.json of another one: other lab-release and curl
base_packages.py --files                                             files.json: which files of the commit belong to a package
"""

import glob
import json
import os
import sys

ARCHITECTURES = {"amd64": "x86_64", "all": "noarch"}


def from_dpkg(line):
    """[name, epoch, version, release, architecture] of a Debian package, the way an RPM would have it."""
    name, version, architecture = line.split()
    epoch, colon, rest = version.partition(":")
    if not colon:
        epoch, rest = "0", version
    upstream, dash, release = rest.rpartition("-")
    if not dash:
        upstream, release = rest, "1"
    return [name, int(epoch), upstream, release, ARCHITECTURES.get(architecture, architecture)]


def newer(packages, version):
    """The same packages with the release of the image, and a curl that grew with it."""
    grown = {"lab-release": version, "curl": "8.99." + version.partition(".")[0]}
    return [[p[0], p[1], grown.get(p[0], p[2]), *p[3:]] for p in packages]


def files():
    """{package: [path in the commit]} of what is there; folders belong to nobody."""
    found = {}
    for listing in glob.glob("/var/lib/dpkg/info/*.list"):
        with open(listing) as lines:
            paths = {place(line.strip()) for line in lines if os.path.lexists(line.strip()) and not os.path.isdir(line.strip())}
        name = os.path.basename(listing).removesuffix(".list").partition(":")[0]
        found[name] = sorted(path for path in paths if path.startswith("/usr/"))
    return found


def place(path):
    """Where a file of Debian lies in the commit: no links in its folder, /etc in /usr/etc."""
    path = os.path.join(os.path.realpath(os.path.dirname(path)), os.path.basename(path))
    return f"/usr{path}" if path.startswith("/etc/") else path


def main():
    if sys.argv[1:] == ["--files"]:
        json.dump(files(), sys.stdout)
        return
    if len(sys.argv) == 3 and sys.argv[1] == "--newer":
        packages = newer(json.load(sys.stdin)["base"], sys.argv[2])
    else:
        packages = sorted([from_dpkg(line) for line in sys.stdin if line.strip()])
        packages += [["lab-release", 0, "13.1", "1", "noarch"], ["kernel-core", 0, "6.12", "1", "x86_64"]]
    json.dump({"base": packages}, sys.stdout)


main()
