"""Whether the deployed roles allow the calls that were made. moto itself asks nobody for permission."""

import ast
import fnmatch

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


def _listed(value):
    return value if isinstance(value, list) else [value]


def _parsed(document):
    # moto's CloudFormation keeps an inline policy as Python prints it.
    return ast.literal_eval(document) if isinstance(document, str) else document
