"""moto's Step Functions interpreter, mended where it differs from AWS, and moved into virtual time."""

import copy
import json
import re
import threading
import types
import uuid

from moto.core.responses import ActionResult
from moto.stepfunctions import models
from moto.stepfunctions.exceptions import InvalidName
from moto.stepfunctions.parser import models as parser_models
from moto.stepfunctions.parser.api import HistoryEventType, TaskFailedEventDetails
from moto.stepfunctions.parser.asl.component.common.assign.assign_decl import AssignDecl
from moto.stepfunctions.parser.asl.component.common.error_name.error_equals_decl import ErrorEqualsDecl
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.eval_component import EvalComponent
from moto.stepfunctions.parser.asl.component.program.program import Program
from moto.stepfunctions.parser.asl.component.state import state
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import job
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.inline_iteration_component import (
    InlineIterationComponent,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor import (
    distributed_item_processor_worker as distributed,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor import map_run_record
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel import branch_worker, branches_decl
from moto.stepfunctions.parser.asl.component.state.wait.wait_function import seconds, timestamp
from moto.stepfunctions.parser.asl.component.state.wait.wait_function.wait_function import WaitFunction
from moto.stepfunctions.parser.asl.eval.environment import Environment
from moto.stepfunctions.parser.asl.eval.event import event_manager
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails
from moto.stepfunctions.parser.asl.eval.program_state import ProgramError
from moto.stepfunctions.parser.asl.eval.states import ItemData, MapData
from moto.stepfunctions.parser.asl.eval.variable_store import VariableStore
from moto.stepfunctions.parser.asl.parse import preprocessor
from moto.stepfunctions.parser.backend import execution, execution_worker
from moto.stepfunctions.responses import StepFunctionResponse

from . import expressions, sdk_calls
from .clock import Handover, virtual_datetime_module

CAUGHT_BY_NAME_AT_MOST = ("States.Runtime", "States.DataLimitExceeded")
NAME = re.compile(r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,80}")


def describe_machines_as(status):
    """What DescribeStateMachine says of the machines from now on; the services know of active ones alone."""
    describe = StepFunctionResponse._describe_state_machine

    def described(response, arn):
        return ActionResult({**describe(response, arn).result, "status": status})

    StepFunctionResponse._describe_state_machine = described


def install(clock, endpoint, on_end):
    """Mends the interpreter. `on_end` is called with each execution that has ended, before time passes again."""
    expressions.install(clock)
    sdk_calls.install(endpoint)
    _read_text_as_json()
    _tell_virtual_time(clock)
    _wait_in_virtual_time(clock)
    _count_workers(clock)
    _run_executions(clock, on_end)
    _time_out_in_virtual_time(clock)
    _assign_after_output()
    _catch_as_aws()
    _distribute_as_aws(clock)


def _read_text_as_json():
    """moto keeps the escapes of some texts, and breaks characters that JSON writes as two."""

    def text_of(parser_rule_context):
        text = parser_rule_context.getText()
        if text == "null":
            return None
        return json.loads(text, strict=False) if text.startswith('"') else text

    preprocessor.Preprocessor._inner_string_of = staticmethod(text_of)
    preprocessor.from_string_literal = text_of


def _tell_virtual_time(clock):
    virtual = virtual_datetime_module(clock)
    for module in (branches_decl, event_manager, execution, map_run_record, parser_models, timestamp):
        module.datetime = virtual

    class StateData(dict):
        """The context object's `State`, its moment written as AWS writes it."""

        def __init__(self, EnteredTime, Name):  # noqa: N803 - moto's keywords
            super().__init__(EnteredTime=expressions.moment(clock.datetime()), Name=Name)

    state.StateData = StateData


def _wait_in_virtual_time(clock):
    def wait(self, env, wait_seconds):
        if wait_seconds > 0:
            clock.sleep(wait_seconds, interrupted=lambda: not env.is_running())

    def until(self, env):
        self.string.eval(env=env)
        text = env.stack.pop()
        if not self._is_valid_timestamp_pattern(text):
            raise FailureEventException(self._create_failure_event(env, text))
        fraction = float("0." + (text.split(".")[1].rstrip("Z") if "." in text else "0"))
        whole = timestamp.datetime.datetime.strptime(text.split(".")[0].rstrip("Z"), "%Y-%m-%dT%H:%M:%S")
        return whole.replace(tzinfo=timestamp.datetime.timezone.utc).timestamp() + fraction - clock.now()

    def whole_seconds(self, env):
        self.string_jsonata.eval(env=env)
        value = env.stack.pop()
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 99_999_999:
            raise ValueError(f"Seconds has to be a whole number from 0 to 99999999, and is {value!r}")
        return value

    WaitFunction._wait_interval = wait
    timestamp.Timestamp._get_wait_seconds = until
    seconds.SecondsJSONata._get_wait_seconds = whole_seconds
    retrier_decl.time = types.SimpleNamespace(sleep=clock.sleep)
    _keep_who_stopped()
    for name in ("set_ended", "set_error", "set_timed_out", "set_stop"):
        setattr(Environment, name, _ending(getattr(Environment, name), clock))


def _keep_who_stopped():
    """The library forgets the error and the cause that StopExecution is given."""
    stop = StepFunctionResponse.stop_execution

    def stop_execution(self):
        answer = stop(self)
        execution = self.stepfunction_backend.describe_execution(self._get_param("executionArn"))
        execution.error, execution.cause = self._get_param("error"), self._get_param("cause")
        return answer

    StepFunctionResponse.stop_execution = stop_execution


def _ending(end, clock):
    """The first end of an execution counts: what fails because it was stopped does not make it a failure."""

    def end_once(self, *arguments, **keywords):
        if self.is_running():
            end(self, *arguments, **keywords)
        clock.poke()

    return end_once


def _count_workers(clock):
    """Branches and iterations are workers; a state that waits for them is not."""

    def with_handover(initialise):
        def initialised(self, *arguments, **keywords):
            initialise(self, *arguments, **keywords)
            self._termination_event = Handover(clock)

        return initialised

    def launch_worker(self, env, eval_input, job_pool):
        worker = self._create_worker(env=env, eval_input=eval_input, job_pool=job_pool)
        clock.enter()
        threading.Thread(target=_leaving(clock, worker.eval), daemon=True).start()
        return worker

    def start_branch(self):
        clock.enter()
        self._worker_thread = threading.Thread(target=_leaving(clock, self._thread_routine), daemon=True)
        self._worker_thread.start()

    job.JobPool.__init__ = with_handover(job.JobPool.__init__)
    branches_decl.BranchWorkerPool.__init__ = with_handover(branches_decl.BranchWorkerPool.__init__)
    InlineIterationComponent._launch_worker = launch_worker
    branch_worker.BranchWorker.start = start_branch


def _leaving(clock, work):
    def run():
        try:
            work()
        finally:
            clock.leave()

    return run


def _run_executions(clock, on_end):
    # moto copies the machine with all its past executions, whose locks cannot be copied.
    models.StateMachineInstance.__deepcopy__ = lambda self, memo: copy.copy(self)
    start = parser_models.StepFunctionsParserBackend.start_execution

    def checked_start(self, state_machine_arn, name=None, execution_input=None, trace_header=None):
        if name is not None and not NAME.fullmatch(name):
            raise InvalidName(f"Invalid Name: '{name}'")
        return start(self, state_machine_arn, name or str(uuid.uuid4()), execution_input, trace_header)

    def start_counted(self):
        self.exec_worker = self._get_start_execution_worker()
        self.exec_status = execution.ExecutionStatus.RUNNING
        clock.enter()

        def run():
            self.exec_worker._execution_logic()
            on_end(self)

        threading.Thread(target=_leaving(clock, run), daemon=True).start()

    parser_models.StepFunctionsParserBackend.start_execution = checked_start
    execution.Execution.start = start_counted


def _time_out_in_virtual_time(clock):
    def evaluate(self, env):
        env.next_state_name = self.start_at.start_at_name
        deadline = clock.deadline(self.timeout_seconds.timeout_seconds) if self.timeout_seconds else None

        def work():
            EvalComponent.eval(self, env)
            if deadline:
                deadline.meet()

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        if deadline and not deadline.wait():
            env.set_timed_out()
            thread.join()
            clock.leave()
        thread.join()

    Program.eval = evaluate


def _assign_after_output():
    """A state's Assign and Output both see the variables as they were when the state began."""
    evaluate_state = state.CommonStateField._eval_body

    def defer(self, env):
        assigned = {}
        for binding in self.declaration_bindings:
            binding.eval(env=env)
            assigned.update(env.stack.pop())
        vars(env).setdefault("_assigned_later", []).append(assigned)

    def evaluate_and_assign(self, env):
        evaluate_state(self, env)
        for assigned in vars(env).pop("_assigned_later", []):
            for name, value in assigned.items():
                env.variable_store.set(variable_identifier=name, variable_value=value)

    AssignDecl._eval_body = defer
    state.CommonStateField._eval_body = evaluate_and_assign


def _catch_as_aws():
    """`States.ALL` catches neither a runtime error, which nobody does, nor a payload that is too large, which is caught by its name."""
    matches = ErrorEqualsDecl._eval_body

    def guarded(self, env):
        error = env.stack[-1]
        if error is not None and error.error_name in CAUGHT_BY_NAME_AT_MOST:
            named = any(name.error_name == error.error_name for name in self.error_names)
            env.stack.pop()
            env.stack.append(named and error.error_name != "States.Runtime")
        else:
            matches(self, env)

    ErrorEqualsDecl._eval_body = guarded


def _distribute_as_aws(clock):
    """An item of a distributed map is an execution of its own: own context, no outer variables, own failure."""

    def evaluate_job(self, env, job):
        try:
            context = env.states.context_object.context_object_data
            context["Map"] = MapData(Item=ItemData(Index=job.job_index, Value=job.job_input))
            env.states.reset(job.job_input)
            env.stack.append(env.states.get_input())
            self._eval_input(env_frame=env)
            _become_child(env, context, clock, self._map_run_record.map_state_machine_arn)
            job.job_program.eval(env)
            failed = isinstance(env.program_state(), ProgramError)
            job.job_output = _tolerance_exceeded(env) if failed else env.states.get_input()
        except Exception as error:  # whatever it is, it fails the map, and with it the test
            job.job_output = error

    distributed.DistributedItemProcessorWorker._eval_job = evaluate_job


def new_child_name():
    """The name of the next item's execution."""
    return str(uuid.uuid4())


def child_began(role_arn, machine_arn, child_arn):
    """The execution of an item has begun; for those who look on."""


def _become_child(env, context, clock, machine_arn):
    name = new_child_name()
    child = f"{machine_arn.replace(':stateMachine:', ':execution:')}:{name}"
    child_began(context["Execution"]["RoleArn"], machine_arn.rsplit("/", 1)[0], child)
    context["Execution"] = {
        "Id": child,
        "Input": env.states.get_input(),
        "Name": name,
        "RoleArn": context["Execution"]["RoleArn"],
        "StartTime": clock.datetime(),
    }
    context["StateMachine"] = {"Id": machine_arn, "Name": machine_arn.rsplit(":", 1)[1]}
    context.pop("Map")
    env.variable_store = VariableStore()


def _tolerance_exceeded(env):
    name = "States.ExceedToleratedFailureThreshold"
    details = TaskFailedEventDetails(error=name, cause="The specified tolerated failure threshold was exceeded")
    return FailureEventException(
        FailureEvent(
            env=env,
            error_name=ErrorName(error_name=name),
            event_type=HistoryEventType.TaskFailed,
            event_details=EventDetails(taskFailedEventDetails=details),
        )
    )
