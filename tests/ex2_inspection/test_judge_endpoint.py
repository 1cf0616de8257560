"""An endpoint judge against a server on this machine that misbehaves."""

import json
import socket

import pytest
from vlminterp_ex2.inspection.judge import JudgeUnavailableError, Panel
from vlminterp_ex2.inspection.judge_cache import JudgeCache
from vlminterp_ex2.inspection.judge_endpoint import EndpointJudge
from vlminterp_ex2.inspection.judge_prompt import load_prompt
from vlminterp_ex2.inspection.judge_settings import Backend, JudgeConfig, ResponseFormat
from vlminterp_ex2.inspection.seeds import our_families
from vlminterp_ex2.inspection.verdicts import read_verdict, schema_of

from tests.ex2_inspection.endpoint import VERDICT, asked_about, completion, serving, slow

pytest.importorskip("openai")

GOOD = json.dumps(VERDICT)
KEY = "sk-very-secret"


def good(times, body):
    return 200, completion(GOOD)


@pytest.fixture(autouse=True)
def _key(monkeypatch):
    monkeypatch.setenv("TEST_JUDGE_KEY", KEY)
    # The client waits half a second and more before it tries again.
    monkeypatch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.01)
    monkeypatch.setattr("openai._base_client.MAX_RETRY_DELAY", 0.02)


def judged(server, tmp_path, texts=("a",), **options):
    config = JudgeConfig(
        backend=Backend.endpoint,
        model="stand-in",
        base_url=server if isinstance(server, str) else server.url,
        api_key_env="TEST_JUDGE_KEY",
        **{"timeout": 10.0, "retries": 2, **options},
    )
    judge = EndpointJudge(config, schema_of(our_families()))
    panel = Panel(judge, load_prompt(), JudgeCache(tmp_path / "cache", judge.name))
    return panel.verdicts([("owl", text) for text in texts]), panel.cost


def test_a_verdict_by_schema(tmp_path):
    with serving(good) as server:
        found, cost = judged(server, tmp_path)
    assert found == [read_verdict(GOOD, our_families())]
    assert (cost.asked, cost.prompt_tokens, cost.completion_tokens) == (1, 100, 10)
    (body,) = server.bodies
    assert body["response_format"]["json_schema"]["schema"] == schema_of(our_families())
    assert body["temperature"] == 0
    assert server.keys == {f"Bearer {KEY}"}


@pytest.mark.parametrize("status", [429, 500, 503])
def test_it_is_asked_again_after_a_passing_fault(tmp_path, status):
    with serving(lambda t, b: (status, {}) if t < 2 else good(t, b)) as server:
        found, cost = judged(server, tmp_path, texts=("a", "b"))
    assert found == [read_verdict(GOOD, our_families())] * 2
    assert (cost.asked, cost.failed, len(server.bodies)) == (2, 0, 6)


def test_one_description_that_the_server_can_not_stand_costs_only_itself(tmp_path):
    with serving(lambda t, b: (500, {}) if asked_about(b) == "b" else good(t, b)) as server:
        found, cost = judged(server, tmp_path, texts="abc", concurrency=1)
    assert found == [read_verdict(GOOD, our_families()), None, read_verdict(GOOD, our_families())]
    assert (cost.asked, cost.failed) == (2, 1)


def test_slow_answers_are_given_up(tmp_path):
    late = slow(0.6, good)
    with serving(lambda t, b: late(t, b) if asked_about(b) == "b" else good(t, b)) as server:
        found, cost = judged(server, tmp_path, texts="ab", timeout=0.2, retries=1)
    assert found == [read_verdict(GOOD, our_families()), None]
    assert cost.failed == 1


@pytest.mark.parametrize(
    "broken",
    [
        completion("I think so."),
        completion('{"informative": true, "vis'),
        completion(None),
        {"choices": []},
        {"object": "chat.completion"},
        b'{"choices": [{"mess',
        b"<html>busy</html>",
    ],
    ids=["words", "cut", "nothing", "no choice", "no choices", "broken JSON", "no JSON"],
)
def test_answers_that_are_none(tmp_path, broken):
    """Invalid once for `a`, for ever for `b`; either way the others are judged."""

    def behave(times, body):
        complained = "not valid" in body["messages"][-1]["content"]
        if asked_about(body) == "b" or (asked_about(body) == "a" and not complained and not times):
            return 200, broken
        return good(times, body)

    with serving(behave) as server:
        found, cost = judged(server, tmp_path, texts="abc", concurrency=1)
    assert found[1:] == [None, read_verdict(GOOD, our_families())]
    assert found[0] in (read_verdict(GOOD, our_families()), None)
    assert cost.invalid + cost.failed == found.count(None)
    assert cost.invalid_answers or cost.failed


def test_so_many_at_once_and_no_more(tmp_path):
    with serving(slow(0.05, good)) as server:
        judged(server, tmp_path, texts="abcdefghij", concurrency=3)
    assert server.most_at_once == 3


@pytest.mark.parametrize("status", [401, 403, 404, 400])
def test_a_refusal_ends_it_at_once_and_never_tells_the_key(tmp_path, status):
    refusal = {"error": {"message": f"Incorrect API key provided: {KEY}"}}
    with (
        serving(lambda t, b: (status, refusal)) as server,
        pytest.raises(JudgeUnavailableError, match=f"HTTP {status}") as caught,
    ):
        judged(server, tmp_path, texts="abcdefghij", concurrency=2)
    assert KEY not in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(server.bodies) <= 2


def test_a_server_that_is_down_for_good_is_not_asked_about_all(tmp_path):
    with (
        serving(lambda t, b: (503, {})) as server,
        pytest.raises(JudgeUnavailableError, match="HTTP 503"),
    ):
        judged(server, tmp_path, texts="abcdefghijklmnop", concurrency=1, retries=0)
    assert len(server.bodies) == 3


def test_nobody_there(tmp_path):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(JudgeUnavailableError, match="can't be reached"):
        judged(f"http://127.0.0.1:{port}/v1", tmp_path, retries=1)


def test_no_key(monkeypatch):
    monkeypatch.delenv("TEST_JUDGE_KEY")
    config = JudgeConfig(Backend.endpoint, "m", api_key_env="TEST_JUDGE_KEY")
    with pytest.raises(JudgeUnavailableError, match="TEST_JUDGE_KEY"):
        EndpointJudge(config, schema_of(our_families()))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(ResponseFormat.json_object, {"type": "json_object"}), (ResponseFormat.text, None)],
)
def test_other_formats(tmp_path, kind, expected):
    with serving(good) as server:
        judged(server, tmp_path, response_format=kind)
    assert server.bodies[0].get("response_format") == expected
