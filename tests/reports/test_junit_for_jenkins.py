"""The JUnit document against the rules by which Jenkins reads one.

Jenkins' plugin validates against no schema when it reads, but its schema (``jenkins-junit.xsd`` of
the xUnit plugin) is what other readers have taken over: which elements and attributes there are, in
which order, and of what type.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree import ElementTree

import pytest

from grader.model import Outcome, Report
from grader.reports.junit import to_junit
from tests.reports.builders import HOSTILE, check, passed, question, report
from tests.reports.page_samples import full_report, hidden_report
from tests.reports.rows import HOSTILE_NAMES

TEXT, COUNT, SECONDS = ".*", r"\d+", r"\d+(\.\d+)?([eE]-?\d+)?"


@dataclass(frozen=True)
class Rule:
    """What an element may have: attributes by name and form, and children, in their order."""

    attributes: dict[str, str]
    required: frozenset[str] = frozenset()
    children: tuple[str, ...] = ()
    """A regular expression for each kind, over all children's names with a space after each."""
    text: bool = False


COUNTS = dict.fromkeys(("tests", "failures", "errors", "skipped"), COUNT)
RESULT = Rule({"message": TEXT, "type": TEXT}, text=True)
RULES = {
    "testsuites": Rule({"name": TEXT, "time": SECONDS, **COUNTS}, frozenset(), ("(testsuite )*",)),
    "testsuite": Rule(
        {"name": TEXT, "time": SECONDS, "timestamp": TEXT, "hostname": TEXT, "id": TEXT, **COUNTS},
        frozenset({"name", "tests"}),
        ("(properties )?", "(testcase )*", "(system-out )?", "(system-err )?"),
    ),
    "properties": Rule({}, children=("(property )+",)),
    "property": Rule({"name": TEXT, "value": TEXT}, frozenset({"name"})),
    "testcase": Rule(
        {"name": TEXT, "classname": TEXT, "time": SECONDS, "assertions": COUNT, "status": TEXT},
        frozenset({"name", "classname"}),
        ("(properties )?", "((skipped|error|failure) )*", "(system-out )*", "(system-err )*"),
    ),
    "failure": RESULT,
    "error": RESULT,
    "skipped": RESULT,
    "system-out": Rule({}, text=True),
    "system-err": Rule({}, text=True),
}


def violations(element: ElementTree.Element) -> list[str]:
    """What the rules have against an element and all in it."""
    rule = RULES.get(element.tag)
    if rule is None:
        return [f"there is no element {element.tag}"]
    found = [f"{element.tag} lacks {name}" for name in rule.required - element.attrib.keys()]
    for name, value in element.attrib.items():
        form = rule.attributes.get(name)
        if form is None or not re.fullmatch(form, value, re.DOTALL):
            found.append(f"{element.tag} {name}={value!r}")
    order = "".join(f"{child.tag} " for child in element)
    if not re.fullmatch("".join(rule.children), order):
        found.append(f"{element.tag} has {order}")
    if not rule.text and (element.text or "").strip():
        found.append(f"{element.tag} has text")
    return [*found, *(each for child in element for each in violations(child))]


def everything() -> Report:
    checks = [passed("a", duration_s=1e-7, output="x"), check("b"), check("c", graded=False)]
    checks += [check(o.value, outcome=o) for o in Outcome if o is not Outcome.PASSED]
    return report(question(*checks), question(check("z", message=""), id="q3"))


def hostile() -> Report:
    checks = [check(f"{n}{t}", message=t, output=t, title=t) for n, t in enumerate(HOSTILE_NAMES)]
    return report(question(*checks, check(HOSTILE, message=HOSTILE)), submission=HOSTILE)


@pytest.mark.parametrize(
    "sample",
    [everything(), full_report(), full_report(None), hidden_report(), report()],
    ids=["everything", "full", "not finite", "hidden", "no questions"],
)
def test_document_keeps_jenkins_rules(sample: Report) -> None:
    assert violations(ElementTree.fromstring(to_junit(sample))) == []


def test_hostile_text_keeps_them() -> None:
    assert violations(ElementTree.fromstring(to_junit(hostile()))) == []


def test_counts_are_those_that_jenkins_counts() -> None:
    root = ElementTree.fromstring(to_junit(everything()))
    for suite in root.iter("testsuite"):
        for attribute, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
            assert int(suite.get(attribute, "-1")) == len(list(suite.iter(tag)))


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("<testsuite tests='1'/>", "lacks name"),
        ("<testsuite name='a' tests='x'/>", "tests='x'"),
        ("<testsuite name='a' tests='1' color='x'/>", "color"),
        ("<testcase name='a' classname='b'><system-out/><failure/></testcase>", "has system-out"),
        ("<testcase name='a' classname='b' time='nan'/>", "time='nan'"),
        ("<testcase name='a' classname='b'>x</testcase>", "has text"),
        ("<properties/>", "has "),
        ("<report/>", "no element"),
    ],
)
def test_rules_see_a_violation(document: str, said: str) -> None:
    assert any(said in each for each in violations(ElementTree.fromstring(document)))
