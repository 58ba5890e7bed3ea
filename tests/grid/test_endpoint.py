"""Base URLs."""

from __future__ import annotations

import pytest

from bot.errors import ConfigError
from bot.grid.endpoint import Endpoint


@pytest.mark.parametrize(
    ("base_url", "origin", "base_path"),
    [
        ("https://trading.api.thegrid.ai/v1", "https://trading.api.thegrid.ai", "/v1"),
        ("https://trading.api.thegrid.ai/v1/", "https://trading.api.thegrid.ai", "/v1"),
        ("https://example.org:8443", "https://example.org:8443", ""),
        ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080", "/v1"),
        ("http://localhost/a/v1", "http://localhost", "/a/v1"),
        ("http://[::1]:80/v1", "http://[::1]:80", "/v1"),
        ("HTTPS://EXAMPLE.org/v1", "https://example.org", "/v1"),
    ],
)
def test_a_base_url_has_an_origin_and_a_path(base_url: str, origin: str, base_path: str) -> None:
    assert Endpoint.of(base_url) == Endpoint(origin, base_path)


@pytest.mark.parametrize(
    ("base_url", "why"),
    [
        ("http://trading.api.thegrid.ai/v1", "https"),
        ("http://127.0.0.1.example.org/v1", "https"),
        ("http://10.0.0.1/v1", "https"),
        ("", "https://host/v1"),
        ("trading.api.thegrid.ai/v1", "https://host/v1"),
        ("ftp://example.org/", "https://host/v1"),
        ("https:///v1", "https://host/v1"),
        ("https://example.org/v1?x=secret", "https://host/v1"),
        ("https://example.org/v1#top", "https://host/v1"),
        ("https://example.org/v1 ", "blank"),
        ("https://exämple.org/v1", "blank"),
        ("https://example.org:port/v1", "port"),
        ("https://example.org:99999/v1", "range"),
        ("https://user:secret@example.org/v1", "password"),
        ("https://[::1/v1", "Invalid IPv6"),
        ("https://api..example.org/v1", "no host has such a name"),
        (f"https://{'a' * 64}.example.org/v1", "no host has such a name"),
    ],
)
def test_other_base_urls_are_refused_with_the_reason_and_not_shown(base_url: str, why: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Endpoint.of(base_url)
    assert why in str(refused.value)
    assert "secret" not in str(refused.value)
