"""What every change of the host has in common: the switches of the lab, the commit, staging, what is said at the end."""

import subprocess

import layering
import live
import packages
import status
import sysroot
from packages import say_difference
from sysroot import Failure, booted_of, deployments, kargs_of, packages_of, switches

UNCHANGED = 77
QUEUED = 'Changes queued for next boot. Run "systemctl reboot" to start a reboot'
REBOOT = 'Run "systemctl reboot" to start a reboot'


def next_of(found):
    """The deployment that every change builds on: the first one."""
    return found[0]


def set_up(job):
    """What comes before any change: the switches of the lab, the current state."""
    chosen = switches()
    job.wait(float(chosen.get("slow", "0")))
    if chosen.get("fail"):
        raise Failure(chosen["fail"])
    return deployments()


def deploy(job, options, found, origin, base=None, kargs=None, hint=QUEUED):
    """Makes the commit, stages it, says what is new; 0."""
    top = next_of(found)
    checksum = layering.assemble(job, base or top.base, origin, "cache-only" in options)
    if "dry-run" in options:
        job.say("Exiting because of '--dry-run' option")
        return 0
    if "download-only" in options:
        job.say("Downloaded.")
        return 0
    new = sysroot.stage(job, checksum, origin, kargs if kargs is not None else kargs_of(top, found), "lock-finalization" in options)
    before = booted_of(found).checksum
    say_difference(job, packages.difference(*(packages.rows_of(packages_of(one)) for one in (before, new.checksum))))
    if "apply-live" in options:
        live.apply(job, new.checksum, allow_replacement=False)
    elif "reboot" in options:
        check_inhibitors()
    else:
        job.say(hint)
    return 0


def check_inhibitors():
    """Refuses a reboot that somebody blocks; what was staged before stays staged."""
    words = ["busctl", "get-property", "org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager", "BlockInhibited"]
    blocked = subprocess.run(words, capture_output=True, text=True, check=False).stdout
    if "shutdown" not in blocked:
        return
    rows = subprocess.run(["systemd-inhibit", "--list", "--no-legend", "--no-pager"], capture_output=True, text=True, check=False).stdout
    holder = next((row.split() for row in rows.splitlines() if " shutdown" in row and row.rstrip().endswith("block")), ["?"])
    raise Failure(f"Reboot blocked by a systemd inhibitor lock in `block` mode\nHeld by: {holder[0]}\nReason: {' '.join(holder[6:-1])}")


def unchanged(job, options, text):
    """Nothing to do; the status that scripts may ask for."""
    job.say(text)
    return UNCHANGED if "unchanged-exit-77" in options else 0


def gate(job, options):
    """Updates belong to the registered driver while its unit is active."""
    found = status.driver()
    if not found or "bypass-driver" in options or "register-driver" in options or job.owner.unit == found["driver-sd-unit"]:
        return
    if subprocess.run(["systemctl", "is-active", "-q", found["driver-sd-unit"]], check=False).returncode:
        return
    name, unit = found["driver-name"], found["driver-sd-unit"]
    raise Failure(
        f"Updates and deployments are driven by {name} ({unit})\nSee {name}'s documentation for more information: systemctl status {unit}\n"
        f"Use --bypass-driver to bypass {name} and perform the operation anyways"
    )
