"""`gridbot chat` and `gridbot models`: against a simulated exchange, and against answers made up for a case."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.grid import consumption
from tests.cli.conftest import Gridbot, Result, Served, Terminal
from tests.grid.inference.scripted_web import CHAT, KEY, MESSAGE, Reply, ScriptedWeb, said, streamed

Chat = Callable[..., Result]


@pytest.fixture
def at_sim(gridbot: Gridbot, served: Served) -> Chat:
    """Runs a command line against a simulated exchange, with its user's consumption key."""
    key = served.sim.keys.consumption
    options = ("--set", f"consumption.api_key={key}", "--set", f"consumption.messages_url={served.url}")
    return lambda *arguments: gridbot(*served.options, *options, *arguments)


@pytest.fixture
def stocked(at_sim: Chat, served: Served) -> Chat:
    """Likewise, with text-prime in Consumption."""
    venue = served.sim.venue
    venue.transfer(served.sim.account, venue.market_by_symbol("text-prime").instrument_id, 1)
    return at_sim


def test_models_are_listed(at_sim: Chat) -> None:
    assert at_sim("models").out.split() == ["instrument", "─" * 10, "text-prime", "code-max"]
    assert at_sim("models", "--json").json == [{"instrument": "text-prime"}, {"instrument": "code-max"}]


@pytest.mark.parametrize("form", ["chat", "messages"])
def test_the_answer_is_on_stdout_and_its_cost_on_stderr(stocked: Chat, form: str) -> None:
    results = [stocked("chat", "text-prime", "Hello", "--form", form, *more) for more in ([], ["--no-stream"])]
    for result in results:
        assert result.status == 0
        assert result.out.strip()
        assert result.out.endswith("\n")
        assert result.err.startswith("(text-prime: ")
        assert result.err.endswith(" of the 1,000,000 of a unit)\n")
    assert results[0] == results[1]


def test_json_has_all_of_it(stocked: Chat) -> None:
    answer = stocked("chat", "text-prime", "Hello", "--json").json
    assert answer.keys() == {"text", "finish_reason", "model", "tool_calls", "usage", "request_id"}
    assert answer["usage"].keys() == {"input", "output", "total"}
    assert answer["model"] == "text-prime"


def test_no_stock_is_told_in_one_line_with_what_to_do(at_sim: Chat) -> None:
    result = at_sim("chat", "code-max", "Hello")
    assert (result.status, result.out) == (1, "")
    assert result.err.count("\n") == 1
    assert "402" in result.err
    assert "Buy code-max, and move it to Consumption with `gridbot transfer code-max UNITS`" in result.err


def test_an_unknown_instrument_is_told(at_sim: Chat) -> None:
    result = at_sim("chat", "text-primal", "Hello")
    assert result.status == 1
    assert "`gridbot models` lists the instruments" in result.err


Scripted = Callable[..., ScriptedWeb]


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    """Has the command line meet these answers, in turn."""

    def scripted(*replies: Reply | Exception) -> ScriptedWeb:
        made = ScriptedWeb(replies)
        monkeypatch.setattr(consumption, "AiohttpWeb", lambda _timeout: made)
        monkeypatch.setenv("GRIDBOT_CONSUMPTION__API_KEY", KEY)
        return made

    return scripted


def delta(text: str, reason: str | None = None) -> dict[str, Any]:
    return {"choices": [{"delta": {"content": text}, "finish_reason": reason}]}


USAGE = {"choices": [], "usage": {"prompt_tokens": 1200, "completion_tokens": 2, "total_tokens": 1202}}


def test_options_go_into_a_chat(gridbot: Gridbot, web: Scripted) -> None:
    made = web(streamed(delta("Hi "), delta("✓", "stop"), USAGE))
    result = gridbot("chat", "text-prime", "Hello", "--system", "Be brief.", "--max-tokens", "9")
    assert (result.status, result.out) == (0, "Hi ✓\n")
    assert result.err == "(text-prime: 1,200 tokens in, 2 out, 1,202 of the 1,000,000 of a unit)\n"
    (body,) = made.bodies
    assert body["messages"] == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]
    assert (body["model"], body["max_tokens"], body["stream"]) == ("text-prime", 9, True)
    assert made.closed


def test_options_go_into_a_message(gridbot: Gridbot, web: Scripted) -> None:
    made = web(said(MESSAGE), said(MESSAGE))
    arguments = ("chat", "text-prime", "Hello", "--form", "messages", "--no-stream")
    assert gridbot(*arguments, "--system", "Be brief.", "--max-tokens", "9").out == "Hi!\n"
    assert gridbot(*arguments).out == "Hi!\n"
    first, second = made.bodies
    assert (first["system"], first["max_tokens"]) == ("Be brief.", 9)
    assert second == {"model": "text-prime", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 1024}


