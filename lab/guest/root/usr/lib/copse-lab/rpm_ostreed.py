"""The daemon of the rpm-ostree stand-in: takes command lines on a socket, runs one transaction at a time, tells each
client what is said. The head comment of /usr/bin/rpm-ostree lists what is faithful and what is not."""

import itertools
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import commands
import sysroot
from sysroot import Failure, switches

OBJECT = "/org/projectatomic/rpmostree1/"


class Cancelled(Failure):
    """The transaction was ended on request."""

    def __init__(self):
        super().__init__("Operation was cancelled")


class Client:
    """One command line and the connection that it came over."""

    numbers = itertools.count(64)

    def __init__(self, link):
        self.link = link
        pid, self.uid, _ = struct.unpack("3i", link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        self.pid = pid
        self.sender = f":1.{next(self.numbers)}"
        self.unit = unit_of(pid)
        self.argv, self.id, self.folder = [], "cli", "/"

    def __str__(self):
        return f"client(id:{self.id} dbus:{self.sender[1:]} unit:{self.unit} uid:{self.uid})"

    def send(self, **frame):
        """Tells the client something; whether it is still there does not matter to a transaction."""
        try:
            self.link.sendall((json.dumps(frame) + "\n").encode())
        except OSError:
            pass


def unit_of(pid):
    """The systemd unit that a process belongs to."""
    try:
        with open(f"/proc/{pid}/cgroup") as file:
            last = file.read().strip().rsplit("/", 1)[-1]
    except OSError:
        return "(null)"
    return last or "(null)"


class Transaction:
    """A command that changes the host: it has listeners, can be cancelled, and ends with a status or an error."""

    def __init__(self, method, client):
        self.method, self.argv, self.owner = method, client.argv, client
        self.title = " ".join(client.argv) + " "
        self.listeners = [client]
        self.cancelled, self.ended = threading.Event(), threading.Event()
        self.process = None

    def say(self, text, end="\n"):
        """Tells every listener a line of progress."""
        for client in list(self.listeners):
            client.send(out=text + end)

    def warn(self, text):
        """Tells every listener a line on stderr."""
        for client in list(self.listeners):
            client.send(err=text + "\n")

    def wait(self, seconds):
        """Takes its time, unless it is cancelled."""
        if self.cancelled.wait(seconds):
            raise Cancelled()

    def run(self, *argv):
        """Runs a program that ends when the transaction is cancelled; its output."""
        self.wait(0)
        self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        out, err = self.process.communicate()
        self.wait(0)
        if self.process.returncode:
            raise Failure(sysroot.error_text(err, argv[0]))
        return out

    def cancel(self):
        """Asks it to end, and waits until it has."""
        self.cancelled.set()
        if self.process and self.process.poll() is None:
            self.process.terminate()
        self.ended.wait()


class Daemon:
    """What runs at the moment, and since when nothing does."""

    def __init__(self):
        self.lock = threading.Lock()
        self.current = None
        self.clients = 0
        self.idle_since = time.monotonic()
        self.rebooting = False

    def serve(self, listener):
        threading.Thread(target=self.leave_when_idle, daemon=True).start()
        while True:
            link, _ = listener.accept()
            threading.Thread(target=self.client, args=[link], daemon=True).start()

    def leave_when_idle(self):
        seconds = int(sysroot.daemon_config("IdleExitTimeout", "60"))
        while seconds:
            time.sleep(5)
            if not self.clients and not self.current and time.monotonic() - self.idle_since > seconds:
                log(f"In idle state; will auto-exit in {seconds} seconds")
                os._exit(0)

    def client(self, link):
        client = Client(link)
        self.clients += 1
        try:
            lines = link.makefile("r", encoding="utf-8")
            request = json.loads(lines.readline())
            client.argv, client.id, client.folder = request["argv"], request["client"], request["folder"]
            threading.Thread(target=self.cancels, args=[client, lines], daemon=True).start()
            client.send(exit=self.answer(client))
        except (OSError, ValueError):
            pass
        finally:
            self.clients -= 1
            self.idle_since = time.monotonic()
            link.close()

    def cancels(self, client, lines):
        """A client that gets SIGINT asks for its transaction to be cancelled; one that goes away asks for nothing."""
        try:
            for line in lines:
                transaction = self.current
                if json.loads(line).get("cancel") and transaction and client in transaction.listeners:
                    client.send(out="Awaiting transaction cancellation...\n")
                    transaction.cancel()
        except (OSError, ValueError):
            pass

    def answer(self, client):
        """Does what the command line says; the client's exit status."""
        prefix = ""
        try:
            command, options, words = commands.parse(client.argv)
            method = command.method(options, words)
            prefix = "Updating deployment: " if method == "UpdateDeployment" else ""
            if client.uid and (method or command.needs_root):
                raise Failure(f"rpmostreed OS operation {method or command.name} not allowed for user")
            if not method:
                return command.does(commands.Look(client, self.current, self.cancel), options, words) or 0
            return self.transact(client, method, command, options, words)
        except commands.Help as text:
            client.send(out=f"{text}\n")
            return 0
        except commands.Usage as error:
            client.send(err=f"error: {error}\n")
            return error.status
        except Failure as error:
            client.send(err=f"error: {prefix}{error}\n")
            return 1

    def cancel(self):
        transaction = self.current
        if transaction:
            transaction.cancel()
        return transaction

    def transact(self, client, method, command, options, words):
        """Starts a transaction and stays with it, or joins the one that does the same."""
        with self.lock:
            running = self.current
            if running and running.argv == client.argv and running.method == method:
                client.send(out=f"Attaching to existing transaction: {running.title}\n")
                running.listeners.append(client)
            elif running:
                raise Failure(
                    f"Transaction in progress: {running.title}\n You can cancel the current transaction with `rpm-ostree cancel`"
                )
            elif self.rebooting:
                raise Failure("Reboot initiated, cannot start new transaction")
            elif sysroot.is_locked_by_others():
                raise Failure("System transaction in progress")
            else:
                running = self.current = Transaction(method, client)
                threading.Thread(target=self.run, args=[running, command, options, words], daemon=True).start()
        running.ended.wait()
        if running.error:
            raise running.error
        return running.status

    def run(self, job, command, options, words):
        path = OBJECT + sysroot.OSNAME.replace("-", "_")
        log(f"Initiated txn {job.method} for {job.owner}: {path}")
        log(f"Process [pid: {job.owner.pid} uid: {job.owner.uid} unit: {job.owner.unit}] connected to transaction progress")
        job.status, job.error = 0, None
        try:
            crash_at("start")
            if switches().get("stale"):
                threading.Event().wait()
            job.status = command.does(job, options, words) or 0
            log(f"Txn {job.method} on {path} successful")
        except Failure as error:
            job.error = error
            log(f"Txn {job.method} on {path} failed: {error}")
        except Exception as error:  # a bug of the stand-in must not look like a hang
            job.error = Failure(f"bug of the stand-in: {error!r}")
            sys.excepthook(type(error), error, error.__traceback__)
        self.current = None
        if job.error is None and options.get("reboot"):
            self.rebooting = True
            log("Initiating reboot requested from transaction")
            subprocess.run(["systemctl", "--no-block", "reboot"], check=False)
        job.ended.set()


def crash_at(point):
    """The switch `crash`: the daemon dies at once, as when memory has run out."""
    if switches().get("crash") == point:
        os.kill(os.getpid(), signal.SIGKILL)


def log(text):
    print(text, flush=True)


if __name__ == "__main__":
    sysroot.crash_at = crash_at
    Daemon().serve(socket.socket(fileno=3))
