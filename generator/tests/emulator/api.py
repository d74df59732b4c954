"""The Auto Scaling API over the model: parameters in, results out, and AWS's own refusals.

Method names are the API's actions in snake case; parameters and results are spelt as in the API.
"""

import datetime

from .faults import Rejected
from .refreshes import Refreshes

PROCESSES = (
    "Launch",
    "Terminate",
    "AddToLoadBalancer",
    "AlarmNotification",
    "AZRebalance",
    "HealthCheck",
    "InstanceRefresh",
    "ReplaceUnhealthy",
    "ScheduledActions",
)
LAUNCH_SOURCES = ("LaunchTemplate", "LaunchConfigurationName", "MixedInstancesPolicy")
TAG_RESOURCE_TYPE = "auto-scaling-group"


def when(seconds):
    """A moment as the API gives it."""
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc) if seconds is not None else None


def refuse(message):
    """What AWS calls a fault it has no name for."""
    raise Rejected("ValidationError", message)


class AutoScalingApi:
    """One method per action; each gets the call's parameters and gives its result."""

    # Reads are not journalled: they change nothing.
    READS = frozenset(
        {
            "describe_auto_scaling_groups",
            "describe_auto_scaling_instances",
            "describe_instance_refreshes",
            "describe_launch_configurations",
            "describe_lifecycle_hooks",
            "describe_scaling_activities",
            "describe_tags",
            "describe_warm_pool",
        }
    )

    def __init__(self, fleet):
        self._fleet = fleet
        self._refreshes = Refreshes(fleet)
        self.launch_configurations = {}

    # Reads

    def describe_auto_scaling_groups(self, parameters):
        names = parameters.get("AutoScalingGroupNames")
        if names and len(names) > parameters.get("MaxRecords", 50):
            refuse("The number of group names is above the maximum number of records.")
        groups = [group for name, group in sorted(self._fleet.groups.items()) if not names or name in names]
        groups = [group for group in groups if matches(group, parameters.get("Filters", []))]
        page, token = paged(groups, parameters, 100)
        with_instances = parameters.get("IncludeInstances", True)
        return {"AutoScalingGroups": [described(group, with_instances) for group in page], "NextToken": token}

    def describe_auto_scaling_instances(self, parameters):
        wanted = parameters.get("InstanceIds")
        found = [
            {**described_instance(instance), "AutoScalingGroupName": group.name}
            for group in self._fleet.groups.values()
            for instance in group.instances
            if not wanted or instance.id in wanted
        ]
        page, token = paged(found, parameters, 50)
        return {"AutoScalingInstances": page, "NextToken": token}

    def describe_scaling_activities(self, parameters):
        name = parameters.get("AutoScalingGroupName")
        found = [each for each in self._fleet.activities if not name or each.group == name]
        page, token = paged(found, parameters, 100)
        return {"Activities": [described_activity(each) for each in page], "NextToken": token}

    def describe_instance_refreshes(self, parameters):
        group = self._fleet.find_group(parameters["AutoScalingGroupName"])
        ids = parameters.get("InstanceRefreshIds")
        found = [described_refresh(group, each) for each in group.refreshes if not ids or each.id in ids]
        page, token = paged(found, parameters, 100)
        return {"InstanceRefreshes": page, "NextToken": token}

    def describe_launch_configurations(self, parameters):
        names = parameters["LaunchConfigurationNames"]
        found = {name: made for name, made in self.launch_configurations.items() if name in names}
        described = [{"LaunchConfigurationName": name, "CreatedTime": when(made)} for name, made in found.items()]
        return {"LaunchConfigurations": described}

    def describe_lifecycle_hooks(self, parameters):
        self._fleet.find_group(parameters["AutoScalingGroupName"])
        return {"LifecycleHooks": []}

    def describe_warm_pool(self, parameters):
        self._fleet.find_group(parameters["AutoScalingGroupName"])
        return {"Instances": []}

    def describe_tags(self, parameters):
        tags = [tag for group in self._fleet.groups.values() for tag in described_tags(group)]
        fields = {"auto-scaling-group": "ResourceId", "key": "Key", "value": "Value"}
        for each in parameters.get("Filters", []):
            tags = [tag for tag in tags if tag[fields[each["Name"]]] in each["Values"]]
        page, token = paged(tags, parameters, 50)
        return {"Tags": page, "NextToken": token}

    # Sizes

    def update_auto_scaling_group(self, parameters):
        group = self._fleet.find_group(parameters["AutoScalingGroupName"])
        minimum = parameters.get("MinSize", group.minimum)
        maximum = parameters.get("MaxSize", group.maximum)
        if minimum > maximum:
            refuse(f"Max bound, {maximum}, must be greater than or equal to min bound, {minimum}")
        desired = parameters.get("DesiredCapacity")
        if desired is None:
            desired = min(max(group.desired, minimum), maximum)
        elif not minimum <= desired <= maximum:
            refuse(
                f"Desired capacity:{desired} must be between the specified min size:{minimum} and max size:{maximum}"
            )
        sources = [source for source in LAUNCH_SOURCES if source in parameters]
        if len(sources) > 1:
            refuse("You must use only one of a launch template, a launch configuration or a mixed instances policy.")
        if sources:
            group.launch = {sources[0]: parameters[sources[0]]}
        cause = f"a user request update of AutoScalingGroup constraints to min: {minimum}, max: {maximum}, desired: {desired}"
        if desired != group.desired:
            cause += f" changing the desired capacity from {group.desired} to {desired}."
        group.minimum, group.maximum, group.desired = minimum, maximum, desired
        group.protect_new = parameters.get("NewInstancesProtectedFromScaleIn", group.protect_new)
        self._fleet.reconcile(group, cause)
        return {}

    def set_desired_capacity(self, parameters):
        group = self._fleet.find_group(parameters["AutoScalingGroupName"])
        desired = parameters["DesiredCapacity"]
        if desired > group.maximum:
            refuse(
                f"New SetDesiredCapacity value {desired} is above max value {group.maximum} for the AutoScalingGroup."
            )
        if desired < group.minimum:
            refuse(
                f"New SetDesiredCapacity value {desired} is below min value {group.minimum} for the AutoScalingGroup."
            )
        group.desired = desired
        self._fleet.reconcile(group, "a user request set the desired capacity")
        return {}

    # Instances

    def terminate_instance_in_auto_scaling_group(self, parameters):
        if "InstanceId" not in parameters:
            refuse("this emulator takes one InstanceId a call")
        group, instance = self._fleet.find_member(parameters["InstanceId"])
        if instance.lifecycle not in ("Pending", "InService", "Standby"):
            text = f"Scaling activity {self._fleet.activities[0].id} is in progress and blocks this action"
            raise Rejected("ScalingActivityInProgress", text)
        if parameters["ShouldDecrementDesiredCapacity"] and instance.lifecycle != "Standby":
            if group.desired <= group.minimum:
                refuse(
                    f"Currently, desiredSize equals minSize ({group.minimum}). Terminating instance without"
                    " replacement will violate group's min size constraint. Either set shouldDecrementDesiredCapacity"
                    " flag to false or lower group's min size."
                )
            group.desired -= 1
        activity = self._fleet.terminate(group, instance, "instance was taken out of service in response to a user request.")
        self._fleet.reconcile(group, "an instance was taken out of service")
        return {"Activity": described_activity(activity)}

    def set_instance_protection(self, parameters):
        group = self._fleet.find_group(parameters["AutoScalingGroupName"])
        if len(parameters["InstanceIds"]) > 50:
            raise Rejected("LimitExceeded", "More than 50 instances in one call.")
        for instance in self._members(group, parameters["InstanceIds"]):
            instance.protected = parameters["ProtectedFromScaleIn"]
        return {}

    def enter_standby(self, parameters):
        group = self._fleet.find_group(parameters["AutoScalingGroupName"])
        for instance in self._members(group, parameters.get("InstanceIds", [])):
            instance.lifecycle = "Standby"
            group.desired -= parameters["ShouldDecrementDesiredCapacity"]
        self._fleet.reconcile(group, "instances were moved to standby")
        return {"Activities": []}

    def set_instance_health(self, parameters):
        group, instance = self._fleet.find_member(parameters["InstanceId"])
        if parameters["HealthStatus"] == "Unhealthy":
            self._fleet.spoil(group, instance)
        else:
            instance.health = "Healthy"
        return {}

    # Refreshes

    def start_instance_refresh(self, parameters):
        group = self._fleet.find_group(parameters["AutoScalingGroupName"])
        return {"InstanceRefreshId": self._refreshes.start(group, parameters)}

    def cancel_instance_refresh(self, parameters):
        group = self._fleet.find_group(parameters["AutoScalingGroupName"])
        return {"InstanceRefreshId": self._refreshes.cancel(group)}

    # Processes and tags

    def suspend_processes(self, parameters):
        group = self._fleet.find_group(parameters["AutoScalingGroupName"])
        group.suspended |= known_processes(parameters)
        return {}

    def resume_processes(self, parameters):
        group = self._fleet.find_group(parameters["AutoScalingGroupName"])
        group.suspended -= known_processes(parameters)
        self._fleet.reconcile(group, "a process was resumed")
        return {}

    def create_or_update_tags(self, parameters):
        for tag in parameters["Tags"]:
            group = self._fleet.find_group(tag["ResourceId"])
            group.tags[tag["Key"]] = (tag.get("Value", ""), tag.get("PropagateAtLaunch", False))
        return {}

    def delete_tags(self, parameters):
        for tag in parameters["Tags"]:
            self._fleet.find_group(tag["ResourceId"]).tags.pop(tag["Key"], None)
        return {}

    def delete_auto_scaling_group(self, parameters):
        group = self._fleet.find_group(parameters["AutoScalingGroupName"])
        if group.instances and not parameters.get("ForceDelete"):
            raise Rejected("ResourceInUse", "You cannot delete an AutoScalingGroup while there are instances in it.")
        del self._fleet.groups[group.name]
        return {}

    @staticmethod
    def _members(group, instance_ids):
        by_id = {instance.id: instance for instance in group.instances}
        for instance_id in instance_ids:
            if instance_id not in by_id:
                refuse(f"The instance {instance_id} is not part of Auto Scaling group {group.name}.")
        return [by_id[instance_id] for instance_id in instance_ids]


