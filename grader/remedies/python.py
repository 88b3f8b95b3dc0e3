"""Exceptions of Python itself: syntax, names, and how functions are called."""

from __future__ import annotations

import re
import sys
import unicodedata

from grader.handed_in.naming import FUNCTIONS
from grader.remedies.record import Fits, always, remedy, says

A_NOTEBOOK = "Is this a notebook under another name? Its code is what 'Download .py' gives."
SHADOWED = "abs|all|any|max|min|pow|range|round|sum"
"""Of Python's own functions those that torch and NumPy have, too, and that act otherwise there."""
_OF_TORCH = re.compile(
    rf"(?:{SHADOWED})\(\)(?:: argument .* must be Tensor"
    r'| received an invalid combination of arguments| missing 1 required .* "end")'
)
_OF_PYTHON = re.compile(rf"(?<![.\w])(?:{SHADOWED})\(")
_IMPORTED = re.compile(
    "name '(?:np|numpy|torch|nn|F|scipy|special|expit|softmax|math|random|time|plt|copy|optim)' "
    "is not defined"
)
_SIZES = re.compile(
    "name '(?:time_steps|batch_size|input_size|hidden_size|num_heads)' is not defined"
)
_VARIABLES = re.compile(
    "name '(?:initial_state|input_data|wt_h|wt_x|bias|linear_trans_[rzn]|W[qkvo]|t_rnn|t_gru|t_mha"
    "|freq|str_voc|vocabulary|max_len|min_len|(?:BEGIN|END|PAD)_ID)' is not defined"
)
"""Variables of the notebooks: the sizes, and others that code is tempted to use."""

_CONFLICT = re.compile(r"(?:<{7}|={7}|>{7}|\|{7})(?: |$)")
"""What Git writes into a file where two versions of it differ."""
_COMPUTED = re.compile(r"(?:async )?def \w+\([^=:]*\w[.\[]")
NEWER: tuple[tuple[tuple[int, int], str, str], ...] = (
    ((3, 12), "invalid syntax", r"type \w+(?:\[.*\])? *="),
    ((3, 12), "invalid syntax", r"class \w+\["),
    ((3, 12), r"expected '\('", r"(?:async )?def \w+\["),
    (
        (3, 12),
        "f-string.*(?:unmatched|expecting|cannot include)|unterminated",
        r".*\b[rR]?[fF]['\"]",
    ),
    ((3, 14), "multiple exception types", r"except\*? [\w.]+ *,"),
    ((3, 14), "invalid syntax", r".*\b[rR]?[tT]['\"]"),
)
"""Since which version Python knows what syntax: what older ones say, and how the line looks."""
NEWER_SYNTAX = (
    "This is graded with Python {}.{}, which does not know that newer syntax yet."
).format(*sys.version_info)


_MODULES = {
    "functools": "reduce partial lru_cache wraps",
    "itertools": "accumulate chain product repeat zip_longest",
    "collections": "deque defaultdict namedtuple Counter OrderedDict",
    "copy": "deepcopy",
    "dataclasses": "dataclass field",
}
"""Where names come from that are often used without an import."""
STANDARD_IMPORT = "Import it at the top of this file: from"
_OF_A_CLASS = re.compile(r"(?:\w+\.)+(?!__|forward)\w+\(\) takes \d+ positional arguments? but")
_A_METHOD = (
    "Count the names in its def line, and what it is called with: a method has self as the first "
    "of them, and is called on an object of its class."
)
_PYTHON_2 = {"xrange": "range", "raw_input": "input", "unicode": "str", "basestring": "str"}
_OF_PYTHON_2 = re.compile(
    "'dict' object has no attribute '(?:iteritems|itervalues|iterkeys|has_key)'"
    "|'(?:zip|map|filter|dict_keys|dict_values|dict_items)' object is not subscriptable"
)


def _is_newer(message: str, code: str) -> bool:
    """Whether it may well be syntax that came after the version that this runs with."""
    return any(
        sys.version_info < since and re.match(said, message) and re.match(line, code)
        for since, said, line in NEWER
    )


