"""What a person reads: points, what did not pass and why, and nothing that moves the terminal."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from rich.console import Console

from grader.model import Hint, Outcome, Report, TracebackLine, Visibility
from grader.reports.terminal import OUTCOME_WORDS, to_terminal
from tests.reports.builders import (
    HARMLESS,
    HOSTILE,
    check,
    measures,
    passed,
    question,
    report,
    training_run,
)

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
MEASURED = measures()


def rendered(of: Report, *, verbose: bool = False, colour: bool = False, width: int = 200) -> str:
    console = Console(
        file=io.StringIO(),
        width=width,
        force_terminal=colour,
        color_system="truecolor" if colour else None,
        highlight=False,
        legacy_windows=False,
    )
    console.print(to_terminal(of, verbose=verbose))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_points_of_each_question_and_in_total() -> None:
    good = question(passed("a"), passed("b"), id="q2", score=3)
    bad = question(passed("a"), check("b"), check("c"), id="q3", max_score=5.0)
    text = rendered(report(good, bad))
    assert re.search(r"Q2 +Title of q2 +3 / 3 +2 of 2 passed", text)
    assert re.search(r"Q3 +Title of q3 +0 / 5 +1 of 3 passed", text)
    assert "Total: 3 / 8" in text
    assert text.startswith("alice")


def test_fractions_of_points() -> None:
    text = rendered(report(question(passed("a"), score=2.5)))
    assert "2.5 / 3" in text
    assert "Total: 2.5 / 3" in text


@pytest.mark.parametrize("outcome", [o for o in Outcome if o is not Outcome.PASSED])
def test_failure_says_what_and_why(outcome: Outcome) -> None:
    text = rendered(report(question(check("a", outcome=outcome, message="the reason"))))
    assert f"a ({OUTCOME_WORDS[outcome]})" in text
    assert "the reason" in text
    assert "Asked: What a asks" in text


def test_traceback_and_output_are_shown() -> None:
    line = TracebackLine(file="implementation.py", line=7, function="rnn", code="h = x @ w")
    text = rendered(report(question(check("a", traceback=(line,), output="printed this"))))
    assert "implementation.py, line 7, in rnn: h = x @ w" in text
    assert "printed this" in text


def test_checks_that_passed_are_shown_when_asked_for() -> None:
    of = report(question(passed("steps", error=1e-7, allowed=2e-6), passed("sizes"), score=3))
    assert "steps" not in rendered(of)
    text = rendered(of, verbose=True)
    assert "steps: passed: 1e-07, allowed 2e-06" in text
    assert "sizes: passed" in text


def test_advisory_checks_are_shown_once_all_graded_ones_pass() -> None:
    advice = check("one_step", graded=False, message="differs in one step")
    done = rendered(report(question(passed("a"), advice, score=3)))
    assert "one_step (wrong answer, advisory)" in done
    assert "differs in one step" in done
    assert "1 of 1 passed" in done
    assert "one_step" not in rendered(report(question(check("a"), advice)))
    assert "one_step" in rendered(report(question(check("a"), advice)), verbose=True)


@pytest.mark.parametrize("name", ["inputs_unchanged", "repeatable"])
def test_advisory_check_that_may_be_the_cause_is_shown(name: str) -> None:
    failures = [check("a", message="A."), check(name, graded=False, message="B.")]
    said = rendered(report(question(*failures)))
    assert "B." in said
    assert "see -v" not in said


def test_advisory_checks_that_are_not_shown_are_counted() -> None:
    failures = [check("a", message="A."), check("b", graded=False, message="B.")]
    same = check("c", graded=False, message="A.")
    said = "1 of the checks that cost no points did not pass either: see -v."
    assert said in rendered(report(question(*failures, same)))
    assert said not in rendered(report(question(*failures, same)), verbose=True)
    assert "either" not in rendered(report(question(failures[0], same)))


def test_failures_that_say_the_same_are_shown_once() -> None:
    same = [check(f"sizes[{i}]", message="no function rnn") for i in range(4)]
    text = rendered(report(question(check("case", message="no function rnn"), *same)))
    assert text.count("no function rnn") == 1
    assert "case and 4 more" in text
    assert "0 of 5 passed" in text


def test_failure_that_several_questions_share_is_told_once_and_first() -> None:
    line = TracebackLine(file="implementation.py", line=3, function="", code="def rnn(")
    failed = check("a", message="SyntaxError", traceback=(line,))
    text = rendered(report(*(question(failed, check("b"), id=f"q{i}") for i in (2, 3))))
    assert text.count("SyntaxError") == 1
    assert text.count("implementation.py, line 3: def rnn(") == 1
    assert text.index("One thing stops several questions:") < text.index("\nQ2 Title of q2")
    assert text.count("See the one thing that is told at the top.") == 2
    assert text.count("b is wrong") == 2


def test_hidden_failures_are_not_what_several_questions_share() -> None:
    hidden = check("a", message="SyntaxError", visibility=Visibility.HIDDEN)
    text = rendered(report(*(question(hidden, id=f"q{i}") for i in (2, 3))))
    assert "SyntaxError" not in text
    assert "One thing" not in text


def test_different_failures_are_all_shown() -> None:
    text = rendered(report(question(check("a", message="one"), check("b", message="two"))))
    assert "one" in text
    assert "two" in text


def model_row(**values: Any) -> str:
    measured = measures(**values)
    return rendered(report(question(passed("runs"), id="q7", score=10, measured=measured)))


def test_what_was_measured() -> None:
    text = model_row()
    assert "loss 1.2346 nats a character, 95 % interval 1.220 to 1.250" in text
    assert "as the notebook averages: 1.2500" in text
    assert "40,619 characters, on cpu" in text
    assert "character frequencies 3.13, zip 2.44, training sentences 1.150" in text
    assert "it writes: I have a cat." in text
    assert "scored on" not in text
    assert "trained by the grader" not in text


def test_figures_that_are_not_there() -> None:
    text = model_row(training_loss=None, generated=())
    assert "training sentences" not in text
    assert "it writes" not in text


@pytest.mark.parametrize(
    ("stopped", "words"), [("time", "the time was over"), ("quick", "certain enough")]
)
def test_scored_on_a_part(stopped: str, words: str) -> None:
    text = model_row(sentences=1234, stopped=stopped)
    assert "scored on 1,234 of 4,000 sentences, drawn at random" in text
    assert words in text


def test_model_that_the_grader_trained() -> None:
    text = model_row(training=training_run())
    assert "trained by the grader until its time was over, in epoch 3 of 5" in text
    assert "validation loss 1.500 after epoch 2" in text


def test_what_a_model_writes_is_harmless() -> None:
    text = model_row(generated=(f"I hav{HOSTILE}",))
    assert is_harmless(text)
    assert HARMLESS in text


def test_notes_are_shown() -> None:
    assert "Note: a file was left out." in rendered(report(notes=("a file was left out",)))


def test_no_name_or_note_begins_a_line() -> None:
    """It would look like one of the report's own."""
    forged = report(notes=("a\nTotal: 3 / 3\nb.7z was not opened",))
    text = rendered(forged.model_copy(update={"submission": "x\n::error::pwned"}))
    assert "Note: a Total: 3 / 3 b.7z was not opened." in text
    assert not re.search("^(Total: 3|::error)", text, re.MULTILINE)


