"""What keeps the stand-in from serving: each is code 1 and one line that says what to change."""

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from local.host.errors import StartError
from local.host.hostjson import load_host_json
from local.host.index import index_app, load_app
from tests.host.processes import REPOSITORY, HostProcess, command, environment

HEADER = """
import os
from typing import List, Optional
import azure.functions as func
app = func.FunctionApp()
"""
GOOD = """
@app.route(route="good", auth_level=func.AuthLevel.ANONYMOUS)
def good(req: func.HttpRequest) -> func.HttpResponse:
    return func.HttpResponse(os.environ["SAMPLE"])
"""
NOWHERE = "AccountName=a;AccountKey=c2VjcmV0;QueueEndpoint=http://127.0.0.1:9/a"


def _queue(signature: str, body: str = "pass") -> str:
    trigger = 'arg_name="msg", queue_name="some-queue", connection="AzureWebJobsStorage"'
    return f"@app.queue_trigger({trigger})\ndef handle({signature}):\n    {body}\n"


def _timer(schedule: str) -> str:
    trigger = f'arg_name="timer", schedule="{schedule}"'
    return f"@app.timer_trigger({trigger})\ndef tick(timer: func.TimerRequest) -> None:\n    pass\n"


def _app(root: Path, source: str | None = HEADER + GOOD, host_json: object = None) -> Path:
    if source is not None:
        (root / "function_app.py").write_text(source)
    (root / "host.json").write_text(json.dumps(host_json or {"version": "2.0"}))
    return root


def _fails(root: Path, *arguments: str, **settings: str) -> str:
    """Start the host, which must end with code 1; its one line."""
    ended = subprocess.run(
        command(root, *arguments),
        cwd=REPOSITORY,
        env=environment({"AzureWebJobsStorage": NOWHERE, **settings}),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 1, ended.stderr
    lines = [line for line in ended.stderr.splitlines() if " WARNING " not in line]
    assert len(lines) == 1, ended.stderr
    assert "c2VjcmV0" not in ended.stderr
    return lines[0]


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (HEADER, "no functions"),
        (HEADER + GOOD + GOOD, "good does not have a unique"),
        (HEADER + _queue("msg, extra"), "handle: parameters without a binding: extra"),
        (HEADER + _queue("message"), "handle: parameters without a binding: message"),
        (HEADER + _queue(""), "handle: has no parameter msg for its queueTrigger"),
        (HEADER + _queue("msg: func.QueueMessage | None"), "handle: msg: "),
        (HEADER + _queue("msg: Optional[func.QueueMessage]"), "handle: msg: "),
        (HEADER + _queue("msg: func.TimerRequest"), "is not a type for queueTrigger"),
        (HEADER + _queue("msg: 'Unknown'"), "handle: an annotation can't be resolved"),
        (HEADER + _timer("%NOT_SET%"), "tick: the setting NOT_SET of %NOT_SET% is not set"),
        (HEADER + _timer("* * * * *"), "must have six fields"),
        (
            HEADER
            + '@app.retry(strategy="fixed_delay", max_retry_count="1")\n'
            + _timer("* * * * * *"),
            "tick: the stand-in does not know retry policies",
        ),
        (
            HEADER + '@app.blob_trigger(arg_name="b", path="x", connection="Y")\ndef f(b): pass\n',
            "f: the stand-in does not know the trigger blobTrigger",
        ),
        (
            HEADER
            + '@app.queue_output(arg_name="out", queue_name="q", connection="C")\n'
            + _queue("msg: func.QueueMessage, out: func.Out[str]"),
            "handle: the stand-in does not know the binding queue",
        ),
        (
            HEADER + GOOD.replace('"good"', '"good/{a:regex(x)}"'),
            "good: the stand-in can't read {a:regex(x)} in its route",
        ),
    ],
)
def test_an_app_that_azure_would_not_serve_is_refused(source: str, said: str) -> None:
    """The traps that leave a whole app with 0 functions, and what is not imitated."""
    module: dict[str, Any] = {}
    exec(source, module)  # noqa: S102 - the sources of this very file
    with pytest.raises(StartError) as refused:
        index_app(module["app"], {"AzureWebJobsStorage": NOWHERE})
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("\n\nraise KeyError('DATABASE_URL')", "KeyError: 'DATABASE_URL' (function_app.py:3)"),
        ("import sys\nsys.exit(3)", "failed at import: SystemExit: 3"),
        ("x = 1", "0 FunctionApps"),
        (HEADER + "other = func.FunctionApp()" + GOOD, "2 FunctionApps"),
    ],
)
def test_a_function_app_that_gives_no_app_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, said: str
) -> None:
    """Whatever its import raises; none, or more than one, at top level."""
    # What load_app adds to both is taken away again when the test ends.
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setitem(sys.modules, "function_app", sys)
    monkeypatch.delitem(sys.modules, "function_app")
    with pytest.raises(StartError) as refused:
        load_app(_app(tmp_path, source))
    assert said in str(refused.value)


def test_a_refusal_is_code_1_and_one_line(tmp_path: Path) -> None:
    """The whole program, refusing an app at import."""
    said = _fails(_app(tmp_path, "raise ValueError('in\\ntwo lines')"))
    assert said == (
        "error: function_app.py failed at import: ValueError: in two lines (function_app.py:1)"
    )


def test_a_host_json_out_of_range_is_refused(tmp_path: Path) -> None:
    """The key is named, and its range."""
    host_json = {"version": "2.0", "extensions": {"queues": {"batchSize": 33}}}
    said = _fails(_app(tmp_path, host_json=host_json))
    assert said == "error: host.json: extensions.queues.batchSize must be 1 to 32, is 33"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """host.json and function_app.py."""
    with pytest.raises(StartError, match=r"host\.json can't be read"):
        load_host_json(tmp_path)
    with pytest.raises(StartError, match=r"no function_app\.py"):
        load_app(_app(tmp_path, source=None))


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    """Something else listens there."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = _fails(_app(tmp_path), "--port", str(port))
    assert f"port {port} can't be listened on" in said


def test_an_unreachable_storage_is_named_without_its_key(tmp_path: Path) -> None:
    """The address helps, the key is nobody's business."""
    said = _fails(_app(tmp_path, HEADER + _queue("msg: func.QueueMessage")))
    assert "storage at http://127.0.0.1:9/a" in said


def test_a_connection_that_is_none_is_refused(tmp_path: Path) -> None:
    """Before anything is asked of it."""
    said = _fails(
        _app(tmp_path, HEADER + _queue("msg: func.QueueMessage")), AzureWebJobsStorage="nonsense"
    )
    assert "handle: its connection is malformed" in said


def test_local_settings_are_there_at_import_and_the_environment_wins(tmp_path: Path) -> None:
    """Values of local.settings.json are settings, unless the environment has them already."""
    values = {"Values": {"SAMPLE": "from the file", "OTHER": True}}
    (tmp_path / "local.settings.json").write_text(json.dumps(values))
    source = "import os\nraise ValueError(os.environ['SAMPLE'] + os.environ['OTHER'])"
    said = _fails(_app(tmp_path, source), SAMPLE="from outside, ")
    assert "from outside, true" in said


def test_a_stop_before_serving_is_clean(tmp_path: Path) -> None:
    """SIGTERM while the app is still being imported."""
    source = "import sys, threading\nsys.stderr.write('importing\\n')\nthreading.Event().wait()"
    host = HostProcess.cold(_app(tmp_path, source), {})
    host.line("importing")
    assert host.stop() == 0