def _shadowed(message: str, code: str) -> bool:
    """Whether a star import has put another function in the place of Python's own."""
    told = _OF_TORCH.match(message) or "out of bounds for array of dimension 0" in message
    return bool(told or "np.sum(generator)" in message) and bool(_OF_PYTHON.search(code))


def _calls(function: str, *, of_a_class: bool = False) -> Fits:
    """Whether a function, or a method of that name, does not take what it was given."""
    places = r"(?:\w+\.)+" if of_a_class else r"(?:[\w<>]+\.)*"
    told = re.compile(rf"{places}{function}\(\) (?:takes|missing|got an? (?:un|multiple)|got some)")
    return lambda message, _: told.match(message) is not None


def _call(function: str) -> str:
    return f"The notebook calls {function}({FUNCTIONS[function]}), with all of them in this order."


def _calls_unknown(message: str, code: str) -> bool:
    """Whether what is not defined is called like a function."""
    found = re.match(r"name '(\w+)' is not defined", message)
    return found is not None and re.search(rf"(?<![.\w]){found[1]}\(", code) is not None


def _uses(name: str) -> Fits:
    """Whether that is what is not defined, and is used as what there is of that name."""
    used = re.compile(rf"(?<![.\w])(?:@{name}\b|{name} ?[(.])")
    return lambda message, code: f"'{name}'" in message and used.search(code) is not None


def _lost(message: str, code: str) -> bool:
    """Whether an object has not the attribute that its own method looks for."""
    found = re.match(r"'\w+' object has no attribute '(\w+)'", message)
    return found is not None and f"self.{found[1]}" in code


def _is_of_a_symbol(message: str, _: str) -> bool:
    """Whether a character is no letter and looks like none, such as an emoji."""
    found = re.match(r"invalid character '(.)'", message)
    return found is not None and unicodedata.category(found[1]) == "So"


