"""The handler's decisions in Python with boto3, written for the comparison in `cold_start.rs`.

It is written as one would for production: clients made once, groups described together, each record answered for
alone, the same execution names, inputs, log lines and metrics. One thing is simpler than in Rust, to Python's
advantage: the ends of a window are turned into UTC one by one, without regard to gaps. Faults carry no suggestions.
"""

import datetime
import hashlib
import json
import os
import re
import time
import zoneinfo

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

MACHINE = os.environ["STATE_MACHINE_ARN"]
TOPIC = os.environ["TOPIC_ARN"]
TAG_CHANGES = os.environ["TAG_CHANGES"]
ZONE = os.environ["DEFAULT_TIME_ZONE"]
SLACK = os.environ.get("SLACK_CHANNEL", "")
OWN_ROLES = {item.strip() for item in os.environ["OWN_ROLE_ARNS"].split(",")}
ALLOWED = {item.strip() for item in os.environ.get("ALLOWED_STEP_FUNCTIONS", "").split(",") if item.strip()}
STRATEGIES = dict((item + ":").split(":")[:2] for item in os.environ["STRATEGIES"].split(","))
_, PARTITION, _, REGION, ACCOUNT, _, MACHINE_NAME = MACHINE.split(":")[:7]

CONFIG = Config(retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=2, read_timeout=5)
AUTOSCALING = boto3.client("autoscaling", config=CONFIG)
STEP_FUNCTIONS = boto3.client("stepfunctions", config=CONFIG)

PREFIX = "autorecycle_"
OPT_IN = PREFIX + "recycle_on_asg_update"
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
TEXT_TAGS = {
    "monitoring_slack_channel": "slack_monitoring_channel",
    "notify_pager_duty": "notify_pager_duty",
    "team": "team",
    "step_function_name": "step_function_name",
    "dry_run": "dry_run",
}


class Malformed(Exception):
    """The record cannot be read; it is handed back."""


class Skip(Exception):
    """Nothing is to be done."""


class Reject(Exception):
    """A person must hear of these faults."""

    def __init__(self, faults):
        super().__init__("; ".join(f"`{fault['subject']}`: {fault['reason']}" for fault in faults))
        self.faults = faults


def find(value, key, depth=3):
    """The first text under a key, whatever the case of its first letter, a few objects down."""
    if not isinstance(value, dict):
        return None
    for name, inner in value.items():
        if name.lower() == key.lower() and isinstance(inner, str) and inner:
            return inner
    if depth:
        for name, inner in value.items():
            if name.lower() != "launchtemplatedata":
                found = find(inner, key, depth - 1)
                if found:
                    return found
    return None


