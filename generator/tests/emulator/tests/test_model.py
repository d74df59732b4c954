"""Groups refuse what AWS refuses, and their instances take time."""

import unittest

from ..api import AutoScalingApi
from ..clock import Clock
from ..faults import Faults, Rejected
from ..journal import Journal
from ..model import Fleet, Group


class ModelTest(unittest.TestCase):
    def setUp(self):
        self.clock = Clock(start_seconds=0)
        self.faults = Faults()
        self.journal = Journal(self.clock)
        self.version = 1
        self.fleet = Fleet(self.clock, self.journal, self.faults, self.resolve)
        self.api = AutoScalingApi(self.fleet)
        self.group = Group("g", "arn", 2, 4, 3, ["a", "b"], {"LaunchTemplate": {"Version": "$Latest"}})
        self.fleet.add(self.group)
        self.fleet.settle(self.group)

    def resolve(self, specification):
        return {**specification, "Version": str(self.version)}

    def call(self, action, **parameters):
        self.fleet.catch_up()
        return getattr(self.api, action)({"AutoScalingGroupName": "g", **parameters})

    def refused(self, text, action, **parameters):
        before = (self.group.minimum, self.group.desired, self.group.maximum, len(self.group.instances))
        with self.assertRaisesRegex(Rejected, text):
            self.call(action, **parameters)
        after = (self.group.minimum, self.group.desired, self.group.maximum, len(self.group.instances))
        self.assertEqual(after, before, "what is refused changes nothing")

    def terminate(self, instance, decrement):
        return self.call(
            "terminate_instance_in_auto_scaling_group", InstanceId=instance, ShouldDecrementDesiredCapacity=decrement
        )

    def states(self):
        self.fleet.catch_up()
        return [(each.lifecycle, each.launch_template["Version"]) for each in self.group.instances]

    def test_sizes_out_of_bounds_are_refused(self):
        self.refused("above max value 4", "set_desired_capacity", DesiredCapacity=5)
        self.refused("below min value 2", "set_desired_capacity", DesiredCapacity=1)
        self.refused("must be between", "update_auto_scaling_group", DesiredCapacity=5)
        self.refused("Max bound, 1", "update_auto_scaling_group", MaxSize=1)

    def test_bounds_move_the_desired_capacity(self):
        self.call("update_auto_scaling_group", MinSize=4)
        self.assertEqual((self.group.desired, len(self.group.live())), (4, 4))
        self.call("update_auto_scaling_group", MinSize=1, MaxSize=2)
        self.assertEqual((self.group.desired, len(self.group.live())), (2, 2))

    def test_a_decrement_below_the_minimum_is_refused(self):
        self.terminate(self.group.instances[0].id, decrement=True)
        with self.assertRaisesRegex(Rejected, r"desiredSize equals minSize \(2\)"):
            self.terminate(self.group.live()[0].id, decrement=True)

    def test_unknown_names_are_refused(self):
        self.refused("name not found", "set_desired_capacity", AutoScalingGroupName="x", DesiredCapacity=3)
        self.refused("Invalid process type: Lunch", "suspend_processes", ScalingProcesses=["Lunch"])
        with self.assertRaisesRegex(Rejected, "No managed instance found for instance ID: i-0"):
            self.terminate("i-0", decrement=False)

    def test_an_instance_cannot_be_terminated_twice(self):
        instance = self.group.instances[0].id
        self.terminate(instance, decrement=False)
        with self.assertRaisesRegex(Rejected, "is in progress and blocks this action"):
            self.terminate(instance, decrement=False)

    def test_launches_and_terminations_take_time(self):
        self.version = 2
        old = self.group.instances[0]
        self.terminate(old.id, decrement=False)
        expected = [("Terminating", "1"), ("InService", "1"), ("InService", "1"), ("Pending", "2")]
        self.assertEqual(self.states(), expected)
        self.clock.spend(self.fleet.timing.drain_seconds)
        self.assertEqual(self.states(), expected[1:])
        self.assertEqual(old.ec2_state, "shutting-down")
        self.clock.spend(self.fleet.timing.boot_seconds)
        self.assertEqual(self.states()[2], ("InService", "2"))
        self.assertEqual(old.ec2_state, "terminated")

    def test_nothing_is_launched_while_launch_is_suspended(self):
        self.call("suspend_processes", ScalingProcesses=["Launch"])
        self.terminate(self.group.instances[0].id, decrement=False)
        self.assertEqual(len(self.group.live()), 2)
        self.call("resume_processes", ScalingProcesses=["Launch"])
        self.assertEqual(len(self.group.live()), 3)

    def test_scale_in_puts_balance_before_age(self):
        zones = [each.zone for each in self.group.instances]
        self.assertEqual(zones, ["a", "b", "a"])
        self.call("set_desired_capacity", DesiredCapacity=2)
        self.assertEqual([each.zone for each in self.group.live()], ["b", "a"])

    def test_faults_are_used_up(self):
        self.faults.order_launches("fails", count=1)
        self.call("set_desired_capacity", DesiredCapacity=4)
        self.assertEqual(len(self.group.live()), 3)
        activity = self.call("describe_scaling_activities")["Activities"][0]
        self.assertEqual(activity["StatusCode"], "Failed")
        self.clock.spend(self.fleet.timing.launch_retry_seconds)
        self.fleet.catch_up()
        self.assertEqual(len(self.group.live()), 4)

    def test_an_unhealthy_instance_is_replaced(self):
        self.faults.order_launches("unhealthy", count=1)
        self.call("set_desired_capacity", DesiredCapacity=4)
        self.clock.spend(self.fleet.timing.boot_seconds)
        self.fleet.catch_up()
        bad = self.group.instances[-1]
        self.assertEqual(bad.health, "Unhealthy")
        self.clock.spend(self.fleet.timing.unhealthy_replacement_seconds)
        self.fleet.catch_up()
        self.assertEqual((bad.lifecycle, len(self.group.live())), ("Terminating", 4))


if __name__ == "__main__":
    unittest.main()
