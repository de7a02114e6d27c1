"""The commands of rpm-ostree and their options."""

import dataclasses

import boot
import looking
import requesting
import updates
from sysroot import Failure


class Usage(Failure):
    """A command line that cannot be understood."""

    def __init__(self, text, status=1):
        super().__init__(text)
        self.status = status


class Help(Exception):
    """Somebody asked which options a command has."""


@dataclasses.dataclass
class Look:
    """What a command has that changes nothing: who asks, what runs, how to end it."""

    client: object
    running: object
    cancel: object

    def say(self, text, end="\n"):
        self.client.send(out=text + end)


@dataclasses.dataclass
class Command:
    """A command: `flags` and `valued` are its options, `txn` the D-Bus method of its transaction."""

    name: str
    does: object
    txn: object = None
    flags: tuple = ()
    valued: tuple = ()
    needs_root: bool = False
    bad_option_status: int = 1

    def method(self, options, words):
        """The method of its transaction; none when it only looks."""
        return self.txn(options, words) if callable(self.txn) else self.txn


def parse(argv):
    """(command, options, words) of a command line. A flag is True, a valued option the list of its values."""
    words = [word for word in argv if word not in ("-q", "--quiet")]
    name = words.pop(0)
    name = {"update": "upgrade", "remove": "uninstall", "pkg-add": "install", "pkg-remove": "uninstall", "makecache": "refresh-md"}.get(name, name)
    if name in ("override", "db", "ex"):
        if not words:
            raise Usage(f"No {name} command specified")
        name = f"{name} {words.pop(0)}"
    name = {"ex apply-live": "apply-live", "ex livefs": "apply-live", "unlock": "usroverlay"}.get(name, name)
    command = COMMANDS.get(name)
    if command is None:
        raise Usage(f"Unknown command '{name}'")
    options, positional = {}, []
    while words:
        word = words.pop(0)
        if word == "--":
            positional += words
            break
        if not word.startswith("-") or word == "-":
            positional.append(word)
            continue
        if word in ("--help", "-h"):
            raise Help(help_of(command))
        head, equals, value = word.partition("=")
        known = {**SHORT, **OWN_SHORT.get(name, {})}.get(head, head.removeprefix("--"))
        if known in command.valued:
            if not equals and not words:
                raise Usage(f"Missing argument for {head}", command.bad_option_status)
            options.setdefault(known, []).append(value if equals else words.pop(0))
        elif known in command.flags:
            options[known] = True
        else:
            raise Usage(f"Unknown option {head}", command.bad_option_status)
    return command, options, positional


def help_of(command):
    """The options by their long names: what is asked of it is whether this version has one."""
    rows = [*(f"  --{name}" for name in command.flags), *(f"  --{name}=VALUE" for name in command.valued)]
    return "\n".join([f"Usage:\n  rpm-ostree {command.name} [OPTION…]\n", "Application Options:", *rows, ""])


SHORT = {
    **{"-r": "reboot", "-b": "booted", "-p": "pending", "-m": "repomd", "-C": "cache-only", "-y": "assumeyes", "-n": "dry-run"},
    **{"-A": "apply-live", "-a": "all", "-f": "force", "-J": "jsonpath", "-v": "verbose", "-l": "overlays", "-o": "overrides"},
    **{"-i": "initramfs", "-F": "format"},
}
OWN_SHORT = {"cleanup": {"-r": "rollback", "-b": "base"}, "status": {"-a": "advisories"}}
DEPLOYING = ("reboot", "cache-only", "download-only", "lock-finalization", "unchanged-exit-77", "dry-run")
PACKAGING = (*DEPLOYING, "idempotent", "allow-inactive", "assumeyes", "apply-live", "force-replacefiles")
BESIDE = ("install", "uninstall")

ALL = [
    Command("status", looking.show_status, flags=("json", "booted", "verbose", "advisories", "pending-exit-77"), valued=("jsonpath",)),
    Command("install", requesting.install, requesting.package_method, PACKAGING, ("uninstall",)),
    Command("uninstall", requesting.uninstall, requesting.package_method, (*PACKAGING, "all"), ("install",)),
    Command("override remove", requesting.override_remove, "UpdateDeployment", ("reboot", "cache-only", "dry-run", "lock-finalization"), (*BESIDE, "replace")),
    Command("override replace", requesting.override_replace, "UpdateDeployment", ("reboot", "cache-only", "dry-run", "lock-finalization"), (*BESIDE, "remove")),
    Command("override reset", requesting.override_reset, "UpdateDeployment", ("all", "reboot", "cache-only", "dry-run", "lock-finalization"), BESIDE),
    Command("reset", requesting.reset, "UpdateDeployment", ("overlays", "overrides", "initramfs", "reboot", "lock-finalization"), BESIDE),
    Command("upgrade", updates.upgrade, "Upgrade", (*DEPLOYING, "check", "preview", "allow-downgrade", "bypass-driver", "idempotent"), BESIDE),
    Command("deploy", updates.deploy_revision, "Deploy", (*DEPLOYING, "disallow-downgrade", "skip-branch-check", "bypass-driver"), (*BESIDE, "register-driver")),
    Command("rebase", updates.rebase, "Rebase", ("reboot", "skip-purge", "disallow-downgrade", "cache-only", "download-only", "lock-finalization", "bypass-driver"), BESIDE),
    Command("rollback", boot.rollback, "Rollback", ("reboot",)),
    Command("cleanup", boot.cleanup, "Cleanup", ("pending", "rollback", "base", "repomd")),
    Command("refresh-md", boot.refresh_md, "RefreshMd", ("force",)),
    Command("apply-live", boot.apply_live, "LiveFs", ("reset", "allow-replacement"), ("target",), bad_option_status=2),
    Command("kargs", boot.kargs, boot.kargs_method, ("unchanged-exit-77", "import-proc-cmdline", "reboot", "lock-finalization"), (*boot.KARGS_CHANGES, "deploy-index")),
    Command("initramfs", boot.initramfs, boot.initramfs_method, ("enable", "disable", "reboot", "lock-finalization"), ("arg",)),
    Command("finalize-deployment", boot.finalize, "FinalizeDeployment", ("allow-missing-checksum", "allow-unlocked")),
    Command("usroverlay", boot.usroverlay, flags=("hotfix", "transient"), needs_root=True),
    Command("cancel", looking.cancel, needs_root=True),
    Command("reload", looking.reload, needs_root=True),
    Command("db list", looking.db_list, flags=("all",)),
    Command("db diff", looking.db_diff, flags=("base", "changelogs", "advisories"), valued=("format",)),
]
COMMANDS = {command.name: command for command in ALL}
