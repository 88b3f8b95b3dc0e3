"""How each misconception of q2 and q3 looks in the source of ``benchmarks.student_code``.

See ``benchmarks.student_mistakes``.
"""

from __future__ import annotations

from benchmarks.student_sequence_mistakes import SEQUENCE, Edit

RNN_MISTAKES: dict[str, tuple[Edit, ...]] = {
    "relu-for-tanh": (("np.tanh(a)", "a * (a > 0)"),),
    "sigmoid-for-tanh": (("np.tanh(a)", "expit(a)"),),
    "no-activation": (("np.tanh(a)", "a"),),
    "activation-of-the-state-alone": (
        ("np.dot(state, wt_h)", "np.tanh(np.dot(state, wt_h))"),
        ("np.tanh(a)", "a"),
    ),
    "activation-of-the-state-alone-and-bias": (
        ("np.dot(state, wt_h) + bias", "np.tanh(np.dot(state, wt_h) + bias)"),
        ("np.tanh(a)", "a"),
    ),
    "outputs-squashed-twice": (
        (
            "    final = outputs[:, -1, :]",
            "    final = outputs[:, -1, :]\n    outputs = np.tanh(outputs)",
        ),
    ),
    "bias-dropped": ((" + bias", ""),),
    "bias-twice": (("np.dot(state, wt_h) + bias", "bias + (np.dot(state, wt_h) + bias)"),),
    "bias-subtracted": ((" + bias", " - bias"),),
    "input-kernel-transposed": (("np.dot(x, wt_x)", "np.dot(x, wt_x.T)"),),
    "recurrent-kernel-transposed": (("np.dot(state, wt_h)", "np.dot(wt_h, state.T).T"),),
    "both-kernels-transposed": (
        ("np.dot(x, wt_x)", "np.dot(wt_x, x.T).T"),
        ("np.dot(state, wt_h)", "np.dot(wt_h, state.T).T"),
    ),
    "kernels-exchanged": (("def rnn(wt_h, wt_x,", "def rnn(wt_x, wt_h,"),),
    "recurrent-term-missing": ((" + np.dot(state, wt_h)", ""),),
    "activation-before-recurrence": (
        (" + np.dot(state, wt_h)", ""),
        ("np.tanh(a)", "np.tanh(a) + np.dot(state, wt_h)"),
    ),
    "activation-of-the-input-alone": (
        ("= np.dot(x, wt_x)", "= np.tanh(np.dot(x, wt_x))"),
        ("np.tanh(a)", "a"),
    ),
    "state-for-recurrent-term": (
        (" + np.dot(state, wt_h)", ""),
        ("np.tanh(a)", "state + np.tanh(a)"),
    ),
    "recurrent-kernel-missing": (("np.dot(state, wt_h)", "state"),),
    "activation-of-each-part-input": (
        (" + np.dot(state, wt_h) + bias", " + bias"),
        ("np.tanh(a)", "np.tanh(a) + np.tanh(np.dot(state, wt_h))"),
    ),
    "activation-of-each-part-state": (
        ("= np.dot(x, wt_x) + ", "= "),
        ("np.tanh(a)", "np.tanh(np.dot(x, wt_x)) + np.tanh(a)"),
    ),
    "bias-outside-activation": ((" + bias", ""), ("np.tanh(a)", "bias + np.tanh(a)")),
    "sum-carried-on": (("state = new", "state = a"),),
    "sum-carried-on-and-returned": (("state = new", "state = a"), ("outputs[:, -1, :]", "state")),
    "outputs-before-activation": (
        ("outputs[:, t, :] = new", "outputs[:, t, :] = a"),
        ("outputs[:, -1, :]", "new"),
    ),
    **SEQUENCE,
}
IN_R, IN_Z = "x.dot(wxr) + bxr + state.dot(whr) + bhr", "x.dot(wxz) + bxz + state.dot(whz) + bhz"
IN_N = "x.dot(wxn) + bxn + r * (state.dot(whn) + bhn)"
MIXED = "(1 - z) * n + z * state"
UNPACKING = tuple(f"wx{g}, bx{g}, wh{g}, bh{g} = " for g in "rzn")


def in_each_gate(old: str, new: str) -> tuple[Edit, ...]:
    """An edit of all three sums; G stands for the gate."""
    return tuple(
        (whole, whole.replace(old.replace("G", g), new.replace("G", g)))
        for whole, g in ((IN_R, "r"), (IN_Z, "z"), (IN_N, "n"))
    )


def in_both_gates(form: str) -> tuple[Edit, ...]:
    """What stands in place of the sigmoid in r and z; {0} stands for the sum."""
    return tuple((f"expit({inside})", form.format(inside)) for inside in (IN_R, IN_Z))


