"""Demand traces in their two published formats."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path

import pytest

from bot.errors import DataError
from bot.sim.traces import DemandTrace, read_trace

SERVEGEN = "client,t_s,requests,tokens\n"
AZURE = "TIMESTAMP,ContextTokens,GeneratedTokens\n"


def trace_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "demand.csv"
    path.write_text(text)
    return path


def test_one_client_of_several_is_read_with_the_slot_length_of_its_rows(tmp_path: Path) -> None:
    path = trace_file(tmp_path, SERVEGEN + "a,0,1,10\nb,0,1,99\na,300,1,20.6\nb,300,1,99\na,600,0,0\n")
    assert read_trace(path, "a") == DemandTrace(slot_seconds=300, slots=(10, 21, 0))


def test_the_only_client_need_not_be_named(tmp_path: Path) -> None:
    path = trace_file(tmp_path, SERVEGEN + "a,1200,1,10\na,1800,1,20\n")
    assert read_trace(path) == DemandTrace(600, (10, 20))


def test_a_trace_begins_anew_after_its_end() -> None:
    trace = DemandTrace(600, (1, 2, 3))
    assert [trace.tokens(slot) for slot in range(7)] == [1, 2, 3, 1, 2, 3, 1]


def test_single_requests_are_summed_into_slots_from_the_first_on(tmp_path: Path) -> None:
    text = "2023-11-16 18:17:03.9799600,100,1\n2023-11-16 18:17:03.9799600,200,2\n2023-11-16 18:17:34,300,3\n"
    assert read_trace(trace_file(tmp_path, AZURE + text)) == DemandTrace(10, (303, 0, 0, 303))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("a,0,1,10\na,600,1,-1\n", "line 3: tokens: -1 is negative"),
        ("a,0,1,10\na,600,1,nan\n", "line 3: tokens: 'nan' is not a finite number"),
        ("a,0,1,10\na,600,1,\n", "line 3: tokens: '' is not a number"),
        ("a,0,1,10\na,0,1,10\n", "line 3: t_s is 0, after 0; times must rise"),
        ("a,600,1,10\na,0,1,10\n", "line 3: t_s is 0, after 600; times must rise"),
        ("a,0,1,10\na,600,1,10\na,600,1,10\n", "line 4: t_s is 600, but 1200 is due: rows come every 600 s"),
        ("a,0,1,10\na,600,1,10\na,1800,1,10\n", "line 4: t_s is 1800, but 1200 is due"),
        ("a,0,1,10\na,0.5,1,10\n", "line 3: t_s: 0.5 is not a whole number of seconds"),
        ("a,0,1,10\na,9000000000,1,10\n", "line 3: t_s is 9000000000, after 0; a slot is a day at most"),
        ("a,0,1,10\na,600,1,1e400\n", "line 3: tokens: 1e400 is out of any range"),
        ("a,0,1,10\na,1e18,1,10\n", "line 3: t_s: 1e18 is out of any range"),
        ("a,0,1,10\n", "line 2: a single row does not tell how long a slot is"),
    ],
)
def test_a_malformed_row_is_told_with_file_and_line(tmp_path: Path, text: str, fault: str) -> None:
    path = trace_file(tmp_path, SERVEGEN + text)
    with pytest.raises(DataError) as raised:
        read_trace(path)
    assert str(raised.value).startswith(f"{path}, {fault}")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("2023-11-16 18:17:03,1,1\n2023-11-16 18:17:02,1,1\n", "line 3: .*times must not fall"),
        ("2023-11-16 18:17:03,-4,1\n", "line 2: contexttokens: -4 is negative"),
        ("2023-11-16 18:17:03,1,1\n9999-11-16 18:17:02,1,1\n", "line 3: .*more than 366 days after the first"),
        ("soon,4,1\n", "line 2: 'soon' is not a time"),
    ],
)
def test_a_malformed_request_is_told_with_its_line(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(DataError, match=fault):
        read_trace(trace_file(tmp_path, AZURE + text))


def test_a_client_must_be_named_where_there_are_several(tmp_path: Path) -> None:
    path = trace_file(tmp_path, SERVEGEN + "a,0,1,10\nb,0,1,10\n")
    with pytest.raises(DataError, match="has 2 clients; name one of them as the client, such as a, b"):
        read_trace(path)


def test_an_unknown_client_is_told_with_names_that_are_close(tmp_path: Path) -> None:
    path = trace_file(tmp_path, SERVEGEN + "large_c1,0,1,10\nsmall_c2,0,1,10\nother,0,1,10\n")
    with pytest.raises(DataError, match="has 3 clients, none named 'large-c1'; try large_c1"):
        read_trace(path, "large-c1")
    with pytest.raises(DataError, match="none named '!'; try large_c1, small_c2, other"):
        read_trace(path, "!")


def test_a_client_of_a_file_that_knows_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="leave the client out"):
        read_trace(trace_file(tmp_path, AZURE + "2023-11-16 18:17:03,1,1\n"), "a")


def test_other_columns_are_told_with_what_is_needed(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="line 1: the columns are when, tokens; a demand trace has client,t_s"):
        read_trace(trace_file(tmp_path, "when,tokens\n1,2\n"))


def test_published_traces_read_whole(shared: Path) -> None:
    path = shared / "data" / "demand" / "servegen_14d_10min.csv.gz"
    with gzip.open(path, "rt") as lines:
        expected = [int(row["tokens"]) for row in csv.DictReader(lines) if row["client"] == "m-large_c10"]
    assert read_trace(path, "m-large_c10") == DemandTrace(600, tuple(expected))

    path = shared / "data" / "demand" / "azure_llm_code_2023_1h.csv.gz"
    with gzip.open(path, "rt") as lines:
        requests = [int(row["ContextTokens"]) + int(row["GeneratedTokens"]) for row in csv.DictReader(lines)]
    assert sum(read_trace(path).slots) == sum(requests)
