"""HTTP under the stand-in: routes, keys, answers, and starting functions by hand."""

from collections.abc import Callable
from uuid import uuid4

import httpx
import pytest

from tests.host.processes import HostProcess

KEY = "a-key-of-this-test"

StartHost = Callable[..., HostProcess]


def _start(start: StartHost, **settings: str) -> HostProcess:
    queue = {"TEST_QUEUE": f"standin-{uuid4().hex[:12]}"}
    return start("web", settings={**queue, **settings}).listening()


@pytest.fixture(scope="module")
def host(start_shared_host: StartHost) -> HostProcess:
    """A host that checks keys."""
    return _start(start_shared_host, LOCAL_FUNCTION_KEY=KEY)


def test_the_first_line_says_that_it_is_a_stand_in(host: HostProcess) -> None:
    """Nobody shall take it for Core Tools; where it listens is said once."""
    assert "stand-in for the Azure Functions host" in host.lines[0]
    assert sum(line.startswith("Listening on ") for line in host.lines) == 1


def test_a_function_sees_its_request_and_its_answer_arrives(host: HostProcess) -> None:
    """Method, address, headers, parameters and body one way; status, headers and body back."""
    url = f"{host.url}/api/seasons/2024?a=1&a=2&b=%C3%A4"
    answer = httpx.post(url, content="body", headers={"X-Sample": "yes"})
    assert answer.status_code == 203
    assert answer.headers["X-Shown"] == "yes"
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == {
        "method": "POST",
        "url": url,
        "header": "yes",
        "params": {"a": "1,2", "b": "ä"},
        "route": {"year": "2024"},
        "body": "body",
    }


@pytest.mark.parametrize(("path", "route"), [("runs", {}), ("runs/7", {"id": "7"})])
def test_an_optional_parameter_may_be_missing(
    host: HostProcess, path: str, route: dict[str, str]
) -> None:
    """{id?} answers with and without it."""
    assert httpx.get(f"{host.url}/api/{path}").json()["route"] == route


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "api/unknown"),
        ("GET", "runs"),
        ("POST", "api/seasons/spa"),
        ("GET", "api/seasons/2024"),
        ("POST", "admin/functions/unknown?code=" + KEY),
    ],
)
def test_what_no_route_matches_is_404(host: HostProcess, method: str, path: str) -> None:
    """An unknown path, a missing prefix, a broken constraint, a wrong method."""
    assert httpx.request(method, f"{host.url}/{path}").status_code == 404


def test_a_text_alone_is_an_answer(host: HostProcess) -> None:
    """A function may return str; without methods its route answers all of them."""
    assert httpx.put(f"{host.url}/api/text").text == "plain"


@pytest.mark.parametrize("path", ["api/locked", "api/locked?code=wrong"])
def test_a_missing_or_wrong_key_is_401_without_a_body(host: HostProcess, path: str) -> None:
    """The host's own answer says nothing."""
    answer = httpx.get(f"{host.url}/{path}", headers={"Cookie": f"code={KEY}"})
    assert (answer.status_code, answer.content) == (401, b"")


def test_a_key_opens_by_header_or_by_query(host: HostProcess) -> None:
    """x-functions-key or ?code=."""
    by_header = httpx.get(f"{host.url}/api/locked", headers={"x-functions-key": KEY})
    by_query = httpx.get(f"{host.url}/api/locked", params={"code": KEY})
    assert (by_header.text, by_query.text) == ("open", "open")


@pytest.mark.parametrize("path", ["broken", "odd"])
def test_a_failing_function_is_500_without_details(host: HostProcess, path: str) -> None:
    """An exception, or an answer that can't be sent: the reason is for the log only."""
    answer = httpx.get(f"{host.url}/api/{path}")
    assert (answer.status_code, answer.content) == (500, b"")
    host.line(f"ERROR .*{path} failed")


def test_the_admin_endpoint_wants_the_key(host: HostProcess) -> None:
    """It starts anything, so it is never open where keys are checked."""
    answer = httpx.post(f"{host.url}/admin/functions/by_timer", json={"input": ""})
    assert (answer.status_code, answer.content) == (401, b"")


def test_the_admin_endpoint_starts_a_timer(host: HostProcess) -> None:
    """202 at once, and it runs."""
    url = f"{host.url}/admin/functions/by_timer"
    assert httpx.post(url, json={}, headers={"x-functions-key": KEY}).status_code == 202
    host.line("by_timer past_due=False")


def test_the_admin_endpoint_gives_a_queue_function_its_message(host: HostProcess) -> None:
    """The input is the body of the message."""
    url = f"{host.url}/admin/functions/by_queue?code={KEY}"
    assert httpx.post(url, json={"input": '{"v": 1}'}).status_code == 202
    assert host.line("by_queue got (.*)$")[1] == "'{\"v\": 1}'"


@pytest.mark.parametrize("body", ["{", "[]", '{"input": 7}'])
def test_an_admin_request_that_is_no_input_is_400(host: HostProcess, body: str) -> None:
    """Only {"input": "..."} is understood."""
    url = f"{host.url}/admin/functions/by_queue?code={KEY}"
    assert httpx.post(url, content=body).status_code == 400


def test_without_a_key_setting_nothing_is_locked(start_host: StartHost) -> None:
    """As under func start. A disabled function has no route and still starts by hand."""
    settings = {"TEST_QUEUE": f"standin-{uuid4().hex[:12]}", "AzureWebJobs.text.Disabled": "true"}
    no_prefix = {"extensions": {"http": {"routePrefix": ""}}}
    host = start_host("web", host_json=no_prefix, settings=settings).listening()
    assert httpx.get(f"{host.url}/locked").text == "open"
    assert httpx.get(f"{host.url}/text").status_code == 404
    assert httpx.post(f"{host.url}/admin/functions/text").status_code == 202
    host.line("Executed text: succeeded")


def test_blocking_functions_leave_no_thread_beyond_the_pool(start_host: StartHost) -> None:
    """`def` functions share PYTHON_THREADPOOL_THREAD_COUNT threads; coroutines need none."""
    host = _start(start_host, PYTHON_THREADPOOL_THREAD_COUNT="1")
    with httpx.Client(timeout=0.5) as client:
        with pytest.raises(httpx.ReadTimeout):
            client.get(f"{host.url}/api/slow")
        host.line("slow begins")
        with pytest.raises(httpx.ReadTimeout):
            client.get(f"{host.url}/api/text")
        assert client.get(f"{host.url}/api/runs").status_code == 203
