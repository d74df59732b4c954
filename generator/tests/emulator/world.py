"""All of it together: one method per command of the tests."""

import datetime
import functools
import json
import pathlib
import tempfile
import zipfile

import boto3
from botocore.config import Config
from moto.core.utils import get_service_model
from moto.ec2 import ec2_backends
from moto.events import events_backends
from moto.iam import iam_backends
from moto.sns import sns_backends
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from . import definitions, formation, interpreter, permissions, services
from .accounts import Accounts
from .api import AutoScalingApi, described
from .calls import Asked, Calls
from .clock import Clock
from .expressions import moment, plain
from .faults import Faults
from .journal import Journal
from .model import Fleet, Group
from .runtime_api import Function
from .services import ACCOUNT, REGION

# Against a hang: no scenario needs this long in real time, on a machine that others load too.
REAL_SECONDS_MAX = 600
STACK = "stack"
# Those of which it takes longest to learn what calls they have.
SERVICES = ("autoscaling", "cloudformation", "cloudwatch", "dynamodb", "ec2", "elbv2", "lambda", "s3", "sns", "stepfunctions")


def load_models():
    """Loads what clients are made from and answers are checked by, which is kept."""
    for service in SERVICES:
        boto3.client(service, region_name=REGION)
        get_service_model(service)


