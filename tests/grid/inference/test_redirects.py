"""Redirects: which are followed, and that the key goes nowhere else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import RedirectRefused
from bot.grid.inference.hosts import TrustedHosts
from tests.grid.inference.scripted_web import BASE, CHAT, HELLO, KEY, MESSAGE, MESSAGES_BASE, client_of, moved, said

CHAT_URL = f"{BASE}/chat/completions"


@pytest.mark.parametrize("status", [307, 308])
async def test_the_same_request_goes_to_the_supplier_with_the_key(status: int) -> None:
    inference, web = client_of(moved("https://s1.thegrid.ai:8443/a%2Fb/chat?x=1&y#part", status), said(CHAT))
    answer = await inference.chat("text-prime", HELLO)
    assert answer.text == "Hi!"
    assert web.urls == [CHAT_URL, "https://s1.thegrid.ai:8443/a%2Fb/chat?x=1&y"]
    first, second = web.requests
    assert (first.method, first.body, first.headers) == (second.method, second.body, second.headers)
    assert second.headers["authorization"] == f"Bearer {KEY}"


async def test_the_messages_form_takes_its_own_key_header_along() -> None:
    inference, web = client_of(moved("https://s1.thegrid.ai/messages"), said(MESSAGE))
    await inference.messages("text-prime", HELLO, max_tokens=5)
    assert web.urls == [f"{MESSAGES_BASE}/messages", "https://s1.thegrid.ai/messages"]
    for request in web.requests:
        assert request.headers["x-api-key"] == KEY
        assert request.headers["anthropic-version"] == "2023-06-01"
        assert "authorization" not in request.headers


async def test_streams_and_lists_of_models_are_redirected_too() -> None:
    inference, web = client_of(moved("/v2/models"), said({"data": [{"id": "text-prime"}]}))
    assert await inference.models() == ["text-prime"]
    assert web.urls == [f"{BASE}/models", "https://api.thegrid.ai/v2/models"]


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("/elsewhere", "https://api.thegrid.ai/elsewhere"),
        ("other?q=1", "https://api.thegrid.ai/v1/chat/other?q=1"),
        ("//S2.TheGrid.AI/x", "https://s2.thegrid.ai/x"),
        ("https://a.b.c.thegrid.ai", "https://a.b.c.thegrid.ai/"),
        ("https://api.thegrid.ai:444/v1/chat/completions", "https://api.thegrid.ai:444/v1/chat/completions"),
    ],
)
async def test_locations_may_be_relative_and_below_allowed_domains(location: str, url: str) -> None:
    inference, web = client_of(moved(location), said(CHAT))
    await inference.chat("text-prime", HELLO)
    assert web.urls == [CHAT_URL, url]


REFUSED = {
    "another host": "https://evil.example/v1",
    "the domain itself": "https://thegrid.ai/v1",
    "a longer name": "https://evil-thegrid.ai/v1",
    "a name that goes on": "https://api.thegrid.ai.evil.example/v1",
    "a trailing dot": "https://s1.thegrid.ai./v1",
    "plain http": "http://s1.thegrid.ai/v1",
    "another scheme": "ftp://s1.thegrid.ai/v1",
    "no host": "http:///v1",
    "a user name": "https://me:pw@s1.thegrid.ai/v1",
    "an empty user name": "https://@s1.thegrid.ai/v1",
    "a host after a user name": "https://s1.thegrid.ai@evil.example/v1",
    "a backslash": "https://evil.example\\.thegrid.ai/v1",
    "a backslash and an at": "https://evil.example\\@s1.thegrid.ai/v1",
    "percent signs": "https://evil.example%2f.thegrid.ai/v1",
    "a blank": "https://s1.thegrid.ai/v 1",
    "a tab": "https://s1.thegrid.ai/v\t1",
    "a line end": "https://s1.thegrid.ai/v1\r\nx-evil: 1",
    "another alphabet": "https://\N{CYRILLIC SMALL LETTER DZE}1.thegrid.ai/v1",
    "port 0": "https://s1.thegrid.ai:0/v1",
    "a port too high": "https://s1.thegrid.ai:65536/v1",
    "a port in words": "https://s1.thegrid.ai:https/v1",
    "half an address": "https://[::1/v1",
    "an address with a zone": "https://[fe80::1%25eth0]/v1",
    "an address of another kind": "https://[v1.a:b]/v1",
    "this machine": "https://127.0.0.1/v1",
    "this machine by name": "http://localhost:8080/v1",
    "this machine in IPv6": "http://[::1]:8080/v1",
    "a private address": "https://10.0.0.1/v1",
    "an empty part of a name": "https://s1..thegrid.ai/v1",
    "a part of a name that is too long": f"https://{'a' * 64}.thegrid.ai/v1",
    "nothing": "",
}


@pytest.mark.parametrize("location", REFUSED.values(), ids=REFUSED)
async def test_nothing_is_sent_where_the_key_must_not_go(location: str) -> None:
    inference, web = client_of(moved(location))
    with pytest.raises(RedirectRefused) as refused:
        await inference.chat("text-prime", HELLO)
    assert web.urls == [CHAT_URL]
    assert web.opened[0].closed
    assert (refused.value.method, refused.value.path, refused.value.status) == ("POST", "/v1/chat/completions", 307)
    assert KEY not in str(refused.value)


async def test_a_refusal_names_the_host_and_the_setting_and_nothing_else_of_the_url() -> None:
    inference, _ = client_of(moved("https://evil.example/route/s3cret?token=s3cret"))
    with pytest.raises(RedirectRefused) as refused:
        await inference.chat("text-prime", HELLO)
    assert str(refused.value) == (
        "POST /v1/chat/completions 307: redirected to evil.example, which is not trusted; neither the request nor the "
        "key was sent there. If you trust evil.example with your key, add it to the setting consumption.allowed_hosts."
    )


async def test_a_location_may_be_missing_altogether() -> None:
    inference, _ = client_of(moved(None))
    with pytest.raises(RedirectRefused, match="does not say where to"):
        await inference.chat("text-prime", HELLO)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 305, 399])
async def test_redirects_of_other_kinds_are_refused(status: int) -> None:
    inference, web = client_of(moved("/v2/chat", status))
    with pytest.raises(RedirectRefused, match=str(status)):
        await inference.chat("text-prime", HELLO)
    assert len(web.requests) == 1


async def test_three_redirects_are_followed_and_a_fourth_is_not() -> None:
    hops = [moved(f"/{number}") for number in range(4)]
    inference, web = client_of(*hops[:3], said(CHAT))
    assert (await inference.chat("text-prime", HELLO)).text == "Hi!"
    assert len(web.requests) == 4
    inference, web = client_of(*hops)
    with pytest.raises(RedirectRefused, match="more than 3 redirects"):
        await inference.chat("text-prime", HELLO)
    assert len(web.requests) == 4


@pytest.mark.parametrize("locations", [[CHAT_URL], ["/a", "/a#x"], ["/a", CHAT_URL], ["/a", "/b", "/a"]])
async def test_circles_are_not_gone_round(locations: list[str]) -> None:
    inference, web = client_of(*(moved(location) for location in locations))
    with pytest.raises(RedirectRefused, match=r"circles: api\.thegrid\.ai again"):
        await inference.chat("text-prime", HELLO)
    assert len(web.requests) == len(locations)


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1:9/x", "http://localhost/x", "https://[::1]:9/x", "https://s1.thegrid.ai/x"]
)
@pytest.mark.parametrize("base", ["http://127.0.0.1:8080/v1", "http://localhost:1/v1", "https://[::1]/v1"])
async def test_this_machine_is_trusted_when_the_base_url_is_on_it(base: str, target: str) -> None:
    inference, web = client_of(moved(target), said(CHAT), base_url=base)
    await inference.chat("text-prime", HELLO)
    assert web.urls == [f"{base}/chat/completions", target]


async def test_this_machine_is_not_trusted_otherwise_even_if_it_is_allowed() -> None:
    inference, web = client_of(moved("https://localhost/x"), allowed_hosts=("localhost",))
    with pytest.raises(RedirectRefused, match=r"trusted only when consumption\.base_url is on it, too"):
        await inference.chat("text-prime", HELLO)
    assert len(web.requests) == 1


async def test_hosts_of_ones_own_can_be_allowed() -> None:
    options: dict[str, Any] = {"allowed_hosts": ["Inference.example.org", "*.GPU.example", "10.1.2.3"]}
    for host in ("inference.example.org", "a.gpu.example", "10.1.2.3"):
        inference, web = client_of(moved(f"https://{host}/x"), said(CHAT), **options)
        await inference.chat("text-prime", HELLO)
        assert web.urls[1] == f"https://{host}/x"
    inference, _ = client_of(moved("https://s1.thegrid.ai/x"), **options)
    with pytest.raises(RedirectRefused):
        await inference.chat("text-prime", HELLO)


LABELS = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,5}[a-z0-9])?", fullmatch=True)


@given(before=st.lists(LABELS, max_size=3), glue=st.sampled_from(["", "-", "x"]))
def test_a_star_covers_what_is_below_its_domain_and_nothing_else(before: list[str], glue: str) -> None:
    hosts = TrustedHosts("api.other.org", ("*.example.org",))
    assert hosts.trust(".".join([*before, "example.org"])) == bool(before)
    assert not hosts.trust(".".join([*before, f"{glue}evilexample.org"]))
    assert not hosts.trust(".".join(["example.org", *before, "evil"]))
