"""What tells for how long locks have been held, run by moto against its table, executions and metrics."""

import json
import pathlib
import unittest

from moto.cloudwatch.models import cloudwatch_backends

from ..services import ACCOUNT, REGION
from ..world import World

TABLE = "asg-recycle-locks"
NAMESPACE = "AsgRecycle/demo-production"
HELD_SECONDS = 7200
# A holder that waits and then dies.
DYING = {
    "StartAt": "Hold",
    "States": {
        "Hold": {"Type": "Wait", "Seconds": HELD_SECONDS, "Next": "Die"},
        "Die": {"Type": "Fail", "Error": "Recycle.StepFailed"},
    },
}


def definition():
    folder = pathlib.Path(__file__).parents[4] / "templates/lock_watch"
    text = (folder / "lock_watch.asl.json").read_text()
    for word, file in {"ASKED": "asked", "WORDS": "words", "MESSAGE": "message", "SLACK_STYLE": "notifier"}.items():
        lines = [line.strip() for line in (folder / f"{file}.jsonata").read_text().splitlines()]
        text = text.replace(f'"{word}"', json.dumps("{% " + " ".join(lines) + " %}"))
    words = {"HELD_HOURS": "it may", "HELD_MILLISECONDS": "1", "ALARM_WORD": "ALARM: ", "HTTPS_FORM": "pager_duty"}
    words |= {"EMAIL_FORM": "text", "CONSOLE": "console.aws.amazon.com", "NOTIFIER": ""}
    words |= {"REPEAT_MILLISECONDS": "1", "INTERVAL_MILLISECONDS": "0"}
    words |= {"TOPIC_ARN": "arn:aws:sns:eu-west-2:123456789012:none"}
    words |= {"PARTITION": "aws", "LOCK_TABLE": TABLE, "METRIC": "LockHeldSeconds", "NAMESPACE": NAMESPACE}
    for word, meant in words.items():
        text = text.replace(word, meant)
    return text


class LockWatch(unittest.TestCase):
    def setUp(self):
        self._world = World()
        client = self._world._client
        self._table, self._machines = client("dynamodb"), client("stepfunctions")
        self._table.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "auto_scaling_group_name", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "auto_scaling_group_name", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        self._watch = self._machine("watch", definition())

    def _machine(self, name, text):
        trust = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
        role = self._world._client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=policy)
        arn = role["Role"]["Arn"]
        return self._machines.create_state_machine(name=name, roleArn=arn, definition=text)["stateMachineArn"]

    def _run(self, machine):
        execution = self._machines.start_execution(stateMachineArn=machine)["executionArn"]
        return execution, self._world.wait(execution)

    def _hold(self, group, **attributes):
        item = {"auto_scaling_group_name": group, **attributes}
        self._table.put_item(TableName=TABLE, Item={key: {"S": value} for key, value in item.items()})

    def _told(self):
        _, ended = self._run(self._watch)
        self.assertEqual(ended["status"], "SUCCEEDED", ended)
        data = [each for each in cloudwatch_backends[ACCOUNT][REGION].metric_data if each.namespace == NAMESPACE]
        self.assertEqual({each.name for each in data}, {"LockHeldSeconds"})
        return data[-1].value

    def test_a_dead_holder_counts_and_one_that_is_forgotten_is_the_oldest(self):
        self._hold("pause:web", paused_until="2026-01-01T00:00:00Z")
        self.assertEqual(self._told(), 0)
        dead, ended = self._run(self._machine("dying", json.dumps(DYING)))
        self.assertEqual(ended["status"], "FAILED")
        self._hold("web", held_by=dead)
        told = self._told()
        self.assertTrue(HELD_SECONDS <= told < HELD_SECONDS + 60, told)
        self._hold("search", held_by=dead.replace(dead.rsplit(":", 1)[1], "forgotten"))
        self.assertGreater(self._told(), 90 * 86_400)


if __name__ == "__main__":
    unittest.main()
