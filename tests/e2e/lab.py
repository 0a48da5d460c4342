# SPDX-License-Identifier: BSD-2-Clause
"""The laboratory: private namespaces, client addresses, processes.

enter() runs the program again under unshare(1), with a network, a mount and
(if the kernel allows it) a process namespace of its own. In there, every
address of the documentation ranges is local, ports 25 and 53 are free,
resolv.conf names our DNS server, and the kernel ends the processes that a test
leaves behind.
"""

import collections
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

INSIDE = "POSTERN_E2E_DIR"
NETWORKS_4 = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")
NETWORKS_6 = ("2001:db8::/32",)
DEVICES = ("full", "null", "random", "urandom", "zero")
MTA_4 = "203.0.113.25"
MTA_6 = "2001:db8:ffff::25"
PR_SET_PDEATHSIG = 1


class Unable(Exception):
    """The laboratory cannot be set up here; the text says why."""


def run(*args):
    """Runs a set-up command; if it fails, its output becomes the error."""
    done = subprocess.run(args, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Unable("%s: %s" % (" ".join(args), done.stderr.strip()))


def have_root():
    """Raises Unable if namespaces cannot be created."""
    if os.geteuid() != 0:
        raise Unable("the end-to-end tests need root (namespaces, port 25)")
    for tool in ("unshare", "ip", "mount"):
        if not shutil.which(tool):
            raise Unable("%s(8) is missing" % tool)


def unshare_command():
    """Returns unshare with all namespaces that the kernel allows."""
    plain = ["unshare", "--net", "--mount"]
    full = plain + ["--pid", "--fork", "--kill-child", "--mount-proc"]
    for command in (full, plain):
        done = subprocess.run(command + ["true"], capture_output=True,
                              text=True, check=False)
        if done.returncode == 0:
            return command
    raise Unable("unshare: " + done.stderr.strip())


def interpreter():
    """Returns the system's Python, which sees Debian's python3-dkim."""
    system = "/usr/bin/python3"
    return system if os.access(system, os.X_OK) else sys.executable


def enter(argv):
    """Outside, runs argv inside and returns its status. Inside, None."""
    if INSIDE in os.environ:
        return None
    have_root()
    command = unshare_command()
    parent = "/run" if os.access("/run", os.W_OK) else None
    place = tempfile.mkdtemp(prefix="postern-e2e.", dir=parent)
    try:
        child = subprocess.Popen(
            command + [interpreter(), "-B"] + argv,
            env=dict(os.environ, **{INSIDE: place}))
        for number in (signal.SIGTERM, signal.SIGINT):
            # unshare(1) ignores SIGTERM and SIGINT while it waits
            signal.signal(number, lambda *_: child.kill())
        status = child.wait()
        return status if status >= 0 else 128 - status
    finally:
        os.rmdir(place)


def reap_for(work):
    """As process 1, runs work() in a child and reaps all orphans."""
    if os.getpid() != 1:
        return work()
    main = os.fork()
    if main == 0:
        return work()
    signal.signal(signal.SIGTERM, lambda *_: os.kill(main, signal.SIGTERM))
    while True:
        pid, status = os.wait()
        if pid == main:
            os._exit(os.waitstatus_to_exitcode(status) & 0xff)


def die_with_parent():
    """Called in a child: makes the kernel kill it when its parent ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def wait_until(condition, what, timeout=10.0, step=0.01):
    """Waits until condition() is true and returns its value."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError("waited %g s without success for %s" %
                                 (timeout, what))
        time.sleep(step)


def alive(pid):
    """True if the process exists and is not a zombie."""
    try:
        with open("/proc/%d/stat" % pid, encoding="latin-1") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def children(pid):
    """Returns the process ids of the children of a process."""
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid),
                  encoding="ascii") as file:
            return [int(x) for x in file.read().split()]
    except FileNotFoundError:
        return []


class Process:
    """A child whose output goes to a file; it is ended by its pid alone."""

    def __init__(self, args, log, env=None, with_us=True):
        self.log = log
        self.args = args
        with open(log, "ab") as out:
            self.child = subprocess.Popen(
                args, stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT, env=env,
                preexec_fn=die_with_parent if with_us else None)
        self.pid = self.child.pid

    def running(self):
        """True until the child has ended."""
        return self.child.poll() is None

    def stop(self, number=signal.SIGTERM, patience=10.0):
        """Signals it, waits, kills it if needed; returns the exit status."""
        if self.running():
            self.child.send_signal(number)
            try:
                self.child.wait(patience)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        return self.child.returncode

    def output(self):
        """Returns what the child has printed so far."""
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()


class SystemLog:
    """The receiver at /dev/log of what is sent with syslog(3). It receives
    nothing while `reading` is not set."""

    KEPT = 100000  # lines; a benchmark would fill the memory otherwise

    def __init__(self, path):
        self.lines = collections.deque(maxlen=self.KEPT)
        self.reading = threading.Event()
        self.reading.set()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        os.chmod(path, 0o666)
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        while True:
            self.reading.wait()
            self.lines.append(
                self.socket.recv(65536).decode("utf-8", "replace"))


class Lab:
    """The set-up, which is made once, inside the namespaces."""

    def __init__(self):
        self.dir = os.environ[INSIDE]
        run("mount", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", self.dir)
        self._devices()
        self.system_log = SystemLog("/dev/log")
        self._network()
        self._names()

    def path(self, *parts):
        """Returns a path in the laboratory's directory."""
        return os.path.join(self.dir, *parts)

    def write(self, name, text, mode=0o644):
        """Writes a file and its directories; returns its path."""
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def _devices(self):
        """Makes a private /dev, so that /dev/log is ours, too."""
        path = self.path("dev")
        os.makedirs(path + "/shm")
        os.chmod(path + "/shm", 0o1777)
        for name in DEVICES:
            run("cp", "-a", "/dev/" + name, path)
        os.symlink("/proc/self/fd", path + "/fd")
        run("mount", "--bind", path, "/dev")

    def _network(self):
        run("ip", "link", "set", "lo", "up")
        for net in NETWORKS_4:
            run("ip", "-4", "route", "add", "local", net, "dev", "lo")
        run("ip", "addr", "add", MTA_4 + "/32", "dev", "lo")
        self.ipv6 = True
        try:
            for net in NETWORKS_6:
                run("ip", "-6", "route", "add", "local", net, "dev", "lo")
            run("ip", "addr", "add", MTA_6 + "/128", "dev", "lo", "nodad")
        except Unable:
            self.ipv6 = False

    def _names(self):
        files = {
            "resolv.conf": "nameserver 127.0.0.1\n"
                           "options timeout:1 attempts:1\n",
            "hosts": "127.0.0.1 localhost\n::1 localhost\n",
            # a resolver service with a socket would leave the namespace
            "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
        }
        for name, text in files.items():
            path = self.write("etc/" + name, text)
            target = os.path.realpath("/etc/" + name)
            if not os.path.exists(target):
                raise Unable(target + " is missing")
            run("mount", "--bind", path, target)
