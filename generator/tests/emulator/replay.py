"""moto's interpreter, given what another interpreter was given: the same definition, input, answers and times.

`python -m emulator.replay` reads machines and tapes as JSON lines and answers each tape with how the execution ended here
and with its steps: every state that was entered, every call and every retry, with its moment; see `tape`. Whether that is
the same, the test decides.
"""

import json
import logging
import os

os.environ["TZ"] = "UTC"

from moto.stepfunctions.parser.api import StateMachineType  # noqa: E402 - the environment comes first
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import FailureEventException  # noqa: E402
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl  # noqa: E402
from moto.stepfunctions.parser.asl.component.common.retry.jitter_strategy_decl import (  # noqa: E402
    JitterStrategy,
    JitterStrategyDecl,
)
from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import EvalTimeoutError  # noqa: E402
from moto.stepfunctions.parser.asl.component.state import state  # noqa: E402
from moto.stepfunctions.parser.asl.component.state.exec import execute_state  # noqa: E402
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (  # noqa: E402
    state_task_service_aws_sdk,
)
from moto.stepfunctions.parser.backend import execution  # noqa: E402
from moto.stepfunctions.parser.models import StepFunctionsParserBackend  # noqa: E402

from . import definitions, interpreter  # noqa: E402
from .clock import Clock, Handover  # noqa: E402
from .expressions import plain  # noqa: E402
from .tape import Tape, serve  # noqa: E402

# Against a hang: no tape needs this long in real time, on a machine that others load too.
REAL_SECONDS_MAX = 600
ROLE = "arn:aws:iam::123456789012:role/machine"


class InlineThread:
    """Work that its starter does itself; moto only waits for a task's thread anyway."""

    def __init__(self, target, daemon):
        self._target = target

    def start(self):
        self._target()


class Replay:
    """Executions, one after the other."""

    def __init__(self):
        self._clock = Clock(0)
        self._clock.enter()
        self._machines = {}
        interpreter.install(self._clock, None, lambda ended: self._ended.set())
        interpreter.new_child_name = lambda: self._tape.child()
        execute_state.Thread = InlineThread
        JitterStrategyDecl._eval_body = lambda declaration, env: self._jitter(declaration, env)
        retrier_decl.time.sleep = self._retry
        definitions.parse_once(one_after_the_other=True)
        self._listen()

    def run(self, tape):
        """Runs the execution of a tape; how it ended, and its steps."""
        self._clock.set(tape["at"] / 1000)
        self._tape = Tape(tape)
        self._ended = Handover(self._clock)
        name = tape["execution"].rsplit(":", 1)[1]
        running = execution.Execution(
            name=name,
            sm_type=StateMachineType.STANDARD,
            role_arn=ROLE,
            exec_arn=tape["execution"],
            account_id=tape["execution"].split(":")[4],
            region_name=tape["execution"].split(":")[3],
            state_machine=self._machine(tape["execution"]),
            start_date=self._clock.datetime(),
            cloud_watch_logging_session=None,
            activity_store={},
            input_data=json.dumps(tape["input"]),
        )
        running.start()
        if not self._ended.wait(REAL_SECONDS_MAX):
            raise RuntimeError(f"{name} runs on; its last steps: {self._tape.steps[-5:]}")
        return {
            "status": "BEYOND" if self._tape.is_over else running.status,
            "at": self._clock.millis(),
            "output": running.output,
            "error": running.error,
            "cause": running.cause,
            "steps": self._tape.steps,
        }

    def define(self, definition):
        """The machine of the tapes that follow."""
        self._definition = definition

    def _machine(self, arn):
        _, _, _, region, account, _, name, _ = arn.split(":")
        known = (name, self._definition)
        if known not in self._machines:
            backend = StepFunctionsParserBackend(region, account)
            self._machines[known] = backend.create_state_machine(name, self._definition, ROLE)
        return self._machines[known]

    def _jitter(self, declaration, env):
        if declaration.jitter_strategy == JitterStrategy.FULL:
            env.stack.append(self._tape.jitter(env.stack.pop()))

    def _retry(self, seconds):
        self._tape.waits(self._clock.millis(), seconds)
        self._clock.sleep(seconds)

    def _listen(self):
        evaluate_state = state.CommonStateField._eval_body

        def enter(entered, env):
            self._tape.entered(self._clock.millis(), _execution_of(env), entered.name)
            evaluate_state(entered, env)

        def call(task, env, resource_runtime_part, normalised_parameters, state_credentials):
            answer = self._tape.answer(
                {
                    "at": self._clock.millis(),
                    "execution": _execution_of(env),
                    "service": task.resource.api_name.lower(),
                    "action": task.resource.api_action,
                    "arguments": plain(normalised_parameters),
                },
                task.name,
            )
            if answer is None:
                raise _failure(task, env, "States.Runtime", "this call is not on the tape")
            task.timeout.eval(env=env)
            timeout_millis = env.stack.pop() * 1000
            self._clock.sleep(min(answer["latency"], timeout_millis) / 1000)
            if answer["latency"] > timeout_millis:
                raise EvalTimeoutError
            if "error" in answer:
                raise _failure(task, env, answer["error"], answer["cause"])
            env.stack.append(answer["result"])

        state.CommonStateField._eval_body = enter
        state_task_service_aws_sdk.StateTaskServiceAwsSdk._eval_service_task = call


def _execution_of(env):
    return env.states.context_object.context_object_data["Execution"]["Id"]


def _failure(task, env, error, cause):
    return FailureEventException(task._get_task_failure_event(env=env, error=error, cause=cause))


def main():
    logging.disable()  # a component that fails is logged with all its insides, which are the machine
    serve(Replay(), plain)


if __name__ == "__main__":
    main()
