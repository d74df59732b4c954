"""What goes wrong: faults that a test orders, used up as they happen."""


class Rejected(Exception):
    """A call that AWS rejects, with the code and text it rejects it with."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code
        self.message = message


LAUNCH_FAULTS = ("fails", "stuck-pending", "unhealthy", "target-unhealthy")


class Faults:
    """The faults that are still to come."""

    def __init__(self):
        self._launches = []
        self._calls = []
        self._lost = []

    def order_launches(self, kind, count=None, message="We currently do not have sufficient capacity."):
        """The next `count` launches go wrong; without a count, all further ones."""
        if kind not in LAUNCH_FAULTS:
            raise ValueError(f"no such launch fault: {kind}; there are {', '.join(LAUNCH_FAULTS)}")
        self._launches.append({"kind": kind, "left": count, "message": message})

    def order_calls(self, action, code, message, count=1, skip=0):
        """`count` calls of an action are answered with this error, after as many as are to be skipped."""
        self._calls.append({"action": action, "code": code, "message": message, "left": count, "skip": skip})

    def order_lost_answers(self, action, count=1, carried_out=True):
        """`count` calls of an action get no answer but a failure of the service, whether they are carried out or not."""
        self._lost.append({"action": action, "left": count, "carried_out": carried_out})

    def clear(self):
        """Nothing goes wrong any more."""
        self._launches.clear()
        self._calls.clear()
        self._lost.clear()

    def next_launch(self):
        """The fault of the launch that happens now, if it has one."""
        return self._use_up(self._launches, lambda fault: True)

    def check_call(self, action):
        """Raises what a call of this action is to be answered with."""
        first = next((fault for fault in self._calls if fault["action"] == action), None)
        if first and first["skip"] > 0:
            first["skip"] -= 1
            return
        fault = self._use_up(self._calls, lambda fault: fault["action"] == action)
        if fault:
            raise Rejected(fault["code"], fault["message"])

    def loses_answer(self, action, carried_out):
        """Whether the answer to this call is lost that was carried out, or will not be."""
        applies = lambda fault: fault["action"] == action and fault["carried_out"] == carried_out  # noqa: E731
        return self._use_up(self._lost, applies) is not None

    @staticmethod
    def _use_up(faults, applies):
        fault = next((each for each in faults if applies(each)), None)
        if fault and fault["left"] is not None:
            fault["left"] -= 1
            if fault["left"] == 0:
                faults.remove(fault)
        return fault
