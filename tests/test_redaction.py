from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.redaction import mask, names_a_secret, redact


@pytest.mark.parametrize(
    "name",
    ["password", "PASSWORD", "signing_key", "x-api-key", "Authorization", "db_password", "access_token", "token"],
)
def test_names_of_secrets_are_known(name: str) -> None:
    assert names_a_secret(name)


@pytest.mark.parametrize(
    "name", ["key", "tokens_served", "tokens", "public_key", "signing_key_file", "fingerprint", "client_order_id", ""]
)
def test_names_of_what_may_be_shown_are_not_taken_for_secrets(name: str) -> None:
    assert not names_a_secret(name)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("cannot open postgresql://ann:hunter2@db/grid now", "cannot open postgresql://ann:***@db/grid now"),
        ("postgresql+asyncpg://ann:hun@ter2@db/grid", "postgresql+asyncpg://ann:***@db/grid"),
        ("'https://:hunter2@host', 'x@y'", "'https://:***@host', 'x@y'"),
        ("{'Authorization': 'Bearer hunter2'}", "{'Authorization': 'Bearer ***'}"),
        ("{'password': 'hunter2'}", "{'password': '***'}"),
        ("x-api-key: hunter2, accept: json", "x-api-key: ***, accept: json"),
        ("postgresql://db/grid?user=ann&password=hunter2&ssl=on", "postgresql://db/grid?user=ann&password=***&ssl=on"),
        ("https://host:8443/v1", "https://host:8443/v1"),
        (
            "exchange.signing_key: must be text; no password: none",
            "exchange.signing_key: must be text; no password: none",
        ),
        ("ann@example.com", "ann@example.com"),
    ],
)
def test_secrets_within_a_text_are_masked_and_the_rest_stays(text: str, masked: str) -> None:
    assert mask(text) == masked


PASSWORDS = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\"'<>"), min_size=1)


@given(PASSWORDS)
def test_no_password_of_a_url_is_left(password: str) -> None:
    assert mask(f"lost postgresql://ann:{password}@db/grid") == "lost postgresql://ann:***@db/grid"


def test_data_is_redacted_at_every_depth_and_what_is_absent_stays_so() -> None:
    data: Any = {"a": [{"password": ["x"], "token": None, "n": 1}, "x://u:p@h"], "secret": {"b": 1}}
    assert redact(data) == {"a": [{"password": "***", "token": None, "n": 1}, "x://u:***@h"], "secret": "***"}
