"""An AWS that fits in one process: enough of it to deploy the generated stack and to watch it recycle a group.

`moto` gives the services; this package adds what the tests need and moto lacks. In reading order:

- `clock`: virtual time.
- `journal`: what happened, in order.
- `faults`: what goes wrong, as told by the test.
- `model`: Auto Scaling groups whose instances take time to come and go.
- `refreshes`: instance refreshes of those groups.
- `api`: the Auto Scaling API over the model; it rejects what AWS rejects.
- `calls`: every call that passes, and what its role has to allow for it.
- `services`: the model behind moto's HTTP front.
- `interpreter`: moto's Step Functions interpreter, mended where it differs from AWS; `frames` lets it look up names quickly.
- `formation`: what moto's CloudFormation leaves out.
- `runtime_api`: the Lambda Runtime API, to run the real handler binary.
- `permissions`: whether the deployed roles allow the calls that were made, and what of them no call needs.
- `world`: all of it together, one method per command of the tests.

Apart from that, `replay` and `replay_ministack` give two interpreters the recordings of a third, each a `tape`.

`python -m emulator SOCKET` reads commands as JSON lines over each connection and answers them as JSON lines.
"""