def with_sigmoids(form: str) -> tuple[Edit, ...]:
    """What stands in place of the sigmoid in r and z; {0} is the input's part, {1} the state's."""
    parts = ((inside, *inside.split(" + state.", 1)) for inside in (IN_R, IN_Z))
    return tuple(
        (f"expit({inside})", form.format(of_x, f"state.{of_h}")) for inside, of_x, of_h in parts
    )


def from_the_initial_state(gates: str) -> tuple[Edit, ...]:
    """The products with the state, in some of r, z and n, are those with the initial one."""
    return tuple((f"state.dot(wh{g})", f"init_state[0].dot(wh{g})") for g in gates)


def with_names_of_another_gate() -> dict[str, tuple[Edit, ...]]:
    """One parameter of a gate's sum is another gate's, for each that may be."""
    gates = {"r": ("reset-gate", IN_R), "z": ("update-gate", IN_Z), "n": ("candidate", IN_N)}
    items = {"wx": "input-kernel", "bx": "input-bias", "wh": "recurrent-kernel"}
    items["bh"] = "recurrent-bias"
    return {
        f"{gates[to][0]}-with-{gates[other][0]}s-{name}": (
            (gates[to][1], gates[to][1].replace(item + to, item + other)),
        )
        for to, other in ("zr", "nr", "nz", "rz")
        for item, name in items.items()
    }


def in_order(gates: str) -> Edit:
    """The function's arguments in another order."""
    new = ", ".join(f"linear_trans_{g}" for g in gates)
    return "def gru(linear_trans_r, linear_trans_z, linear_trans_n", f"def gru({new}"