def known_processes(parameters):
    """The named processes. None named means all, as in AWS."""
    names = parameters.get("ScalingProcesses") or PROCESSES
    unknown = sorted(set(names) - set(PROCESSES))
    if unknown:
        refuse(f"Invalid process type: {', '.join(unknown)}")
    return set(names)


def matches(group, filters):
    """Whether the group passes the filters: any value of each."""
    for each in filters:
        name, values = each["Name"], each["Values"]
        if name == "tag-key":
            passes = any(key in values for key in group.tags)
        elif name == "tag-value":
            passes = any(value in values for value, _ in group.tags.values())
        elif name.startswith("tag:"):
            passes = group.tags.get(name.removeprefix("tag:"), (None,))[0] in values
        else:
            refuse(f"Filter type {name} is not correct.")
        if not passes:
            return False
    return True


def paged(found, parameters, most):
    """One page and the token of the next."""
    size = parameters.get("MaxRecords", 50)
    if size > most:
        refuse(f"The maximum number of records is {most}.")
    start = int(parameters.get("NextToken") or 0)
    token = str(start + size) if len(found) > start + size else None
    return found[start : start + size], token


def described_tags(group):
    """The group's tags as the API gives them."""
    return [
        {
            "ResourceId": group.name,
            "ResourceType": TAG_RESOURCE_TYPE,
            "Key": key,
            "Value": value,
            "PropagateAtLaunch": propagate,
        }
        for key, (value, propagate) in sorted(group.tags.items())
    ]


