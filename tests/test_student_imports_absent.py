"""What a hand-in imports and is not here costs only what needs it."""

from __future__ import annotations

import pytest

from tests.conftest import Handing
from tests.student_support import ARRAY, GOOD, array, assert_still_answers, failure

ABSENT = """
from google.colab import drive
import no_such.part as part, nothing_else
drive.mount("/content/drive")
try:
    import one_that_can_be_missed
except ImportError:
    instead = 2
def rnn(x): return instead * x
def gru(x): return part.doubled(x)
"""


def test_import_of_what_is_not_here_costs_only_what_needs_it(hand_in: Handing) -> None:
    """Colab has packages that are imported by many hand-ins and used by few."""
    student = hand_in(ABSENT + GOOD)
    assert_still_answers(student)
    assert array(student.call("rnn", (ARRAY,), 0)) == (2 * ARRAY).tolist()
    assert student.absent_modules == ("google", "no_such", "nothing_else")
    words = "gru(...) raised ModuleNotFoundError: No module named 'no_such' (line 10 of "
    assert failure(student, "gru").message.startswith(words)


CALLED_AT_THE_TOP = """
import no_such, google.no_such
no_such.set(style="dark")
table = no_such.read("a.csv").dropped()
def rnn(x): return 2 * x
def gru(x): return x + table
def rows(x): return [row for row in table]
def within(x): return no_such.read(x)
"""


def test_call_of_what_is_not_here_costs_only_what_needs_its_result(hand_in: Handing) -> None:
    student = hand_in(CALLED_AT_THE_TOP)
    assert array(student.call("rnn", (ARRAY,), 0)) == (2 * ARRAY).tolist()
    for name in ("gru", "rows", "within"):
        assert "ModuleNotFoundError: No module named 'no_such'" in failure(student, name).message


USED_AT_THE_TOP = """
import no_such as tf, no_more as jnp
from no_types import Float, Array
print(f"TF {tf.__version__}", len(tf.config.devices()))
for device in tf.config.devices(): print(device)
assert tf.__version__ >= "2"
class Attention(tf.layers.Layer):
    def call(self, x): return tf.softmax(x)
class Settings:
    size: Float[Array, "B"] = jnp.ones(3) * 2
layer = Attention()
colours = tf.palette("deep")[0]
ratio = 1 / (jnp.ones(3) ** 2 - colours)
@tf.function(jnp.float32[:](jnp.float32[:]))
def compiled(x): return x
def load(frame: tf.Frame | None = None, other: "str" = ratio): return frame
def rnn(x: Float[Array, "B T"]) -> jnp.ndarray[tf.a, 2]:
    def step(row: Float[Array, "T"]): return 2 * row
    return step(x)
def gru(x): return jnp.tanh(x)
def mha(x): return x * ratio
def init_gru_with_rnn(x): return layer.call(x)
"""


def test_use_at_the_top_of_what_is_not_here_costs_only_what_needs_it(hand_in: Handing) -> None:
    student = hand_in(USED_AT_THE_TOP)
    assert array(student.call("rnn", (ARRAY,), 0)) == (2 * ARRAY).tolist()
    assert "No module named 'no_more'" in failure(student, "gru").message
    assert "No module named 'no_more'" in failure(student, "mha").message
    told = failure(student, "init_gru_with_rnn").message
    assert "name 'layer' is not defined" in told
    assert "Line 11 was passed over before, when it failed with NameError" in told
    assert student.lines_passed_over == (4, 5, 7, 11)
    assert "of no_such, which is not installed here" not in student.take_output()


def test_library_that_reads_the_version_of_what_is_not_here(hand_in: Handing) -> None:
    """TensorBoard's part of torch does."""
    code = """
        import no_such
        from torch.torch_version import TorchVersion
        assert TorchVersion(no_such.__version__) > (2, 0)
        def rnn(x): return 2 * x
    """
    assert array(hand_in(code).call("rnn", (ARRAY,), 0)) == (2 * ARRAY).tolist()


def test_class_of_a_part_that_is_not_here(hand_in: Handing) -> None:
    code = """
        from scipy.no_such import Thing
        class Mine(Thing): pass
        def rnn(x): return 2 * x
        def gru(x): return Mine()
    """
    student = hand_in(code)
    assert array(student.call("rnn", (ARRAY,), 0)) == (2 * ARRAY).tolist()
    assert "No module named 'scipy.no_such'" in failure(student, "gru").message


