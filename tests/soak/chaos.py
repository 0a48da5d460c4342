# SPDX-License-Identifier: BSD-2-Clause
"""What goes wrong during the soak: a plan from the seed, and its events."""

import collections
import os
import signal
import sqlite3
import time

import lab

PATIENCE = 60.0
HOUR_S, DAY_S = 3600, 86400
Planned = collections.namedtuple("Planned", "at kind lasts choice")


class Event:
    """An event that has begun: when, and when it was over."""

    def __init__(self, kind, begin=None, end=None):
        self.kind = kind
        self.begin = begin or time.monotonic()
        self.end = end


class Kind:
    """A kind of event. Those with the same subject never happen at once; count
    is how many of them are in the deck; lasts: between how many seconds."""

    def __init__(self, name, subject, count, lasts=None, choices=(None,)):
        self.name, self.subject, self.count = name, subject, count
        self.lasts, self.choices = lasts, choices


KINDS = (
    Kind("reload", "process", 2, None, ("signal", "command", "error")),
    Kind("status", None, 1),
    Kind("worker-killed", "process", 3, None,
         (signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT)),
    Kind("keeper-killed", "process", 1),
    Kind("supervisor-killed", "process", 1, None, (0, 1, 3)),
    Kind("restart", "process", 1, None, (0, 1)),
    Kind("worker-stopped", "process", 1, (1, 5)),
    Kind("dns-silent", "dns", 1, (1, 5)),
    Kind("dns-away", "dns", 1, (1, 5)),
    Kind("store-locked", "store", 2, (1, 6)),
    Kind("disk-full", "store", 2, (2, 6)),
    Kind("clock-jump", "clock", 3, (2, 6),
         (HOUR_S, -HOUR_S, 3 * DAY_S, 40 * DAY_S, -3 * DAY_S, 500 * DAY_S)),
    Kind("log-stuck", "log", 2, (2, 8)),
)
# A worker that never goes on is replaced, which takes a minute.
HUNG = Kind("worker-hung", "process", 1, (75, 75))
LONG_S = 300  # with such a run, it happens once
GAP_S = (0.5, 3.5)


def plan(rng, seconds):
    """Returns all events as Planned, in order; the seed decides everything."""
    planned, deck, free = [], [], {}
    at = 2.0
    while True:
        if not deck:
            deck = [x for x in KINDS for _ in range(x.count)]
            if seconds >= LONG_S and not planned:
                deck.append(HUNG)
            rng.shuffle(deck)
        kind = deck.pop()
        lasts = rng.uniform(*kind.lasts) if kind.lasts else 0.0
        choice = rng.choice(kind.choices)
        at = max(at + rng.uniform(*GAP_S), free.get(kind.subject, 0.0))
        if at + lasts > seconds:
            return planned
        if kind.subject:
            free[kind.subject] = at + lasts + 0.5
        planned.append(Planned(at, kind, lasts, choice))


