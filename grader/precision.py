"""Of an answer that is off by more than is allowed: a matter of precision, or another function?"""

from __future__ import annotations

import re

import numpy as np

from grader.compare import Expected, Float64, differing
from grader.wrong_part import fade, wrong_part

FLOAT16 = 2.0**13
BFLOAT16 = 2.0**16
"""Their unit roundoff as a multiple of float32's, from which every allowance is made."""
HARDLY = 1.5
LESS_ACCURATE = 16.0
FEWER_DIGITS = FLOAT16 / 8
"""Multiples of the allowance. The allowance is a bound and rounding stays well below it, float16's
too: what is beyond an eighth of float16's bound has seldom to do with precision."""
ALIKE = 1e-3
"""Of the values' typical size: float16 has about three digits. What is further off on the average
is no matter of digits, however much the allowance leaves to them."""
COARSE = 2.0**-5
"""Of the same size: bfloat16 has eight bits, and a sum of such numbers loses some of them."""
ONE_SIDED = 0.95
LEAST_RELATED = 6
"""Of fewer values any relation may be chance."""
SLACK = 4.0
"""Allowances that values of one relation may differ by: a factor multiplies what rounding makes."""
NOT_FINITE = (
    "Print what each line gives, step by step: which is the first to have such a value? It may "
    "come of a log, a root, a division, the exp of something large, or values that grow from step "
    "to step."
)
SOMETHING_ELSE = "so something else is computed."
_ALONE = re.compile(rf"{re.escape(SOMETHING_ELSE)}(?: Only [^.]+\.)?$")
MOST_DECIMALS, LEAST_ROUNDED = 5, 4
"""Float32 has some seven; and one value, or two, may have few by chance."""


def remark(actual: Float64, expected: Expected, *, advise: bool = True) -> str:
    """One sentence on how far off the answer is and what that looks like, and another one on which
    part of it is; what to look at there is said if it is to ``advise``.

    What is allowed must come from float32's rounding. Of values that are not finite only where to
    look is said.
    """
    difference = actual - expected.value
    if not np.all(np.isfinite(difference)):
        return NOT_FINITE if advise else ""
    ratio = float(np.max(np.abs(difference) / expected.allowed))
    typical = float(np.sqrt(np.mean(expected.value**2)))
    mean = float(np.mean(np.abs(difference))) / typical if typical else np.inf
    if ratio <= BFLOAT16 and mean < COARSE and _has_bits(actual, 8):
        return "It looks like bfloat16: compute in float32 or float64."
    if ratio <= FLOAT16 and mean < COARSE and _has_bits(actual, 11):
        return "It looks like float16: compute in float32 or float64."
    times = _times(ratio)
    if (digits := _decimals(actual)) and np.max(np.abs(difference)) <= 10.0**-digits:
        return f"That is {times}, and no value has more than {digits} decimals: do not round them."
    is_far = mean > ALIKE and ratio > LESS_ACCURATE
    if is_far and (relation := _relation(actual, expected)):
        return f"That is {times}. {relation}"
    if is_far or ratio > FEWER_DIGITS:
        more = _not_filled(actual) or _in_part(actual, expected, advise=advise)
        return f"That is {times}, {SOMETHING_ELSE} {more}".rstrip()
    if _one_sided(difference, expected):
        return (
            f"That is {times}, and nearly all to one side: it looks like a small constant too "
            "many, such as an epsilon."
        )
    if ratio <= LESS_ACCURATE:
        return (
            f"That is {times}: it looks like a rounded constant, such as 2.718 for e, or like a "
            "formula that loses digits or computes with fewer than float32 has."
        )
    return (
        f"That is {times}: it looks like fewer digits somewhere, such as float16 or a rounded "
        "constant, or like a small difference in the formula."
    )


def leaves_open(message: str) -> bool:
    """Whether a message that ends with a remark says nothing of what to look at."""
    return _ALONE.search(message) is not None


def _relation(actual: Float64, expected: Expected) -> str:
    """A sentence where the values are the expected ones, but for one thing about all of them."""
    value = expected.value
    if value.size < LEAST_RELATED:
        return ""

    def are(values: Float64) -> bool:
        return bool(np.all(np.abs(actual - values) <= SLACK * expected.allowed))

    squared = float(np.sum(value**2))
    factor = float(np.sum(actual * value)) / squared if squared else 0.0
    if factor and are(factor * value):
        return (
            f"Each value is {factor:.4g} times what is expected: which factor is wrong, or missing?"
        )
    added = float(np.mean(actual - value))
    if are(value + added):
        more = "larger" if added > 0 else "smaller"
        return (
            f"Each value is {more} by {abs(added):.3g} than expected: what is added to all of them?"
        )
    order = np.argsort(value, axis=None)
    ordered, allowed = value.flat[order], expected.allowed.flat[order]
    # Values that are alike may be exchanged, and nobody sees it.
    told_apart = int(np.sum(np.diff(ordered) > allowed[1:] + allowed[:-1]))
    if 2 * told_apart > value.size and np.all(np.abs(np.sort(actual, None) - ordered) <= allowed):
        return (
            "The values are the expected ones in another order: is an axis turned round, or is "
            "something reshaped where axes should be exchanged?"
        )
    return ""


def _not_filled(actual: Float64) -> str:
    """A further sentence where the values are hardly results of any formula."""
    if not actual.any():
        return (
            "All the values are zero: is the array ever filled, and is it one of float numbers, "
            "not of integers?"
        )
    if bool(np.all(actual == np.rint(actual))):
        return "All the values are whole numbers: is the array one of integers (its dtype)?"
    return ""


def _in_part(actual: Float64, expected: Expected, *, advise: bool) -> str:
    differs = differing(actual, expected)
    are_zero = not actual[differs].any()
    fades = not are_zero and fade(np.abs(actual - expected.value), expected.axes)
    return wrong_part(differs, expected.axes, are_zero=are_zero, fades=fades, advise=advise)


def _decimals(values: Float64) -> int:
    """How many decimals all values have at most, if that is not as many as float32 has; else 0."""
    nearly = np.finfo(np.float32).eps * np.abs(values)
    for digits in range(1, MOST_DECIMALS + 1):
        if np.all(np.abs(values - np.round(values, digits)) <= nearly):
            return digits if values.size >= LEAST_ROUNDED else 0
    return 0


def _times(ratio: float) -> str:
    """How many times the allowance an error is, in words."""
    if ratio < HARDLY:
        return "hardly more than rounding explains"
    return f"{float(f'{ratio:.2g}'):,.12g} times what rounding explains"


def _has_bits(values: Float64, bits: int) -> bool:
    """Whether no value needs more than so many significant bits; all being zero does not count."""
    fraction, _ = np.frexp(values)
    scaled = np.ldexp(fraction, bits)
    return bool(values.any()) and bool(np.all(scaled == np.rint(scaled)))


def _one_sided(difference: Float64, expected: Expected) -> bool:
    """Whether the values that are off are nearly all too small, or too large, in magnitude."""
    off = np.abs(difference) > expected.allowed
    outward = np.mean((difference * expected.value)[off] > 0)
    return bool(max(outward, 1 - outward) >= ONE_SIDED) and int(off.sum()) > 4
