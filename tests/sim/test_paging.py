from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sim.paging import page_of
from bot.sim.queries import Query
from bot.sim.refusals import Refusal
from tests.sim.client import Client

ORDERS = "/v1/trading/orders"


@given(st.integers(0, 30), st.integers(1, 7), st.sampled_from(["asc", "desc"]), st.sets(st.integers(0, 30)))
def test_following_the_cursor_visits_every_row_once_and_back_again(
    count: int, limit: int, direction: str, excluded: set[int]
) -> None:
    def page(**cursor: str) -> tuple[list[int], dict[str, Any]]:
        query = Query({"limit": str(limit), "order_direction": direction, **cursor}.items())
        found = page_of(query, range(count), lambda place: place not in excluded)
        return found.places, found.about["paging"]

    places, paging = page()
    pages = [places]
    while paging["has_more"]:
        places, paging = page(next=paging["next_cursor"])
        pages.append(places)
    expected = sorted(set(range(count)) - excluded, reverse=direction == "desc")
    assert [place for places in pages for place in places] == expected
    assert all(len(places) == limit for places in pages[:-1])
    back = [pages.pop()]
    while pages:
        assert paging["prev_cursor"]
        places, paging = page(prev=paging["prev_cursor"])
        back.append(places)
        pages.pop()
    assert paging["prev_cursor"] is None
    assert [place for places in reversed(back) for place in places] == expected


def test_rows_that_are_added_meanwhile_do_not_move_the_cursor() -> None:
    query = Query({"limit": "2"}.items())
    first = page_of(query, range(5), lambda _: True)
    assert first.places == [4, 3]
    again = page_of(
        Query({"limit": "2", "next": first.about["paging"]["next_cursor"]}.items()), range(9), lambda _: True
    )
    assert again.places == [2, 1]


def test_fifty_rows_make_a_page_unless_another_number_is_asked_for() -> None:
    assert len(page_of(Query([]), range(500), lambda _: True).places) == 50
    assert len(page_of(Query([("limit", "100")]), range(500), lambda _: True).places) == 100


@pytest.mark.parametrize(("number", "places", "total"), [("1", [6, 5, 4], 3), ("3", [0], 3), ("4", [], 3)])
def test_numbered_pages_tell_how_many_there_are(number: str, places: list[int], total: int) -> None:
    page = page_of(Query([("page", number), ("page_size", "3")]), range(7), lambda _: True)
    assert page.places == places
    assert page.about == {"meta": {"current_page": int(number), "page_size": 3, "total_count": 7, "total_pages": total}}


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"limit": "0"}, 400),
        ({"limit": "-1"}, 400),
        ({"limit": "many"}, 400),
        ({"limit": "101"}, 422),
        ({"page": "0"}, 400),
        ({"page_size": "101"}, 422),
        ({"next": "4"}, 400),
        ({"prev": "row-"}, 400),
        ({"next": "row-1", "prev": "row-1"}, 400),
        ({"order_direction": "sideways"}, 400),
    ],
)
def test_paging_that_makes_no_sense_is_refused(query: dict[str, str], status: int) -> None:
    with pytest.raises(Refusal) as refused:
        page_of(Query(query.items()), range(7), lambda _: True)
    assert refused.value.status == status


def test_lists_are_paged_to_their_end_over_the_api(alice: Client) -> None:
    placed = [alice.order(client_order_id=str(number)).data["client_order_id"] for number in range(7)]
    seen: list[str] = []
    query: tuple[tuple[str, str], ...] = (("limit", "3"),)
    while True:
        got = alice.get(ORDERS, *query)
        seen += [order["client_order_id"] for order in got.data]
        if not got.json["paging"]["has_more"]:
            break
        query = (("limit", "3"), ("next", got.json["paging"]["next_cursor"]))
    assert seen == placed[::-1]
    got = alice.get(ORDERS, ("page", "2"), ("page_size", "5"), ("order_by", "created_at"), ("order_direction", "asc"))
    assert [order["client_order_id"] for order in got.data] == ["5", "6"]
    assert got.json["meta"]["total_pages"] == 2


def test_only_open_orders_can_be_paged(alice: Client) -> None:
    for number in range(6):
        order_id = alice.order(client_order_id=str(number)).data["order_id"]
        if number % 2:
            alice.delete(f"{ORDERS}/{order_id}")
    got = alice.get(ORDERS, ("status", "active"), ("limit", "2"))
    assert [order["client_order_id"] for order in got.data] == ["4", "2"]
    got = alice.get(ORDERS, ("status", "active"), ("limit", "2"), ("next", got.json["paging"]["next_cursor"]))
    assert [order["client_order_id"] for order in got.data] == ["0"]


PRICES = ["10.00", "9.50", "2.00", "10.00", "0.50"]


@pytest.mark.parametrize(
    ("asked", "prices"),
    [
        ({"order_by": "price", "order_direction": "asc"}, ["0.50", "2.00", "9.50", "10.00", "10.00"]),
        ({"order_by": "price"}, ["10.00", "10.00", "9.50", "2.00", "0.50"]),
        ({"order_by[]": "price", "order_directions[]": "asc", "market_id": ""}, []),
        ({"order_by": "created_at", "order_direction": "asc"}, PRICES),
        ({"order_by": "no_such_field", "order_direction": "asc"}, PRICES),
        ({"order_by": "price", "order_direction": "asc", "page": "2", "page_size": "2"}, ["9.50", "10.00"]),
    ],
)
def test_rows_are_ordered_by_the_field_that_is_named(alice: Client, asked: dict[str, str], prices: list[str]) -> None:
    for price in PRICES:
        alice.order(price=price)
    assert [order["price"] for order in alice.get(ORDERS, *asked.items()).data] == prices


def test_rows_are_ordered_by_a_field_that_some_lack(alice: Client) -> None:
    placed = [
        alice.order(**named).data["order_id"] for named in ({"client_order_id": "b"}, {}, {"client_order_id": "a"})
    ]
    got = alice.get(ORDERS, ("order_by", "client_order_id"), ("order_direction", "asc"))
    assert [order["order_id"] for order in got.data] == [placed[1], placed[2], placed[0]]


@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_the_cursor_follows_the_order_that_is_asked_for_there_and_back(alice: Client, direction: str) -> None:
    for price in PRICES:
        alice.order(price=price)

    def page(**cursor: str) -> tuple[list[str], dict[str, Any]]:
        asked = {"order_by": "price", "order_direction": direction, "status": "active", "limit": "2"} | cursor
        got = alice.get(ORDERS, *asked.items())
        return [order["order_id"] for order in got.data], got.json["paging"]

    whole = [
        order["order_id"] for order in alice.get(ORDERS, ("order_by", "price"), ("order_direction", direction)).data
    ]
    first, paging = page()
    alice.delete(f"{ORDERS}/{first[1]}")
    second, paging = page(next=paging["next_cursor"])
    third, paging = page(next=paging["next_cursor"])
    assert [*first, *second, *third] == whole
    assert not paging["has_more"]
    assert page(prev=paging["prev_cursor"])[0] == second


def test_a_cursor_that_was_never_given_is_refused_where_rows_are_ordered(alice: Client) -> None:
    alice.order()
    assert alice.get(ORDERS, ("order_by", "price"), ("next", "row-1")).status == 400
