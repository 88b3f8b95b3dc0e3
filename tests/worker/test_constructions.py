"""With what a hand-in builds its model is told from its code, and no more of that is run."""

from __future__ import annotations

import ast
import textwrap
from typing import Any

import pytest

from grader.worker.constructions import Arguments, calls_in, first_argument

OF_FREQ = "SentenceModel(freq, 64)"
GIVEN = {"freq": [3, 1, 2], "device": "cpu"}


def found(code: str) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    tree = ast.parse(textwrap.dedent(code))
    calls = calls_in(tree, "SentenceModel", "freq", GIVEN, "work.ipynb")
    assert all(call.told_by == "work.ipynb" for call in calls)
    return [(call.positional, dict(call.named)) for call in calls]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("model = SentenceModel(freq, 64, hid=160).to(device)", [((64,), {"hid": 160})]),
        ("m = rnn_lm.SentenceModel(counts, 64)", [((64,), {})]),
        ("m = SentenceModel(emb=64, freq=counts)", [((), {"emb": 64})]),
        ("m = nn.DataParallel(SentenceModel(freq, len(freq) + 3, device))", [((6, "cpu"), {})]),
        ("E = 64\nm = SentenceModel(freq, emb=E * 2)\nE = 1", [((), {"emb": 128})]),
        (
            "config = {'emb': 64}\nm = SentenceModel(freq, **config)\nn = SentenceModel(*all_of)",
            [((), {"emb": 64})],
        ),
        ("c = {'emb': 64}\nm = SentenceModel(freq, c['emb'], *[1, 2])", [((64, 1, 2), {})]),
        (
            """
            def main():
                emb: int = 64
                return SentenceModel(freq, emb)

            if __name__ == "__main__":
                main()
            """,
            [((64,), {})],
        ),
        ("for hid in (1, 2):\n    m = SentenceModel(freq, hid)", []),
        ("m = SentenceModel(freq)", []),
        ("m = SentenceModel()", []),
        ("m = SentenceModel(freq, args.emb)", []),
        ("m = SentenceModel(freq, read('sizes.json'))", []),
        ("m = SentenceModel(freq, 1 / 0)", []),
        ("m = OtherModel(freq, 64)", []),
        (
            "m = SentenceModel(freq, 1)\nm = SentenceModel(freq, 2)",
            [((1,), {}), ((2,), {})],
        ),
    ],
)
def test_arguments_of_calls(code: str, expected: list[Any]) -> None:
    assert found(code) == expected


@pytest.mark.parametrize(
    ("code", "calls"),
    [
        ("m = SentenceModel(len(freq) + 3, 64)", ["SentenceModel(6, 64)"]),
        ("V = 0\nV = count(x)\nm = SentenceModel(V, 64)", [OF_FREQ]),
        ("V = 1\nV = V + 1\nm = SentenceModel(V, 64)", ["SentenceModel(2, 64)"]),
        ("V = 9\nm = SentenceModel(freq=V)", ["SentenceModel(9)"]),
        ("m = SentenceModel(freq, 64)", [OF_FREQ]),
        ("m = SentenceModel(size_of(text), 64)", [OF_FREQ]),
        ("m = SentenceModel(True, 64)", [OF_FREQ]),
        ("c = {'freq': 9, 'emb': 8}\nm = SentenceModel(**c)", ["SentenceModel(9, emb=8)"]),
        ("a = (9, 8)\nm = SentenceModel(*a)", ["SentenceModel(9, 8)"]),
    ],
)
def test_number_in_place_of_freq(code: str, calls: list[str]) -> None:
    found = calls_in(ast.parse(code), "SentenceModel", "freq", GIVEN, "work.ipynb")
    assert [call.as_call("SentenceModel") for call in found] == calls


def test_nothing_but_constants_is_run() -> None:
    code = """
        import sys
        raise_it = exit()
        assert False
        class Config:
            sys.exit()
        emb = 64
        model = SentenceModel(freq, emb)
    """
    assert found(code) == [((64,), {})]


def test_what_is_given_is_left_as_it_is() -> None:
    assert found("freq = 0\nm = SentenceModel(None, freq)") == [((0,), {})]
    assert GIVEN["freq"] == [3, 1, 2]


def test_a_call_is_shown_with_its_values() -> None:
    arguments = Arguments((64,), {"act": "x" * 40}, "train.py")
    assert arguments.as_call("SentenceModel") == f"SentenceModel(freq, 64, act={'x' * 30})"


@pytest.mark.parametrize(
    ("builds", "expected"), [(lambda counts, emb: None, "counts"), (lambda: None, ""), (dict, "")]
)
def test_first_argument(builds: Any, expected: str) -> None:
    assert first_argument(builds) == expected
