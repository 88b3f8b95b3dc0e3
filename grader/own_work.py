"""Whether a function is a student's own work, or torch's layer does it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from grader.checking import KEEPS_STATE, Check
from grader.errors import CheckFailed
from grader.handed_in.listing import beginning
from grader.handed_in.naming import IMPLEMENTATION
from grader.means import Source, Sources, may_make_up_names, means_in, rare_in, text_of
from grader.model import Outcome
from grader.oracle import Draw
from grader.source import (
    BROKEN,
    MAX_ALL_SOURCE,
    MAX_SOURCE,
    OPERATORS,
    RECORDED,
    SWITCHED_OFF,
    can_be_searched,
    torch_layers_used,
)


def require_own_work(check: Check, layers: frozenset[str], draws: Iterator[Draw]) -> None:
    """The function is written out, not delegated to a layer of torch's own.

    A layer that is named and was seen in no call of this question, as in a comparison that is
    switched off, is remarked on for staff; so is one that ran and that the right answer for
    another draw, which no earlier call was given, does not depend on. Neither helps where a
    file has means to run a layer out of sight, or where one did for the first draw.
    """
    draw = next(draws)
    function = draw.function
    is_watched = _watch(check, draw, draws)
    source = _source(check.student.submission.folder / IMPLEMENTATION)
    if not can_be_searched(source):
        check.remarks.append(
            f"{IMPLEMENTATION} is too long, or nested too deep, to be searched for torch's own "
            "layers"
        )
    named = torch_layers_used(source, function, layers)
    called = sorted(check.student.layers_seen & layers)
    hidden = check.student.out_of_sight & layers
    sources = _sources(check.student.submission.folder)
    if not named and not called and not hidden:
        if means := _means_unseen(sources):
            check.remarks.append(
                f"no call of {function} was seen to run a layer of torch's; the hand-in uses "
                f"{means}"
            )
        return
    means = means_in(sources)
    places = [f"{call.name} in line {call.line}" for call in named]
    ran = sorted(hidden.union(called))
    what = ", ".join(places) if places else ", ".join(f"torch's {name}" for name in ran)
    if not hidden and not means:
        if not called and not is_watched:
            raise forbidden(
                f"{function} names {what}, and is right only while nobody looks whether that runs. "
                "Take it out of what the function uses."
            )
        if not called:
            check.remarks.append(f"{function} names {what}, and no call of it ran that layer")
            return
        if _does_without_layers(check, next(draws), layers):
            check.remarks.append(
                f"{function} runs {what}, and is right, too, where that gives random numbers"
            )
            return
    if not hidden and not called:
        raise forbidden(
            f"{function} names {what}, and this question asks you to write such a layer yourself. "
            f"No call was seen to run it, but the hand-in also uses {means}, by which it could run "
            "unseen: take one of the two out."
        )
    raise forbidden(
        f"{function} uses {what}, and this question asks you to write such a layer yourself. "
        "Write its steps out; NumPy and torch arithmetic (products, sums, tanh, softmax) are "
        "fine. If it is there only to compare with, take it out of the function."
    )


def _means_unseen(sources: Sources) -> str:
    """What staff are told of means by which a layer could run, though none is named or was seen."""
    if rare := rare_in(sources):
        return f"{rare}, by which one could run unseen; homework has seldom a use for it"
    # Most hand-ins make up no name, and to look for means takes three times as long.
    if may_make_up_names(sources) and (means := means_in(sources)):
        return (
            f"{means}, by which one could run unseen, and may look up names that are written "
            "nowhere in it"
        )
    return ""


def _watch(check: Check, draw: Draw, draws: Iterator[Draw]) -> bool:
    """Call the function where no layer runs out of sight; what will not be watched is no work.

    Whether it is right in itself is for others to judge. Code that ends Python's own watch, or
    raises something under it, may do so by an accident, and is only remarked on where the
    hand-in has no means to run a layer out of sight. Returns whether it is as right while it is
    watched.
    """
    function = draw.function
    is_watched = True
    watched = _failure(check, draw, watch_layers=True)
    if watched is not None:
        if watched.outcome not in (Outcome.WRONG, Outcome.EXCEPTION):
            raise watched
        failure = _failure(check, draw)
        if failure is None:
            is_watched = _right_unwatched(check, next(draws), watched)
        elif failure.outcome is not Outcome.WRONG:
            raise failure
    _require_in_sight(check, function)
    return is_watched


def _require_in_sight(check: Check, function: str) -> None:
    """Judge by what was noticed of a function while it was watched, beside layers."""
    unseen = check.student.out_of_sight
    if BROKEN in unseen or (SWITCHED_OFF in unseen and _is_no_accident(check)):
        raise forbidden(
            f"{IMPLEMENTATION} switches off that by which the grader sees whether {function} "
            "is your own work: torch's profiler, its function modes or sys.setprofile. Take "
            "out what changes or uses them, profiling of your own included."
        )
    if RECORDED in unseen:
        raise forbidden(
            f"{function} runs code that torch has written from what it saw run (torch.fx), or that "
            "was compiled before it was handed in (torch.jit), so nobody can tell whether it is "
            "your own work. Write the steps out."
        )
    if OPERATORS in unseen:
        if _is_no_accident(check):
            raise forbidden(
                f"{function} calls operators of torch's by torch.ops, or as it had them from a "
                "record of what ran earlier, so nobody can tell whether it is your own work. Use "
                "torch's functions by their usual names, such as torch.matmul."
            )
        check.remarks.append(f"{function} calls operators of torch's by torch.ops or the like")
    if SWITCHED_OFF in unseen:
        check.remarks.append(
            f"{function} switched the profiler off by which the grader looks for torch's own layers"
        )


def _right_unwatched(check: Check, draw: Draw, watched: CheckFailed) -> bool:
    """Judge a function that is right, and was not so in the call before, which was watched.

    ``draw`` is another one, whose answer the function cannot have kept. Returns whether that was
    for earlier calls alone.
    """
    said = watched.message.removesuffix(KEEPS_STATE)
    only_unwatched = f"{draw.function} is right, and not so while the grader looks for torch's"
    # A wrong answer without means is no accident either, unless it does not come again.
    costs = _is_no_accident(check) or watched.outcome is Outcome.WRONG
    if costs and _failure(check, draw, watch_layers=True) and not _failure(check, draw):
        raise forbidden(
            f"{only_unwatched} own layers, so that nobody can tell whether it is your own "
            f"work. Take out what asks whether a profiler is on or who calls, and let the "
            f"function give the same answer each time. What came then: {said}"
        )
    keeps_state = bool(check.student.keeps_state)
    if not keeps_state:
        check.remarks.append(
            f"{only_unwatched} own layers, which may be on purpose: read it. What came then: {said}"
        )
    return keeps_state


def _is_no_accident(check: Check) -> bool:
    """Whether a file names such means, or may without writing the name, as much honest code does.

    That counts beside what has happened, and not beside the mere name of a layer.
    """
    sources = _sources(check.student.submission.folder)
    return bool(means_in(sources)) or may_make_up_names(sources)


def _does_without_layers(check: Check, unseen: Draw, layers: frozenset[str]) -> bool:
    failure = _failure(check, unseen, spoil_layers=True)
    return failure is None and not check.student.out_of_sight & (layers | {BROKEN})


def _failure(check: Check, draw: Draw, **layers: bool) -> CheckFailed | None:
    """What ``agrees`` raises; the report tells nothing of this comparison."""
    closest = check.closest
    try:
        check.agrees(draw, **layers)
    except CheckFailed as failure:
        return failure
    finally:
        check.closest = closest
    return None


def forbidden(message: str) -> CheckFailed:
    """The answer is not the student's own work, or cannot be seen to be."""
    return CheckFailed(Outcome.FORBIDDEN, message)


def _sources(folder: Path) -> Sources:
    """A hand-in's Python files; no more than shows that they are too many."""
    sources, left = [], MAX_ALL_SOURCE
    for file in sorted(folder.rglob("*.py")):
        source = _source(file)
        sources.append((file.parent.name if file.stem == "__init__" else file.stem, source))
        left -= len(source)
        if left < 0:
            break
    return tuple(sources)


def _source(file: Path) -> Source:
    """A file's text, or as much as shows that it is too long; '' of one that cannot be read."""
    # A character may take four bytes.
    return text_of(beginning(file, 4 * (MAX_SOURCE + 1)))