def read(event):
    """An event to `(source, causes, template change)`."""
    detail = event.get("detail")
    if not isinstance(detail, dict):
        raise Malformed("the event has no `detail`")
    if "executionArn" in detail:
        return read_execution(event, detail)
    parameters = detail.get("requestParameters") or {}
    name = detail.get("eventName") or ("UpdateAutoScalingGroup" if "autoScalingGroupName" in parameters else None)
    if not name:
        raise Malformed("the event has no `detail.eventName`")
    event_id = detail.get("eventID") or event.get("id")
    source = {
        "event_name": name,
        "event_id": event_id,
        "identity": event_id or hashlib.sha256(json.dumps(event, sort_keys=True).encode()).hexdigest(),
        "account": event.get("account") or detail.get("recipientAccountId") or ACCOUNT,
        "region": event.get("region") or detail.get("awsRegion") or REGION,
        "role": ((detail.get("userIdentity", {}).get("sessionContext") or {}).get("sessionIssuer") or {}).get("arn"),
        "at": detail.get("eventTime") or event.get("time"),
    }
    if detail.get("errorCode"):
        raise Skip(f"the call failed with {detail['errorCode']}")
    screen(source)
    if name == "UpdateAutoScalingGroup":
        group = parameters.get("autoScalingGroupName")
        if not group:
            raise Malformed("the event names no group")
        if not any(parameters.get(k) for k in ("launchTemplate", "launchConfigurationName", "mixedInstancesPolicy")):
            raise Skip("the update changes no launch source")
        return source, [(group, {}, launch_of(parameters))], None
    if name in ("CreateOrUpdateTags", "DeleteTags"):
        groups = {}
        for tag in parameters.get("tags") or []:
            if tag.get("resourceType", "auto-scaling-group") == "auto-scaling-group":
                value = tag.get("value", "") if name == "CreateOrUpdateTags" else None
                change = (tag.get("key", ""), tag.get("propagateAtLaunch"), value)
                groups.setdefault(tag["resourceId"], []).append(change)
        return source, [(group, changes, {}) for group, changes in sorted(groups.items())], None
    if name in ("CreateLaunchTemplateVersion", "ModifyLaunchTemplate"):
        response = detail.get("responseElements") or {}
        ids = [find(parameters, key) or find(response, key) for key in ("launchTemplateId", "launchTemplateName")]
        moved = "$Latest" if name == "CreateLaunchTemplateVersion" else "$Default"
        version = find_number((parameters, response), ("setDefaultVersion", "versionNumber", "defaultVersionNumber"))
        return source, [], (*ids, moved, version)
    raise Skip("not an event that recycles")


def read_execution(event, detail):
    """The death of an execution."""
    status = detail.get("status")
    source = {
        "event_name": status,
        "event_id": event.get("id"),
        "identity": f"{detail['executionArn']} {status} {detail.get('redriveCount', 0)}",
        "account": event.get("account") or ACCOUNT,
        "region": event.get("region") or REGION,
        "role": None,
    }
    screen(source)
    if status not in ("ABORTED", "TIMED_OUT", "FAILED"):
        raise Skip("not an event that recycles")
    if not (detail["stateMachineArn"] + ":").startswith(MACHINE + ":"):
        raise Skip("the execution is not one of this stack's machine")
    return source, [(None, "restore", detail)], None


def find_number(values, keys, depth=4):
    """The first whole number under one of the keys, whatever the case of its first letter, a few objects down."""
    for value in values:
        inner = value.items() if isinstance(value, dict) else ()
        for name, number in inner:
            if name[:1].lower() + name[1:] in keys and str(number).isdigit():
                return int(number)
        if depth:
            found = find_number([each for _, each in inner], keys, depth - 1)
            if found is not None:
                return found
    return None


def launch_of(parameters):
    """What a group is to launch from, as the call says it."""
    mixed = (parameters.get("mixedInstancesPolicy") or {}).get("launchTemplate") or {}
    template = parameters.get("launchTemplate") or mixed.get("launchTemplateSpecification") or {}
    names = {"id": "launchTemplateId", "name": "launchTemplateName", "version": "version"}
    template = {key: template[name] for key, name in names.items() if template.get(name)}
    asked = {"launch_template": template} if template else {}
    configuration = parameters.get("launchConfigurationName")
    return {**asked, "launch_configuration": configuration} if configuration else asked


def screen(source):
    """What can be said before any group is looked at."""
    if source["role"] in OWN_ROLES:
        raise Skip("the call was made by one of this stack's own roles")
    if (source["account"], source["region"]) != (ACCOUNT, REGION):
        raise Skip("the event is about another account or region than this stack's")


def describe(names):
    """Groups by name, fifty at a time."""
    found = {}
    names = sorted(names)
    for start in range(0, len(names), 50):
        pages = AUTOSCALING.get_paginator("describe_auto_scaling_groups")
        for page in pages.paginate(AutoScalingGroupNames=names[start : start + 50], IncludeInstances=False):
            found.update((group["AutoScalingGroupName"], group) for group in page["AutoScalingGroups"])
    return found


