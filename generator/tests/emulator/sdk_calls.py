"""The state machine's AWS SDK integrations: spelling, strictness and error names as in AWS."""

import functools

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import state_task_service_aws_sdk
from moto.stepfunctions.parser.asl.utils import boto_client
from moto.stepfunctions.parser.utils import camel_to_snake_case

from .expressions import plain

# Step Functions' names of services where boto has others.
BOTO_SERVICES = {
    "sfn": "stepfunctions",
    "elasticloadbalancingv2": "elbv2",
    "elasticloadbalancing": "elb",
    "eventbridge": "events",
    "cloudwatchlogs": "logs",
    "arczonalshift": "arc-zonal-shift",
    "vpclattice": "vpc-lattice",
}
# How errors name the services.
ERROR_PREFIXES = {
    "arczonalshift": "ArcZonalShift",
    "autoscaling": "AutoScaling",
    "cloudwatch": "CloudWatch",
    "dynamodb": "DynamoDb",
    "ec2": "Ec2",
    "elasticloadbalancing": "ElasticLoadBalancing",
    "elasticloadbalancingv2": "ElasticLoadBalancingV2",
    "eventbridge": "EventBridge",
    "lambda": "Lambda",
    "sfn": "Sfn",
    "sns": "Sns",
    "sqs": "Sqs",
    "ssm": "Ssm",
    "vpclattice": "VpcLattice",
}


def install(endpoint):
    """Makes SDK tasks call the emulator as AWS would have them called."""

    @functools.cache
    def client(service_name, region_name, role_arn):
        return boto3.client(
            service_name,
            region_name=region_name,
            endpoint_url=endpoint,
            aws_access_key_id=f"machine.{role_arn.rsplit('/', 1)[-1]}",
            aws_secret_access_key="none",
            # The machine's own retries are what is tested, so the client makes none, and gives up nothing by the real clock.
            config=Config(read_timeout=600, retries={"total_max_attempts": 1}, parameter_validation=True),
        )

    class Clients:
        """Stands in for boto3, whose clients are slow to make."""

        @staticmethod
        def client(service_name, region_name, **_):
            return client(service_name, region_name, "")

    def client_for(region, service, state_credentials):
        return client(service, region, state_credentials.role_arn)

    def call(self, env, resource_runtime_part, normalised_parameters, state_credentials):
        name = BOTO_SERVICES.get(self.resource.api_name, self.resource.api_name)
        caller = client_for(resource_runtime_part.region, name, state_credentials)
        method = camel_to_snake_case(self.resource.api_action)
        operation = caller.meta.service_model.operation_model(caller.meta.method_to_api_mapping[method])
        parameters = _to_boto(normalised_parameters, operation.input_shape)
        response = getattr(caller, method)(**parameters)
        response.pop("ResponseMetadata")
        env.stack.append(plain(_from_boto(response, operation.output_shape)))

    boto_client.boto3 = Clients
    lambda_eval_utils.boto_client_for = client_for  # not by the service integration of the SDK
    service = state_task_service_aws_sdk.StateTaskServiceAwsSdk
    service._eval_service_task = call
    service._normalise_service_error_name = staticmethod(lambda name: ERROR_PREFIXES[name.lower()])
    service._normalise_exception_name = staticmethod(_exception_name)


def _exception_name(prefix, error):
    """As the Java SDK names it: a code without a shape of its own becomes the service's general exception."""
    name = type(error).__name__
    if isinstance(error, ClientError) and name == "ClientError":
        return f"{prefix}.{prefix}Exception"
    for suffix in ("Fault", "Exception"):
        name = name.removesuffix(suffix)
    return f"{prefix}.{name}Exception"


def _to_boto(value, shape):
    """Step Functions spells members with a capital; some services' models do not."""
    if shape is None:
        return value
    if shape.type_name == "structure" and isinstance(value, dict):
        members = {_capitalised(member): member for member in shape.members}
        unknown = sorted(set(value) - set(members))
        if unknown:
            raise ValueError(f"unknown parameters {', '.join(unknown)}; there are {', '.join(members)}")
        return {members[key]: _to_boto(each, shape.members[members[key]]) for key, each in value.items()}
    if shape.type_name == "list" and isinstance(value, list):
        return [_to_boto(each, shape.member) for each in value]
    if shape.type_name == "map" and isinstance(value, dict):
        return {key: _to_boto(each, shape.value) for key, each in value.items()}
    return value


def _from_boto(value, shape):
    if shape is None:
        return value
    if shape.type_name == "structure":
        if not isinstance(value, dict):
            return value
        return {_capitalised(key): _from_boto(each, shape.members[key]) for key, each in value.items()}
    if shape.type_name == "list":
        return [_from_boto(each, shape.member) for each in value]
    if shape.type_name == "map":
        return {key: _from_boto(each, shape.value) for key, each in value.items()}
    return value.read().decode() if hasattr(value, "read") else value


def _capitalised(name):
    return name[:1].upper() + name[1:]
