"""MiniStack's engine, given what another interpreter was given; see `tape`. It was written by others, from other sources than
moto's: `python -m emulator.replay_ministack` is the third reading of the language.

The package is not edited. Time, threads and answers are put in from outside, and so is what the engine does not do as AWS
says: `_mend` has each with AWS's words. It reaches into private names, so the package's version is exact; it runs in an
environment of its own, so that neither emulator decides about the other's packages.
"""

import collections
import copy
import json
import logging
import threading
import types

from jsonata import parser, timebox
from ministack.core.responses import request_scope
from ministack.services import stepfunctions as engine

from . import frames
from .clock import Clock, Handover
from .tape import Tape, serve

# Against a hang: no tape needs this long in real time, on a machine that others load too.
REAL_SECONDS_MAX = 600
UNCATCHABLE = ("States.Runtime", "States.DataLimitExceeded")


class Beyond(BaseException):
    """A call is not on the tape. No state of the engine may deal with that."""


def plain(value):
    """The value as JSON has it: whole numbers without a fraction."""
    return json.loads(json.dumps(value), parse_float=_number)


def _number(text):
    number = float(text)
    return int(number) if number.is_integer() else number


def _parse_once():
    """An expression is parsed each time that it is evaluated otherwise, which takes longer than its evaluation."""
    parse, parsed = parser.Parser.parse, {}

    def parse_once(self, text, *engine):
        if text not in parsed:
            parsed[text] = parse(self, text, *engine)
        return parsed[text]

    parser.Parser.parse = parse_once


