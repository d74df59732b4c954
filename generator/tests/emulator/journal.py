"""What happened, in order: every call that changes something, and every change of an instance.

Tests assert on it: that nothing was changed, that nothing was launched before something was gone, that no more
instances were out of service than promised.
"""

import threading

from .clock import Handover


class Journal:
    """Entries in the order in which they happened."""

    def __init__(self, clock):
        self._clock = clock
        self._entries = []
        self._watches = []
        self._lock = threading.RLock()

    def length(self):
        """How many entries there are."""
        with self._lock:
            return len(self._entries)

    def add(self, position=None, **entry):
        """Adds an entry, stamped with the seconds since the start: at the end, or before what came of it."""
        with self._lock:
            entry = {"at": round(self._clock.elapsed(), 1), **entry}
            self._entries.insert(len(self._entries) if position is None else position, entry)
            for watch in [each for each in self._watches if each.matches(entry)]:
                self._watches.remove(watch)
                watch.reached.set()

    def entries(self):
        """All entries so far."""
        with self._lock:
            return list(self._entries)

    def watch(self, count=1, **wanted):
        """Something to wait on: the `count`th entry from now on that has all the wanted values."""
        watch = Watch(self._clock, count, wanted)
        with self._lock:
            self._watches.append(watch)
        return watch


class Watch:
    """Waits for an entry. Time stands still again from the moment it is added."""

    def __init__(self, clock, count, wanted):
        self._left = count
        self._wanted = wanted
        self.reached = Handover(clock)

    def matches(self, entry):
        """Whether this entry is the awaited one."""
        if any(entry.get(key) != value for key, value in self._wanted.items()):
            return False
        self._left -= 1
        return self._left == 0
