"""An autograder for recurrent networks, attention and a character language model.

    from grader import Report, grade

    report: Report = grade("submissions/alice", only=["q2", "q3"])

``grader.api`` says what can be asked for. Nothing of it is imported before it is used: workers and
the command line start without it.
"""

# ``python -m grader`` comes by here while the current folder, which may be a hand-in, is searched
# first: nothing is imported from Python's library.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from grader.api import grade, grade_many
    from grader.errors import HarnessError, UsageError
    from grader.language_model.assessment import ModelRequest
    from grader.model import Report
    from grader.rows import Row

__version__ = "0.1.0"
__all__ = [
    "HarnessError",
    "ModelRequest",
    "Report",
    "Row",
    "UsageError",
    "__version__",
    "grade",
    "grade_many",
]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from grader import api

    return getattr(api, name)
