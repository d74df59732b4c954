"""Writes model.json: the actions of the services that a state machine of ours may call, with their argument names.

Run with any Python that has botocore: python3 refresh.py > model.json
Source: botocore's service-2 models. Step Functions spells every member in PascalCase, whatever the service does.
"""

import json

import botocore.session

# Step Functions' name of the service, botocore's name, and which of its actions to keep.
SERVICES = [
    ("arczonalshift", "arc-zonal-shift", "Get"),
    ("autoscaling", "autoscaling", ""),
    ("cloudwatch", "cloudwatch", "DescribeAlarms"),
    ("dynamodb", "dynamodb", ""),
    ("ec2", "ec2", "Describe"),
    ("elasticloadbalancing", "elb", ""),
    ("elasticloadbalancingv2", "elbv2", ""),
    ("lambda", "lambda", ""),
    ("sfn", "stepfunctions", ""),
    ("sns", "sns", ""),
    ("vpclattice", "vpc-lattice", "List"),
]


def upper_first(name):
    return name[:1].upper() + name[1:]


def arguments(shape):
    if shape is None:
        return {"required": [], "optional": []}
    required = {upper_first(name) for name in shape.required_members}
    members = {upper_first(name) for name in shape.members}
    return {"required": sorted(required), "optional": sorted(members - required)}


def actions(service, prefix):
    model = botocore.session.get_session().get_service_model(service)
    return {
        name[:1].lower() + name[1:]: arguments(model.operation_model(name).input_shape)
        for name in sorted(model.operation_names)
        if name.startswith(prefix)
    }


print(json.dumps({name: actions(service, prefix) for name, service, prefix in SERVICES}, indent=1, sort_keys=True))
