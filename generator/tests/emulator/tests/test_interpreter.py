"""Machines run as AWS runs them, in virtual time."""

import itertools
import json
import unittest

from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from ..services import ACCOUNT, REGION
from ..world import World

ROLE = f"arn:aws:iam::{ACCOUNT}:role/machine"
HOUR = 3600
NUMBERS = itertools.count()


def caught(state):
    """A machine of one state whose failures are caught."""
    catch = [{"ErrorEquals": ["States.ALL"], "Output": "{% $states.errorOutput %}", "Next": "Caught"}]
    return {"Work": {**state, "Catch": catch, "End": True}, "Caught": {"Type": "Pass", "End": True}}


def distributed(states, **fields):
    """A distributed map over the items of the input."""
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **states}
    return {"Type": "Map", "Items": "{% $states.input.items %}", "ItemProcessor": processor, **fields}


class InterpreterTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = World()

    def start(self, states, first="Work", **fields):
        definition = {"QueryLanguage": "JSONata", "StartAt": first, "States": states, **fields}
        backend = stepfunctions_parser_backends[ACCOUNT][REGION]
        machine = backend.create_state_machine(f"machine-{next(NUMBERS)}", json.dumps(definition), ROLE)
        return backend.start_execution(machine.arn, None, json.dumps({"items": ["a", "b"]})).exec_arn

    def run_states(self, states, **fields):
        return self.world.wait(self.start(states, **fields))

    def test_waits_cost_virtual_time_only(self):
        before = self.world._clock.millis()
        states = {
            "Work": {"Type": "Wait", "Seconds": 30 * 24 * HOUR, "Next": "Tell"},
            "Tell": {"Type": "Pass", "Output": "{% $millis() %}", "End": True},
        }
        self.assertEqual(self.run_states(states)["output"] - before, 30 * 24 * HOUR * 1000)

    def test_a_machine_times_out_in_virtual_time(self):
        outcome = self.run_states({"Work": {"Type": "Wait", "Seconds": 2 * HOUR, "End": True}}, TimeoutSeconds=HOUR)
        self.assertEqual(outcome["status"], "TIMED_OUT")

    def test_a_stopped_machine_is_aborted(self):
        execution = self.start({"Work": {"Type": "Wait", "Seconds": HOUR, "End": True}})
        self.world._clock.sleep(60)
        self.assertEqual(self.world.stop(execution)["status"], "ABORTED")

    def test_assign_and_output_see_the_variables_from_before(self):
        states = {
            "Work": {"Type": "Pass", "Assign": {"x": 1}, "Next": "Change"},
            "Change": {"Type": "Pass", "Assign": {"x": 2, "y": "{% $x %}"}, "Output": "{% $x %}", "Next": "Tell"},
            "Tell": {"Type": "Pass", "Output": "{% [$states.input, $x, $y] %}", "End": True},
        }
        self.assertEqual(self.run_states(states)["output"], [1, 2, 1])

    def test_text_survives_variables(self):
        text = 'say "\\ \U0001f600 \n'
        states = {
            "Work": {"Type": "Pass", "Assign": {"text": text}, "Next": "Tell"},
            "Tell": {"Type": "Pass", "Output": "{% $text %}", "End": True},
        }
        self.assertEqual(self.run_states(states)["output"], text)

    def test_a_failed_item_fails_a_distributed_map(self):
        fail = {"StartAt": "Fail", "States": {"Fail": {"Type": "Fail", "Error": "Own", "Cause": "why"}}}
        outcome = self.run_states(caught(distributed(fail)))
        self.assertEqual(outcome["output"]["Error"], "States.ExceedToleratedFailureThreshold")

    def test_items_of_a_distributed_map_are_executions_of_their_own(self):
        facts = "{% [$exists($outer), $states.input, $states.context.Execution.Id] %}"
        tell = {"Type": "Pass", "Output": facts, "End": True}
        item = distributed(
            {"StartAt": "Tell", "States": {"Tell": tell}},
            ItemSelector={"item": "{% $states.context.Map.Item.Value & $outer %}"},
        )
        states = {"Begin": {"Type": "Pass", "Assign": {"outer": "!"}, "Output": "{% $states.input %}", "Next": "Work"}}
        execution = self.start({**states, **caught(item)}, first="Begin")
        output = self.world.wait(execution)["output"]
        self.assertEqual([(each[0], each[1]) for each in output], [(False, {"item": "a!"}), (False, {"item": "b!"})])
        self.assertNotIn(execution, [each[2] for each in output])

    def test_undefined_is_a_fault_that_can_be_caught(self):
        task = {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:autoscaling:describeAutoScalingGroups",
            "Arguments": {"AutoScalingGroupNames": "{% $states.input.nothing %}"},
        }
        self.assertEqual(self.run_states(caught(task))["output"]["Error"], "States.QueryEvaluationError")

    def test_errors_are_named_as_the_java_sdk_names_them(self):
        def error_of(resource, arguments, fault=None):
            if fault:
                self.world.fault_calls(fault[0], fault[1], "text")
            task = {"Type": "Task", "Resource": f"arn:aws:states:::aws-sdk:{resource}", "Arguments": arguments}
            return self.run_states(caught(task))["output"]["Error"]

        suspend = ("autoscaling:suspendProcesses", {"AutoScalingGroupName": "x", "ScalingProcesses": ["Launch"]})
        self.assertEqual(error_of(*suspend), "AutoScaling.AutoScalingException")
        busy = ("autoscaling:SuspendProcesses", "ScalingActivityInProgress")
        self.assertEqual(error_of(*suspend, busy), "AutoScaling.ScalingActivityInProgressException")
        table = ("dynamodb:getItem", {"TableName": "none", "Key": {"k": {"S": "v"}}})
        self.assertEqual(error_of(*table), "DynamoDb.ResourceNotFoundException")
        execution = f"arn:aws:states:{REGION}:{ACCOUNT}:execution:none:none"
        gone = ("sfn:describeExecution", {"ExecutionArn": execution})
        self.assertEqual(error_of(*gone), "Sfn.ExecutionDoesNotExistException")

    def test_wrong_parameters_cannot_be_caught(self):
        task = {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:autoscaling:describeAutoScalingGroups",
            "Arguments": {"Names": ["x"]},
        }
        outcome = self.run_states(caught(task))
        self.assertEqual((outcome["status"], outcome["error"]), ("FAILED", "States.Runtime"))


if __name__ == "__main__":
    unittest.main()
