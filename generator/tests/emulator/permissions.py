"""Whether the deployed roles allow the calls that were made. moto itself asks nobody for permission."""

import ast
import fnmatch
import json

# Calls whose permission is not called as they are.
IAM_ACTIONS = {"lambda:Invoke": "lambda:InvokeFunction"}

# What Step Functions asks of a machine's role before it logs to a log group.
DELIVER_LOGS = (
    "CreateLogDelivery",
    "CreateLogStream",
    "DeleteLogDelivery",
    "DescribeLogGroups",
    "DescribeResourcePolicies",
    "GetLogDelivery",
    "ListLogDeliveries",
    "PutLogEvents",
    "PutResourcePolicy",
    "UpdateLogDelivery",
)
# What Lambda asks of the role of a function that is in a VPC.
ATTACH = (
    "AssignPrivateIpAddresses",
    "CreateNetworkInterface",
    "DeleteNetworkInterface",
    "DescribeNetworkInterfaces",
    "DescribeSubnets",
    "UnassignPrivateIpAddresses",
)


def of_function(configuration, queue_arn):
    """What Lambda does in the name of a function that takes events from a queue: actions, each with what it touches."""
    log_group = f"arn:aws:logs:{':'.join(queue_arn.split(':')[3:5])}:log-group:/aws/lambda/{configuration['FunctionName']}"
    asked = [(f"sqs:{each}", queue_arn) for each in ("DeleteMessage", "GetQueueAttributes", "ReceiveMessage")]
    asked += [(f"logs:{each}", f"{log_group}:log-stream:1") for each in ("CreateLogStream", "PutLogEvents")]
    if configuration.get("TracingConfig", {}).get("Mode") == "Active":
        asked += [(f"xray:Put{each}", "*") for each in ("TelemetryRecords", "TraceSegments")]
    if configuration.get("VpcConfig", {}).get("SubnetIds"):
        asked += [(f"ec2:{each}", "*") for each in ATTACH]
    return asked


def of_machine(machine):
    """What Step Functions does in the name of a machine, whatever its executions do: actions, each with what it touches."""
    asked = []
    if machine.loggingConfiguration["level"] != "OFF":
        asked += [(f"logs:{each}", "*") for each in DELIVER_LOGS]
    if machine.tracingConfiguration["enabled"]:
        calls = ("GetSamplingRules", "GetSamplingTargets", "PutTelemetryRecords", "PutTraceSegments")
        asked += [(f"xray:{each}", "*") for each in calls]
    return asked


def denied(asked, found):
    """Those that the statements of the caller's role do not allow; `found` has them by caller."""
    return sorted(
        str(each)
        for each in asked
        if decision(found[each.caller], each.action, each.resource, _listed_values(each.context)) != "allowed"
    )


def statements(role_name, backend):
    """The statements of a role, by moto's backend."""
    documents = [backend.get_role_policy(role_name, name)[1] for name in backend.list_role_policies(role_name)]
    if backend.get_role(role_name).managed_policies:
        raise NotImplementedError("the emulator reads no managed policies")
    return [statement for document in documents for statement in _listed(_parsed(document)["Statement"])]


def decision(found, action, resource, context):
    """What IAM would decide: `allowed`, `implicitDeny` or `explicitDeny`."""
    meant = {each["Effect"] for each in found if _applies(each, action, resource, context)}
    return "explicitDeny" if "Deny" in meant else "allowed" if "Allow" in meant else "implicitDeny"


def mutants(found):
    """
    The statements with a hole each: a permission less, or one of another place or of another tag. What each lacks, and the
    statements. What denies is left as it is.
    """
    for number, statement in enumerate(found):
        if statement["Effect"] == "Deny":
            continue
        for what, instead in _mutants_of(statement):
            yield f"{statement['Sid']} {what}", [*found[:number], *instead, *found[number + 1 :]]


def _mutants_of(statement):
    actions = _listed(statement["Action"])
    for action in actions:
        less = [each for each in actions if each != action]
        yield f"without {action}", [{**statement, "Action": less}] if less else []
    yield "of another account", [{**statement, "Resource": "arn:aws:any:eu-west-2:999999999999:*"}]
    for kind, keys in statement.get("Condition", {}).items():
        for key in keys:
            other = {**keys, f"{key}-of-another": keys[key]}
            del other[key]
            yield f"by {key}-of-another", [{**statement, "Condition": {**statement["Condition"], kind: other}}]


def _applies(statement, action, resource, context):
    acts = any(fnmatch.fnmatchcase(action, each) for each in _listed(statement["Action"]))
    touches = any(fnmatch.fnmatchcase(resource, each) for each in _listed(statement["Resource"]))
    conditions = statement.get("Condition", {}).items()
    return acts and touches and all(_holds(kind, keys, context) for kind, keys in conditions)


def _holds(kind, keys, context):
    if kind == "Null":
        return all((key in context) == (str(absent).lower() == "false") for key, absent in keys.items())
    if kind == "StringEquals":
        return all(set(context.get(key, [])) & set(_listed(values)) for key, values in keys.items())
    if kind in ("ArnEquals", "ArnLike"):
        return all(_is_like(context.get(key, []), _listed(patterns)) for key, patterns in keys.items())
    raise NotImplementedError(f"the emulator has no condition {kind}")


def _is_like(values, patterns):
    return any(fnmatch.fnmatchcase(value, pattern) for value in values for pattern in patterns)


def _listed_values(context):
    return {key: [value] for key, value in context}


def _listed(value):
    return value if isinstance(value, list) else [value]


def _parsed(document):
    # moto's CloudFormation keeps an inline policy as Python prints it.
    if not isinstance(document, str):
        return document
    try:
        return json.loads(document)
    except ValueError:
        return ast.literal_eval(document)