class World:
    """One emulated account and region, with at most one deployed stack; and others beside it, which are only looked at."""

    def __init__(self):
        self._clock = Clock()
        self._clock.enter()  # the test is a worker; time passes only where it waits
        self._journal = Journal(self._clock)
        self._faults = Faults()
        self._calls = Calls(ACCOUNT, REGION)
        self._accounts = Accounts(self._new_fleet)
        self._fleet = self._new_fleet(ACCOUNT, REGION)
        self._api = AutoScalingApi(self._fleet)
        self._accounts.add(ACCOUNT, REGION, self._fleet, self._api)
        self._function = None
        self._stack = None
        self._trail = []
        services.install(
            self._clock, self._journal, self._faults, self._fleet, self._accounts, self._calls, self._trail
        )
        formation.install()
        definitions.parse_once()
        self._endpoint = services.start_server(self._faults, self._fleet, self._calls)
        interpreter.install(self._clock, self._endpoint, self._execution_ended)
        interpreter.child_began = self._child_began
        self._clients = {}

    def _new_fleet(self, account, region):
        resolve = functools.partial(services.resolve_launch_template, account=account, region=region)
        return Fleet(self._clock, self._journal, self._faults, resolve)

    # The stack

    def deploy(self, template, parameters, uploads, handler_zip):
        """Creates the stack from a template's path; `uploads` are `{bucket, key, path}`."""
        s3 = self._client("s3")
        for upload in uploads:
            s3.create_bucket(
                Bucket=upload["bucket"], CreateBucketConfiguration={"LocationConstraint": REGION}
            )
            s3.put_object(Bucket=upload["bucket"], Key=upload["key"], Body=pathlib.Path(upload["path"]).read_bytes())
        cloudformation = self._client("cloudformation")
        cloudformation.create_stack(
            StackName=STACK,
            TemplateBody=pathlib.Path(template).read_text(),
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        )
        stack = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
        if stack["StackStatus"] != "CREATE_COMPLETE":
            raise RuntimeError(f"the stack is {stack['StackStatus']}: {stack.get('StackStatusReason')}")
        self._stack = self._find_resources(cloudformation)
        self._start_function(handler_zip)
        return self._stack

    def deploy_beside(self, template, parameters):
        """Creates a second stack from the same template in the same account and region; its state machine's ARN."""
        cloudformation = self._client("cloudformation")
        cloudformation.create_stack(
            StackName=f"{STACK}-beside",
            TemplateBody=pathlib.Path(template).read_text(),
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        )
        listed = cloudformation.describe_stack_resources(StackName=f"{STACK}-beside")["StackResources"]
        kinds = {each["ResourceType"]: each["PhysicalResourceId"] for each in listed if "ResourceType" in each}
        if "AWS::DynamoDB::Table" in kinds:
            raise RuntimeError("the second stack made a table of locks of its own")
        return kinds["AWS::StepFunctions::StateMachine"]

    def deploy_in_account(self, account, template, parameters, upload, region=REGION):
        """Creates the stack in another account, where there is nothing else; the operator's key to it, id and secret."""
        self._accounts.open(account, region)
        s3 = self._client("s3", region, account)
        s3.create_bucket(
            Bucket=parameters["HandlerS3Bucket"], CreateBucketConfiguration={"LocationConstraint": region}
        )
        s3.put_object(
            Bucket=parameters["HandlerS3Bucket"],
            Key=parameters["HandlerS3Key"],
            Body=pathlib.Path(upload).read_bytes(),
        )
        self._client("cloudformation", region, account).create_stack(
            StackName=STACK,
            TemplateBody=pathlib.Path(template).read_text(),
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        )
        return self._accounts.keys(account, "operator")

    def deploy_elsewhere(self, region, template, parameters):
        """Creates the stack in another region too, where there are no groups."""
        cloudformation = self._client("cloudformation", region)
        cloudformation.create_stack(
            StackName=STACK,
            TemplateBody=pathlib.Path(template).read_text(),
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        )

    def _find_resources(self, cloudformation):
        listed = cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]
        resources = [each for each in listed if "ResourceType" in each]  # moto lists what it did not make without
        found = {
            kind: [each["PhysicalResourceId"] for each in resources if each["ResourceType"] == kind]
            for kind in {each["ResourceType"] for each in resources}
        }
        function = found["AWS::Lambda::Function"][0]
        mapping = self._client("lambda").list_event_source_mappings()["EventSourceMappings"][0]
        return {
            "function": function,
            "batch_size": mapping["BatchSize"],
            "queue": mapping["EventSourceArn"].rsplit(":", 1)[1],
            "machine": found["AWS::StepFunctions::StateMachine"][0],
            "topic": found["AWS::SNS::Topic"][0],
            "table": found["AWS::DynamoDB::Table"][0],
        }

    def _start_function(self, handler_zip):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="function-"))
        with zipfile.ZipFile(handler_zip) as archive:
            archive.extractall(folder)
        bootstrap = folder / "bootstrap"
        bootstrap.chmod(0o755)
        name = self._stack["function"]
        configuration = self._client("lambda").get_function_configuration(FunctionName=name)
        variables = configuration["Environment"]["Variables"]
        self._function = Function(bootstrap, name, variables, self._endpoint, REGION, configuration["Timeout"])

    # Groups

    def create_group(
        self,
        name,
        minimum,
        maximum,
        desired,
        zones,
        tags,
        target_groups=0,
        classic_load_balancers=0,
        lattice_target_groups=0,
        version="$Latest",
        propagate=True,
        account=ACCOUNT,
        region=REGION,
    ):
        """A group that has stood for long, with a launch template of its own."""
        template = f"{name}-template"
        self._client("ec2", region, account).create_launch_template(
            LaunchTemplateName=template, LaunchTemplateData={"ImageId": "ami-1", "InstanceType": "t3.micro"}
        )
        specification = services.resolve_launch_template({"LaunchTemplateName": template}, account, region)
        arn = f"arn:aws:autoscaling:{region}:{account}:autoScalingGroup:0:autoScalingGroupName/{name}"
        target_group = f"arn:aws:elasticloadbalancing:{region}:{account}:targetgroup/{name}"  # and its number, but for the first
        group = Group(
            name=name,
            arn=arn,
            minimum=minimum,
            maximum=maximum,
            desired=desired,
            zones=zones,
            launch={"LaunchTemplate": {**specification, "Version": version}},
            tags={key: (value, propagate) for key, value in tags.items()},
            target_groups=[
                f"{target_group}{f'-{number}' if number else ''}/{number:016x}" for number in range(target_groups)
            ],
            classic_load_balancers=[f"{name}-classic-{number}" for number in range(classic_load_balancers)],
            lattice_target_groups=[
                f"arn:aws:vpc-lattice:{region}:{account}:targetgroup/tg-{number:017x}"
                for number in range(lattice_target_groups)
            ],
        )
        fleet = self._accounts.fleet(account, region)
        with fleet.lock:
            fleet.catch_up()
            fleet.add(group)
            fleet.settle(group)
        return plain(described(group, with_instances=True))

    def new_template_version(self, group, account=ACCOUNT, region=REGION):
        """A newer version of the group's launch template; its number, as text."""
        found = self._accounts.fleet(account, region).find_group(group)
        template = found.launch["LaunchTemplate"]["LaunchTemplateId"]
        created = self._client("ec2", region, account).create_launch_template_version(
            LaunchTemplateId=template, SourceVersion="1", LaunchTemplateData={"ImageId": "ami-2"}
        )
        return str(created["LaunchTemplateVersion"]["VersionNumber"])

    def create_fleet(self, count, outdated):
        """Groups of two instances each, the first `outdated` of them outdated; for looks at many."""
        for number in range(count):
            name = f"fleet-{number:03}"
            tags = {"autorecycle_recycle_on_asg_update": "true", "autorecycle_strategy": "out-in"}
            self.create_group(name, 1, 4, 2, ["eu-west-2a", "eu-west-2b"], tags)
            if number < outdated:
                self.new_template_version(name)

    def shift_away(self, group, zones):
        """Enables zonal shifts of a group, and shifts its traffic away from a zone; the last of several is in effect."""
        with self._fleet.lock:
            self._fleet.find_group(group).shifted_away = zones

    def put_launch_configuration(self, name, age_seconds):
        """A launch configuration that was made so long ago."""
        self._api.launch_configurations[name] = self._clock.now() - age_seconds

    def age_template_versions(self, seconds):
        """Lets every version of a launch template be older by so much."""
        for template in ec2_backends[ACCOUNT][REGION].launch_templates.values():
            for version in template.versions:
                version.create_time -= datetime.timedelta(seconds=seconds)

    def group(self, name):
        """The group as DescribeAutoScalingGroups gives it, or null."""
        with self._fleet.lock:
            self._fleet.catch_up()
            group = self._fleet.groups.get(name)
            return plain(described(group, with_instances=True)) if group else None

    def call(self, action, parameters):
        """A call of the Auto Scaling API by the test itself."""
        return plain(getattr(self._client("autoscaling"), services.snake(action))(**parameters))

    def set_timing(self, **seconds):
        """How long instances take, by the fields of `model.Timing`."""
        for name, value in seconds.items():
            getattr(self._fleet.timing, name)  # an unknown name is a mistake of the test
            setattr(self._fleet.timing, name, value)

    # Faults

    def fault_launches(self, kind, count=None, message="We currently do not have sufficient capacity."):
        """The next launches go wrong; see `faults`."""
        self._faults.order_launches(kind, count, message)

    def fault_calls(self, action, code, message, count=1, skip=0):
        """The next calls of an action, spelt as IAM spells it, are answered with an error; those that are skipped are not."""
        self._faults.order_calls(action, code, message, count, skip)

    def lose_answers(self, action, count=1, carried_out=True):
        """The next calls of an action get a failure of the service for an answer, whether they are carried out or not."""
        self._faults.order_lost_answers(action, count, carried_out)

    def clear_faults(self):
        """Nothing goes wrong any more."""
        self._faults.clear()

    def put_alarm(self, name, state="OK"):
        """An alarm that somebody has made, and how it stands."""
        client = self._client("cloudwatch")
        client.put_metric_alarm(
            AlarmName=name,
            Namespace="team",
            MetricName="Errors",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
        )
        client.set_alarm_state(AlarmName=name, StateValue=state, StateReason="as the test wants it")

    # Events

    def put_event(self, event):
        """Puts an event on the default bus; the rules that matched it."""
        if event["detail-type"] == "AWS API Call via CloudTrail":
            self._trail.append(event["detail"])
        rules = events_backends[ACCOUNT][REGION].describe_event_bus("default").rules
        matched = [name for name, rule in rules.items() if rule.event_pattern.matches_event(event)]
        for target in [target for name in matched for target in rules[name].targets]:
            # moto's own delivery rewrites the event; the queue gets it as it is, as from EventBridge.
            queue = target["Arn"].split(":sqs:")[1].rsplit(":", 1)[1]
            sqs = self._client("sqs")
            url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
            sqs.send_message(QueueUrl=url, MessageBody=json.dumps(event))
        return matched

    def deliver(self):
        """Hands one batch of the queue to the function, as the event source mapping does."""
        sqs = self._client("sqs")
        url = sqs.get_queue_url(QueueName=self._stack["queue"])["QueueUrl"]
        batch = sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=min(self._stack["batch_size"], 10), AttributeNames=["All"]
        )
        messages = batch.get("Messages", [])
        before = {each["executionArn"] for each in self.executions()}
        seen = len(self._function.logs)
        if not messages:
            return {"messages": 0, "kind": None, "answer": None, "logs": [], "started": []}
        kind, answer = self._function.invoke({"Records": [self._record(each) for each in messages]})
        failed = {each["itemIdentifier"] for each in (answer or {}).get("batchItemFailures", [])}
        for message in messages:
            if kind == "response" and message["MessageId"] not in failed:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        started = [each["executionArn"] for each in self.executions() if each["executionArn"] not in before]
        return {
            "messages": len(messages),
            "kind": kind,
            "answer": answer,
            "logs": self._function.logs_since(seen),
            "started": started,
        }

    def _record(self, message):
        return {
            "messageId": message["MessageId"],
            "receiptHandle": message["ReceiptHandle"],
            "body": message["Body"],
            "attributes": message["Attributes"],
            "messageAttributes": {},
            "md5OfBody": message["MD5OfBody"],
            "eventSource": "aws:sqs",
            "eventSourceARN": f"arn:aws:sqs:{REGION}:{ACCOUNT}:{self._stack['queue']}",
            "awsRegion": REGION,
        }

    def aws(self, service, call, parameters):
        """A call of any service by the test itself, as boto3 spells it."""
        answer = getattr(self._client(service), call)(**parameters)
        return plain({key: value for key, value in answer.items() if key != "ResponseMetadata"})

    def put_dead_letter(self, body, attributes):
        """Puts a message into the dead-letter queue, with these attributes of its own."""
        sqs = self._client("sqs")
        url = sqs.get_queue_url(QueueName=f"{self._stack['queue']}-dead")["QueueUrl"]
        named = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
        return sqs.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=named)["MessageId"]

    # Executions

    def executions(self):
        """All executions of the stack's machine, oldest first."""
        listed = self._client("stepfunctions").list_executions(stateMachineArn=self._stack["machine"])["executions"]
        return plain(sorted(listed, key=lambda each: each["startDate"]))

    def start(self, input, machine=None):
        """Starts an execution by hand, of the stack's machine or another; its ARN."""
        started = self._client("stepfunctions").start_execution(
            stateMachineArn=machine or self._stack["machine"], input=json.dumps(input)
        )
        return started["executionArn"]

    def input_of(self, execution):
        """What an execution was started with."""
        return plain(self._execution(execution).input_data)

    def stop(self, execution):
        """Stops an execution and waits until it has stopped."""
        self._client("stepfunctions").stop_execution(executionArn=execution)
        return self.wait(execution)

    def wait(self, execution):
        """Lets time pass until the execution has ended; how it ended."""
        running = self._execution(execution)
        watch = self._journal.watch(event="execution-ended", execution=execution)
        ended = any(each.get("execution") == execution for each in self._journal.entries())
        if not ended and not watch.reached.wait(REAL_SECONDS_MAX):
            raise RuntimeError(f"{execution} runs on; last states: {self._states(running)[-10:]}")
        return {
            "status": running.status,
            "input": running.input_data,
            "output": running.output,
            "error": running.error,
            "cause": running.cause,
            "states": self._states(running),
            "events": len(running.exec_worker.env.event_manager.get_event_history()),
        }

    def wait_for(self, entry, count=1):
        """Lets time pass until the `count`th journal entry from now on that has these values."""
        if not self._journal.watch(count, **entry).reached.wait(REAL_SECONDS_MAX):
            raise RuntimeError(f"{entry} did not happen {count} times")

    def advance(self, seconds):
        """Lets this much time pass."""
        self._clock.sleep(seconds)
        with self._fleet.lock:
            self._fleet.catch_up()

    def now(self):
        """The time, RFC 3339 in UTC."""
        return moment(self._clock.datetime())

    @staticmethod
    def _execution(arn):
        return stepfunctions_parser_backends[ACCOUNT][REGION].describe_execution(arn)

    @staticmethod
    def _states(execution):
        history = execution.exec_worker.env.event_manager.get_event_history()
        return [event["stateEnteredEventDetails"]["name"] for event in history if "stateEnteredEventDetails" in event]

    def _execution_ended(self, execution):
        status = execution.status
        if status != "SUCCEEDED":
            self.put_event(self._status_event(execution))
        self._journal.add(event="execution-ended", execution=execution.exec_arn, status=status)

    def _status_event(self, execution):
        return {
            "version": "0",
            "id": f"00000000-0000-4000-8000-{abs(hash(execution.exec_arn)) % 10**12:012d}",
            "detail-type": "Step Functions Execution Status Change",
            "source": "aws.states",
            "account": ACCOUNT,
            "time": self.now(),
            "region": REGION,
            "resources": [execution.exec_arn],
            "detail": {
                "executionArn": execution.exec_arn,
                "stateMachineArn": execution.state_machine.arn,
                "name": execution.name,
                "status": execution.status,
                "startDate": int(execution.start_date.timestamp() * 1000),
                "stopDate": self._clock.millis(),
                "input": json.dumps(execution.input_data),
                "inputDetails": {"included": True},
                "output": None,
                "outputDetails": None,
                "error": execution.error,
                "cause": execution.cause,
            },
        }

    # What came of it

    def journal(self):
        """What happened so far, in order."""
        return plain(self._journal.entries())

    def notifications(self):
        """What was published, in order: message (parsed where it is JSON) and attributes."""
        topic = sns_backends[ACCOUNT][REGION].topics[self._stack["topic"]]
        return [
            {"subject": subject, "message": _parsed(message), "attributes": _attributes(attributes)}
            for _, message, subject, attributes, _ in topic.sent_notifications
        ]

    def locks(self):
        """The items of the lock table."""
        return self._client("dynamodb").scan(TableName=self._stack["table"])["Items"]

    def put_lock(self, item):
        """Puts an item into the lock table."""
        self._client("dynamodb").put_item(TableName=self._stack["table"], Item=item)

    def denied_calls(self):
        """Calls that were made and that the caller's role does not allow."""
        return permissions.denied(self._asked(), self._statements())

    def unmissed_permissions(self):
        """
        Changes of the roles, each a permission less or one of another place, with which no call would have been denied
        that was made. All machines have the same statements, so one of them that misses it is enough.
        """
        asked, found = self._asked(), self._statements()
        missed = {}
        for caller, whole in found.items():
            for what, changed in permissions.mutants(whole):
                name = f"{caller.split('.')[0]} {what}"
                missed[name] = missed.get(name, False) or bool(permissions.denied(asked, {**found, caller: changed}))
        return sorted(name for name, is_missed in missed.items() if not is_missed)

    def _asked(self):
        """What was asked of roles: by calls, and by the services that do something in their names."""
        machines, function, queue = self._machines(), self._function_configuration(), self._stack["queue"]
        of_services = {"handler": permissions.of_function(function, f"arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}")}
        of_services |= {_machine(each.roleArn): permissions.of_machine(each) for each in machines}
        asked = {Asked(caller, *each) for caller, listed in of_services.items() for each in listed}
        return asked | self._calls.asked()

    def _statements(self):
        """What the roles allow, by who has them."""
        roles = {"handler": self._function_configuration()["Role"]}
        roles |= {_machine(each.roleArn): each.roleArn for each in self._machines()}
        backend = iam_backends[ACCOUNT]["aws"]
        return {caller: permissions.statements(role.rsplit("/", 1)[1], backend) for caller, role in roles.items()}

    @staticmethod
    def _machines():
        return stepfunctions_parser_backends[ACCOUNT][REGION].state_machines

    def _function_configuration(self):
        return self._client("lambda").get_function_configuration(FunctionName=self._stack["function"])

    def _child_began(self, role, machine, child):
        """Step Functions starts the executions of a map by the machine's role, and stops them where it is given up."""
        self._calls.ask(_machine(role), "states:StartExecution", machine)
        self._calls.ask(_machine(role), "states:StopExecution", child)

    def operator_calls(self):
        """The calls that the operator made since this was last asked, by action, with their number."""
        return self._calls.taken("operator")

    def set_variable(self, name, value):
        """Sets a variable in the function's configuration, for whoever reads that."""
        client, function = self._client("lambda"), self._stack["function"]
        variables = client.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
        client.update_function_configuration(
            FunctionName=function, Environment={"Variables": {**variables, name: value}}
        )

    def replace_in_definition(self, text, by):
        """Deploys the machine anew with another text in its definition."""
        client = self._client("stepfunctions")
        deployed = client.describe_state_machine(stateMachineArn=self._stack["machine"])["definition"]
        definition = json.dumps(json.loads(deployed))  # however it is spaced
        assert text in definition, f"the definition has no {text}"
        client.update_state_machine(stateMachineArn=self._stack["machine"], definition=definition.replace(text, by))

    def begin_to_delete_machine(self):
        """As after a deletion while executions run: the machine is described, and as one that is being deleted."""
        interpreter.describe_machines_as("DELETING")

    def endpoint(self):
        """Where the services are."""
        return self._endpoint

    def close(self):
        """Ends the function's process."""
        if self._function:
            self._function.stop()

    def _client(self, service, region=REGION, account=ACCOUNT):
        if (service, region, account) not in self._clients:
            key, secret = ("test", "none") if account == ACCOUNT else self._accounts.keys(account, "test")
            self._clients[service, region, account] = boto3.client(
                service,
                region_name=region,
                endpoint_url=self._endpoint,
                aws_access_key_id=key,
                aws_secret_access_key=secret,
                # Where the machine is busy a call takes long; made again, it would find what it made itself.
                config=Config(read_timeout=600, retries={"total_max_attempts": 1}),
            )
        return self._clients[service, region, account]


def _machine(role_arn):
    """How the calls of a machine are signed that has this role."""
    return f"machine.{role_arn.rsplit('/', 1)[1]}"


def _parsed(text):
    try:
        return json.loads(text)
    except ValueError:
        return text


def _attributes(attributes):
    return {name: each.get("StringValue", each.get("Value")) for name, each in (attributes or {}).items()}
