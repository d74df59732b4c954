"""Every call that passes: how often each caller makes it, and what its role has to allow for it."""

import collections
import re
import threading
import typing
import urllib.parse

from . import permissions

FUNCTION = re.compile(r"/functions/([^/]+)/invocations")
LATTICE_TARGETS = re.compile(r"/targetgroups/(.+)/listtargets$")
# The member that names what a call touches.
NAMED_BY = {
    "sns:Publish": "TopicArn",
    "states:DescribeExecution": "executionArn",
    "states:StartExecution": "stateMachineArn",
    "states:StopExecution": "executionArn",
}
# These have no resources, or are made on all there are.
ON_EVERYTHING = re.compile(r"(autoscaling|cloudwatch|ec2|elasticloadbalancing):Describe|arc-zonal-shift:Get")


class Asked(typing.NamedTuple):
    """What a role is asked to allow."""

    # `handler`, or `machine.` and the name of its role.
    caller: str
    # As IAM spells it.
    action: str
    # ARN of what it touches; `*` where it names nothing.
    resource: str
    # What conditions may ask for: keys, each with its one value.
    context: tuple[tuple[str, str], ...] = ()

    def __str__(self):
        return f"{self.caller} {self.action} on {self.resource}"


class Calls:
    """The calls so far."""

    def __init__(self, account, region):
        self._arns = f"{region}:{account}"
        self._lock = threading.Lock()
        self._counts = collections.Counter()
        self._asked = set()

    def count(self, caller, action):
        """Counts a call."""
        with self._lock:
            self._counts[caller, action] += 1

    def ask(self, caller, action, resource, context=()):
        """Notes what a call asks the caller's role for."""
        with self._lock:
            self._asked.add(Asked(caller, action, resource, tuple(sorted(context))))

    def asked(self):
        """What roles were asked for, each once."""
        with self._lock:
            return set(self._asked)

    def taken(self, caller):
        """The counted calls of a caller, by action; they count no more."""
        with self._lock:
            counts = {action: count for (made_by, action), count in self._counts.items() if made_by == caller}
            for action in counts:
                del self._counts[caller, action]
        return counts

    def ask_for(self, response, caller, action, fleet):
        """Notes what the call asks for that moto has read; nothing where it names nothing that there is."""
        action = permissions.IAM_ACTIONS.get(action, action)
        service = action.split(":")[0]
        if ON_EVERYTHING.match(action):
            self.ask(caller, action, "*")
        elif action == "cloudwatch:PutMetricData":
            self.ask(caller, action, "*", [("cloudwatch:namespace", response._get_param("Namespace"))])
        elif service == "autoscaling":
            self._ask_of_group(response, caller, action, fleet)
        elif service == "dynamodb":
            table = response._get_param("TableName")
            self.ask(caller, action, f"arn:aws:dynamodb:{self._arns}:table/{table}")
        elif action == "lambda:InvokeFunction":
            self.ask(caller, action, urllib.parse.unquote(FUNCTION.search(response.uri)[1]))
        elif action == "vpc-lattice:ListTargets":
            self.ask(caller, action, LATTICE_TARGETS.search(lattice_path(response))[1])
        elif service == "sqs":
            queue = response._get_param("QueueUrl").rsplit("/", 1)[1]
            self.ask(caller, action, f"arn:aws:sqs:{self._arns}:{queue}")
        elif action in NAMED_BY:
            self.ask(caller, action, response._get_param(NAMED_BY[action]))
        else:
            raise NotImplementedError(f"the emulator does not know what {action} touches")

    def _ask_of_group(self, response, caller, action, fleet):
        instance, name = (response._get_param(each) for each in ("InstanceId", "AutoScalingGroupName"))
        with fleet.lock:
            groups = list(fleet.groups.values())
            group = next((each for each in groups if name == each.name or instance in [one.id for one in each.instances]), None)
            if group is not None:
                tags = [(f"aws:ResourceTag/{key}", value) for key, (value, _) in group.tags.items()]
                self.ask(caller, action, group.arn, tags)


def lattice_path(response):
    """The path of a call of VPC Lattice, in which a target group may stand as an ARN."""
    return urllib.parse.unquote(urllib.parse.urlsplit(response.uri).path)