def test_failure_of_the_grader_is_said_aloud() -> None:
    of = report(question(check("a", outcome=Outcome.HARNESS_ERROR)))
    assert "THE GRADER FAILED" in rendered(of)
    assert "not final" in rendered(of)
    assert "not final" not in rendered(report(question(check("a"))))


def hostile_report() -> Report:
    line = TracebackLine(file=HOSTILE, line=1, function=HOSTILE, code=HOSTILE)
    texts = {"message": HOSTILE, "output": HOSTILE, "traceback": (line,)}
    checks = check(f"a[{HOSTILE}]", **texts), check("b", outcome=Outcome.CRASH, **texts)
    return report(question(*checks, measured=MEASURED), notes=(HOSTILE,))


def is_harmless(text: str) -> bool:
    return all(character.isprintable() or character == "\n" for character in text)


@pytest.mark.parametrize("verbose", [False, True])
def test_students_markup_and_escapes_are_harmless(verbose: bool) -> None:
    text = rendered(hostile_report(), verbose=verbose)
    assert is_harmless(text)
    assert text.count(HARMLESS) >= 5


def test_only_colours_are_sent_to_a_terminal() -> None:
    text = rendered(hostile_report(), colour=True)
    assert COLOUR.search(text)
    assert is_harmless(COLOUR.sub("", text))


