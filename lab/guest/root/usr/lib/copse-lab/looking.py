"""What changes nothing: status, package lists, cancelling."""

import re

import packages
import status
from changing import UNCHANGED
from packages import say_difference
from sysroot import Failure, booted_of, deployments, newest, packages_of


def show_status(look, options, words):
    booted_only = "booted" in options
    if "json" in options or "jsonpath" in options:
        value = status.document(look.running, booted_only)
        if "jsonpath" in options:
            value = json_path(value, options["jsonpath"][-1])
        look.say(status.dump(value))
    else:
        status.text(look.running, booted_only, look.say)
    found = deployments()
    return UNCHANGED if "pending-exit-77" in options and len(found) > 1 and not found[0].booted else 0


def json_path(value, path):
    """The little of JSONPath that people use: $.key[0].key; the result is a list."""
    for step in re.findall(r"\.?([\w-]+)|\[(\d+)\]", path.removeprefix("$")):
        key, index = step
        value = value[int(index)] if index else value[key]
    return [value]


def cancel(look, options, words):
    if not look.running:
        look.say("No active transaction.")
        return 0
    look.say(f"Cancelling transaction: {look.running.title}")
    look.cancel()
    look.say("Cancelled.")
    return 0


def reload(look, options, words):
    return 0


def db_list(look, options, words):
    for word in words or [booted_of(deployments()).checksum]:
        checksum = newest(word)
        if not checksum:
            raise Failure(f"Refspec '{word}' not found")
        look.say(f"ostree commit: {word} ({checksum})")
        for row in sorted(packages.rows_of(packages_of(checksum))):
            look.say(f" {packages.nevra(row)}")
    return 0


def db_diff(look, options, words):
    found = deployments()
    booted = booted_of(found)
    others = [one for one in found if not one.booted]
    if len(words) < 2 and not others:
        raise Failure("No pending or rollback deployment to diff against")
    sides = words if len(words) == 2 else [words[0], booted.checksum] if words else sides_of(found, booted)
    commits = [newest(word) for word in sides]
    changes = packages.difference(*(packages.rows_of(packages_of(one)) for one in commits))
    if words and options.get("format", [""])[-1] == "json":
        look.say(status.dump({"ostree-commit-from": commits[0], "ostree-commit-to": commits[1], "pkgdiff": json_diff(changes), "advisories": []}))
        return 0
    for side, word, checksum in zip(("from", "to"), sides, commits):
        look.say(f"ostree diff commit {side}: {word} ({checksum})")
    say_difference(look, changes)
    return 0


def sides_of(found, booted):
    """Booted and pending, or rollback and booted."""
    return [booted.checksum, found[0].checksum] if booted.index else [found[1].checksum, booted.checksum]


def json_diff(changes):
    kinds = {"added": 0, "removed": 1, "upgraded": 2, "downgraded": 3}
    one = lambda row: [row[0], packages.evr(row), row[4]]
    rows = []
    for kind, pairs in changes.items():
        for old, new in pairs:
            both = ({"PreviousPackage": one(old)} if old else {}) | ({"NewPackage": one(new)} if new else {})
            rows.append([(old or new)[0], kinds[kind], both])
    return sorted(rows, key=lambda row: row[0])
