"""Packages and overrides that are requested: install, uninstall, override, reset."""

import dataclasses

import packages
import sysroot
from changing import REBOOT, deploy, next_of, set_up, unchanged
from sysroot import Failure, deployments, packages_of


def package_method(options, words):
    many = [*words, *options.get("install", [])]
    return "UpdateDeployment" if "apply-live" in options or any(packages.is_local(word) for word in many) else "PkgChange"


def install(job, options, words):
    return change_packages(job, options, words, options.get("uninstall", []))


def uninstall(job, options, words):
    if "all" in options:
        origin = next_of(deployments()).origin
        words = [*origin.packages, *(name for _, name in origin.local)]
    return change_packages(job, {**options, "cache-only": True} if not options.get("install") else options, options.get("install", []), words)


def change_packages(job, options, add, remove):
    if sysroot.daemon_config("LockLayering", "false").lower() in ("true", "1", "yes"):
        raise Failure("Cannot operate; `LockLayering=true` in configuration. ")
    if "apply-live" in options and "reboot" in options:
        raise Failure("Cannot specify `apply-live` and `reboot`")
    if not add and not remove:
        raise Failure("At least one PACKAGE must be specified")
    found = set_up(job)
    top = next_of(found)
    origin = with_packages(job, options, top, add, remove)
    if origin == top.origin:
        return unchanged(job, options, "No change.")
    return deploy(job, options, found, origin)


def with_packages(job, options, top, add, remove):
    """The origin with other requests: removals come first."""
    base_rows = packages_of(top.base)["base"]
    requests, local = list(top.origin.packages), list(top.origin.local)
    for word in remove:
        taken = [one for one in local if packages.matches(word, packages.from_store(one[0]).row)]
        if word in requests:
            requests.remove(word)
        elif taken:
            local.remove(taken[0])
        elif "idempotent" not in options:
            raise Failure(f"Package/capability '{word}' is not currently requested")
    for word in add:
        if packages.is_local(word):
            package = packages.take_local(word, job.owner.folder)
            if any(package.row == row for row in base_rows):
                raise Failure(f"Package '{package.nevra}' is already in the base")
            others = [packages.from_store(sha) for sha, _ in local]
            if any(package.row == other.row for other in others):
                if "idempotent" not in options:
                    raise Failure(f"Package '{package.nevra}' is already layered")
                continue
            if any(package.name == other.name for other in others):
                raise Failure(f"Could not depsolve transaction; 1 problem detected:\n Problem: conflicting requests\n  - cannot install both {package.nevra} from @commandline and {next(other.nevra for other in others if other.name == package.name)} from @commandline")
            local.append((package.sha, package.nevra))
            continue
        base = next((row for row in base_rows if packages.matches(word, row)), None)
        if base and "allow-inactive" not in options and word not in requests:
            raise Failure(f'"{word}" is already provided by: {packages.nevra(base)}. Use --allow-inactive to explicitly require it.')
        if word in requests:
            if "idempotent" not in options:
                raise Failure(f"Package/capability '{word}' is already requested")
            continue
        requests.append(word)
    return dataclasses.replace(top.origin, packages=tuple(requests), local=tuple(local))


def override_remove(job, options, words):
    found = set_up(job)
    top = next_of(found)
    named = [row[0] for row in packages_of(top.base)["base"]]
    for word in words:
        if word in top.origin.removals:
            raise Failure(f"Override already exists for package '{word}'")
        if word not in named:
            raise Failure(f'Package "{word}" not found')
    origin = dataclasses.replace(top.origin, removals=(*top.origin.removals, *words))
    origin = with_replacements(job, origin, options.get("replace", []))
    return overridden(job, options, found, with_more(job, options, top, origin))


def override_replace(job, options, words):
    found = set_up(job)
    top = next_of(found)
    origin = with_replacements(job, top.origin, words)
    origin = dataclasses.replace(origin, removals=(*origin.removals, *options.get("remove", [])))
    return overridden(job, options, found, with_more(job, options, top, origin))


def with_more(job, options, top, origin):
    """--install and --uninstall beside overrides."""
    changed = dataclasses.replace(top, origin=origin)
    return with_packages(job, options, changed, options.get("install", []), options.get("uninstall", []))


def with_replacements(job, origin, words):
    taken = [packages.take_local(word, job.owner.folder) for word in words]
    names = [package.name for package in taken]
    kept = [one for one in origin.replacements if packages.from_store(one[0]).name not in names]
    return dataclasses.replace(origin, replacements=(*kept, *((package.sha, package.nevra) for package in taken)))


def overridden(job, options, found, origin):
    if origin == next_of(found).origin:
        return unchanged(job, options, "No change.")
    result = deploy(job, options, found, origin, hint='Use "rpm-ostree override reset" to undo overrides\n' + REBOOT)
    return result


def override_reset(job, options, words):
    found = set_up(job)
    origin = next_of(found).origin
    removals, replacements = list(origin.removals), list(origin.replacements)
    if "all" in options:
        removals, replacements = [], []
    for word in words:
        taken = [one for one in replacements if packages.matches(word, packages.from_store(one[0]).row)]
        if word in removals:
            removals.remove(word)
        elif taken:
            replacements.remove(taken[0])
        else:
            raise Failure(f"No overrides for package '{word}'")
    origin = dataclasses.replace(origin, removals=tuple(removals), replacements=tuple(replacements))
    if origin == next_of(found).origin:
        return unchanged(job, options, "No change.")
    return deploy(job, options, found, origin, hint=REBOOT)


def reset(job, options, words):
    found = set_up(job)
    top = next_of(found)
    everything = not {"overlays", "overrides", "initramfs"} & options.keys()
    origin = top.origin
    if everything or "overlays" in options:
        origin = dataclasses.replace(origin, packages=(), local=())
    if everything or "overrides" in options:
        origin = dataclasses.replace(origin, removals=(), replacements=())
    if everything or "initramfs" in options:
        origin = dataclasses.replace(origin, initramfs=False, initramfs_args=())
    origin = with_more(job, options, top, origin)
    if origin == top.origin:
        return unchanged(job, options, "No change.")
    return deploy(job, options, found, origin)