@pytest.mark.parametrize(
    "name", ["[bold]alice", "alice [red]", ":smile:", "[1] alice", "alice\\[b"]
)
def test_name_of_the_submission_is_shown_as_it_is(name: str) -> None:
    assert name in rendered(report(question(passed("a")), submission=name))


@pytest.mark.parametrize("name", ["steps[bold]", "steps[/x]", "sizes[B2-T3]"])
def test_name_of_a_check_is_shown_as_it_is(name: str) -> None:
    assert name in rendered(report(question(check(name))))


def test_name_of_the_submission_with_control_characters() -> None:
    text = rendered(report(question(passed("a")), submission="al\x1b[2Jice\x00"), colour=True)
    assert "alice" in text
    assert is_harmless(COLOUR.sub("", text))


def test_device_that_a_worker_made_up() -> None:
    text = model_row(device="\x1b[2J[/x]\x00")
    assert is_harmless(text)
    assert "on [/x]" in text


def test_narrow_terminal_keeps_the_points() -> None:
    text = rendered(report(question(check("a", message="long " * 40), score=1)), width=60)
    assert "1 / 3" in text
    assert "Total: 1 / 3" in text
    assert max(map(len, text.splitlines())) <= 60


HINT = Hint(
    title="It is turned round", explanation="Why.", hint="Where?", link="https://a https://b"
)


def test_hint_is_shown_below_the_message() -> None:
    text = rendered(report(question(check("a", hint=HINT))))
    lines = [line.strip() for line in text.splitlines()]
    start = lines.index("a is wrong")
    assert lines[start + 1 : start + 6] == [
        "Hint: It is turned round.",
        "Why.",
        "Where?",
        "https://a",
        "https://b",
    ]


def test_hint_that_says_only_where() -> None:
    text = rendered(report(question(check("a", hint=Hint(title="Look at the bias")))))
    assert re.search(r"a is wrong *\n +Hint: Look at the bias\. *\n +Asked:", text)


def test_near_miss_is_called_near() -> None:
    near = HINT.model_copy(update={"near": True})
    assert "are not the same" in rendered(report(question(check("a", hint=near))))
    assert "are not the same" not in rendered(report(question(check("a", hint=HINT))))


@pytest.mark.parametrize("verbose", [False, True])
def test_hidden_check_shows_its_name_and_outcome_only(verbose: bool) -> None:
    line = TracebackLine(file="secret.py", line=7, function="secret", code="secret")
    texts = {"message": "secret", "title": "secret", "output": "secret", "traceback": (line,)}
    hint, hidden = Hint(title="secret"), Visibility.HIDDEN
    failing = check("steps", visibility=hidden, hint=hint, error=4.25, allowed=4.125, **texts)
    passing = passed("sizes", visibility=hidden, error=4.25, allowed=4.125)
    text = rendered(report(question(failing, passing)), verbose=verbose)
    assert "steps (wrong answer)" in text
    assert "secret" not in text
    assert "4.25" not in text
    assert "4.125" not in text
    assert ("sizes: passed" in text) == verbose


def test_hidden_and_shown_failures_are_not_taken_for_alike() -> None:
    hidden = check("a", message="one", visibility=Visibility.HIDDEN)
    text = rendered(report(question(check("b", message="one"), hidden)))
    assert "b (wrong answer)" in text
    assert "a (wrong answer)" in text