def followers(change):
    """Opted-in groups that launch from what a launch template's change moved."""
    template_id, name, moved, _ = change
    pages = AUTOSCALING.get_paginator("describe_auto_scaling_groups")
    for page in pages.paginate(Filters=[{"Name": "tag-key", "Values": [OPT_IN]}], IncludeInstances=False):
        for group in page["AutoScalingGroups"]:
            policy = group.get("MixedInstancesPolicy", {}).get("LaunchTemplate", {})
            used = [group.get("LaunchTemplate"), policy.get("LaunchTemplateSpecification")]
            used += [item.get("LaunchTemplateSpecification") for item in policy.get("Overrides", [])]
            for each in filter(None, used):
                same = template_id == each.get("LaunchTemplateId") or name == each.get("LaunchTemplateName")
                if same and (each.get("Version") or "$Default") == moved:
                    yield group
                    break


def boolean(tags, key, faults):
    """`true` or `false` in any case."""
    value = tags.get(PREFIX + key)
    if value is None or value.lower() in ("true", "false"):
        return value and value.lower() == "true"
    faults.append({"subject": PREFIX + key, "value": value, "reason": "expected `true` or `false`"})
    return None


def seconds(text):
    """A time of day since midnight."""
    if not re.fullmatch(r"\d\d:\d\d(:\d\d)?", text):
        raise ValueError("expected `HH:MM,HH:MM`")
    parsed = datetime.time.fromisoformat(text)
    return parsed.hour * 3600 + parsed.minute * 60 + parsed.second


def windows(text, zone, inside):
    """The UTC windows of the next fifteen days."""
    days, _, times = text.strip().rpartition(" ")
    allowed = set(range(7))
    if days:
        allowed = set()
        for part in days.lower().split("/"):
            first, _, last = part.partition("-")
            first, last = DAYS.index(first), DAYS.index(last or first)
            allowed |= {(first + step) % 7 for step in range((last - first) % 7 + 1)}
    start, end = (seconds(time.strip()) for time in times.split(","))
    if start == end:
        raise ValueError("start and end are equal")
    if not inside:
        start, end = end, start
    now = datetime.datetime.now(datetime.timezone.utc)
    found = []
    for step in range(-1, 16):
        day = (now.astimezone(zone) + datetime.timedelta(days=step)).date()
        if day.weekday() in allowed:
            midnight = datetime.datetime.combine(day, datetime.time(), zone)
            opens = midnight + datetime.timedelta(seconds=start)
            closes = midnight + datetime.timedelta(seconds=end + (86400 if end < start else 0))
            pair = [moment.astimezone(datetime.timezone.utc) for moment in (opens, closes)]
            if pair[1] > now:
                pair = [moment.strftime("%Y-%m-%dT%H:%M:%SZ") for moment in (max(pair[0], now), pair[1])]
                found.append(dict(zip(("opens_at", "closes_at"), pair)))
    return found


def settings_of(tags):
    """The checked tags: the machine and the windows."""
    faults = []
    wanted = boolean(tags, "recycle_on_asg_update", faults)
    if wanted is None and not faults:
        raise Skip(f"the group has no tag `{OPT_IN}`")
    if wanted is False:
        raise Skip(f"`{OPT_IN}` is false")
    strategy = tags.get(PREFIX + "strategy")
    if strategy is None and not faults:
        raise Skip(f"the group has no tag `{PREFIX}strategy`")
    boolean(tags, "dry_run", faults)
    boolean(tags, "notify_pager_duty", faults)
    if strategy not in STRATEGIES:
        faults.append({"subject": PREFIX + "strategy", "value": strategy, "reason": "not a strategy"})
    machine = tags.get(PREFIX + "step_function_name")
    if machine is not None and machine not in ALLOWED:
        faults.append({"subject": PREFIX + "step_function_name", "value": machine, "reason": "not allowed"})
    recycle, exclusion = tags.get(PREFIX + "recycle_window"), tags.get(PREFIX + "exclusion_window")
    found = None
    try:
        zone = zoneinfo.ZoneInfo(tags.get(PREFIX + "time_zone", ZONE))
        if recycle and exclusion:
            raise ValueError("contradicts the recycle window")
        if recycle or exclusion:
            found = windows(recycle or exclusion, zone, bool(recycle))
        elif STRATEGIES.get(strategy) == "windowed":
            raise ValueError("the strategy needs a window")
    except (ValueError, zoneinfo.ZoneInfoNotFoundError) as error:
        faults.append({"subject": PREFIX + "recycle_window", "reason": str(error)})
    if faults:
        raise Reject(faults)
    arn = MACHINE if machine is None else f"arn:{PARTITION}:states:{REGION}:{ACCOUNT}:stateMachine:{machine}"
    return arn, found if STRATEGIES[strategy] == "windowed" else None


