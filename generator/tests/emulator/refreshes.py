"""Instance refreshes: AWS's own replacement of a group's instances, by its percentages, checkpoints and bake time.

Written from AWS's guide, beside and without a look at the simulator's: the machine meets two readings of it.
"""

import dataclasses
import math

from .faults import Rejected

TICK_SECONDS = 15
# Without progress for so long, AWS gives up.
PATIENCE_SECONDS = 3600
ACTIVE = ("Pending", "InProgress", "Cancelling", "Baking")
PREFERENCES = {
    "MinHealthyPercentage": 90,
    "MaxHealthyPercentage": 100,
    "SkipMatching": False,
    "ScaleInProtectedInstances": "Wait",
    "StandbyInstances": "Wait",
    "BakeTime": 0,
    "CheckpointPercentages": (),
    "CheckpointDelay": 3600,
}
# Taken as they are: no alarm goes off here by itself.
OTHER_PREFERENCES = ("InstanceWarmup", "AlarmSpecification")


@dataclasses.dataclass
class Refresh:
    """One refresh."""

    id: str
    preferences: dict
    started_at: float
    moved_at: float
    status: str = "Pending"
    reason: str | None = None
    ended_at: float | None = None
    # Ids of the instances that are still to be replaced, and how many there were.
    left: list = dataclasses.field(default_factory=list)
    total: int = 0
    passed: int = 0
    stopped_until: float = 0

    def percent(self):
        """How much of it is done."""
        return 100 if self.total == 0 else 100 * (self.total - len(self.left)) // self.total


