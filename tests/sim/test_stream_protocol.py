"""The frames of the stream: joining, authentication, subscriptions, heartbeats, and what is none of these."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nacl.signing import SigningKey

from bot.clock import SeededIds
from bot.sim.api import ExchangeApi
from bot.sim.config import VenueConfig
from bot.sim.stream import StreamHub
from bot.sim.venue import Venue
from tests.sim.client import START, Client
from tests.sim.stream_client import (
    HEARTBEAT,
    JOIN,
    USER_ORDERS,
    StreamClient,
    claim,
    connected,
    frame,
    ticker,
    trades,
)


@pytest.fixture
def hub(venue: Venue) -> StreamHub:
    return StreamHub(venue)


@pytest.fixture
def client(hub: StreamHub) -> StreamClient:
    """Has joined."""
    return StreamClient(hub).join()


def answer(status: str, response: object = None, *, topic: str = "ws:trading", ref: object = "2") -> list[Any]:
    payload = {"status": status, "response": response or {}}
    return [{"topic": topic, "event": "phx_reply", "payload": payload, "ref": ref}]


def refusal(client: StreamClient, text: str) -> str:
    (heard,) = client.ask(text)
    assert (heard["event"], heard["payload"]["status"]) == ("phx_reply", "error")
    return str(heard["payload"]["response"]["reason"])


def ack(action: str, status: str, streams: list[object], request_id: object = "r") -> list[Any]:
    payload = {"type": "ack", "action": action, "request_id": request_id, "status": status, "streams": streams}
    return [{"topic": "ws:trading", "event": "ack", "payload": payload, "ref": None}]


def test_joining_is_answered_with_the_same_ref(hub: StreamHub) -> None:
    assert StreamClient(hub).ask(JOIN) == answer("ok", ref="1")


@pytest.mark.parametrize("ref", ["77", 77, None, ["odd", {"ref": 1.5}], 2**70])
def test_a_ref_is_echoed_whatever_json_it_is(client: StreamClient, ref: object) -> None:
    text = frame("phx_join", {}, ref)
    client.session.receive(text, START)
    sent = client.session.take()
    assert sent is not None
    assert sent.endswith(f'"ref":{json.dumps(ref)}}}')


def test_payload_and_ref_may_be_left_out(hub: StreamHub) -> None:
    assert StreamClient(hub).ask('{"topic": "ws:trading", "event": "phx_join"}') == answer("ok", ref=None)


def test_another_topic_cannot_be_joined(hub: StreamHub) -> None:
    client = StreamClient(hub)
    text = '{"topic": "ws:other", "event": "phx_join", "payload": {}, "ref": "9"}'
    (heard,) = client.ask(text)
    assert (heard["topic"], heard["ref"], heard["payload"]["status"]) == ("ws:other", "9", "error")
    assert "join ws:trading first" in refusal(client, frame("subscribe", {"streams": []}))


@pytest.mark.parametrize("event", ["authenticate", "subscribe", "unsubscribe", "other"])
def test_nothing_can_be_done_before_joining(hub: StreamHub, event: str) -> None:
    assert "join ws:trading first" in refusal(StreamClient(hub), frame(event, {}))


def test_an_unknown_event_is_refused_and_the_session_goes_on(client: StreamClient) -> None:
    assert "unknown event phx_leave" in refusal(client, frame("phx_leave", {}))
    assert client.ask(frame("subscribe", {"streams": [], "request_id": "r"})) == ack("subscribe", "ok", [])


def test_a_key_that_the_exchange_knows_authenticates(client: StreamClient, alice: Client) -> None:
    assert client.ask(frame("authenticate", claim(alice.key))) == answer("ok")
    assert client.ask(frame("authenticate", claim(alice.key))) == answer("ok")


def test_a_time_stamp_may_be_a_number(client: StreamClient, alice: Client) -> None:
    signed = claim(alice.key)
    assert client.ask(frame("authenticate", signed | {"timestamp": int(signed["timestamp"])})) == answer("ok")
    for wrong in (float(signed["timestamp"]), -int(signed["timestamp"]), True):
        assert "timestamp" in refusal(client, frame("authenticate", signed | {"timestamp": wrong}))


@pytest.mark.parametrize("late", [-31, 31])
def test_a_time_stamp_that_is_too_far_off_is_refused(client: StreamClient, alice: Client, late: int) -> None:
    assert "timestamp" in refusal(client, frame("authenticate", claim(alice.key, START + timedelta(seconds=late))))
    near = START + timedelta(seconds=late - late // abs(late))
    assert client.ask(frame("authenticate", claim(alice.key, near))) == answer("ok")


def test_an_unknown_key_is_refused(client: StreamClient) -> None:
    assert refusal(client, frame("authenticate", claim(SigningKey(b"x" * 32)))) == "unknown signing key"


def test_a_wrong_signature_is_refused(client: StreamClient, alice: Client, bob: Client) -> None:
    stolen = claim(alice.key) | {"signature": claim(bob.key)["signature"]}
    assert refusal(client, frame("authenticate", stolen)) == "invalid signature"
    assert (
        refusal(client, frame("authenticate", stolen | {"signature": "no base64 \N{SNOWMAN}"})) == "invalid signature"
    )
    assert client.ask(frame("subscribe", {"streams": [USER_ORDERS]}))[0]["payload"]["status"] == "partial"


def test_a_signature_of_a_request_does_not_open_the_stream(client: StreamClient, alice: Client) -> None:
    headers = alice.signed("GET", "/v1/me").headers
    taken = {name.removeprefix("X-TheGrid-").lower(): value for name, value in headers.items()}
    assert refusal(client, frame("authenticate", taken)) == "invalid signature"


@pytest.mark.parametrize("missing", ["timestamp", "fingerprint", "signature"])
def test_a_claim_that_lacks_a_field_is_told_which(client: StreamClient, alice: Client, missing: str) -> None:
    payload = {name: value for name, value in claim(alice.key).items() if name != missing}
    assert f"`{missing}`" in refusal(client, frame("authenticate", payload))


def test_another_account_authenticates_only_after_joining_again(
    client: StreamClient, alice: Client, bob: Client
) -> None:
    client.ask(frame("authenticate", claim(alice.key)))
    assert "another account" in refusal(client, frame("authenticate", claim(bob.key)))
    client.join()
    assert client.ask(frame("authenticate", claim(bob.key))) == answer("ok")


def test_who_joins_again_begins_anew(hub: StreamHub, api: ExchangeApi, alice: Client) -> None:
    client = connected(hub, USER_ORDERS, trades("text-prime"), key=alice.key)
    client.join()
    alice.order()
    assert client.heard() == []
    subscribe = frame("subscribe", {"streams": [USER_ORDERS], "request_id": "r"})
    assert client.ask(subscribe) == ack("subscribe", "partial", [])


def test_subscriptions_are_acknowledged_as_they_were_asked_for(hub: StreamHub, venue: Venue, alice: Client) -> None:
    client = connected(hub, key=alice.key)
    asked = [USER_ORDERS, trades(next(iter(venue.markets))), ticker("code-max")]
    for action in ("subscribe", "unsubscribe"):
        got = client.ask(frame(action, {"streams": asked, "request_id": {"any": "json"}}))
        assert got == ack(action, "ok", list(asked), {"any": "json"})


def test_without_authentication_the_users_orders_are_left_out(client: StreamClient) -> None:
    asked = {"streams": [USER_ORDERS, trades("text-prime")], "request_id": "r"}
    assert client.ask(frame("subscribe", asked)) == ack("subscribe", "partial", [trades("text-prime")])


@pytest.mark.parametrize(
    "stream",
    [trades("text-nothing"), ticker(""), {"name": "market.trades"}, {"name": "market.book", "market": "code-max"}],
)
def test_what_does_not_exist_is_left_out(client: StreamClient, stream: object) -> None:
    asked = {"streams": [stream, ticker("code-max")], "request_id": "r"}
    assert client.ask(frame("subscribe", asked)) == ack("subscribe", "partial", [ticker("code-max")])
    assert client.ask(frame("unsubscribe", asked)) == ack("unsubscribe", "partial", [ticker("code-max")])


def test_unsubscribing_from_what_was_not_followed_is_fine(client: StreamClient) -> None:
    asked = {"streams": [ticker("code-max")]}
    assert client.ask(frame("unsubscribe", asked)) == ack("unsubscribe", "ok", [ticker("code-max")], None)


@pytest.mark.parametrize("payload", [None, [], {}, {"streams": None}, {"streams": [1]}, {"streams": [{"market": "x"}]}])
def test_a_malformed_subscription_is_refused(client: StreamClient, payload: object) -> None:
    assert refusal(client, frame("subscribe", payload)).startswith("subscribe: ")


def test_heartbeats_are_answered_before_and_after_joining(hub: StreamHub) -> None:
    client = StreamClient(hub)
    assert client.ask(HEARTBEAT) == answer("ok", topic="phoenix", ref="h")
    client.join()
    assert client.ask(HEARTBEAT) == answer("ok", topic="phoenix", ref="h")


def test_the_topic_of_heartbeats_has_nothing_else(client: StreamClient) -> None:
    (heard,) = client.ask('{"topic": "phoenix", "event": "phx_join", "payload": {}, "ref": "9"}')
    assert (heard["topic"], heard["payload"]["status"]) == ("phoenix", "error")


def test_a_client_that_is_silent_for_a_minute_is_closed(hub: StreamHub, venue: Venue) -> None:
    client = StreamClient(hub)
    client.now += timedelta(seconds=50)
    client.ask(HEARTBEAT)
    hub.advance(START + timedelta(seconds=109))
    assert client.session.closed is None
    assert hub.due_at == START + timedelta(seconds=110)
    hub.advance(START + timedelta(seconds=110))
    assert client.session.closed is not None
    assert "heartbeat" in client.session.closed
    assert hub.due_at is None


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "17", '"text"', "{}", '{"topic": "phoenix"}', "[" * 60_000])
def test_what_is_no_frame_closes_the_session(client: StreamClient, text: str) -> None:
    assert client.ask(text) == []
    assert str(client.session.closed).startswith("not a frame: ")


def test_json_that_is_nested_too_deeply_closes_the_session(client: StreamClient) -> None:
    client.ask('{"topic": "ws:trading", "event": "x", "payload": ' + "[" * 30_000 + "]" * 30_000 + "}")
    assert "recursion" in str(client.session.closed)


@pytest.mark.parametrize("letter", ["x", "\N{SNOWMAN}"])
def test_a_frame_over_64_kib_closes_the_session(hub: StreamHub, letter: str) -> None:
    padding = 64 * 1024 - len('{"topic":"ws:trading","event":"phx_join","payload":""}')
    for letters, closed in ((padding, False), (padding + len(letter.encode()), True)):
        client = StreamClient(hub)
        filled = letter * (letters // len(letter.encode()))
        client.ask(f'{{"topic":"ws:trading","event":"phx_join","payload":"{filled}"}}')
        assert ("larger than 65536 bytes" in str(client.session.closed)) is closed


def test_after_it_has_closed_a_session_answers_nothing_and_keeps_its_reason(client: StreamClient) -> None:
    client.session.close("first")
    client.session.close("second")
    assert client.ask(HEARTBEAT) == []
    assert client.session.closed == "first"


def test_what_waited_when_a_session_closed_still_goes_out(client: StreamClient) -> None:
    client.session.receive(HEARTBEAT, START)
    client.session.receive("no frame", START)
    assert client.heard() == answer("ok", topic="phoenix", ref="h")


def test_all_sessions_end_with_the_hub(hub: StreamHub) -> None:
    clients = [StreamClient(hub), StreamClient(hub)]
    hub.close("good night")
    assert [client.session.closed for client in clients] == ["good night", "good night"]


def test_a_frame_lets_time_pass_on_the_exchange(client: StreamClient, venue: Venue) -> None:
    client.now += timedelta(seconds=5)
    client.ask(HEARTBEAT)
    assert venue.now == client.now


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
EVENTS = st.sampled_from(["phx_join", "heartbeat", "authenticate", "subscribe", "unsubscribe"]) | st.text()
NAMES = st.sampled_from(["user.orders", "market.trades", "market.ticker"]) | JSON
PAYLOADS = (
    JSON
    | st.fixed_dictionaries(
        {"streams": st.lists(st.fixed_dictionaries({"name": NAMES, "market": st.just("code-max") | JSON}), max_size=3)},
        optional={"request_id": JSON},
    )
    | st.fixed_dictionaries({"timestamp": JSON, "fingerprint": JSON, "signature": JSON})
)
FRAMES = st.fixed_dictionaries(
    {"topic": st.sampled_from(["ws:trading", "phoenix"]) | st.text(), "event": EVENTS},
    optional={"payload": PAYLOADS, "ref": JSON},
).map(json.dumps)
GARBAGE = st.text(st.characters(exclude_categories=())) | st.binary().map(lambda raw: raw.decode("latin-1"))


@settings(deadline=None)
@given(st.lists(FRAMES | JSON.map(json.dumps) | GARBAGE, max_size=6))
def test_no_frame_is_ever_raised_at_and_the_same_frames_get_the_same_answers(texts: list[str]) -> None:
    def heard() -> tuple[list[str], str | None]:
        venue = Venue(VenueConfig(symbols=("code-max",)), start=START, ids=SeededIds(1))
        session = StreamHub(venue).connect(START)
        for text in (JOIN, *texts):
            session.receive(text, START)
        return list(iter(session.take, None)), session.closed

    frames, _ = first = heard()
    assert first == heard()
    for text in frames:
        assert json.loads(text).keys() == {"topic", "event", "payload", "ref"}
