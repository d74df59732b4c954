"""The modelled groups behind moto's HTTP front, and one place through which every call passes.

Callers are told apart by their access key: `machine` and its role behind a period (the state machine), `handler` (the
Lambda function), `operator` (the command that operates the stack), `test`.
"""

import json
import logging
import os
import re
import threading

from moto.autoscaling import urls as autoscaling_urls
from moto.cloudtrail.responses import CloudTrailResponse
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.config import default_user_config
from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, BaseResponse
from moto.ec2 import ec2_backends
from moto.ec2.responses import EC2Response
from moto.elb.responses import ELBResponse
from moto.elbv2.responses import ELBV2Response
from moto.events.models import EventPattern, EventPatternParser
from moto.events.responses import EventsHandler
from moto.iam.responses import IamResponse
from moto.stepfunctions.responses import StepFunctionResponse
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.vpclattice.responses import VPCLatticeResponse
from werkzeug.exceptions import HTTPException
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

from . import launch_templates, permissions, zonal_shifts
from .accounts import CALLERS
from .api import when
from .calls import LATTICE_TARGETS, lattice_path
from .faults import Rejected

ACCOUNT = DEFAULT_ACCOUNT_ID
REGION = "eu-west-2"
CALL_SECONDS = 0.1
CALLER = re.compile(r"Credential=([^/]+)/")
IAM_PREFIXES = {
    "awslambda": "lambda",
    "elb": "elasticloadbalancing",
    "elbv2": "elasticloadbalancing",
    "stepfunctions": "states",
}


class Refusal(ServiceException):
    """A refusal as moto sends it. It has to be a class of our own: moto finds a service by its error's module."""


def caller_of(headers):
    """Who signed the request; of all machines, `machine`."""
    return (role_of(headers) or "").split(".")[0] or None


def role_of(headers):
    """The same, with the role of the machine."""
    found = CALLER.search(headers.get("Authorization", ""))
    return CALLERS.get(found[1], found[1]) if found else None


def snake(action):
    """`DescribeTags` -> `describe_tags`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", action).lower()


def install(clock, journal, faults, fleet, accounts, calls, trail):
    """Puts the model behind moto's front. To be called once, before the server starts."""
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    _observe_calls(clock, faults, calls, fleet)
    autoscaling_urls.url_paths = {"{0}/$": _auto_scaling_response(journal, accounts).dispatch}
    _serve_instances(accounts)
    _serve_instance_tags(fleet)
    _serve_target_health(fleet)
    _serve_classic_health(fleet)
    _serve_lattice_targets(fleet)
    _refuse_unknown_launch_templates()
    _serve_histories()
    _serve_trail(trail)
    _test_event_patterns()
    _simulate_policies()


def start_server(faults, fleet, calls):
    """Serves on a free port of the loopback interface; its URL."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    logging.getLogger("moto").setLevel(logging.CRITICAL)  # what fails is in the outcome of the execution
    application = DomainDispatcherApplication(create_backend_app)
    application = zonal_shifts.in_front_of(application, fleet, faults, calls, (caller_of, role_of))
    server = make_server("127.0.0.1", 0, application, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.environ["MOTO_PORT"] = str(server.server_port)
    return f"http://127.0.0.1:{server.server_port}"


def resolve_launch_template(specification, account=ACCOUNT, region=REGION):
    """The template's id, name and the version number that `$Latest` or `$Default` means now."""
    backend = ec2_backends[account][region]
    identifier = specification.get("LaunchTemplateId")
    if identifier is None:
        identifier = backend.launch_template_name_to_ids.get(specification.get("LaunchTemplateName"))
    template = backend.launch_templates.get(identifier)
    if template is None:
        raise Rejected("ValidationError", f"The specified launch template, {specification}, does not exist.")
    version = specification.get("Version", "$Default")
    if version == "$Latest":
        version = template.latest_version_number
    elif version == "$Default":
        version = template.default_version_number
    if not 1 <= int(version) <= template.latest_version_number:
        raise Rejected("ValidationError", f"The specified launch template version, {version}, does not exist.")
    return {"LaunchTemplateId": template.id, "LaunchTemplateName": template.name, "Version": str(version)}