def test_the_question_may_come_over_stdin(gridbot: Gridbot, web: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    made = web(said(CHAT))
    monkeypatch.setattr(sys, "stdin", io.StringIO("Two\nlines\n"))
    assert gridbot("chat", "text-prime", "--json").json["text"] == "Hi!"
    assert made.bodies[0]["messages"] == [{"role": "user", "content": "Two\nlines\n"}]


def test_an_empty_question_is_wrong_usage(gridbot: Gridbot, web: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    made = web()
    monkeypatch.setattr(sys, "stdin", io.StringIO(" \n"))
    for arguments in (["chat", "text-prime"], ["chat", "text-prime", ""]):
        result = gridbot(*arguments)
        assert result.status == 2
        assert "nothing to ask" in result.err
    assert made.requests == []


def test_what_was_not_told_is_said_not_to_be(gridbot: Gridbot, web: Scripted) -> None:
    web(streamed(delta("Hi", "length")))
    assert gridbot("chat", "text-prime", "Hello").err == (
        "(cut off at the longest that it may be; see --max-tokens)\n"
        "(text-prime: the exchange did not say how many tokens this used)\n"
    )


def test_a_tool_that_is_asked_for_is_shown(gridbot: Gridbot, web: Scripted) -> None:
    call = {"id": "c", "function": {"name": "weather", "arguments": '{"city": "Oslo"}'}}
    web(said({"choices": [{"message": {"content": None, "tool_calls": [call]}}]}))
    result = gridbot("chat", "text-prime", "Hello", "--no-stream")
    assert '(asks for the tool weather: {"city": "Oslo"})\n' in result.err


def test_an_answer_that_breaks_off_keeps_its_lines_apart(gridbot: Gridbot, web: Scripted) -> None:
    web(streamed(delta("Hi"), end=""))
    result = gridbot("chat", "text-prime", "Hello")
    assert (result.status, result.out) == (1, "Hi\n")
    assert "broke off" in result.err


def converse(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("".join(f"{line}\n" for line in lines)))


def test_a_conversation_goes_on_until_it_is_ended(
    gridbot: Gridbot, web: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = web(streamed(delta("Hi")), said({"error": {"message": "busy"}}, 500), streamed(delta("Bye")))
    converse(monkeypatch, "Hello", "", "Are you there?", "So long")
    result = gridbot("chat", "text-prime", "--system", "Be brief.")
    assert result.status == 0
    assert result.out == "> Hi\n> > > Bye\n> "
    assert "gridbot: POST /v1/chat/completions 500: busy" in result.err
    told = [[message["content"] for message in body["messages"]] for body in made.bodies]
    assert told == [
        ["Be brief.", "Hello"],
        ["Be brief.", "Hello", "Hi", "Are you there?"],
        ["Be brief.", "Hello", "Hi", "So long"],
    ]
    assert made.closed


def test_a_conversation_is_no_one_document(gridbot: Gridbot, web: Scripted, monkeypatch: pytest.MonkeyPatch) -> None:
    made = web()
    converse(monkeypatch, "Hello")
    result = gridbot("chat", "text-prime", "--json")
    assert result.status == 2
    assert "--json answers one question" in result.err
    assert made.requests == []


def test_an_answer_cannot_take_control_of_the_terminal(
    gridbot: Gridbot, web: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    nasty = "a\x1b]0;owned\x07\x9b2J\r\tb\n✓"
    web(streamed(delta(nasty)), streamed(delta(nasty)))
    assert gridbot("chat", "text-prime", "Hello").out == f"{nasty}\n"
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    gridbot("chat", "text-prime", "Hello")
    assert terminal.getvalue() == "a]0;owned2J\tb\n✓\n"


@pytest.mark.parametrize("command", [["models"], ["chat", "text-prime", "Hello"]])
def test_without_a_key_the_setting_is_named(gridbot: Gridbot, command: list[str]) -> None:
    result = gridbot(*command)
    assert (result.status, result.out) == (1, "")
    assert "consumption.api_key_file" in result.err


def test_a_key_file_that_others_can_read_is_warned_of(
    gridbot: Gridbot, web: Scripted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = web(said({"data": []}))
    monkeypatch.delenv("GRIDBOT_CONSUMPTION__API_KEY")
    file = tmp_path / "c.key"
    file.write_text(KEY)
    file.chmod(0o644)
    result = gridbot("--set", f"consumption.api_key_file={file}", "models")
    assert "chmod 600" in result.err
    assert KEY not in result.err + result.out
    assert made.closed