def described(group, with_instances):
    """The group as the API gives it."""
    return {
        "AutoScalingGroupName": group.name,
        "AutoScalingGroupARN": group.arn,
        **group.launch,
        "MinSize": group.minimum,
        "MaxSize": group.maximum,
        "DesiredCapacity": group.desired,
        "DefaultCooldown": 300,
        "AvailabilityZones": group.zones,
        "LoadBalancerNames": group.classic_load_balancers,
        "TargetGroupARNs": group.target_groups,
        "HealthCheckType": "ELB" if group.target_groups or group.classic_load_balancers else "EC2",
        "HealthCheckGracePeriod": 300,
        "DefaultInstanceWarmup": 0,  # instances count in a refresh as soon as they are in service
        "Instances": [described_instance(each) for each in group.instances] if with_instances else [],
        "CreatedTime": when(group.created_at),
        "SuspendedProcesses": [
            {"ProcessName": process, "SuspensionReason": "User suspended"} for process in sorted(group.suspended)
        ],
        "VPCZoneIdentifier": ",".join(f"subnet-{zone}" for zone in group.zones),
        "EnabledMetrics": [],
        "Tags": described_tags(group),
        "TerminationPolicies": ["Default"],
        "NewInstancesProtectedFromScaleIn": group.protect_new,
        "TrafficSources": [
            {"Identifier": identifier, "Type": kind}
            for kind, identifiers in (
                ("elbv2", group.target_groups),
                ("elb", group.classic_load_balancers),
                ("vpc-lattice", group.lattice_target_groups),
            )
            for identifier in identifiers
        ],
        **({} if group.shifted_away is None else {"AvailabilityZoneImpairmentPolicy": {"ZonalShiftEnabled": True}}),
    }


def described_instance(instance):
    """The instance as the API gives it."""
    launch = {"LaunchTemplate": instance.launch_template} if instance.launch_template else {}
    if instance.launch_configuration:
        launch = {"LaunchConfigurationName": instance.launch_configuration}
    return {
        "InstanceId": instance.id,
        "InstanceType": "t3.micro",
        "AvailabilityZone": instance.zone,
        "LifecycleState": instance.lifecycle,
        "HealthStatus": instance.health,
        "ProtectedFromScaleIn": instance.protected,
        **launch,
    }


def described_refresh(group, refresh):
    """The refresh as the API gives it."""
    reason = {"StatusReason": refresh.reason} if refresh.reason else {}
    ended = {"EndTime": when(refresh.ended_at)} if refresh.ended_at else {}
    return {
        "InstanceRefreshId": refresh.id,
        "AutoScalingGroupName": group.name,
        "Status": refresh.status,
        "StartTime": when(refresh.started_at),
        "PercentageComplete": refresh.percent(),
        "InstancesToUpdate": len(refresh.left),
        "Preferences": {key: refresh.preferences[key] for key in ("MinHealthyPercentage", "SkipMatching")},
        **reason,
        **ended,
    }


def described_activity(activity):
    """The activity as the API gives it."""
    return {
        "ActivityId": activity.id,
        "AutoScalingGroupName": activity.group,
        "Description": activity.description,
        "Cause": activity.cause,
        "StartTime": when(activity.started_at),
        "EndTime": when(activity.ended_at),
        "StatusCode": activity.status,
        "StatusMessage": activity.status_message,
        "Progress": 100 if activity.ended_at else 50,
        "Details": "{}",
    }