def _observe_calls(clock, faults, calls, fleet):
    """Every call that is not the test's own takes time, is noted, and may be answered with an ordered fault."""
    set_up, answer = BaseResponse.setup_class, BaseResponse.call_action

    def observed(self, *arguments, **keywords):
        set_up(self, *arguments, **keywords)
        self.observed_action = None
        caller = caller_of(self.headers)
        if caller not in ("machine", "handler", "operator"):
            return
        action = f"{IAM_PREFIXES.get(self.service_name, self.service_name)}:{self._get_action()}"
        calls.count(caller, action)
        if caller in ("machine", "handler"):
            calls.ask_for(self, role_of(self.headers), action, fleet)
        self.observed_action = action
        if caller == "machine":
            clock.spend(CALL_SECONDS)
        if faults.loses_answer(action, carried_out=False):
            raise HTTPException(response=Response(status=500))
        try:
            faults.check_call(action)
        except Rejected as rejected:
            failure = ActionResult(Refusal(rejected.code, rejected.message))
            status, headers, body = self.serialized(failure)
            raise HTTPException(response=Response(body, status=status, headers=headers)) from rejected

    def answered(self):
        answered = answer(self)
        if faults.loses_answer(self.observed_action, carried_out=True):
            raise HTTPException(response=Response(status=500))
        return answered

    BaseResponse.setup_class, BaseResponse.call_action = observed, answered


def _auto_scaling_response(journal, accounts):
    class AutoScalingResponse(BaseResponse):
        """Speaks the Query protocol for the model."""

        def __init__(self):
            super().__init__(service_name="autoscaling")
            self.automated_parameter_parsing = True

        def call_action(self):
            action = self._get_action()
            try:
                result = self._run(action, dict(self.params))
            except Rejected as rejected:
                result = Refusal(rejected.code, rejected.message)
            status, headers, body = self.serialized(ActionResult(result))
            headers, body = self._enrich_response(headers, body)
            return status, headers, body

        def _run(self, action, parameters):
            fleet, api = (of(self.current_account, self.region) for of in (accounts.fleet, accounts.api))
            if fleet is None:
                if action != "DescribeAutoScalingGroups":
                    raise NotImplementedError(f"the emulator has no autoscaling:{action} in {self.region}")
                return {"AutoScalingGroups": []}
            method = getattr(api, snake(action), None)
            if method is None:
                raise NotImplementedError(f"the emulator has no autoscaling:{action}")
            if snake(action) in api.READS:
                with fleet.lock:
                    fleet.catch_up()
                    return method(parameters)
            caller = caller_of(self.headers)
            entry = {"call": f"autoscaling:{action}", "caller": caller, "parameters": parameters}
            with fleet.lock:
                fleet.catch_up()
                before = journal.length()
                try:
                    result = method(parameters)
                except Rejected as rejected:
                    journal.add(**entry, error=f"{rejected.code}: {rejected.message}")
                    raise
                journal.add(before, **entry)  # the call comes before what came of it
                return result

    return AutoScalingResponse


def _serve_instances(accounts):
    def describe_instances(self):
        fleet = accounts.fleet(self.current_account, self.region)
        wanted = self._get_param("InstanceIds", [])
        with fleet.lock:
            fleet.catch_up()
            unknown = [each for each in wanted if each not in fleet.instances]
            if unknown:
                text = f"The instance IDs '{', '.join(unknown)}' do not exist"
                raise Refusal("InvalidInstanceID.NotFound", text)
            found = [fleet.instances[each] for each in wanted] if wanted else list(fleet.instances.values())
            found = [each for each in found if _passes(each, self._filters_from_querystring())]
            described = [_described_ec2_instance(each) for each in found]
        return ActionResult({"Reservations": [{"ReservationId": "r-0", "Instances": described}]})

    EC2Response.describe_instances = describe_instances


