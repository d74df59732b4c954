"""Auto Scaling groups whose instances take time to come and go.

The model changes only when it is called: `catch_up` runs what fell due since the last call, in order. It knows
nothing of protocols; `api` speaks for it.
"""

import dataclasses
import functools
import heapq
import itertools
import threading

from .faults import Rejected

LIVE = ("Pending", "InService")


@dataclasses.dataclass
class Timing:
    """How long things take, in seconds."""

    boot_seconds: float = 60
    target_health_seconds: float = 20
    drain_seconds: float = 40
    ec2_termination_seconds: float = 15
    unhealthy_replacement_seconds: float = 60
    launch_retry_seconds: float = 60


@dataclasses.dataclass
class Instance:
    """One instance, from its launch on; it stays known after its end, as in EC2."""

    id: str
    zone: str
    launched_at: float
    launch_template: dict | None
    launch_configuration: str | None
    fault: str | None = None
    lifecycle: str = "Pending"
    health: str = "Healthy"
    in_service_at: float | None = None
    protected: bool = False
    target: str = "initial"
    ec2_state: str = "pending"
    tags: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Activity:
    """One scaling activity."""

    id: str
    group: str
    description: str
    cause: str
    started_at: float
    status: str = "InProgress"
    status_message: str | None = None
    ended_at: float | None = None


@dataclasses.dataclass
class Group:
    """One group. `launch` holds exactly one of LaunchTemplate, LaunchConfigurationName, MixedInstancesPolicy."""

    name: str
    arn: str
    minimum: int
    maximum: int
    desired: int
    zones: list
    launch: dict
    tags: dict = dataclasses.field(default_factory=dict)
    target_groups: list = dataclasses.field(default_factory=list)
    classic_load_balancers: list = dataclasses.field(default_factory=list)
    lattice_target_groups: list = dataclasses.field(default_factory=list)
    suspended: set = dataclasses.field(default_factory=set)
    protect_new: bool = False
    instances: list = dataclasses.field(default_factory=list)
    refreshes: list = dataclasses.field(default_factory=list)
    # How many a refresh lets it have above its desired capacity.
    surge: int = 0
    created_at: float = 0
    retry_pending: bool = False
    # Zones that its traffic is or was shifted away from; None where zonal shifts are not enabled.
    shifted_away: list | None = None

    def tags_at_launch(self):
        """What an instance carries that is launched now."""
        propagated = {key: value for key, (value, propagate) in self.tags.items() if propagate}
        return {**propagated, "aws:autoscaling:groupName": self.name}

    def live(self):
        """Those that count towards the desired capacity."""
        return [each for each in self.instances if each.lifecycle in LIVE]

    def load_balancers(self):
        """Whatever says whether an instance serves: by ARN, classic load balancers by name."""
        return [*self.target_groups, *self.classic_load_balancers, *self.lattice_target_groups]

    def healthy(self):
        """Those that serve: in service, healthy, and healthy to every load balancer."""
        return [
            each
            for each in self.instances
            if each.lifecycle == "InService"
            and each.health == "Healthy"
            and (not self.load_balancers() or each.target == "healthy")
        ]


