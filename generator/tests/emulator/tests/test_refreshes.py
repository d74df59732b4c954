"""Instance refreshes keep their percentages, stop where they are told to, and refuse what AWS refuses."""

import unittest

from ..faults import Rejected
from . import test_model


class RefreshesTest(unittest.TestCase):
    setUp = test_model.ModelTest.setUp
    resolve = test_model.ModelTest.resolve
    call = test_model.ModelTest.call

    def begin(self, **preferences):
        self.version = 2
        return self.call("start_instance_refresh", Preferences=preferences)["InstanceRefreshId"]

    def refresh(self):
        return self.call("describe_instance_refreshes")["InstanceRefreshes"][0]

    def pass_until(self, status, seconds=20_000):
        """The most that were live and the fewest that served meanwhile."""
        most, fewest = 0, 99
        for _ in range(0, seconds, 5):
            self.clock.spend(5)
            self.fleet.catch_up()
            most, fewest = max(most, len(self.group.live())), min(fewest, len(self.group.healthy()))
            if self.refresh()["Status"] == status:
                return most, fewest
        self.fail(f"it is {self.refresh()}")

    def test_every_instance_is_replaced_within_the_percentages(self):
        for low, high, expected in [(100, 110, (4, 3)), (90, 100, (3, 2)), (0, 100, (3, 0)), (100, 200, (6, 3))]:
            with self.subTest(low=low, high=high):
                self.setUp()
                self.begin(MinHealthyPercentage=low, MaxHealthyPercentage=high)
                self.assertEqual(self.pass_until("Successful"), expected)
                versions = [each.launch_template["Version"] for each in self.group.live()]
                self.assertEqual((versions, self.group.desired), (["2", "2", "2"], 3))

    def test_what_is_current_is_passed_over_where_it_may_be(self):
        for skips, replaced in [(True, 0), (False, 3)]:
            with self.subTest(skips=skips):
                self.setUp()
                before = {each.id for each in self.group.instances}
                self.call("start_instance_refresh", Preferences={"SkipMatching": skips})
                self.pass_until("Successful")
                self.assertEqual(len(before - {each.id for each in self.group.instances}), replaced)

    def test_it_stops_at_a_checkpoint_and_bakes_at_the_end(self):
        begun = self.clock.now()
        self.begin(CheckpointPercentages=[30, 100], CheckpointDelay=1000, BakeTime=500)
        self.pass_until("Baking")
        self.assertGreater(self.clock.now() - begun, 1000)
        baking_since = self.clock.now()
        self.pass_until("Successful")
        self.assertAlmostEqual(self.clock.now() - baking_since, 500, delta=20)

    def test_it_fails_after_an_hour_without_progress(self):
        self.faults.order_launches("fails")
        self.begin(MinHealthyPercentage=100, MaxHealthyPercentage=110)
        self.pass_until("Failed")
        self.assertIn("one hour", self.refresh()["StatusReason"])
        self.assertEqual(len(self.group.live()), 3, "no old one had to go")

    def test_it_can_be_cancelled_and_leaves_the_group_whole(self):
        self.begin(MinHealthyPercentage=100, MaxHealthyPercentage=110)
        self.clock.spend(100)
        self.call("cancel_instance_refresh")
        self.pass_until("Cancelled")
        self.assertEqual((len(self.group.live()), self.group.surge), (3, 0))
        with self.assertRaises(Rejected) as refused:
            self.call("cancel_instance_refresh")
        self.assertEqual(refused.exception.code, "ActiveInstanceRefreshNotFound")

    def test_a_second_one_and_wrong_percentages_are_refused(self):
        self.begin()
        with self.assertRaises(Rejected) as refused:
            self.begin()
        self.assertEqual(refused.exception.code, "InstanceRefreshInProgress")
        self.setUp()
        for preferences in [
            {"MinHealthyPercentage": 50, "MaxHealthyPercentage": 200},
            {"MaxHealthyPercentage": 120},
            {"CheckpointPercentages": [50, 20]},
        ]:
            with self.subTest(preferences=preferences), self.assertRaises(Rejected):
                self.begin(**preferences)


if __name__ == "__main__":
    unittest.main()