class Chaos:
    """Carries out a plan in the caller's thread."""

    def __init__(self, gateway, names, rng, say):
        self.gateway, self.names, self.rng = gateway, names, rng
        self.say = say
        self.events = []
        self.killed = set()   # process ids of those that we killed
        self.troubles = []    # what must not happen
        self.locker = self.stopped = None
        self.counts = collections.Counter()

    def run(self, planned):
        """Returns when the last event is over."""
        begun = time.monotonic()
        queue, busy = [], {}
        for one in planned:
            queue.append((one.at, 0, one, None))
        while queue:
            queue.sort(key=lambda x: x[:2])
            when, _, one, event = queue.pop(0)
            time.sleep(max(0.0, begun + when - time.monotonic()))
            subject = one.kind.subject
            if event is None:
                # On a slow machine, events are later than planned.
                if busy.get(subject, 0.0) >= when:
                    queue.append((busy[subject] + 0.1, 0, one, None))
                    continue
                event = self._begin(one)
                if one.kind.lasts:
                    end = max(one.at + one.lasts, time.monotonic() - begun)
                    queue.append((end, -1, one, event))
                    if subject:
                        busy[subject] = end
                    continue
            else:
                self._try(one, "end")
            event.end = time.monotonic()
            self.say("%s is over" % one.kind.name)

    def paused(self, begin, end):
        """Nothing at all ran in that time, so a deadline may have passed."""
        self.events.append(Event("machine-paused", begin, end))
        self.counts["machine-paused"] += 1
        self.say("machine-paused for %.1f s" % (end - begin))

    def _begin(self, one):
        self.say("%s %s" % (one.kind.name, "" if one.choice is None
                            else one.choice))
        event = Event(one.kind.name)
        self.events.append(event)
        self.counts[one.kind.name] += 1
        self._try(one, "begin")
        return event

    def _try(self, one, what):
        name = "%s_%s" % (what, one.kind.name.replace("-", "_"))
        try:
            getattr(self, name)(one.choice)
        except Exception as why:  # told in the table
            self.troubles.append("%s: %s: %r" % (one.kind.name, what, why))
            self.say(self.troubles[-1])

    # ---- processes

    def _complete(self):
        lab.wait_until(self.gateway.is_complete, "a worker for each listener",
                       PATIENCE, 0.05)

    def begin_status(self, _):
        """The daemon tells how it is."""
        self.gateway.counters()

    def begin_reload(self, how):
        """The configuration is read again; with an error, the old one
        stays."""
        if how == "signal":
            self.gateway.child.send_signal(signal.SIGUSR1)
            return
        if how == "error":
            self.gateway.write_config("nonsense")
        try:
            status, said = self.gateway.postern(
                "reload", "--control", self.gateway.dir + "/control")
        finally:
            self.gateway.write_config()
        if status != (1 if how == "error" else 0):
            raise AssertionError("postern reload: %d: %s" % (status, said))

    def begin_worker_killed(self, number):
        """One worker dies; another one takes its place."""
        self._complete()
        victim = self.rng.choice(self.gateway.workers())
        self.killed.add(victim)
        os.kill(victim, number)
        lab.wait_until(lambda: victim not in self.gateway.workers(),
                       "the end of a worker", PATIENCE, 0.05)
        self._complete()

    def begin_keeper_killed(self, _):
        """One supervisor of a worker dies; its worker ends by itself."""
        self._complete()
        victim = self.rng.choice(self.gateway.keepers())
        self.killed.update([victim] + lab.children(victim))
        os.kill(victim, signal.SIGKILL)
        lab.wait_until(lambda: victim not in self.gateway.keepers(),
                       "the end of a keeper", PATIENCE, 0.05)
        self._complete()

    def begin_supervisor_killed(self, down_s):
        """All end, and posternd is started again some seconds later."""
        self.killed.update(self.gateway.processes())
        try:
            self.gateway.kill_all()
        finally:
            time.sleep(down_s)
            self.gateway.start()
        self._complete()

    def begin_restart(self, down_s):
        """posternd is stopped properly and started again."""
        try:
            self.gateway.stop()
        finally:
            time.sleep(down_s)
            self.gateway.start()
        self._complete()

    def begin_worker_stopped(self, _):
        """A worker stops, as if it hung."""
        self._complete()
        self.stopped = self.rng.choice(self.gateway.workers())
        os.kill(self.stopped, signal.SIGSTOP)

    def end_worker_stopped(self, _):
        """It goes on."""
        os.kill(self.stopped, signal.SIGCONT)

    def begin_worker_hung(self, choice):
        """A worker stops and never goes on."""
        self.begin_worker_stopped(choice)
        self.killed.add(self.stopped)
        # It is killed in the end: what it has queued now is lost.
        now = time.monotonic()
        self.events.append(Event("worker-lost", now, now))

    def end_worker_hung(self, _):
        """Its supervisor has replaced it."""
        if self.stopped in self.gateway.workers():
            os.kill(self.stopped, signal.SIGKILL)
            raise AssertionError("a worker that hung was not replaced")
        self._complete()

    # ---- what is around it

    def begin_dns_silent(self, _):
        """The resolver does not answer."""
        self.names.silent()

    def begin_dns_away(self, _):
        """The resolver is being restarted: its port is closed."""
        self.names.away()

    def end_dns_silent(self, _):
        """It answers again."""
        self.names.back()

    end_dns_away = end_dns_silent

    def begin_store_locked(self, _):
        """Another program locks the store."""
        self.locker = sqlite3.connect(self.gateway.store, timeout=30,
                                      isolation_level=None)
        self.locker.execute("BEGIN EXCLUSIVE")

    def end_store_locked(self, _):
        """It lets it go."""
        try:
            self.locker.execute("ROLLBACK")
        finally:
            self.locker.close()

    def _ballast(self):
        return os.path.dirname(self.gateway.store) + "/ballast"

    def begin_disk_full(self, _):
        """The disk of the store is full."""
        for block in (1 << 20, 4096, 1):
            with open(self._ballast(), "ab", buffering=0) as file:
                try:
                    while file.write(b"x" * block):
                        pass
                except OSError:
                    pass

    def end_disk_full(self, _):
        """Somebody deletes a file."""
        os.unlink(self._ballast())

    def begin_clock_jump(self, seconds):
        """The wall clock jumps."""
        self.gateway.clock.set_seconds(seconds)

    def end_clock_jump(self, _):
        """It jumps back."""
        self.gateway.clock.set_seconds(0)

    def begin_log_stuck(self, _):
        """Nothing reads the log."""
        self.gateway.log.stick()

    def end_log_stuck(self, _):
        """It is read again."""
        self.gateway.log.loosen()
