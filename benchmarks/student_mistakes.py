"""How each misconception looks in the source of one student, ``benchmarks.student_code``.

None of this shares code with the grader's misconceptions: the same mistake is made a second time,
in another style, as an edit of the source: a part that is there exactly once, and its replacement.
"""

from __future__ import annotations

from benchmarks.student_attention_mistakes import MHA_MISTAKES
from benchmarks.student_recurrent_mistakes import GRU_MISTAKES, RNN_MISTAKES
from benchmarks.student_sequence_mistakes import Edit

AS_RNN_MISTAKES: dict[str, tuple[Edit, ...]] = {
    "update-gate-open": (("zb - 30", "zb + 1000"),),
    "update-gate-untouched": (("zb - 30", "zb"),),
    "update-gate-weak": (("zb - 30", "zb - 1"),),
    "update-gate-biases-cancel": (("(zx, zb - 30, zh, zb)", "(zx, zb - 10, zh, zb + 10)"),),
    "update-gate-driven": (("(zx, zb - 30, zh, zb)", "(zx - 100, zb, zh - 100, zb)"),),
    "reset-gate-shut": (("zb + 30", "zb - 8"),),
    "reset-gate-untouched": (("zb + 30", "zb"),),
    "reset-gate-weak": (("zb + 30", "zb + 3"),),
    "reset-gate-biases-cancel": (("(zx, zb, zh, zb + 30)", "(zx, zb + 5, zh, zb - 5)"),),
    "reset-gate-driven": (("(zx, zb, zh, zb + 30)", "(zx + 1, zb, zh + 1, zb)"),),
    "gates-exchanged": (("return r, z, n", "return z, r, n"),),
    "value-for-bias": (("zb + 30", "np.ones(H)"), ("zb - 30", "np.zeros(H)")),
    "rnn-in-every-gate": (("return r, z, n", "return n, n, n"),),
    "all-zero": (
        ("return r, z, n", "return (zx, zb, zh, zb), (zx, zb, zh, zb), (zx, zb, zh, zb)"),
    ),
    "bias-missing": (("(wt_x, zb, wt_h, bias)", "(wt_x, zb, wt_h, zb)"),),
    "bias-twice": (("(wt_x, zb, wt_h, bias)", "(wt_x, bias, wt_h, bias)"),),
    "bias-halved": (("(wt_x, zb, wt_h, bias)", "(wt_x, bias / 4, wt_h, bias / 4)"),),
    "bias-negated": (("(wt_x, zb, wt_h, bias)", "(wt_x, zb - bias, wt_h, zb)"),),
    "input-kernel-missing": (("(wt_x, zb, wt_h, bias)", "(zx, zb, wt_h, bias)"),),
    "recurrent-kernel-missing": (("(wt_x, zb, wt_h, bias)", "(wt_x, zb, zh, bias)"),),
    "input-kernel-transposed": (("(wt_x, zb, wt_h, bias)", "(wt_x.transpose(), zb, wt_h, bias)"),),
    "recurrent-kernel-transposed": (("(wt_x, zb, wt_h,", "(wt_x, zb, wt_h.transpose(),"),),
    "kernels-exchanged": (("(wt_x, zb, wt_h, bias)", "(wt_h, zb, wt_x, bias)"),),
    "recurrent-kernel-halved": (("(wt_x, zb, wt_h, bias)", "(wt_x, zb, 0.5 * wt_h, bias)"),),
    "recurrent-kernel-doubled": (("(wt_x, zb, wt_h, bias)", "(wt_x, zb, wt_h + wt_h, bias)"),),
    "kernels-negated": (("(wt_x, zb, wt_h, bias)", "(-wt_x, zb, -wt_h, bias)"),),
    "candidate-negated": (("(wt_x, zb, wt_h, bias)", "(-wt_x, zb, -wt_h, -bias)"),),
    "candidate-zero": (("(wt_x, zb, wt_h, bias)", "(zx, zb, zh, zb)"),),
    "order-n-r-z": (("return r, z, n", "return n, r, z"),),
    "order-n-z-r": (("return r, z, n", "return n, z, r"),),
    "order-r-n-z": (("return r, z, n", "return r, n, z"),),
    "order-z-n-r": (("return r, z, n", "return z, n, r"),),
}
MEMORY_MISTAKES: dict[str, tuple[Edit, ...]] = {
    "update-gate-shut": (("z = gate(30)", "z = gate(-100)"),),
    "update-gate-untouched": (("z = gate(30)", "z = gate(0)"),),
    "update-gate-weak": (("z = gate(30)", "z = gate(2.5)"),),
    "update-gate-biases-cancel": (("z = gate(30)", "z = gate(-10)\n    z[1] = z[1] + 10"),),
    "update-gate-of-both-signs": (
        ("z = gate(30)", "z = gate(30)\n    z[3] = 40.0 * (-1.0) ** np.arange(hidden_size)"),
    ),
    "update-gate-driven": (("z = gate(30)", "z = gate(0, weights=100)"),),
    "value-for-bias": (("z = gate(30)", "z = gate(1)"),),
    "reset-gate-instead": (("return r, z, n", "return z, r, n"),),
    "candidate-instead": (("return r, z, n", "return r, n, z"),),
    "state-through-the-candidate": (
        ("z = gate(30)", "z = gate(-30)"),
        ("n = gate(0)", "n = gate(0)\n    n[2] = np.identity(hidden_size)"),
    ),
}
MISTAKES = {
    "q2": RNN_MISTAKES,
    "q3": GRU_MISTAKES,
    "q4": AS_RNN_MISTAKES,
    "q5": MEMORY_MISTAKES,
    "q6": MHA_MISTAKES,
}
"""By question and by the id of the misconception that each of them is."""