def component_of(group, tags):
    """The name that people read."""
    return tags.get(PREFIX + "override_component_name") or group.split("-asg-")[0] or group


def execution_name(component, *identity):
    """The same for every delivery of an event."""
    data = b"".join(len(part.encode()).to_bytes(8, "big") + part.encode() for part in identity)
    digest = hashlib.sha256(data)
    slug = re.sub(r"[^A-Za-z0-9_]+", "-", component)[:47].strip("-") or "group"
    return f"{slug}-{digest.hexdigest()[:32]}"


def asked_at(source):
    """When an event asked, no later than now."""
    now = datetime.datetime.now(datetime.timezone.utc)
    at = datetime.datetime.fromisoformat(source["at"]) if source["at"] else now
    return min(at, now).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def recycle(source, group, changes, asked):
    """Starts a recycle of a described group; returns `(component, execution's ARN)`."""
    described = {tag["Key"]: tag for tag in group["Tags"]}
    tags = {key: tag.get("Value", "") for key, tag in described.items()}
    if changes:
        def counts(key, propagates, _):
            if propagates is None:
                propagates = described.get(key, {}).get("PropagateAtLaunch", False)
            return TAG_CHANGES == "all" or (TAG_CHANGES == "propagated" and propagates and not key.startswith(PREFIX))
        asked = {"tags": {change[0]: change[2] for change in changes if counts(*change)}}
        if not asked["tags"]:
            raise Skip("the tags that changed do not count")
    name = group["AutoScalingGroupName"]
    component = component_of(name, tags)
    machine, found = settings_of(tags)
    payload = {
        "account_id": source["account"],
        "success_channel": SLACK,
        "component": component,
        "auto_scaling_group_name": name,
        "emoji": ":robot_face:",
        "strategy": tags[PREFIX + "strategy"],
        "version": 1,
        "mode": "recycle",
        "replace": "outdated",
        "asked_for": {"at": asked_at(source), **asked},
        "trigger": {key: source[key] for key in ("event_name", "event_id") if source[key]},
    }
    payload.update((key, tags[PREFIX + tag]) for key, tag in TEXT_TAGS.items() if PREFIX + tag in tags)
    if found is not None:
        payload["windows"] = found
    return component, start(machine, execution_name(component, "recycle", source["identity"], name), payload)


def restore(source, detail):
    """Starts the restore after a dead execution."""
    payload = json.loads(detail["input"])
    if payload.get("mode") == "restore":
        raise Skip("the dead execution was a restore itself; restore by hand")
    component = payload.get("component") or component_of(payload["auto_scaling_group_name"], {})
    payload.pop("asked_for", None)
    payload.update({"mode": "restore", "restore_attempt": 1})
    payload["trigger"] = {"event_name": source["event_name"], "execution_arn": detail["executionArn"]}
    payload["trigger"].update({"event_id": source["event_id"]} if source["event_id"] else {})
    return component, start(MACHINE, execution_name(component, "restore", source["identity"]), payload)


def start(machine, name, payload):
    """Starts an execution; one that exists already is as good."""
    try:
        started = STEP_FUNCTIONS.start_execution(stateMachineArn=machine, name=name, input=json.dumps(payload))
        return started["executionArn"]
    except STEP_FUNCTIONS.exceptions.ExecutionAlreadyExists:
        raise Skip("an earlier delivery of this event started it") from None


