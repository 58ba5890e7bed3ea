"""The Consumption API of the simulated exchange: who may ask, where requests are sent, and what is metered."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import SeededIds
from bot.ports import Request
from bot.sim.build import Scenario, build_exchange
from bot.sim.config import VenueConfig
from bot.sim.inference import InferenceApi
from bot.sim.inference.tokens import pieces
from tests.sim.client import START
from tests.sim.inference import (
    CHAT,
    KEY,
    MESSAGES,
    MODELS,
    SUPPLIER,
    User,
    bearer,
    chat,
    json_of,
    message,
    redirected,
)

HELLO = 5
"""What the prompt `Hello, world!` counts: a token for the message, and `Hello` `,` ` world` `!`."""


@pytest.fixture
def user() -> User:
    """Has 1,000 tokens of text-prime in Consumption."""
    user = User()
    user.stock(1000)
    return user


@pytest.mark.parametrize(
    "headers", [bearer(), {"x-api-key": KEY}, {"authorization": f"bearer  {KEY}", "X-Api-Key": KEY}]
)
def test_a_key_is_taken_in_either_header(user: User, headers: dict[str, str]) -> None:
    answer = user.at_front(user.request(MODELS, headers=headers))
    assert answer.status == 200
    created = int(START.timestamp())
    assert json_of(answer) == {
        "object": "list",
        "data": [
            {"id": "text-prime", "object": "model", "created": created, "owned_by": "grid"},
            {"id": "code-max", "object": "model", "created": created, "owned_by": "grid"},
        ],
    }


@pytest.mark.parametrize(
    "headers",
    [{}, bearer("other"), {"x-api-key": "other"}, {"authorization": f"Basic {KEY}"}, bearer() | {"x-api-key": "other"}],
)
@pytest.mark.parametrize("path", [CHAT, MESSAGES])
def test_without_the_right_key_a_request_is_refused_before_anything_else(
    user: User, path: str, headers: dict[str, str]
) -> None:
    for door in (user.at_front, user.at_supplier):
        assert door(user.request(path, b"{", headers=headers)).status == 401


@pytest.mark.parametrize(
    ("path", "body", "status", "kind", "code"),
    [
        (CHAT, b"{", 400, "invalid_request_error", None),
        (CHAT, {"model": "no-such"}, 422, "invalid_request_error", "invalid_parameter"),
        (CHAT, chat(model="no-such"), 404, "invalid_request_error", "not_found"),
        (CHAT, chat(model="code-max"), 402, "insufficient_quota", "insufficient_tokens"),
        (MESSAGES, b"{", 400, "invalid_request_error", None),
        (MESSAGES, {"model": "no-such"}, 422, "invalid_request_error", None),
        (MESSAGES, message(model="no-such"), 404, "not_found_error", None),
        (MESSAGES, message(model="code-max"), 402, "billing_error", None),
    ],
)
def test_refusals_come_in_the_form_of_the_api_that_was_asked_at_both_doors(
    user: User, path: str, body: object, status: int, kind: str, code: str | None
) -> None:
    for door in (user.at_front, user.at_supplier):
        answer = door(user.request(path, body))
        assert answer.status == status
        assert answer.headers["x-request-id"].startswith("inference-")
        refusal = json_of(answer)
        assert refusal["error"]["type"] == kind
        assert refusal["error"]["message"]
        if path == CHAT:
            assert refusal["error"]["code"] == code
        else:
            assert refusal["type"] == "error"
    assert user.lots.tokens == 1000


def test_every_request_gets_an_id_of_its_own(user: User) -> None:
    ids = [user.at_front(user.request(MODELS)).headers["x-request-id"] for _ in range(3)]
    assert len(set(ids)) == 3


def test_unknown_routes_and_methods_are_refused(user: User) -> None:
    assert user.at_front(user.request("/v1/embeddings", {})).status == 404
    assert user.at_supplier(user.request("/", {})).status == 404
    assert user.at_front(user.request(CHAT, method="GET")).status == 405
    assert user.at_front(user.request(MODELS, {})).status == 405


def test_without_tokens_it_is_402_and_503_while_some_are_on_their_way() -> None:
    user = User()
    request = user.request(CHAT, chat())
    assert user.at_front(request).status == 402
    user.transfer()
    waiting = user.at_front(request)
    assert (waiting.status, waiting.headers["retry-after"]) == (503, "2")
    assert json_of(waiting)["error"]["code"] == "replenishment_under_way"
    assert user.at_front(user.request(MESSAGES, message())).status == 503
    user.later(seconds=2)
    assert user.at_front(request).status == 307


def test_tokens_that_expire_are_not_served() -> None:
    user = User(VenueConfig(lot_hours=4))
    user.stock(1000)
    request = user.request(CHAT, chat())
    user.now = START.replace(hour=4, minute=30, second=3)
    assert user.at_front(request).status == 402
    assert user.lots.used == 1_000_000 - 1000


def test_a_request_is_redirected_and_the_redirect_alone_opens_the_supplier(user: User) -> None:
    request = user.request(CHAT, chat())
    redirect = user.at_front(request)
    assert redirect.status == 307
    assert user.lots.tokens == 1000
    follow = redirected(request, redirect)
    assert follow.path.endswith(CHAT)
    assert user.at_supplier(follow).status == 200
    assert user.at_supplier(follow).status == 200, "a client may try again"
    assert user.at_supplier(redirected(request, redirect, bearer())).status == 200
    assert user.at_supplier(redirected(request, redirect, bearer("wrong"))).status == 401


def test_a_redirect_is_good_for_a_minute_then_the_key_is_needed(user: User) -> None:
    request = user.request(CHAT, chat())
    redirect = user.at_front(request)
    user.later(seconds=59.9)
    assert user.at_supplier(redirected(request, redirect)).status == 200
    user.later(seconds=0.1)
    assert user.at_supplier(redirected(request, redirect)).status == 401
    assert user.at_supplier(redirected(request, redirect, bearer())).status == 200


def test_redirects_are_told_apart(user: User) -> None:
    request = user.request(CHAT, chat())
    assert user.at_front(request).headers["location"] != user.at_front(request).headers["location"]
    guessed = user.request(f"/route/pass-1{CHAT}", chat(), headers={})
    assert user.at_supplier(guessed).status == 401


def test_a_redirect_is_for_one_instrument(user: User) -> None:
    redirect = user.at_front(user.request(CHAT, chat()))
    other = user.at_supplier(redirected(user.request(CHAT, chat(model="code-max")), redirect))
    assert (other.status, json_of(other)["error"]["param"]) == (422, "model")


def test_a_redirect_is_for_one_account(user: User) -> None:
    stranger = user.venue.add_account("stranger")
    api = InferenceApi(user.venue, {KEY: user.account, "strange": stranger}, ids=SeededIds(3))
    request = user.request(CHAT, chat())
    redirect = api.at_front_door(request, user.now, SUPPLIER)
    assert api.at_supplier(redirected(request, redirect, bearer("strange")), user.now).status == 401
    assert api.at_supplier(redirected(request, redirect), user.now).status == 200


def test_the_supplier_takes_the_key_without_a_redirect(user: User) -> None:
    assert user.at_supplier(user.request(CHAT, chat())).status == 200


def test_an_exchange_can_serve_directly() -> None:
    user = User(VenueConfig(symbols=("text-prime",), direct_inference=True))
    user.stock(1000)
    answer = user.at_front(user.request(CHAT, chat()))
    assert (answer.status, json_of(answer)["choices"][0]["message"]["content"]) == (200, "Hello, world!")
    assert user.lots.tokens == 1000 - 9


@pytest.mark.parametrize(("path", "ask"), [(CHAT, chat), (MESSAGES, message)])
@pytest.mark.parametrize("stream", [False, True])
def test_input_and_output_are_metered_alike_and_oldest_lots_go_first(path: str, ask: type, stream: bool) -> None:
    user = User()
    user.stock(7)
    user.transfer()
    user.later(seconds=60)
    assert [lot.tokens for lot in user.lots] == [7, 1_000_000]
    assert user.ask(path, ask(stream=stream)).status == 200
    assert [lot.tokens for lot in user.lots] == [1_000_000 - (HELLO + 4 - 7)]


def test_an_answer_is_cut_where_the_tokens_end() -> None:
    user = User()
    user.stock(HELLO + 3)
    answer = user.whole(CHAT, chat())
    assert answer["choices"][0]["message"]["content"] == "Hello, world"
    assert answer["choices"][0]["finish_reason"] == "length"
    assert answer["usage"] == {"prompt_tokens": HELLO, "completion_tokens": 3, "total_tokens": HELLO + 3}
    assert user.lots.tokens == 0


def test_a_prompt_that_leaves_nothing_for_an_answer_is_refused_and_not_metered() -> None:
    user = User()
    user.stock(HELLO)
    assert user.at_front(user.request(CHAT, chat())).status == 402
    assert user.at_supplier(user.request(CHAT, chat())).status == 402
    assert user.lots.tokens == HELLO
    user.transfer()
    assert user.at_front(user.request(CHAT, chat())).status == 503


def test_stock_that_went_after_the_redirect_is_not_served_twice(user: User) -> None:
    request = user.request(CHAT, chat())
    follow = redirected(request, user.at_front(request))
    user.venue.consume(user.account, user.instrument_id, 1000)
    assert user.at_supplier(follow).status == 402


def test_the_same_requests_get_the_same_bytes() -> None:
    answers = []
    for _ in range(2):
        user = User()
        user.stock(1000)
        answers.append(
            [
                user.ask(CHAT, chat(stream=True)),
                user.ask(MESSAGES, message()),
                user.at_front(user.request(CHAT, chat())),
            ]
        )
    assert answers[0] == answers[1]


def test_the_users_key_opens_a_built_exchange() -> None:
    sim = build_exchange(Scenario(units={"text-prime": 1}), start=START, ids=SeededIds(1))
    sim.venue.transfer(sim.account, sim.venue.market_by_symbol("text-prime").instrument_id, 1)
    request = User().request(CHAT, chat(), headers=bearer(sim.keys.consumption))
    answer = sim.inference.at_front_door(request, START + timedelta(seconds=2), SUPPLIER)
    assert answer.status == 307


@given(st.text())
def test_tokens_joined_give_the_text_back(text: str) -> None:
    assert "".join(pieces(text)) == text.rstrip()


def test_tokens_are_counted_by_hand() -> None:
    assert pieces("") == pieces(" \n") == []
    assert pieces("Don't  stop.\n") == ["Don", "'", "t", "  stop", "."]
    assert pieces("internationalisation") == ["internat", "ionalisa", "tion"]
    assert pieces("¿größer? 日本") == ["¿", "größer", "?", " 日本"]


texts = st.text(max_size=40)

names = st.sampled_from(["model", "messages", "role", "content", "type", "text", "max_tokens", "tools", "stream"])
plain = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.floats(), st.sampled_from(["user", "text"]))
json_values = st.recursive(
    plain, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=5))
)


@given(
    stock=st.integers(0, 60),
    asked=st.lists(st.tuples(texts, st.one_of(st.none(), st.integers(1, 20)), st.booleans()), max_size=5),
)
def test_what_is_told_as_usage_is_what_leaves_the_stock(stock: int, asked: list[tuple[str, int | None, bool]]) -> None:
    user = User()
    user.stock(stock)
    for text, max_tokens, has_system in asked:
        before = user.lots.tokens
        body = chat(text, max_tokens=max_tokens)
        if has_system:
            body["messages"] = [
                {"role": "system", "content": text},
                *msgspec.json.decode(msgspec.json.encode(body["messages"])),
            ]
        answer = user.at_supplier(user.request(CHAT, body))
        if answer.status != 200:
            assert answer.status == 402
            assert user.lots.tokens == before
            continue
        told = json_of(answer)
        usage, said = told["usage"], told["choices"][0]["message"]["content"]
        assert usage["prompt_tokens"] + usage["completion_tokens"] == usage["total_tokens"] == before - user.lots.tokens
        assert 1 <= usage["completion_tokens"] <= (max_tokens or 60)
        assert len(pieces(said)) == usage["completion_tokens"]


@given(st.sampled_from([CHAT, MESSAGES]), st.one_of(st.binary(), json_values.map(msgspec.json.encode)))
def test_no_body_brings_the_exchange_down(path: str, body: bytes) -> None:
    assert User().at_front(Request("POST", path, headers=bearer(), body=body)).status in (400, 422)