class Replay:
    """Executions, one after the other."""

    def __init__(self):
        self._clock = Clock(0)
        self._clock.enter()
        self._here = threading.local()  # the context object of the state that a thread is in, and its retrier
        _parse_once()
        frames.search_quickly()
        self._follow_time()
        self._follow_threads()
        self._mend()
        self._follow_states()
        self._give_answers()

    def define(self, definition):
        """The machine of the tapes that follow."""
        self._definition = definition

    def run(self, tape):
        """Runs the execution of a tape; how it ended, and its steps."""
        self._clock.set(tape["at"] / 1000)
        self._tape = Tape(tape)
        arn = tape["execution"]
        _, _, _, region, account, _, name, execution_name = arn.split(":")
        machine = f"arn:aws:states:{region}:{account}:stateMachine:{name}"
        running = {
            "executionArn": arn,
            "stateMachineArn": machine,
            "name": execution_name,
            "status": "RUNNING",
            "startDate": self._now(),
            "stopDate": None,
            "input": json.dumps(tape["input"]),
            "output": None,
            "events": [],
            "mockAttempts": {},
        }
        ended = {}

        def work():
            try:
                with request_scope(account, region):
                    engine._state_machines[machine] = {"name": name, "definition": self._definition}
                    engine._executions[arn] = running
                    engine._run_execution(arn)
            except Beyond:
                pass
            ended["at"] = self._clock.millis()
            done.set()
            self._clock.leave()

        done = Handover(self._clock)
        self._clock.enter()
        threading.Thread(target=work, daemon=True).start()
        if not done.wait(REAL_SECONDS_MAX):
            raise RuntimeError(f"{execution_name} runs on; its last steps: {self._tape.steps[-5:]}")
        status = "BEYOND" if self._tape.is_over else running["status"]
        return {
            "status": status,
            "at": ended["at"],
            "output": json.loads(running["output"]) if status == "SUCCEEDED" else None,
            "error": running.get("error"),
            "cause": running.get("cause"),
            "steps": self._tape.steps,
        }

    def _now(self):
        return self._clock.datetime().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"

    def _follow_time(self):
        timebox.Timebox.current_milli_time = staticmethod(self._clock.millis)
        engine.now_iso = self._now
        engine.time = types.SimpleNamespace(sleep=lambda seconds: None, time=self._clock.now, monotonic=self._clock.now)
        engine._sleep_until = lambda text: self._clock.sleep(max(engine._parse_ts(text).timestamp() - self._clock.now(), 0))
        engine._emit_execution_status_event = lambda execution: None
        find = engine._find_matching_retrier

        def find_retrier(retriers, error, counts):
            retrier, index = find(retriers, error, counts)
            self._here.retrier = retrier and (retrier, counts.get(index, 0))
            return retrier, index

        engine._find_matching_retrier = find_retrier
        engine._scaled_sleep = self._sleep

    def _sleep(self, seconds):
        """A Wait, or what is before a retry: the engine knows neither the longest delay nor jitter."""
        retrier, self._here.retrier = getattr(self._here, "retrier", None), None
        if retrier:
            rule, earlier = retrier
            seconds = rule.get("IntervalSeconds", 1) * rule.get("BackoffRate", 2.0) ** earlier
            seconds = min(seconds, rule.get("MaxDelaySeconds", seconds))
            if rule.get("JitterStrategy") == "FULL":
                seconds = self._tape.jitter(seconds)
            self._tape.waits(self._clock.millis(), seconds)
        self._clock.sleep(seconds)

    def _follow_threads(self):
        """Iterations and branches are workers of the clock, and whoever waits for them is none meanwhile."""
        clock = self._clock

        class Pool:
            def __init__(self, max_workers):
                self._workers, self._jobs = max_workers, collections.deque()

            def __enter__(self):
                return self

            def __exit__(self, *_):
                pass

            def submit(self, run, *arguments):
                self._jobs.append(lambda: run(*arguments))
                return self

            def wait(self):
                lock, left, over = threading.Lock(), [len(self._jobs)], Handover(clock)

                def work():
                    try:
                        while True:
                            with lock:
                                if not self._jobs:
                                    return
                                job = self._jobs.popleft()
                            job()
                            with lock:
                                left[0] -= 1
                                if left[0] == 0:
                                    over.set()
                    except Beyond:
                        over.set()
                    finally:
                        clock.leave()

                for _ in range(min(self._workers, len(self._jobs))):
                    clock.enter()
                    threading.Thread(target=work, daemon=True).start()
                if left[0]:
                    over.wait(REAL_SECONDS_MAX)

        class Branch(threading.Thread):
            def __init__(self, target, args, daemon):
                self._over = Handover(clock)

                def run():
                    try:
                        target(*args)
                    except Beyond:
                        pass
                    finally:
                        self._over.set()
                        clock.leave()

                super().__init__(target=run, daemon=daemon)

            def start(self):
                clock.enter()
                super().start()

            def join(self):
                self._over.wait(REAL_SECONDS_MAX)

        def wait(pools):
            if pools:
                pools[0].wait()  # each stands for the pool that it is in
            if self._tape.is_over:
                raise Beyond

        engine.ThreadPoolExecutor, engine.futures_wait = Pool, wait
        engine.threading = types.SimpleNamespace(Thread=Branch, Lock=threading.Lock, Event=threading.Event)

    def _follow_states(self):
        """What each type of state begins with."""

        def followed(perform):
            def entering(*arguments):
                # The context object comes last.
                self._here.context = arguments[-1]
                self._here.input = arguments[1]
                self._enter(arguments[-1])
                return perform(*arguments)

            return entering

        for kind in ("pass", "task", "choice", "wait", "parallel", "map"):
            name = f"_execute_{kind}"
            setattr(engine, name, followed(getattr(engine, name)))
        engine._fail_state_error = followed(engine._fail_state_error)

    def _enter(self, context):
        self._tape.entered(self._clock.millis(), context["Execution"]["Id"], context["State"]["Name"])

    def _give_answers(self):
        def invoke(resource, arguments, timeout=None):
            context = self._here.context
            if isinstance(timeout, str):  # the engine takes a number only
                timeout = engine._apply_jsonata_template(timeout, self._here.input, context)
            service, action = resource.split(":")[6:8]
            call = {
                "at": self._clock.millis(),
                "execution": context["Execution"]["Id"],
                "service": service.lower(),
                "action": action,
                "arguments": plain(arguments),
            }
            answer = self._tape.answer(call, context["State"]["Name"])
            if answer is None:
                raise Beyond
            seconds = answer["latency"] / 1000
            self._clock.sleep(seconds if timeout is None else min(seconds, timeout))
            if timeout is not None and seconds > timeout:
                raise engine._ExecutionError("States.Timeout", "")
            if "error" in answer:
                raise engine._ExecutionError(answer["error"], answer["cause"])
            return copy.deepcopy(answer["result"])

        engine._invoke_resource = engine._invoke_resource_with_timeout = invoke

    def _mend(self):
        """What the engine does not do as AWS says."""
        output_path = engine._apply_output_path

        def output(state, value, context=None):
            # "Succeed states that use JSONata can include an Output field."
            if state.get("Type") != "Succeed":
                return output_path(state, value, context)
            self._enter(context)
            return engine._apply_jsonata_output(state, value, context, default=value)

        def assign(state, value, context, result=None, error_output=None):
            # All expressions of an Assign see the variables as they were on entry.
            over = {"result": result, "error_output": error_output}
            rules = state.get("Assign", {})
            new = {name: engine._apply_jsonata_template(rule, value, context, **over) for name, rule in rules.items()}
            context["variables"].update(new)

        execute_choice = engine._execute_choice

        def choose(state, value, context):
            # A Choice has an Output, as it has an Assign, on the way to its Default.
            holds = engine._evaluate_jsonata_choice_rule
            rule = next((each for each in state["Choices"] if holds(each, value, context)), None)
            if rule is None and "Default" not in state:
                return execute_choice(state, value, context)
            taken = rule or state
            result = engine._apply_jsonata_output(taken, value, context, default=value)
            engine._apply_state_assign(taken, value, context)
            return result, rule["Next"] if rule else state["Default"]

        matches = engine._error_matches
        engine._execute_choice = choose
        engine._apply_output_path = output
        engine._apply_state_assign = assign
        engine._run_distributed_map = self._distribute
        # "States.ALL" stands for neither.
        engine._error_matches = lambda names, error: (
            error in names if error in UNCATCHABLE else matches(names, error)
        ) and error != "States.Runtime"

    def _distribute(self, state, value, _, processor, execution, context):
        """A distributed Map in JSONata has Items, Assign and Output, and children with variables of their own."""
        items = engine._jsonata_state_field(state, "Items", "array", value, context)
        machine = f"{context['StateMachine']['Id'].split('/')[0]}/{state.get('Label') or context['State']['Name']}"
        results, errors = [None] * len(items), []

        def run(index, item):
            if errors:
                return  # no failure is tolerated, so none is begun after one
            seen = {**copy.deepcopy(context), "Map": {"Item": {"Index": index, "Value": item}}}
            selector = state.get("ItemSelector")
            given = engine._apply_jsonata_template(selector, value, seen) if selector else item
            name = self._tape.child()
            arn = f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
            child = {
                "QueryLanguage": context["QueryLanguage"],
                "Execution": {"Id": arn, "Input": given, "Name": name, "StartTime": self._now()},
                "StateMachine": {"Id": machine, "Name": machine.rsplit(":", 1)[1]},
                "variables": {},
            }
            began = {**execution, "executionArn": arn, "events": [], "status": "RUNNING"}
            try:
                results[index] = engine._run_sub_machine(
                    processor["States"], processor["StartAt"], given, began, child
                )
            except engine._ExecutionError as error:
                errors.append(error)

        limit = state.get("MaxConcurrency", 0)
        if isinstance(limit, str):
            limit = engine._apply_jsonata_template(limit, value, context)
        pool = engine.ThreadPoolExecutor(max_workers=limit or len(items) or 1)
        engine.futures_wait([pool.submit(run, index, item) for index, item in enumerate(items)])
        if errors:
            text = "The specified tolerated failure threshold was exceeded"
            raise engine._ExecutionError("States.ExceedToleratedFailureThreshold", text)
        output = engine._apply_jsonata_output(state, value, context, result=results, default=results)
        engine._apply_state_assign(state, value, context, result=results)
        return output, engine._next_or_end(state)


def main():
    logging.disable()  # a state that fails is logged with all its insides, which are the machine
    serve(Replay(), plain)


if __name__ == "__main__":
    main()