def publish(source, group, tags, faults):
    """Tells the operators."""
    message = {
        "status": "rejected",
        "component": component_of(group, tags),
        "auto_scaling_group_name": group,
        "account_id": source["account"],
        "faults": faults,
        "trigger": {"event_name": source["event_name"], "event_id": source["event_id"]},
    }
    attributes = {"status": {"DataType": "String", "StringValue": "rejected"}}
    # Made when it is needed: hardly any event is rejected, and each client takes its time.
    boto3.client("sns", config=CONFIG).publish(
        TopicArn=TOPIC, Subject=f"Recycle rejected: {message['component']}"[:100],
        Message=json.dumps(message, indent=2), MessageAttributes=attributes,
    )


def handler(event, context):
    """A batch of queue records."""
    received, failed, counts, read_events = time.monotonic(), [], {}, []

    def say(record, source, group, decision, reason, component=None, arn=None):
        counts[decision] = counts.get(decision, 0) + 1
        print(json.dumps({
            "timestamp": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="milliseconds"),
            "level": "INFO" if decision in ("start", "skip") else "ERROR", "message": "decision",
            "request_id": context.aws_request_id, "message_id": record["messageId"],
            "event_id": source and source["event_id"], "group": group, "component": component,
            "decision": decision, "reason": reason, "execution_arn": arn,
            "milliseconds": int((time.monotonic() - received) * 1000),
        }))
        if decision == "fail" and record["messageId"] not in failed:
            failed.append(record["messageId"])

    for record in event["Records"]:
        try:
            read_events.append((record, *read(json.loads(record["body"]))))
        except Skip as skip:
            say(record, None, None, "skip", str(skip))
        except (Malformed, ValueError, KeyError, TypeError) as error:
            say(record, None, None, "fail", str(error))
    try:
        groups = describe({name for _, _, causes, _ in read_events for name, *_ in causes if name})
    except (BotoCoreError, ClientError) as error:
        groups = error
    for record, source, causes, template in read_events:
        if template:
            try:
                found = list(followers(template))
                template_id, _, moved, version = template
                asked = {"template_version": {"id": template_id, "alias": moved, "version": version}} if version else {}
                causes = [(group["AutoScalingGroupName"], {}, asked) for group in found]
                groups.update((group["AutoScalingGroupName"], group) for group in found)
            except (BotoCoreError, ClientError) as error:
                say(record, source, None, "fail", str(error))
        for name, changes, more in causes:
            try:
                if changes == "restore":
                    component, arn = restore(source, more)
                elif isinstance(groups, Exception):
                    raise groups
                elif name not in groups:
                    raise Skip("the group does not exist")
                else:
                    component, arn = recycle(source, groups[name], changes, more)
                say(record, source, name, "start", "started", component, arn)
            except Skip as skip:
                say(record, source, name, "skip", str(skip))
            except Reject as reject:
                try:
                    publish(source, name, {}, reject.faults)
                    say(record, source, name, "reject", str(reject))
                except (BotoCoreError, ClientError) as error:
                    say(record, source, name, "fail", str(error))
            except (BotoCoreError, ClientError, ValueError, KeyError, TypeError) as error:
                say(record, source, name, "fail", str(error))
    names = {"EventsSeen": None, "Started": "start", "Skipped": "skip", "Rejected": "reject", "Failed": "fail"}
    metrics = [{"Name": name, "Unit": "Count"} for name in names]
    values = {name: len(event["Records"]) if key is None else counts.get(key, 0) for name, key in names.items()}
    directive = {"Namespace": "AsgRecycle", "Dimensions": [["FunctionName"]], "Metrics": metrics}
    print(json.dumps({"_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]},
                      "FunctionName": context.function_name, **values}))
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in sorted(failed)]}
