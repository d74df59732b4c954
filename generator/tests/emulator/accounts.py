"""Further accounts. To moto each is a world of its own, told by the access key; here it gets groups of its own."""

from moto.iam import iam_backends

from .api import AutoScalingApi

# Who signs with a key that moto made, by its id.
CALLERS = {}


class Accounts:
    """The groups of each account and region that has any, and the keys to it."""

    def __init__(self, make_fleet):
        """`make_fleet` makes the groups of an account and region; see `model.Fleet`."""
        self._make_fleet = make_fleet
        self._fleets = {}
        self._apis = {}
        self._keys = {}

    def add(self, account, region, fleet, api):
        """Groups that are there."""
        self._fleets[account, region], self._apis[account, region] = fleet, api

    def open(self, account, region):
        """Makes room for groups in an account and region, and keys to it."""
        fleet = self._make_fleet(account, region)
        self.add(account, region, fleet, AutoScalingApi(fleet))
        for user in ("test", "operator"):
            backend = iam_backends[account]["aws"]
            backend.create_user("aws", user)
            key = backend.create_access_key(user)
            CALLERS[key.access_key_id] = user
            self._keys[account, user] = (key.access_key_id, key.secret_access_key)

    def keys(self, account, user):
        """The id and the secret of a user's key to an account that was opened."""
        return self._keys[account, user]

    def fleet(self, account, region):
        """The groups of an account and region; None where there are none."""
        return self._fleets.get((account, region))

    def api(self, account, region):
        """What answers for them; None where there are none."""
        return self._apis.get((account, region))