PYTHON = (
    remedy(
        "SyntaxError UnicodeDecodeError ValueError",
        says("null bytes"),
        "There are zeros among the file's characters: it is UTF-16, or was damaged on its way. "
        "Save it as UTF-8, which editors have under 'Save as' or 'Encoding', or copy its text into "
        "a new file.",
    ),
    remedy(
        "SyntaxError UnicodeDecodeError ValueError",
        says("unicode error", "codec can't", "UTF-8"),
        "Save the file as UTF-8: editors have it under 'Save as' or 'Encoding'.",
    ),
    remedy(
        "SyntaxError IndentationError",
        lambda _, code: code.lstrip().startswith(("%", "!")),
        "Lines that begin with % or ! are for notebooks alone; remove all of them.",
    ),
    remedy(
        "TabError",
        says("inconsistent use of tabs"),
        "Tabs and spaces stand in for each other there. Editors turn all tabs into spaces: look "
        "for 'Convert indentation to spaces'.",
    ),
    remedy(
        "IndentationError",
        says("unindent does not match"),
        "That line must begin exactly where an earlier one does. Where tabs stand among spaces, "
        "editors turn all into spaces: look for 'Convert indentation to spaces'.",
    ),
    remedy(
        "SyntaxError IndentationError",
        lambda _, code: _CONFLICT.match(code) is not None,
        "Git left that line where it could not merge two versions (<<<<<<<, =======, >>>>>>>): "
        "keep one version of what stands between such lines, and take the lines out.",
    ),
    remedy(
        "SyntaxError",
        _is_of_a_symbol,
        "That character cannot be part of a name: letters, digits and the underscore can.",
    ),
    remedy(
        "SyntaxError",
        says("invalid non-printable character", "invalid character"),
        "That character looks like another one, such as a blank or a quotation mark; texts copied "
        "from web pages and word processors have it. Type that part of the line anew.",
    ),
    remedy(
        "SyntaxError",
        lambda _, code: code.startswith("```"),
        "Lines of ``` are Markdown's, around code in a text: keep the code alone.",
    ),
    remedy(
        "SyntaxError",
        _is_newer,
        NEWER_SYNTAX,
    ),
    remedy(
        "SyntaxError",
        lambda message, code: message == "invalid syntax" and bool(_COMPUTED.match(code)),
        "In the line of a def, parameters are names alone: what is computed of them, such as "
        "wt_x.T, belongs into the function.",
    ),
    remedy(
        "SyntaxError",
        says("expected ':'"),
        "A line that begins with def, class, if, else, for, while or with ends with a colon.",
    ),
    remedy(
        "SyntaxError",
        lambda message, _: message in ("invalid syntax", "expected '('"),
        "Look in that line, and in the one before it, for a bracket, comma, colon or operator that "
        "is missing or one too many.",
    ),
    remedy(
        "NameError",
        says("'null'", "'true'", "'false'"),
        A_NOTEBOOK,
    ),
    remedy(
        "NameError",
        lambda message, _: _IMPORTED.match(message) is not None,
        "Import it at the top of this file: what the notebook imports is not known here.",
    ),
    remedy(
        "NameError",
        lambda message, _: _SIZES.match(message) is not None,
        "The notebook's variables are not known in this file, and other sizes than its own are "
        "graded, too: take each size from the arguments, such as input_data.shape[1] for the "
        "steps, wt_h.shape[0] for the hidden units or len(Wq) for the heads; a model keeps what "
        "its __init__ is given.",
    ),
    remedy(
        "NameError",
        says("'device' is not defined"),
        "The notebook's device is not known in this file: create things on that of the input, as "
        "x.device tells it.",
    ),
    remedy(
        "NameError",
        lambda message, _: _VARIABLES.match(message) is not None,
        "The notebook's variables are not known in this file: use what the function is given, by "
        "the names that stand in its def line.",
    ),
    *(
        remedy(
            "NameError", says(f"'{old}'"), f"That is Python 2's; Python 3 has {new} in its place."
        )
        for old, new in _PYTHON_2.items()
    ),
    *(
        remedy(
            "NameError",
            _uses(name),
            f"{STANDARD_IMPORT} {module} import {name}.",
        )
        for module, names in _MODULES.items()
        for name in names.split()
    ),
    remedy(
        "NameError",
        _calls_unknown,
        "Nothing at the top level of this file defines or imports that function: put its def or "
        "its import there. What only the notebook has is not known here.",
    ),
    remedy(
        "AttributeError TypeError",
        lambda message, _: _OF_PYTHON_2.match(message) is not None,
        "So it was in Python 2. In Python 3 a dict has items(), values() and 'in', and what zip, "
        "map or keys() give becomes a list by list(...).",
    ),
    remedy(
        "UnboundLocalError",
        always,
        "A name that a function gives a value to is its own from its first line on: look for the "
        "line that should give it one before, and whether that always runs.",
    ),
    remedy(
        "RecursionError",
        always,
        "A function calls itself, and what should end that never comes: look for the condition, "
        "and whether each call comes closer to it.",
    ),
    remedy(
        "NotImplementedError",
        says("meta tensor"),
        "The shapes of the weights were saved, and no values (device='meta'): save the model again "
        "from where it was trained.",
    ),
    remedy(
        "NotImplementedError",
        always,
        "So a function says that it is not written yet: write it, and take that line out.",
    ),
    remedy(
        "TypeError",
        says("'float' object cannot be interpreted as an integer", "integers or slices, not float"),
        "A whole number is needed there, and / gives a float in any case: see //, or int(...).",
    ),
    remedy(
        "TypeError AxisError",
        _shadowed,
        "Is there a 'from torch import *' or 'from numpy import *' in the file? It puts functions "
        "in the place of Python's own of the same name: import the names that you need.",
    ),
    *(
        remedy("TypeError", _calls(function, of_a_class=True), f"{_call(function)} {_A_METHOD}")
        for function in FUNCTIONS
    ),
    *(remedy("TypeError", _calls(function), _call(function)) for function in FUNCTIONS),
    remedy("TypeError", lambda message, _: _OF_A_CLASS.match(message) is not None, _A_METHOD),
    remedy(
        "AttributeError",
        _lost,
        "If this is the model: was the class changed after the model was saved? A saved model has "
        "only what the class gave it then.",
    ),
)