def _passes(instance, filters):
    fields = {"instance-id": instance.id, "instance-state-name": instance.ec2_state}
    unknown = sorted(set(filters) - set(fields))
    if unknown:
        raise NotImplementedError(f"the emulator has no EC2 filters {', '.join(unknown)}")
    return all(fields[name] in values for name, values in filters.items())


STATE_CODES = {"pending": 0, "running": 16, "shutting-down": 32, "terminated": 48}


def _described_ec2_instance(instance):
    return {
        "InstanceId": instance.id,
        "State": {"Name": instance.ec2_state, "Code": STATE_CODES[instance.ec2_state]},
        "Placement": {"AvailabilityZone": instance.zone},
        "InstanceType": "t3.micro",
        "LaunchTime": when(instance.launched_at),
    }


def _serve_instance_tags(fleet):
    """Of instances only, and on one page."""

    def describe_tags(self):
        with fleet.lock:
            fleet.catch_up()
            tags = [
                {"ResourceId": each.id, "ResourceType": "instance", "Key": key, "Value": value}
                for each in fleet.instances.values()
                for key, value in sorted(each.tags.items())
            ]
        fields = {"resource-id": "ResourceId", "resource-type": "ResourceType", "key": "Key", "value": "Value"}
        for name, values in self._filters_from_querystring().items():
            tags = [tag for tag in tags if tag[fields[name]] in values]
        return ActionResult({"Tags": tags})

    EC2Response.describe_tags = describe_tags


def _test_event_patterns():
    """By the very matcher that moto's bus has."""

    def test_event_pattern(self):
        pattern = EventPatternParser(self._get_param("EventPattern")).parse()
        event = json.loads(self._get_param("Event"))
        return json.dumps({"Result": EventPattern(None, pattern).matches_event(event)}), self.response_headers

    EventsHandler.test_event_pattern = test_event_pattern


def _simulate_policies():
    """By the role's own policies, for identities with actions, resources and the conditions that ours have."""

    def simulate_principal_policy(self):
        role = self._get_param("PolicySourceArn").rsplit("/", 1)[1]
        entries = self._get_param("ContextEntries", [])
        context = {each["ContextKeyName"]: each["ContextKeyValues"] for each in entries}
        resources = self._get_param("ResourceArns", ["*"])
        statements = permissions.statements(role, self.backend)
        results = [
            {
                "EvalActionName": action,
                "EvalResourceName": resource,
                "EvalDecision": permissions.decision(statements, action, resource, context),
            }
            for action in self._get_param("ActionNames")
            for resource in resources
        ]
        return ActionResult({"EvaluationResults": results, "IsTruncated": False})

    IamResponse.simulate_principal_policy = simulate_principal_policy


def _states_of_targets(fleet, has):
    """How the instances of the groups that `has` chooses are as targets, by id; None where it chooses none."""
    with fleet.lock:
        fleet.catch_up()
        groups = [group for group in fleet.groups.values() if has(group)]
        states = {each.id: each.target for group in groups for each in group.instances}
    return states if groups else None


def _serve_target_health(fleet):
    def describe_target_health(self):
        arn = self._get_param("TargetGroupArn")
        wanted = [each["Id"] for each in self._get_param("Targets", [])]
        states = _states_of_targets(fleet, lambda group: arn in group.target_groups)
        if states is None:
            raise Refusal("TargetGroupNotFound", f"Target groups '{arn}' not found")
        described = [
            {
                "Target": {"Id": each, "Port": 80},
                "HealthCheckPort": "80",
                "TargetHealth": {"State": states.get(each, "unused")},
            }
            for each in (wanted or states)
        ]
        return ActionResult({"TargetHealthDescriptions": described})

    ELBV2Response.describe_target_health = describe_target_health


CLASSIC_STATES = {
    "healthy": ("InService", "N/A", "N/A"),
    "initial": ("OutOfService", "ELB", "Instance registration is still in progress."),
    "draining": ("InService", "N/A", "Instance deregistration currently in progress."),
}


