"""Virtual time, shared by the interpreter, the modelled groups and the test.

Time stands still while anything works and jumps to the next wake-up once everything waits, so a two-hour time-out
costs nothing and a slow machine changes no outcome. Each thread of work counts as one worker between `enter` and
`leave`; the test itself is a worker except while it waits for an outcome.
"""

import datetime
import heapq
import itertools
import threading
import time


# How long, in real time, workers that are left over may take to leave.
REAL_SECONDS_MAX = 600


class Clock:
    """Seconds since the epoch that pass only when nobody works."""

    def __init__(self, start_seconds=None):
        self._now = time.time() if start_seconds is None else start_seconds
        self.started_at = self._now
        self._changed = threading.Condition(threading.RLock())
        self._workers = 0
        self._wake_ups = []
        self._sequence = itertools.count()

    def now(self):
        """Seconds since the epoch."""
        with self._changed:
            return self._now

    def millis(self):
        """Whole milliseconds since the epoch, as JSONata's `$millis()` gives them."""
        return round(self.now() * 1000)

    def datetime(self):
        """The time in UTC, with its zone."""
        return datetime.datetime.fromtimestamp(self.millis() / 1000, datetime.timezone.utc)

    def elapsed(self):
        """Seconds since the clock was made."""
        return self.now() - self.started_at

    def set(self, seconds):
        """Begins again at another time, as soon as all other workers have left; time passes for those that sleep."""
        with self._changed:
            self._workers -= 1
            self._jump_when_idle()
            deserted = self._changed.wait_for(lambda: self._workers == 0 and not self._wake_ups, REAL_SECONDS_MAX)
            assert deserted, "somebody waits for the time that was"
            self._workers += 1
            self._now = self.started_at = seconds

    def spend(self, seconds):
        """Lets work take time."""
        with self._changed:
            self._now += seconds
            self._changed.notify_all()

    def enter(self):
        """One more worker: time stands still."""
        with self._changed:
            self._workers += 1

    def leave(self):
        """One worker less: time may jump."""
        with self._changed:
            self._workers -= 1
            assert self._workers >= 0, "a worker left that had not entered"
            self._changed.notify_all()
            self._jump_when_idle()

    def poke(self):
        """Makes every sleeper look again whether it was interrupted."""
        with self._changed:
            self._changed.notify_all()

    def sleep(self, seconds, interrupted=lambda: False):
        """Lets a worker wait until its time has come or it is interrupted."""
        with self._changed:
            wake_up = self._schedule(seconds)
            self._workers -= 1
            self._jump_when_idle()
            while self._now < wake_up[0] and not interrupted():
                self._changed.wait()
            self._cancel(wake_up)
            self._workers += 1

    def deadline(self, seconds):
        """A deadline that time jumps to like to any wake-up."""
        return Deadline(self, seconds)

    def _schedule(self, seconds):
        # To the millisecond: sums of fractions would drift.
        wake_up = (round(self._now + max(seconds, 0), 3), next(self._sequence))
        heapq.heappush(self._wake_ups, wake_up)
        return wake_up

    def _cancel(self, wake_up):
        self._wake_ups.remove(wake_up)
        heapq.heapify(self._wake_ups)

    def _jump_when_idle(self):
        if self._workers == 0 and self._wake_ups and self._wake_ups[0][0] > self._now:
            self._now = self._wake_ups[0][0]
            self._changed.notify_all()


class Deadline:
    """Waits for one of two things: `meet` is called, or the time is up."""

    def __init__(self, clock, seconds):
        self._clock = clock
        self._met = False
        with clock._changed:
            self._wake_up = clock._schedule(seconds)

    def meet(self):
        """Called by the work itself, before it stops counting as a worker."""
        with self._clock._changed:
            if not self._met:
                self._met = True
                self._clock._cancel(self._wake_up)
                self._clock._changed.notify_all()

    def wait(self):
        """Whether the deadline was met. When it was not, the caller has become a worker and has to `leave`."""
        clock = self._clock
        with clock._changed:
            while not self._met and clock._now < self._wake_up[0]:
                clock._changed.wait()
            if self._met:
                return True
            self._met = True
            clock._cancel(self._wake_up)
            clock._workers += 1
            return False


class Handover:
    """An event whose waiter stops counting as a worker, and counts again from the moment the event is set."""

    def __init__(self, clock):
        self._clock = clock
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._waiters = 0

    def is_set(self):
        """Whether the event was set."""
        return self._event.is_set()

    def set(self):
        """Wakes the waiters, each a worker again."""
        with self._lock:
            if self._event.is_set():
                return
            for _ in range(self._waiters):
                self._clock.enter()
            self._event.set()

    def wait(self, real_seconds=None):
        """Waits; `real_seconds` bounds the wait in real time, against a hang. Whether the event was set."""
        with self._lock:
            if self._event.is_set():
                return True
            self._waiters += 1
            self._clock.leave()
        if self._event.wait(real_seconds):
            return True
        with self._lock:
            if self._event.is_set():
                return True
            self._waiters -= 1
            self._clock.enter()
            return False


def virtual_datetime_module(clock):
    """Stands in for the `datetime` module where code asks it for the present."""

    class VirtualDatetime(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            present = clock.datetime()
            return present.astimezone(tz) if tz else present.replace(tzinfo=None)

    class Module:
        date = datetime.date
        timedelta = datetime.timedelta
        timezone = datetime.timezone

    Module.datetime = VirtualDatetime
    return Module