class Refreshes:
    """The refreshes of all groups."""

    def __init__(self, fleet):
        self._fleet = fleet
        self._number = 0

    def start(self, group, parameters):
        """Begins one; its id."""
        if self.active(group):
            raise Rejected("InstanceRefreshInProgress", "An Instance Refresh is already in progress and blocks this")
        if parameters.get("DesiredConfiguration"):
            raise NotImplementedError("a refresh to another configuration than the group's")
        preferences = checked(parameters.get("Preferences", {}))
        if preferences["SkipMatching"] and "LaunchConfigurationName" in group.launch:
            raise Rejected("ValidationError", "SkipMatching needs a launch template.")
        self._number += 1
        now = self._fleet.now()
        refresh = Refresh(f"00000000-0000-4000-9000-{self._number:012x}", preferences, now, now)
        group.refreshes.insert(0, refresh)
        self._later(group, refresh)
        return refresh.id

    def cancel(self, group):
        """Ends the active one as soon as nothing is on its way; its id."""
        refresh = self.active(group)
        if refresh is None:
            raise Rejected("ActiveInstanceRefreshNotFound", "No in progress or pending Instance Refresh found.")
        refresh.status = "Cancelling"
        return refresh.id

    @staticmethod
    def active(group):
        """The one that is under way."""
        return next((each for each in group.refreshes if each.status in ACTIVE), None)

    def _later(self, group, refresh):
        self._fleet.after(TICK_SECONDS, lambda: self._step(group, refresh))

    def _step(self, group, refresh):
        now = self._fleet.now()
        if refresh.status == "Pending":
            refresh.left = [each.id for each in self._meant(group, refresh)]
            refresh.total = len(refresh.left)
            refresh.status = "InProgress"
        elif refresh.status == "InProgress":
            self._replace(group, refresh, now)
        elif refresh.status == "Baking" and now >= refresh.stopped_until:
            self._end(group, refresh, "Successful")
        elif refresh.status == "Cancelling" and not on_its_way(group):
            self._end(group, refresh, "Cancelled")
        if refresh.status in ACTIVE:
            self._later(group, refresh)

    def _meant(self, group, refresh):
        wanted = self._fleet.launch_template(group)
        for instance in group.instances:
            is_current = wanted is not None and instance.launch_template == wanted
            if instance.lifecycle == "Terminating" or (refresh.preferences["SkipMatching"] and is_current):
                continue
            if instance.lifecycle == "Standby" and refresh.preferences["StandbyInstances"] == "Ignore":
                continue
            if instance.protected and refresh.preferences["ScaleInProtectedInstances"] == "Ignore":
                continue
            yield instance

    def _replace(self, group, refresh, now):
        leaving = {each.id for each in group.instances if each.lifecycle == "Terminating"}
        there = {each.id for each in group.instances} - leaving
        left = [each for each in refresh.left if each in there]
        if len(left) < len(refresh.left):
            refresh.left, refresh.moved_at = left, now
        if now < refresh.stopped_until or self._stops_at_checkpoint(refresh, now):
            return
        most = math.ceil(group.desired * refresh.preferences["MaxHealthyPercentage"] / 100)
        least = math.ceil(group.desired * refresh.preferences["MinHealthyPercentage"] / 100)
        may_go = len(self._ready(group, refresh)) - least
        if may_go <= 0 and most <= group.desired and not on_its_way(group):
            may_go = 1  # percentages that leave no room: one at a time
        for instance in [each for each in group.live() if each.id in refresh.left][: max(may_go, 0)]:
            waits = instance.protected and refresh.preferences["ScaleInProtectedInstances"] == "Wait"
            if not waits:
                self._fleet.terminate(group, instance, "an instance refresh replaces the instance")
                refresh.left.remove(instance.id)
                refresh.moved_at = now
        group.surge = min(most - group.desired, len(refresh.left))
        self._fleet.reconcile(group, "an instance refresh replaces instances")
        if not refresh.left and not on_its_way(group) and len(self._ready(group, refresh)) >= group.desired:
            self._bake(group, refresh, now)
        elif now - refresh.moved_at >= PATIENCE_SECONDS:
            self._end(group, refresh, "Failed", "Instance refresh failed to make progress for one hour.")

    @staticmethod
    def _stops_at_checkpoint(refresh, now):
        due = refresh.preferences["CheckpointPercentages"][refresh.passed :]
        if not due or refresh.percent() < due[0] or not refresh.left:
            return False
        refresh.passed += sum(percent <= refresh.percent() for percent in due)
        refresh.stopped_until = refresh.moved_at = now + refresh.preferences["CheckpointDelay"]
        return True

    def _ready(self, group, refresh):
        warmup = refresh.preferences.get("InstanceWarmup", 0)
        now = self._fleet.now()
        return [
            each
            for each in group.instances
            if each.lifecycle == "InService"
            and each.health == "Healthy"
            and each.in_service_at is not None
            and now >= each.in_service_at + warmup
        ]

    def _bake(self, group, refresh, now):
        if refresh.preferences["BakeTime"]:
            refresh.status, refresh.stopped_until = "Baking", now + refresh.preferences["BakeTime"]
        else:
            self._end(group, refresh, "Successful")

    def _end(self, group, refresh, status, reason=None):
        refresh.status, refresh.reason, refresh.ended_at = status, reason, self._fleet.now()
        group.surge = 0
        self._fleet.reconcile(group, "an instance refresh ended")


def on_its_way(group):
    """Whether an instance comes or goes."""
    return any(each.lifecycle in ("Pending", "Terminating") for each in group.instances)


def checked(given):
    """Preferences with AWS's defaults, or its refusal."""
    unknown = sorted(set(given) - set(PREFERENCES) - set(OTHER_PREFERENCES))
    if unknown:
        raise NotImplementedError(f"preferences that the emulator does not know: {', '.join(unknown)}")
    preferences = {**PREFERENCES, **given}
    low, high = preferences["MinHealthyPercentage"], preferences["MaxHealthyPercentage"]
    if not (0 <= low <= 100 <= high <= 200 and high - low <= 100):
        raise Rejected("ValidationError", "The healthy percentages are out of bounds or more than 100 apart.")
    if "MaxHealthyPercentage" in given and "MinHealthyPercentage" not in given:
        raise Rejected("ValidationError", "MaxHealthyPercentage has to be set together with MinHealthyPercentage.")
    checkpoints = list(preferences["CheckpointPercentages"])
    if checkpoints != sorted(set(checkpoints)) or any(not 1 <= each <= 100 for each in checkpoints):
        raise Rejected("ValidationError", "CheckpointPercentages must be from 1 to 100, in ascending order.")
    return preferences
