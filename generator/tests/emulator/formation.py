"""What moto's CloudFormation leaves out of the resources that the generated template has."""

import json
import re

from moto.awslambda.models import LambdaFunction
from moto.cloudformation.exceptions import ValidationError
from moto.cloudwatch.models import cloudwatch_backends
from moto.core.common_models import CloudFormationModel
from moto.kms.models import KmsBackend
from moto.logs.models import LogGroup
from moto.sns.models import Topic
from moto.sqs.models import Queue, sqs_backends
from moto.stepfunctions import models
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")


class WithoutAttributes:
    """A resource that is there once it was made, and of which nothing is asked."""

    @classmethod
    def has_cfn_attr(cls, attribute):
        return False

    def is_created(self):
        return True


class QueuePolicy(WithoutAttributes, CloudFormationModel):
    """moto finds it among the subclasses; it leaves policies of queues out."""

    physical_resource_id = "policy"

    @staticmethod
    def cloudformation_type():
        return "AWS::SQS::QueuePolicy"

    @staticmethod
    def cloudformation_name_type():
        return ""

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **_):
        properties = cloudformation_json["Properties"]
        for queue in properties["Queues"]:
            name = queue.rsplit("/", 1)[-1]
            sqs_backends[account_id][region_name].queues[name].policy = json.dumps(properties["PolicyDocument"])
        return cls()

    @classmethod
    def delete_from_cloudformation_json(cls, *_, **__):
        """It goes with its queues."""


class MetricAlarm(WithoutAttributes, CloudFormationModel):
    """moto's CloudFormation makes no alarms."""

    def __init__(self, name):
        self.physical_resource_id = name

    @staticmethod
    def cloudformation_type():
        return "AWS::CloudWatch::Alarm"

    @staticmethod
    def cloudformation_name_type():
        return "AlarmName"

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name, **_):
        properties = cloudformation_json["Properties"]
        cloudwatch_backends[account_id][region_name].put_metric_alarm(
            name=properties["AlarmName"],
            namespace=properties["Namespace"],
            metric_name=properties["MetricName"],
            comparison_operator=properties["ComparisonOperator"],
            evaluation_periods=int(properties["EvaluationPeriods"]),
            period=int(properties["Period"]),
            threshold=float(properties["Threshold"]),
            statistic=properties["Statistic"],
            description=properties.get("AlarmDescription", ""),
            dimensions=[],
            alarm_actions=[],
        )
        return cls(properties["AlarmName"])

    @classmethod
    def delete_from_cloudformation_json(cls, resource_name, cloudformation_json, account_id, region_name):
        cloudwatch_backends[account_id][region_name].delete_alarms([resource_name])


def install():
    """State machines go to the backend that runs them, and queues do not look for Docker."""
    # Everything that asks for "the" backend, CloudFormation included, gets the one that interprets.
    models.stepfunctions_backends = stepfunctions_parser_backends
    models.StateMachine.create_from_cloudformation_json = classmethod(_create_machine)
    _add_attribute(models.StateMachine, "Arn", lambda machine: machine.arn)
    _add_attribute(Topic, "TopicArn", lambda topic: topic.arn)
    _add_attribute(LogGroup, "Arn", lambda group: f"{group.arn}:*")  # moto's ends before the streams
    _take_tags_of_keys()
    _keep_tracing()
    # The tests deliver messages to the function themselves; moto would start a container for each.
    Queue.lambda_event_source_mappings = property(lambda queue: {}, lambda queue, mappings: None)


def _take_tags_of_keys():
    """A template spells a key's tags as everybody's; moto hands them to its KMS, which has a spelling of its own."""
    create = KmsBackend.create_key

    def create_key(self, *arguments, tags=None, **keywords):
        tags = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} if "Key" in tag else tag for tag in tags or []]
        return create(self, *arguments, tags=tags, **keywords)

    KmsBackend.create_key = create_key


def _keep_tracing():
    """moto leaves out whether a function is traced."""
    create = LambdaFunction.create_from_cloudformation_json

    def create_function(resource_name, cloudformation_json, *arguments, **keywords):
        function = create(resource_name, cloudformation_json, *arguments, **keywords)
        function.tracing_config = cloudformation_json["Properties"].get("TracingConfig", function.tracing_config)
        return function

    LambdaFunction.create_from_cloudformation_json = create_function


def _create_machine(cls, resource_name, cloudformation_json, account_id, region_name, **_):
    properties = cloudformation_json["Properties"]
    definition = properties.get("DefinitionString")
    if definition is None:
        definition = json.dumps(properties["Definition"])
    definition = substituted(definition, properties.get("DefinitionSubstitutions", {}))
    try:
        AmazonStateLanguageParser.parse(definition)
    except Exception as error:
        raise ValidationError(message=f"the state machine's definition cannot be read: {error!r}") from error
    backend = stepfunctions_parser_backends[account_id][region_name]
    return backend.create_state_machine(
        name=properties.get("StateMachineName", resource_name),
        definition=definition,
        roleArn=properties["RoleArn"],
        loggingConfiguration=_as_the_api_spells(properties.get("LoggingConfiguration", {"Level": "OFF"})),
        tracingConfiguration=_as_the_api_spells(properties.get("TracingConfiguration", {"Enabled": False})),
    )


def _as_the_api_spells(properties):
    return {f"{key[:1].lower()}{key[1:]}": value for key, value in properties.items()}


def substituted(definition, substitutions):
    """The definition with its placeholders filled. One without a value is a fault here; AWS would leave it."""
    unknown = sorted(set(PLACEHOLDER.findall(definition)) - set(substitutions))
    if unknown:
        raise ValidationError(message=f"no substitution for {', '.join(unknown)} in the definition")
    return PLACEHOLDER.sub(lambda found: str(substitutions[found[1]]), definition)


def _add_attribute(resource, name, value):
    has, get = resource.has_cfn_attr, resource.get_cfn_attribute
    resource.has_cfn_attr = classmethod(lambda cls, attribute: attribute == name or has(attribute))
    resource.get_cfn_attribute = lambda self, attribute: value(self) if attribute == name else get(self, attribute)