class Fleet:
    """All groups, their instances and their activities."""

    def __init__(self, clock, journal, faults, resolve_launch_template):
        self.clock = clock
        self.journal = journal
        self.faults = faults
        self.timing = Timing()
        self.groups = {}
        self.instances = {}
        self.activities = []
        self.lock = threading.RLock()
        self._resolve = resolve_launch_template
        self._due = []
        self._sequence = itertools.count(1)
        self._time = clock.now()

    def catch_up(self):
        """Runs what fell due."""
        with self.lock:
            now = self.clock.now()
            while self._due and self._due[0][0] <= now:
                self._time, _, run = heapq.heappop(self._due)
                run()
            self._time = now

    def add(self, group):
        """A new group; its instances start."""
        group.created_at = self._time
        self.groups[group.name] = group
        self.reconcile(group, "a user request created the group")

    def now(self):
        """The moment that the model is at."""
        return self._time

    def settle(self, group):
        """Makes every instance of a new group healthy at once, as if the group had stood for long."""
        for instance in group.live():
            self._enter_service(group, instance, None)
            self._target_decided(group, instance)

    def reconcile(self, group, cause):
        """Brings the group towards its desired capacity, as far as it may."""
        surplus = len(group.live()) - group.desired - group.surge
        if surplus < 0 and "Launch" not in group.suspended:
            for _ in range(-surplus):
                self._launch(group, cause)
        if surplus > 0 and "Terminate" not in group.suspended:
            for _ in range(surplus):
                victim = self._scale_in_victim(group)
                if victim:
                    self.terminate(group, victim, cause)

    def terminate(self, group, instance, cause):
        """Starts the end of an instance."""
        instance.lifecycle = "Terminating"
        instance.target = "draining"
        activity = self._start_activity(group, f"Terminating EC2 instance: {instance.id}", cause)
        self._record(group, instance, "terminating")
        self.after(self.timing.drain_seconds, lambda: self._gone(group, instance, activity))
        return activity

    def spoil(self, group, instance):
        """An instance in service turns unhealthy."""
        instance.health = "Unhealthy"
        self._record(group, instance, "unhealthy")
        self._replace_later(group, instance)

    def _launch(self, group, cause):
        fault = self.faults.next_launch() or {"kind": None}
        launch_template = self.launch_template(group)
        if fault["kind"] == "fails":
            activity = self._start_activity(group, "Launching a new EC2 instance.", cause)
            self._end_activity(activity, "Failed", f"{fault['message']} Launching EC2 instance failed.")
            self.journal.add(event="launch-failed", group=group.name, at=self._elapsed())
            self._retry_launches(group)
            return
        instance = Instance(
            id=f"i-{next(self._sequence):017x}",
            zone=min(group.zones, key=lambda zone: (sum(each.zone == zone for each in group.live()), zone)),
            launched_at=self._time,
            launch_template=launch_template,
            launch_configuration=group.launch.get("LaunchConfigurationName"),
            fault=fault["kind"],
            protected=group.protect_new,
            tags=group.tags_at_launch(),
        )
        self.instances[instance.id] = instance
        group.instances.append(instance)
        activity = self._start_activity(group, f"Launching a new EC2 instance: {instance.id}", cause)
        self._record(group, instance, "launched")
        if instance.fault != "stuck-pending":
            self.after(self.timing.boot_seconds, lambda: self._enter_service(group, instance, activity))

    def _retry_launches(self, group):
        if group.retry_pending:
            return
        group.retry_pending = True

        def retry():
            group.retry_pending = False
            self.reconcile(group, "the group is short of its desired capacity")

        self.after(self.timing.launch_retry_seconds, retry)

    def launch_template(self, group):
        """What the group launches from now, if that is a launch template."""
        specification = group.launch.get("LaunchTemplate")
        if "MixedInstancesPolicy" in group.launch:
            specification = group.launch["MixedInstancesPolicy"]["LaunchTemplate"]["LaunchTemplateSpecification"]
        return self._resolve(specification) if specification else None

    def _enter_service(self, group, instance, activity):
        if instance.lifecycle != "Pending":
            return
        instance.lifecycle = "InService"
        instance.in_service_at = self._time
        instance.ec2_state = "running"
        if activity:
            self._end_activity(activity, "Successful")
        self._record(group, instance, "in-service")
        if instance.fault == "unhealthy":
            self.spoil(group, instance)
        self.after(self.timing.target_health_seconds, lambda: self._target_decided(group, instance))

    def _target_decided(self, group, instance):
        if instance.target == "initial" and instance.lifecycle == "InService":
            instance.target = "unhealthy" if instance.fault in ("unhealthy", "target-unhealthy") else "healthy"
            self._record(group, instance, f"target-{instance.target}")

    def _replace_later(self, group, instance):
        def replace():
            blocked = group.suspended & {"ReplaceUnhealthy", "HealthCheck", "Terminate"}
            if instance.lifecycle == "InService" and not blocked:
                self.terminate(group, instance, "an instance was found unhealthy")
                self.reconcile(group, "an instance was found unhealthy")

        self.after(self.timing.unhealthy_replacement_seconds, replace)

    def _gone(self, group, instance, activity):
        group.instances.remove(instance)
        instance.lifecycle = "Terminated"
        instance.target = "unused"
        instance.ec2_state = "shutting-down"
        self._end_activity(activity, "Successful")
        self._record(group, instance, "gone")
        self.after(self.timing.ec2_termination_seconds, functools.partial(self._ended, group, instance))

    def _ended(self, group, instance):
        instance.ec2_state = "terminated"
        self._record(group, instance, "terminated")

    @staticmethod
    def _scale_in_victim(group):
        """The oldest unprotected instance of the fullest zone: balance comes before age."""
        unprotected = [each for each in group.live() if not each.protected]
        if not unprotected:
            return None
        fullness = {zone: sum(each.zone == zone for each in group.live()) for zone in group.zones}
        return min(unprotected, key=lambda each: (-fullness[each.zone], each.launched_at, each.id))

    def _start_activity(self, group, description, cause):
        identifier = f"{next(self._sequence):08x}-0000-4000-8000-000000000000"
        activity = Activity(identifier, group.name, description, f"At the request of the model, {cause}.", self._time)
        self.activities.insert(0, activity)
        return activity

    def _end_activity(self, activity, status, message=None):
        activity.status = status
        activity.status_message = message
        activity.ended_at = self._time

    def after(self, seconds, run):
        """Lets something happen so much later."""
        heapq.heappush(self._due, (self._time + seconds, next(self._sequence), run))

    def _elapsed(self):
        return round(self._time - self.clock.started_at, 1)

    def _record(self, group, instance, event):
        self.journal.add(
            event=event,
            group=group.name,
            instance=instance.id,
            zone=instance.zone,
            version=(instance.launch_template or {}).get("Version"),
            healthy=len(group.healthy()),
            at=self._elapsed(),
        )

    def find_group(self, name):
        """The group, or what AWS answers when there is none."""
        if name not in self.groups:
            raise Rejected("ValidationError", "AutoScalingGroup name not found - null")
        return self.groups[name]

    def find_member(self, instance_id):
        """The group and instance, or what AWS answers when no group has it."""
        for group in self.groups.values():
            for instance in group.instances:
                if instance.id == instance_id:
                    return group, instance
        text = f"Instance Id not found - No managed instance found for instance ID: {instance_id}"
        raise Rejected("ValidationError", text)
