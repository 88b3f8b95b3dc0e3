"""JUnit XML, as Jenkins, GitLab and Artemis read it.

Readers differ: some show a failure's ``message``, some only its body, so the body begins with the
message. Some keep only the first of several cases with one name, and some drop skipped cases, so
names are unique and nothing is marked as skipped. An advisory check always passes here, because a
reader would count its failure; what it found is in its ``system-out``.
"""

from __future__ import annotations

from xml.etree import ElementTree

from junitparser import Error, Failure, JUnitXml, Properties, Property, TestCase, TestSuite

from grader.model import CheckResult, Outcome, QuestionResult, Report
from grader.reports.details import details, message, scored_on
from grader.reports.plain import plain

DECLARATION = '<?xml version="1.0" encoding="utf-8"?>\n'


def to_junit(report: Report) -> str:
    """The report as a JUnit document: a suite for each question, a case for each check."""
    document = JUnitXml(plain(report.submission))
    for question in report.questions:
        document.add_testsuite(_suite(question))
    document.update_statistics()
    # junitparser's own way to indent it takes ten times as long as to make it.
    root = ElementTree.fromstring(document.tostring())
    ElementTree.indent(root)
    return DECLARATION + ElementTree.tostring(root, encoding="unicode") + "\n"


def _suite(question: QuestionResult) -> TestSuite:
    suite = TestSuite(f"{question.id} {question.title}")
    suite.add_property("score", f"{question.score:g}")
    suite.add_property("max_score", f"{question.max_score:g}")
    cases = [_case(question, check) for check in question.checks]
    if said := scored_on(question):
        suite.add_property("scored_on", said)
        # Few readers show a suite's properties.
        cases[0].system_out = "\n\n".join(filter(None, (said, cases[0].system_out)))
    suite.add_testcases(cases)
    return suite


def _case(question: QuestionResult, check: CheckResult) -> TestCase:
    case = TestCase(plain(check.name), f"grader.{question.id}", round(check.duration_s, 3))
    properties = Properties()
    properties.add_property(Property("graded", str(check.graded).lower()))
    properties.add_property(Property("outcome", check.outcome.value))
    if check.points is not None:
        properties.add_property(Property("points", f"{check.points:g}"))
    case.append(properties)
    if check.passed:
        return case
    said = plain(message(check))
    body = "\n".join([said, "", *(plain(line) for line in details(check))])
    if check.graded or check.outcome is Outcome.HARNESS_ERROR:
        kind = Error if check.outcome is Outcome.HARNESS_ERROR else Failure
        result = kind(said, check.outcome.value)
        result.text = body
        case.result = [result]
    else:
        case.system_out = f"Advisory, no points lost: {body}"
    return case
