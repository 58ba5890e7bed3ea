"""What is made up from the description is answered as the description says.

A few requests are made up for each operation; `GRIDBOT_FUZZ=20` makes twenty times as many.
"""

from __future__ import annotations

import zlib
from typing import Any, TypeAlias

import msgspec
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.config import (
    ChecksConfig,
    GenerationConfig,
    NotAServerErrorConfig,
    PositiveDataAcceptanceConfig,
    ProjectConfig,
    ProjectsConfig,
    SchemathesisConfig,
)
from schemathesis.generation import GenerationMode
from schemathesis.schemas import BaseSchema

from bot.sim.auth import FINGERPRINT, SIGNATURE, TIMESTAMP
from tests.sim.effort import EFFORT
from tests.sim.wsgi import CONSUMPTION_KEY, SIGN_ME, Served

Case: TypeAlias = schemathesis.Case[Any]

SERVED = Served()
CHECKS = ChecksConfig(
    # what is well-formed can still ask for too much: too many units, a price off the tick
    positive_data_acceptance=PositiveDataAcceptanceConfig(expected_statuses=["2xx", 307, 400, 402, 404, 409, 422, 503]),
    not_a_server_error=NotAServerErrorConfig(expected_statuses=["2xx", "3xx", "4xx", 503]),
)
SETTINGS = settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
SHORT_LAYOUT = "^/(?!trading/|models$|chat/|messages$)"
"""The paths of the layout that is served by the same handlers as the other."""


class Keys:
    """Marks requests as to be signed, and gives inference its key."""

    def get(self, case: Case, context: schemathesis.AuthContext) -> str:
        return SIGN_ME

    def set(self, case: Case, data: str, context: schemathesis.AuthContext) -> None:
        case.headers.update(dict.fromkeys((TIMESTAMP, FINGERPRINT, SIGNATURE), data))
        case.headers["authorization"] = f"Bearer {CONSUMPTION_KEY}"


def what_is_well_formed_is_not_called_malformed(
    context: schemathesis.CheckContext, response: schemathesis.Response, case: Case
) -> None:
    made_up_well = case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE
    if made_up_well and response.status_code == 400:
        assert msgspec.json.decode(response.content)["error"]["code"] != "VALIDATION_ERROR"


def described(*modes: GenerationMode) -> BaseSchema:
    """The description as it is served; what is made up from it is good, or bad, or both."""
    project = ProjectConfig(checks=CHECKS, generation=GenerationConfig(modes=list(modes)))
    config = SchemathesisConfig(seed=1, projects=ProjectsConfig(default=project))
    schema = schemathesis.openapi.from_wsgi("/openapi.json", SERVED, config=config)
    schema.auth()(Keys)
    return schema if EFFORT > 1 else schema.exclude(path_regex=SHORT_LAYOUT)


def speak_of_what_there_is(case: Case) -> None:
    """Let most of what should name something name what the exchange has."""
    case.path_parameters, case.query = existing(case.path_parameters), existing(case.query)
    case.body = existing(case.body)
    if "next" in (case.query or {}):
        case.query.pop("prev", None)  # they exclude each other, which a description cannot say


def existing(fields: Any) -> Any:
    return {name: named(name, value) for name, value in fields.items()} if isinstance(fields, dict) else fields


def named(name: str, value: Any) -> Any:
    choices = SERVED.known(name)
    if not choices or not isinstance(value, str) or not value:
        return value
    number = zlib.crc32(value.encode(errors="replace"))
    return value if number % 8 == 0 else choices[number % len(choices)]


def keep_what_descriptions_cannot_say(body: Any) -> None:
    """Change what would be refused for reasons that are in no description, in a body that is as described."""
    for name, value in body.items():
        if choices := SERVED.known(name):
            body[name] = choices[len(str(value)) % len(choices)]
        elif name in ("price", "stop_price") and value is not None:
            body[name] = f"{1 + len(str(value)) % 20 / 10:.2f}"  # on the tick
    for name in ("tool_choice", "stream_options"):  # the one names a tool that there must be, the other wants a stream
        body.pop(name, None)
    for message in body.get("messages", ()):
        message["content"] = message.get("content") or "Hello"


@described(*GenerationMode).parametrize()
@settings(SETTINGS, max_examples=3 * EFFORT)
def test_answers_are_as_described(case: Case) -> None:
    speak_of_what_there_is(case)
    case.call_and_validate(additional_checks=[what_is_well_formed_is_not_called_malformed])


@described(GenerationMode.POSITIVE).include(method=["POST", "PUT"]).parametrize()
@settings(SETTINGS, max_examples=12 * EFFORT)
def test_answers_to_good_bodies_are_as_described(case: Case) -> None:
    speak_of_what_there_is(case)
    keep_what_descriptions_cannot_say(case.body)
    case.headers.pop("Idempotency-Key", None)  # what is made up is often the same
    case.call_and_validate(additional_checks=[what_is_well_formed_is_not_called_malformed])