GRU_MISTAKES: dict[str, tuple[Edit, ...]] = {
    "update-gate-turned-round": ((MIXED, "state + z * (n - state)"),),
    "update-gate-missing": ((MIXED, "n"),),
    "candidate-not-weighted": ((MIXED, "z * state + n"),),
    "tanh-of-the-new-state": (
        ("new = (1 - z) * n + z * state", "new = np.tanh((1 - z) * n + z * state)"),
    ),
    "old-state-term-missing": ((MIXED, "n - z * n"),),
    "initial-state-kept": (("z * state", "z * init_state[0]"),),
    "reset-overwrites-the-state": (
        ("        inside =", "        state = r * state\n        inside ="),
        (IN_N, "x.dot(wxn) + bxn + state.dot(whn) + bhn"),
    ),
    "reset-overwrites-the-state-before-z": (
        ("        z = expit(", "        state = r * state\n        z = expit("),
        (IN_N, "x.dot(wxn) + bxn + state.dot(whn) + bhn"),
    ),
    "recurrent-term-overwrites-the-state": (
        ("        inside =", "        state = r * (state.dot(whn) + bhn)\n        inside ="),
        (IN_N, "x.dot(wxn) + bxn + state"),
    ),
    "update-gate-of-the-reset-state": ((IN_Z, IN_Z.replace("state.", "(r * state).")),),
    "old-state-not-weighted": ((MIXED, "(1 - z) * n + state"),),
    "nothing-weighted": ((MIXED, "state + n"),),
    "z-for-candidate-old-state-not-weighted": ((MIXED, "z * n + state"),),
    "turned-round-and-candidate-not-weighted": ((MIXED, "n + (1 - z) * state"),),
    "z-for-both-terms": ((MIXED, "z * (n + state)"),),
    "one-less-z-for-both-terms": ((MIXED, "(n + state) * (1 - z)"),),
    "candidate-term-missing": ((MIXED, "z * state"),),
    "turned-round-and-candidate-term-missing": ((MIXED, "state - z * state"),),
    "turned-round-and-old-state-term-missing": ((MIXED, "z * n"),),
    "old-state-subtracted": ((MIXED, "(1 - z) * n - z * state"),),
    "weights-without-parentheses": ((MIXED, "1 - z * n + z * state"),),
    "reset-gate-for-the-candidates-weight": ((MIXED, "(1 - r) * n + z * state"),),
    "reset-gate-for-the-old-states-weight": ((MIXED, "(1 - z) * n + r * state"),),
    "candidate-weighted-by-reset-gate": ((MIXED, "r * n + z * state"),),
    "reset-before-product-without-bias": ((IN_N, "x.dot(wxn) + (r * state).dot(whn) + bxn"),),
    "reset-and-recurrent-bias-missing": ((IN_N, "x.dot(wxn) + state.dot(whn) + bxn"),),
    "reset-over-the-bias-alone": ((IN_N, "x.dot(wxn) + bxn + state.dot(whn) + r * bhn"),),
    "reset-over-both-biases": ((IN_N, "x.dot(wxn) + r * (state.dot(whn) + bhn + bxn)"),),
    "candidate-without-input": ((IN_N, "bxn + r * (state.dot(whn) + bhn)"),),
    "candidate-without-input-bias": ((IN_N, "x.dot(wxn) + r * (state.dot(whn) + bhn)"),),
    "tan-for-tanh": (("np.tanh(inside)", "np.tan(inside)"),),
    "reset-outside-tanh": (("np.tanh(inside)", "r * np.tanh(x @ wxn + bxn + state @ whn + bhn)"),),
    "tanh-of-the-inputs-part-alone": (
        ("np.tanh(inside)", "np.tanh(x @ wxn + bxn) + r * (state @ whn + bhn)"),
    ),
    "tanh-of-each-part": (
        ("np.tanh(inside)", "np.tanh(x @ wxn + bxn) + np.tanh(r * (state @ whn + bhn))"),
    ),
    "reset-before-product-and-over-the-bias": (
        (IN_N, "x.dot(wxn) + bxn + (np.dot(r * state, whn) + r * bhn)"),
    ),
    "candidates-recurrent-kernel-transposed": ((".dot(whn)", ".dot(whn.T)"),),
    "reset-gate-without-input-bias": ((IN_R, IN_R.replace(" + bxr", "")),),
    "reset-gate-without-recurrent-bias": ((IN_R, IN_R.replace(" + bhr", "")),),
    "update-gate-without-input-bias": ((IN_Z, IN_Z.replace(" + bxz", "")),),
    "update-gate-without-recurrent-bias": ((IN_Z, IN_Z.replace(" + bhz", "")),),
    "reset-gate-with-tanh": ((f"expit({IN_R})", f"np.tanh({IN_R})"),),
    "update-gate-with-tanh": ((f"expit({IN_Z})", f"np.tanh({IN_Z})"),),
    "sigmoid-of-the-inputs-part-alone": with_sigmoids("expit({0}) + {1}"),
    "sigmoid-of-each-part": with_sigmoids("expit({0}) + expit({1})"),
    "sigmoid-without-parentheses": in_both_gates("1 / 1 + np.exp(-({0}))"),
    "sigmoid-rounded-down": in_both_gates("1 // (1 + np.exp(-({0})))"),
    "sigmoid-twice": in_both_gates("expit(expit({0}))"),
    "sigmoid-of-the-double": in_both_gates("0.5 * (1 + np.tanh({0}))"),
    "slope-of-the-sigmoid": in_both_gates("expit({0}) * expit(-({0}))"),
    "initial-state-in-all": from_the_initial_state("rzn"),
    "initial-state-in-the-gates": from_the_initial_state("rz"),
    "initial-state-in-the-update-gate": from_the_initial_state("z"),
    "sign-of-the-first-term-alone": in_both_gates("1 / (1 + np.exp(-{0}))"),
    **with_names_of_another_gate(),
    "outputs-are-candidates": (
        ("outputs[:, t, :] = new", "outputs[:, t, :] = n"),
        ("outputs[:, -1, :]", "new"),
    ),
    "reset-gate-and-candidate-exchanged": (in_order("nzr"),),
    "update-gate-and-candidate-exchanged": (in_order("rnz"),),
    "parameters-of-the-gate-before": (in_order("znr"),),
    "parameters-of-the-gate-after": (in_order("nrz"),),
    "update-gate-for-both": (("r * (state", "z * (state"),),
    "reset-gate-for-both": ((MIXED, "(1 - r) * n + r * state"),),
    "gates-without-input-bias": (
        (IN_R, IN_R.replace(" + bxr", "")),
        (IN_Z, IN_Z.replace(" + bxz", "")),
    ),
    "gates-without-recurrent-bias": (
        (IN_R, IN_R.replace(" + bhr", "")),
        (IN_Z, IN_Z.replace(" + bhz", "")),
    ),
    "sigmoid-with-the-wrong-sign": in_both_gates("1 / (1 + np.exp({0}))"),
    "gates-without-recurrence": (
        (IN_R, "x.dot(wxr) + bxr"),
        (IN_Z, "x.dot(wxz) + bxz"),
    ),
    "reset-gate-without-recurrence": ((IN_R, "x.dot(wxr) + bxr"),),
    "update-gate-without-recurrence": ((IN_Z, "x.dot(wxz) + bxz"),),
    "gates-without-the-state": (
        (IN_R, "x.dot(wxr) + bxr + bhr"),
        (IN_Z, "x.dot(wxz) + (bxz + bhz)"),
    ),
    "reset-gate-without-the-state": ((IN_R, "x.dot(wxr) + (bxr + bhr)"),),
    "update-gate-without-the-state": ((IN_Z, "x.dot(wxz) + bxz + bhz"),),
    "reset-gate-without-sigmoid": ((f"expit({IN_R})", IN_R),),
    "update-gate-without-sigmoid": ((f"expit({IN_Z})", IN_Z),),
    "candidate-without-recurrence": ((IN_N, "x.dot(wxn) + bxn"),),
    "candidate-without-recurrent-product": ((IN_N, "x.dot(wxn) + bxn + r * bhn"),),
    "candidate-without-kernel": ((".dot(whn)", ""),),
    "candidate-without-kernel-bias-outside": ((IN_N, "x.dot(wxn) + r * state + (bxn + bhn)"),),
    "candidate-of-the-bare-state": ((IN_N, "r * state + x.dot(wxn) + bxn"),),
    "reset-before-product": ((IN_N, "x.dot(wxn) + (r * state).dot(whn) + bxn + bhn"),),
    "reset-without-bias": ((IN_N, "x.dot(wxn) + r * state.dot(whn) + (bxn + bhn)"),),
    "reset-over-everything": (
        ("np.tanh(inside)", "np.tanh(r * (x @ wxn + bxn + state @ whn + bhn))"),
    ),
    "reset-over-input": ((IN_N, "r * (x.dot(wxn) + bxn) + (state.dot(whn) + bhn)"),),
    "no-activation": (("np.tanh(inside)", "inside"),),
    "reset-missing": ((IN_N, "x.dot(wxn) + state.dot(whn) + bxn + bhn"),),
    "reset-gate-turned-round": (("r = expit(", "r = 1 - expit("),),
    "candidate-bias-dropped": ((" + r * (state.dot(whn) + bhn)", " + r * state.dot(whn)"),),
    "reset-and-update-swapped": (
        ("def gru(linear_trans_r, linear_trans_z,", "def gru(linear_trans_z, linear_trans_r,"),
    ),
    "recurrent-biases-dropped": in_each_gate(" + bhG", ""),
    "input-biases-dropped": in_each_gate(" + bxG", ""),
    "all-biases-dropped": (
        (IN_R, "x.dot(wxr) + state.dot(whr)"),
        (IN_Z, "x.dot(wxz) + state.dot(whz)"),
        (IN_N, "x.dot(wxn) + r * state.dot(whn)"),
    ),
    "input-bias-for-both": in_each_gate("bhG", "bxG"),
    "input-biases-twice": in_each_gate("bxG", "bxG + bxG"),
    "recurrent-biases-twice": in_each_gate("bhG", "2 * bhG"),
    "all-biases-twice": (
        (
            "    B, T, D =",
            "    bxr, bxz, bxn = 2 * bxr, 2 * bxz, 2 * bxn\n"
            "    bhr, bhz, bhn = 2 * bhr, 2 * bhz, 2 * bhn\n"
            "    B, T, D =",
        ),
    ),
    "biases-subtracted": tuple((old, old.replace(" + b", " - b")) for old in (IN_R, IN_Z, IN_N)),
    "recurrent-bias-for-both": in_each_gate("bxG", "bhG"),
    "biases-exchanged": tuple(
        (old, f"wx{g}, bh{g}, wh{g}, bx{g} = ") for old, g in zip(UNPACKING, "rzn", strict=True)
    ),
    "input-kernels-transposed": in_each_gate("x.dot(wxG)", "x.dot(wxG.T)"),
    "recurrent-kernels-transposed": in_each_gate("state.dot(whG)", "whG.dot(state.T).T"),
    "all-kernels-transposed": (
        (
            "    B, T, D =",
            "    wxr, wxz, wxn = wxr.T, wxz.T, wxn.T\n"
            "    whr, whz, whn = whr.T, whz.T, whn.T\n"
            "    B, T, D =",
        ),
        ("H = whr.shape[0]", "H = whr.shape[1]"),
    ),
    "halves-exchanged": (
        *((old, f"wh{g}, bh{g}, wx{g}, bx{g} = ") for old, g in zip(UNPACKING, "rzn", strict=True)),
        ("H = whr.shape[0]", "H = init_state.shape[-1]"),
    ),
    "relu-for-tanh": (("np.tanh(inside)", "inside.clip(0)"),),
    "sigmoid-for-tanh": (("np.tanh(inside)", "expit(inside)"),),
    "hard-sigmoid": in_both_gates("np.minimum(np.maximum({0} + 3, 0), 6) / 6"),
    "hard-sigmoid-of-keras": in_both_gates("(({0}) / 5 + 0.5).clip(0, 1)"),
    "tanh-for-sigmoid": (
        ("expit(x.dot(wxr)", "np.tanh(x.dot(wxr)"),
        ("expit(x.dot(wxz)", "np.tanh(x.dot(wxz)"),
    ),
    "gates-without-sigmoid": (
        ("expit(x.dot(wxr)", "(x.dot(wxr)"),
        ("expit(x.dot(wxz)", "(x.dot(wxz)"),
    ),
    **SEQUENCE,
}
