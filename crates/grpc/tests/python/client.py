"""A stranger to this project: grpcio, and nothing of ours but the .proto.

Arguments: the folder of the generated modules, the address, the token. Raises where the server is not as the .proto says;
prints what it has got of a log as JSON.
"""

import json
import sys
import time

sys.path.insert(0, sys.argv[1])

import grpc  # noqa: E402
from solti.v1 import solti_pb2 as pb  # noqa: E402
from solti.v1 import solti_pb2_grpc  # noqa: E402

channel = grpc.insecure_channel(sys.argv[2])
stub = solti_pb2_grpc.SoltiApiStub(channel)
token = [("authorization", "Bearer " + sys.argv[3])]


def order(slot, *argv, **more):
    return pb.SubmitTaskRequest(
        spec=pb.CreateSpec(
            slot=slot,
            kind=pb.TaskKind(
                subprocess=pb.SubprocessTask(
                    command=pb.CommandMode(command=argv[0], args=argv[1:]),
                    env=[pb.KeyValue(key="GREETING", value="grüß dich")],
                    fail_on_non_zero=True,
                )
            ),
            restart=pb.RESTART_STRATEGY_NEVER,
            admission=pb.ADMISSION_STRATEGY_DROP_IF_RUNNING,
            **more,
        )
    )


def refusal(call, request, metadata=token):
    try:
        call(request, metadata=metadata, timeout=30)
    except grpc.RpcError as error:
        body = dict(error.trailing_metadata())["solti-error-bin"]
        return error.code(), json.loads(body)
    raise AssertionError("it was not refused")


code, body = refusal(stub.ListTasks, pb.ListTasksRequest(), metadata=[])
assert (code, body["error"]) == (grpc.StatusCode.UNAUTHENTICATED, "Unauthenticated"), body

script = "echo $GREETING; echo err >&2; exit 3"
task_id = stub.SubmitTask(
    order("python", "sh", "-c", script, labels={"name": "from python"}), metadata=token, timeout=30
).task_id
events = list(stub.StreamTaskLogs(pb.StreamTaskLogsRequest(task_id=task_id), metadata=token, timeout=60))
kinds = [event.WhichOneof("kind") for event in events]
assert kinds[0] == "run_started" and kinds[-1] == "run_finished", kinds
assert events[-1].run_finished.exit_code == 3

deadline = time.monotonic() + 60
while True:
    task = stub.GetTaskStatus(pb.GetTaskStatusRequest(task_id=task_id), metadata=token, timeout=30).task
    if task.status.phase == pb.TASK_STATUS_FAILED:
        break
    assert time.monotonic() < deadline, task
assert (task.status.exit_code, task.status.attempt) == (3, 1)
assert task.spec.labels["name"] == "from python" and task.metadata.id == task_id
runs = stub.ListTaskRuns(pb.ListTaskRunsRequest(task_id=task_id), metadata=token, timeout=30).runs
assert [(run.attempt, run.status) for run in runs] == [(1, pb.TASK_STATUS_FAILED)]
failed = pb.ListTasksRequest(slot="python", status=pb.TASK_STATUS_FAILED, limit=1)
page = stub.ListTasks(failed, metadata=token, timeout=30)
assert (page.total, page.tasks[0].metadata.id) == (1, task_id)

no_strategy = order("python", "true")
no_strategy.spec.restart = pb.RESTART_STRATEGY_UNSPECIFIED
code, body = refusal(stub.SubmitTask, no_strategy)
assert (code, body["field"]) == (grpc.StatusCode.INVALID_ARGUMENT, "restart"), body

sleeping = stub.SubmitTask(order("busy", "sleep", "600"), metadata=token, timeout=30).task_id
code, body = refusal(stub.SubmitTask, order("busy", "true"))
assert (code, body["running"]) == (grpc.StatusCode.FAILED_PRECONDITION, sleeping), body

for done in (sleeping, task_id, task_id):
    stub.DeleteTask(pb.DeleteTaskRequest(task_id=done), metadata=token, timeout=60)
gone = stub.GetTaskStatus(pb.GetTaskStatusRequest(task_id=task_id), metadata=token, timeout=30)
assert not gone.HasField("task")
code, body = refusal(stub.ListTaskRuns, pb.ListTaskRunsRequest(task_id=task_id))
assert (code, body["error"]) == (grpc.StatusCode.NOT_FOUND, "TaskNotFound"), body

print(json.dumps([event.chunk.line.decode() for event in events if event.HasField("chunk")]))
