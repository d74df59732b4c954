"""Zonal shifts, which moto does not know: in front of it, by the ARN of a group that has them enabled."""

import json

from werkzeug.wrappers import Request, Response

from .faults import Rejected

ACTION = "arc-zonal-shift:GetManagedResource"
PATH = "/managedresources/"


def in_front_of(application, fleet, faults, calls, callers):
    """The application, which answers for zonal shifts too. `callers` read from headers who calls, and with which role."""
    caller_of, role_of = callers

    def answered(environ, start_response):
        request = Request(environ)
        if not request.path.startswith(PATH):
            return application(environ, start_response)
        return _managed_resource(request)(environ, start_response)

    def _managed_resource(request):
        calls.count(caller_of(request.headers), ACTION)
        if caller_of(request.headers) == "machine":
            calls.ask(role_of(request.headers), ACTION, "*")
        arn = request.path.removeprefix(PATH)
        try:
            faults.check_call(ACTION)
            with fleet.lock:
                group = next((each for each in fleet.groups.values() if each.arn == arn), None)
                if group is None or group.shifted_away is None:
                    raise Rejected("ResourceNotFoundException", f"The resource {arn} is not managed.")
                return _json(200, _described(group))
        except Rejected as rejected:
            failed = _json(404 if rejected.code == "ResourceNotFoundException" else 400, {"message": rejected.message})
            failed.headers["x-amzn-ErrorType"] = rejected.code
            return failed

    return answered


def _described(group):
    """A group as it is to those who shift traffic: every shift but the last is superseded."""
    shifts = [
        {
            "appliedStatus": "APPLIED" if zone == group.shifted_away[-1] else "NOT_APPLIED",
            "zonalShiftId": f"00000000-0000-4000-8000-{number:012}",
            "resourceIdentifier": group.arn,
            "awayFrom": zone,
            "expiryTime": 0,
            "startTime": 0,
            "comment": "as the test wants it",
        }
        for number, zone in enumerate(group.shifted_away)
    ]
    return {"arn": group.arn, "appliedWeights": {}, "zonalShifts": shifts, "autoshifts": []}


def _json(status, value):
    return Response(json.dumps(value), status=status, content_type="application/json")
