"""Whether the deployed roles allow the calls that were made. moto itself asks nobody for permission."""

import ast
import fnmatch
import json

# Calls whose permission is not called as they are.
IAM_ACTIONS = {"lambda:Invoke": "lambda:InvokeFunction"}


def denied(calls, roles, iam):
    """The calls, as `caller action`, that no statement of the caller's role allows."""
    allowed = {caller: _allowed_actions(role_name, iam) for caller, role_name in roles.items()}
    return sorted(
        f"{caller} {action}"
        for caller, action in calls
        if not any(fnmatch.fnmatchcase(IAM_ACTIONS.get(action, action), pattern) for pattern in allowed[caller])
    )


def _allowed_actions(role_name, iam):
    documents = [
        iam.get_role_policy(RoleName=role_name, PolicyName=name)["PolicyDocument"]
        for name in iam.list_role_policies(RoleName=role_name)["PolicyNames"]
    ]
    for attached in iam.list_attached_role_policies(RoleName=role_name)["AttachedPolicies"]:
        policy = iam.get_policy(PolicyArn=attached["PolicyArn"])["Policy"]
        version = iam.get_policy_version(PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"])
        documents.append(version["PolicyVersion"]["Document"])
    return [
        action
        for document in documents
        for statement in _listed(_parsed(document)["Statement"])
        if statement["Effect"] == "Allow"
        for action in _listed(statement["Action"])
    ]


def statements(role_name, backend):
    """The statements of a role's own policies, by moto's backend."""
    documents = [backend.get_role_policy(role_name, name)[1] for name in backend.list_role_policies(role_name)]
    return [statement for document in documents for statement in _listed(_parsed(document)["Statement"])]


def decision(found, action, resource, context):
    """What IAM would decide: `allowed`, `implicitDeny` or `explicitDeny`."""
    meant = {each["Effect"] for each in found if _applies(each, action, resource, context)}
    return "explicitDeny" if "Deny" in meant else "allowed" if "Allow" in meant else "implicitDeny"


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
    raise NotImplementedError(f"the emulator has no condition {kind}")


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