def _serve_classic_health(fleet):
    """Each state of a target in a classic load balancer's words."""

    def describe_instance_health(self):
        name = self._get_param("LoadBalancerName")
        states = _states_of_targets(fleet, lambda group: name in group.classic_load_balancers)
        if states is None:
            raise Refusal("LoadBalancerNotFound", f"There is no ACTIVE Load Balancer named '{name}'")
        failed = ("OutOfService", "Instance", "Instance has failed at least the UnhealthyThreshold number of health checks.")
        described = [
            dict(zip(("InstanceId", "State", "ReasonCode", "Description"), (each, *CLASSIC_STATES.get(state, failed))))
            for each, state in states.items()
        ]
        return ActionResult({"InstanceStates": described})

    ELBResponse.describe_instance_health = describe_instance_health


def _serve_lattice_targets(fleet):
    """By the id or the ARN of the target group, a page at a time."""

    def list_targets(self):
        wanted = LATTICE_TARGETS.search(lattice_path(self))[1]
        with fleet.lock:
            fleet.catch_up()
            groups = [
                group
                for group in fleet.groups.values()
                if any(wanted in (arn, arn.rsplit("/", 1)[1]) for arn in group.lattice_target_groups)
            ]
            if not groups:
                raise Refusal("ResourceNotFoundException", f"TargetGroup {wanted} not found")
            states = {each.id: each.target for group in groups for each in group.instances}
        items = [{"id": each, "port": 80, "status": state.upper()} for each, state in states.items()]
        start, size = int(self._get_param("nextToken") or 0), int(self._get_param("maxResults") or 100)
        token = str(start + size) if len(items) > start + size else None
        return json.dumps({"items": items[start : start + size], **({"nextToken": token} if token else {})})

    VPCLatticeResponse.list_targets = list_targets


def _serve_trail(trail):
    """moto records no calls; those that became events are in its event history, by their ids."""

    def lookup_events(self):
        wanted = {each["AttributeValue"] for each in self._get_param("LookupAttributes") if each["AttributeKey"] == "EventId"}
        found = [call for call in trail if call["eventID"] in wanted]
        return json.dumps({"Events": [{"EventId": call["eventID"], "CloudTrailEvent": json.dumps(call)} for call in found]})

    CloudTrailResponse.lookup_events = lookup_events


def _serve_histories():
    """moto gives every history whole, and from its beginning."""

    def get_execution_history(self):
        events = list(self.stepfunction_backend.get_execution_history(self._get_param("executionArn"))["events"])
        if self._get_param("reverseOrder"):
            events.reverse()
        start, size = int(self._get_param("nextToken") or 0), int(self._get_param("maxResults") or 100)
        token = str(start + size) if len(events) > start + size else None
        return ActionResult({"events": events[start : start + size], "nextToken": token})

    StepFunctionResponse.get_execution_history = get_execution_history


def _refuse_unknown_launch_templates():
    """moto leaves unknown ids out of the answer, and any beyond fifteen; EC2 refuses the call, and gives all asked for."""
    describe_page = EC2Response.describe_launch_templates

    def describe_all(self):
        number = self._get_int_param
        self._get_int_param = lambda name, other=None: number(name, 200 if name == "MaxResults" else other)
        return describe_page(self)

    EC2Response.describe_launch_templates = describe_all
    EC2Response.describe_launch_template_versions = launch_templates.in_pages(EC2Response.describe_launch_template_versions)
    backend_class = type(ec2_backends[ACCOUNT][REGION])
    describe = backend_class.describe_launch_templates

    def checked(self, template_names=None, template_ids=None, filters=None):
        unknown = [each for each in template_ids or [] if each not in self.launch_templates]
        if unknown:
            text = f"The specified launch template, with template ID {unknown[0]}, does not exist."
            raise Refusal("InvalidLaunchTemplateId.NotFound", text)
        return describe(self, template_names, template_ids, filters)

    backend_class.describe_launch_templates = checked