def test_part_that_is_not_here_of_a_package_that_is(hand_in: Handing) -> None:
    """Protobuf, for one, brings a package google."""
    student = hand_in(
        "import scipy.no_such.part as part\nimport scipy.special\n"
        "def rnn(x): return scipy.special.expit(0 * x)\n"
    )
    assert array(student.call("rnn", (ARRAY,), 0)) == (0 * ARRAY + 0.5).tolist()
    assert student.absent_modules == ("scipy.no_such",)


def test_libraries_that_look_for_what_is_not_here_are_not_misled(hand_in: Handing) -> None:
    """Matplotlib looks whether IPython is imported, and others whether a value is of a package."""
    lines = (
        "from IPython import display",
        "import no_such",
        "import matplotlib.pyplot as plt",
        "plt.plot([1, 2, 3])",
        "plt.show()",
        "assert not isinstance(1, no_such.Array) and not issubclass(int, no_such.Array)",
    )
    student = hand_in("\n".join((*lines, GOOD)))
    assert_still_answers(student)
    assert set(student.absent_modules) == {"IPython", "no_such"}
    assert student.take_output() == ""


def test_import_of_what_is_not_here_is_no_way_out_of_an_error(hand_in: Handing) -> None:
    student = hand_in("import helper\nraise ValueError('a mistake')\n")
    assert "ValueError: a mistake" in failure(student).message


def test_module_of_ones_own_is_imported_anew_with_what_is_not_here(hand_in: Handing) -> None:
    code = "from steps import rnn, counted\n" + GOOD
    steps = "counted = []\nimport no_such_module\ncounted.append(1)\ndef rnn(x): return 3 * x\n"
    student = hand_in(code, {"steps.py": steps})
    assert array(student.call("rnn", (ARRAY,), 0)) == (3 * ARRAY).tolist()
    assert student.absent_modules == ("no_such_module",)


def test_what_an_import_that_stopped_had_imported_is_imported_anew(hand_in: Handing) -> None:
    steps = """
        try:
            import no_such_module
        except ImportError:
            factor = 2
        else:
            factor = 3
    """
    code = "import steps\nimport no_such_module\ndef rnn(x): return steps.factor * x\n"
    student = hand_in(code, {"steps.py": steps})
    assert array(student.call("rnn", (ARRAY,), 0)) == (3 * ARRAY).tolist()


DECORATED = """
import numba as nb
from numba import jit, njit, prange, vectorize
@njit
def one(x): return x + 1
@nb.jit(nopython=True, parallel=True)
def two(x): return one(one(x))
@jit("float64(float64)")
def three(x):
    for _ in prange(3):
        x = one(x)
    return x
@vectorize
def positive(x): return x if x > 1 else 0
def rnn(x): return two(x) - 2 + 0 * njit(three)(x)
def gru(x): return positive(x)
"""


def test_decorator_that_only_compiles_is_done_without(hand_in: Handing) -> None:
    student = hand_in(DECORATED + GOOD)
    assert array(student.call("rnn", (ARRAY,), 0)) == ARRAY.tolist()
    assert array(student.call("gru", (ARRAY,), 0)) == (ARRAY * (ARRAY > 1)).tolist()
    assert student.absent_modules == ("numba",)


@pytest.mark.parametrize("decorator", ["no_such.timed", "no_such.timed(times=3)"])
def test_decorator_that_is_not_here_costs_what_it_decorates(
    hand_in: Handing, decorator: str
) -> None:
    student = hand_in(f"import no_such\n@{decorator}\ndef step(x): return x\nrnn = step\n" + GOOD)
    assert_still_answers(student)
    assert "raised ModuleNotFoundError: No module named 'no_such'" in failure(student).message


def test_call_of_what_is_not_here_in_a_function_fails_at_once(hand_in: Handing) -> None:
    code = "import no_such\ndef begin(): no_such.begin(times=3)\nbegin()\ndef rnn(x): begin()\n"
    message = failure(hand_in(code)).message
    assert "No module named 'no_such' (line 2 of implementation.py)" in message
