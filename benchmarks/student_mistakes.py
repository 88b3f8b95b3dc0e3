"""How each misconception looks in the source of one student, ``benchmarks.student_code``.

None of this shares code with the grader's misconceptions: the same mistake is made a second time,
in another style, as an edit of the source: a part that is there exactly once, and its replacement.
"""

from __future__ import annotations

Edit = tuple[str, str]

SEQUENCE: dict[str, tuple[Edit, ...]] = {
    "initial-state-ignored": (("init_state[0].copy()", "np.zeros((B, H), dtype=np.float32)"),),
    "one-initial-state-for-all": (("init_state[0].copy()", "init_state[0][0].reshape(1, H)"),),
    "state-runs-on": (
        ("init_state[0].copy()", "init_state[0, :1].copy()"),
        ("    for t in range(T):", "    for b, t in np.ndindex(B, T):"),
        ("x = input_data[:, t, :]", "x = input_data[b : b + 1, t, :]"),
        ("outputs[:, t, :] = new", "outputs[b : b + 1, t, :] = new"),
    ),
    "returns-in-the-loop": (
        ("        state = new\n", "        state = new\n        return outputs, state\n"),
    ),
    "state-not-updated": (("        state = new\n", ""),),
    "runs-backwards": (
        (
            "    for t in range(T):",
            "    input_data = np.flip(input_data, 1)\n    for t in range(T):",
        ),
    ),
    "runs-backwards-in-place": (
        ("    for t in range(T):", "    for t in range(T - 1, -1, -1):"),
        ("outputs[:, -1, :]", "state"),
    ),
    "first-step-skipped": (("    for t in range(T):", "    for t in range(1, T):"),),
    "last-step-skipped": (
        ("    for t in range(T):", "    for t in range(T - 1):"),
        ("outputs[:, -1, :]", "new"),
    ),
    "inputs-reshaped": (("x = input_data[:, t, :]", "x = input_data.reshape((T, B, D))[t]"),),
    "first-input-always": (("x = input_data[:, t, :]", "x = input_data[:, 0, :]"),),
    "last-input-always": (("x = input_data[:, t, :]", "x = input_data[:, -1, :]"),),
    "input-missing": (("x = input_data[:, t, :]", "x = input_data[:, t, :] * 0"),),
    "inputs-one-step-late": (
        (
            "    for t in range(T):",
            "    before = np.roll(input_data, 1, axis=1)\n"
            "    before[:, 0] = 0\n"
            "    for t in range(T):",
        ),
        ("x = input_data[:, t, :]", "x = before[:, t, :]"),
    ),
    "inputs-one-step-late-wrapped": (("input_data[:, t, :]", "input_data[:, t - 1, :]"),),
    "inputs-one-step-early": (
        (
            "x = input_data[:, t, :]",
            "x = input_data[:, t + 1, :] if t < T - 1 else np.zeros((B, D), np.float32)",
        ),
    ),
    "old-state-added": (
        ("outputs[:, t, :] = new", "new = state + new\n        outputs[:, t, :] = new"),
    ),
    "outputs-reversed": (
        ("outputs[:, t, :] = new", "outputs[:, T - 1 - t, :] = new"),
        ("outputs[:, -1, :]", "state"),
    ),
    "outputs-time-major": (("return outputs, final", "return np.moveaxis(outputs, 1, 0), final"),),
    "outputs-reshaped": (
        ("np.zeros((B, T, H), dtype=np.float32)", "[]"),
        ("outputs[:, t, :] = new", "outputs.append(new)"),
        ("outputs[:, -1, :]", "outputs[-1]"),
        ("return outputs, final", "return np.array(outputs).reshape(B, T, H), final"),
    ),
    "outputs-one-step-late": (
        ("outputs[:, t, :] = new", "outputs[:, t, :] = state"),
        ("outputs[:, -1, :]", "state"),
    ),
    "outputs-all-the-last": (
        ("np.zeros((B, T, H), dtype=np.float32)", "[]"),
        ("outputs[:, t, :] = new", "outputs.append(state)"),
        ("        state = new\n", "        state[:] = new\n"),
        ("outputs[:, -1, :]", "state"),
        ("return outputs, final", "return np.stack(outputs, axis=1), final"),
    ),
    "final-state-of-the-first-step": (("outputs[:, -1, :]", "outputs[:, 0, :]"),),
    "final-state-one-step-early": (("outputs[:, -1, :]", "outputs[:, -2, :]"),),
    "final-state-is-the-initial": (("return outputs, final", "return outputs, init_state"),),
    "final-state-of-the-last-sequence": (("outputs[:, -1, :]", "outputs[-1]"),),
    "results-exchanged": (("return outputs, final", "return final, outputs"),),
}
"""Mistakes of q2 and q3 alike."""
RNN_MISTAKES: dict[str, tuple[Edit, ...]] = {
    "relu-for-tanh": (("np.tanh(a)", "a * (a > 0)"),),
    "sigmoid-for-tanh": (("np.tanh(a)", "expit(a)"),),
    "no-activation": (("np.tanh(a)", "a"),),
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
    "outputs-before-activation": (
        ("outputs[:, t, :] = new", "outputs[:, t, :] = a"),
        ("outputs[:, -1, :]", "new"),
    ),
    **SEQUENCE,
}
IN_R, IN_Z = "x.dot(wxr) + bxr + state.dot(whr) + bhr", "x.dot(wxz) + bxz + state.dot(whz) + bhz"
IN_N = "x.dot(wxn) + bxn + r * (state.dot(whn) + bhn)"
UNPACKING = tuple(f"wx{g}, bx{g}, wh{g}, bh{g} = " for g in "rzn")


def in_each_gate(old: str, new: str) -> tuple[Edit, ...]:
    """An edit of all three sums; G stands for the gate."""
    return tuple(
        (whole, whole.replace(old.replace("G", g), new.replace("G", g)))
        for whole, g in ((IN_R, "r"), (IN_Z, "z"), (IN_N, "n"))
    )


def in_order(gates: str) -> Edit:
    """The function's arguments in another order."""
    new = ", ".join(f"linear_trans_{g}" for g in gates)
    return "def gru(linear_trans_r, linear_trans_z, linear_trans_n", f"def gru({new}"


GRU_MISTAKES: dict[str, tuple[Edit, ...]] = {
    "update-gate-turned-round": (("(1 - z) * n + z * state", "state + z * (n - state)"),),
    "update-gate-missing": (("(1 - z) * n + z * state", "n"),),
    "candidate-not-weighted": (("(1 - z) * n + z * state", "z * state + n"),),
    "tanh-of-the-new-state": (
        ("new = (1 - z) * n + z * state", "new = np.tanh((1 - z) * n + z * state)"),
    ),
    "old-state-term-missing": (("(1 - z) * n + z * state", "n - z * n"),),
    "initial-state-kept": (("z * state", "z * init_state[0]"),),
    "reset-overwrites-the-state": (
        ("        inside =", "        state = r * state\n        inside ="),
        (IN_N, "x.dot(wxn) + bxn + state.dot(whn) + bhn"),
    ),
    "outputs-are-candidates": (
        ("outputs[:, t, :] = new", "outputs[:, t, :] = n"),
        ("outputs[:, -1, :]", "new"),
    ),
    "reset-gate-and-candidate-exchanged": (in_order("nzr"),),
    "update-gate-and-candidate-exchanged": (in_order("rnz"),),
    "parameters-of-the-gate-before": (in_order("znr"),),
    "parameters-of-the-gate-after": (in_order("nrz"),),
    "update-gate-for-both": (("r * (state", "z * (state"),),
    "reset-gate-for-both": (("(1 - z) * n + z * state", "(1 - r) * n + r * state"),),
    "gates-without-input-bias": (
        (IN_R, IN_R.replace(" + bxr", "")),
        (IN_Z, IN_Z.replace(" + bxz", "")),
    ),
    "gates-without-recurrent-bias": (
        (IN_R, IN_R.replace(" + bhr", "")),
        (IN_Z, IN_Z.replace(" + bhz", "")),
    ),
    "sigmoid-with-the-wrong-sign": (
        (f"expit({IN_R})", f"1 / (1 + np.exp({IN_R}))"),
        (f"expit({IN_Z})", f"1 / (1 + np.exp({IN_Z}))"),
    ),
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
    "hard-sigmoid": (
        (f"expit({IN_R})", f"np.minimum(np.maximum({IN_R} + 3, 0), 6) / 6"),
        (f"expit({IN_Z})", f"np.minimum(np.maximum({IN_Z} + 3, 0), 6) / 6"),
    ),
    "hard-sigmoid-of-keras": (
        (f"expit({IN_R})", f"(({IN_R}) / 5 + 0.5).clip(0, 1)"),
        (f"expit({IN_Z})", f"(({IN_Z}) / 5 + 0.5).clip(0, 1)"),
    ),
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
SHIFTED = "torch.exp(scores - scores.max(dim=3, keepdim=True).values)"
SCALED = "q @ k.T / d ** 0.5"
MHA_MISTAKES: dict[str, tuple[Edit, ...]] = {
    "no-scale": ((SCALED, "q @ k.T"),),
    "scaled-by-embedding": ((SCALED, "q @ k.T / np.sqrt(E)"),),
    "scaled-by-head-count": ((SCALED, "q @ k.T / np.sqrt(N)"),),
    "scaled-by-steps": ((SCALED, "q @ k.T / np.sqrt(T)"),),
    "scaled-without-root": ((SCALED, "q @ k.T / d"),),
    "multiplied-by-root": ((SCALED, "q @ k.T * d ** 0.5"),),
    "scaled-for-the-notebook": ((SCALED, "q @ k.T / 1.41421356"),),
    "scaled-after-softmax": (
        (SCALED, "q @ k.T"),
        ("torch.softmax(scores, dim=3)", "torch.softmax(scores, dim=3) / d ** 0.5"),
    ),
    "softmax-over-queries": (("dim=3", "dim=2"),),
    "softmax-over-heads": (("dim=3", "dim=1"),),
    "softmax-over-batch": (("dim=3", "dim=0"),),
    "softmax-over-all-pairs": (
        ("torch.softmax(scores, dim=3)", "scores.flatten(2).softmax(2).reshape(B, N, T, T)"),
    ),
    "softmax-over-everything": (
        (
            "torch.softmax(scores, dim=3)",
            "scores.exp() / scores.exp().sum((0, 2, 3), keepdim=True)",
        ),
    ),
    "sums-over-queries": (("torch.softmax(scores, dim=3)", f"{SHIFTED} / {SHIFTED}.sum(2, True)"),),
    "sums-over-heads": (("torch.softmax(scores, dim=3)", f"{SHIFTED} / {SHIFTED}.sum(1, True)"),),
    "sums-over-batch": (("torch.softmax(scores, dim=3)", f"{SHIFTED} / {SHIFTED}.sum(0, True)"),),
    "sums-over-everything": (
        ("torch.softmax(scores, dim=3)", f"{SHIFTED} / {SHIFTED}.sum((0, 2, 3), keepdim=True)"),
    ),
    "sums-without-their-axis": (
        (
            "        head = torch.zeros(B, T, d)",
            "        e = torch.exp(scores[:, i])\n"
            "        for b in range(B):\n"
            "            weights[b, i] = e[b] / e[b].sum(1)\n"
            "        head = torch.zeros(B, T, d)",
        ),
    ),
    "no-softmax": (("torch.softmax(scores, dim=3)", "scores"),),
    "softmax-not-normalised": (("torch.softmax(scores, dim=3)", "scores.exp()"),),
    "softmax-shifted-not-normalised": (
        ("torch.softmax(scores, dim=3)", "(scores - scores.amax(3, keepdim=True)).exp()"),
    ),
    "softmax-without-exponential": (
        ("torch.softmax(scores, dim=3)", "scores / scores.sum(3, keepdim=True)"),
    ),
    "log-softmax": (("torch.softmax(", "torch.log_softmax("),),
    "sigmoid-for-softmax": (("torch.softmax(scores, dim=3)", "torch.sigmoid(scores)"),),
    "mask-hides-earlier-steps": (
        ("    weights =", "    scores[..., torch.ones(T, T).tril(-1) > 0] = -1e9\n    weights ="),
    ),
    "mask-hides-the-step-itself": (
        ("    weights =", "    scores = scores - 1e9 * torch.eye(T)\n    weights ="),
    ),
    "causal-mask": (
        ("    weights =", "    scores = scores + torch.full((T, T), -1e9).triu(1)\n    weights ="),
    ),
    "keys-and-queries-exchanged": (("scores[b, i] = q @ k.T", "scores[b, i] = k @ q.T"),),
    "keys-and-values-exchanged": (("def mha(Wq, Wk, Wv,", "def mha(Wq, Wv, Wk,"),),
    "queries-and-values-exchanged": (("def mha(Wq, Wk, Wv,", "def mha(Wv, Wk, Wq,"),),
    "queries-from-values": (("Wq[i]", "Wv[i]"),),
    "keys-from-values": (("Wk[i]", "Wv[i]"),),
    "keys-from-queries": (
        ("k = input_data[b] @ torch.from_numpy(Wk[i])", "k = input_data[b] @ torch.tensor(Wq[i])"),
    ),
    "queries-from-keys": (
        ("q = input_data[b] @ torch.from_numpy(Wq[i])", "q = input_data[b] @ torch.tensor(Wk[i])"),
    ),
    "values-not-projected": (
        (
            "v = input_data[b] @ torch.from_numpy(Wv[i])",
            "v = input_data[b, :, i * d : (i + 1) * d]",
        ),
    ),
    "values-from-keys": (
        (
            "v = input_data[b] @ torch.from_numpy(Wv[i])",
            "v = input_data[b] @ torch.from_numpy(Wk[i])",
        ),
    ),
    "values-from-queries": (
        (
            "v = input_data[b] @ torch.from_numpy(Wv[i])",
            "v = input_data[b] @ torch.from_numpy(Wq[i])",
        ),
    ),
    "first-head-for-all": (
        ("Wq[i]", "Wq[0]"),
        ("Wk[i]", "Wk[0]"),
        ("Wv[i]", "Wv[0]"),
    ),
    "first-head-queries": (("Wq[i]", "Wq[0]"),),
    "first-head-keys": (("Wk[i]", "Wk[0]"),),
    "first-head-values": (("Wv[i]", "Wv[0]"),),
    "keys-reshaped": ((SCALED, "q @ k.view(d, T) / d ** 0.5"),),
    "attention-over-features": (
        ("scores = torch.zeros(B, N, T, T)", "scores = torch.zeros(B, N, d, d)"),
        (SCALED, "q.T @ k / d ** 0.5"),
        ("weights[b, i] @ v", "v @ weights[b, i]"),
    ),
    "weights-transposed": (("weights[b, i] @ v", "weights[b, i].T @ v"),),
    "attention-over-batch": (
        ("    B, T, E =", "    input_data = input_data.permute(1, 0, 2)\n    B, T, E ="),
        ("return output", "return output.permute(1, 0, 2)"),
    ),
    "heads-reversed": (("torch.cat(heads, dim=2)", "torch.cat(heads[::-1], dim=2)"),),
    "heads-interleaved": (("torch.cat(heads, dim=2)", "torch.stack(heads, dim=3).view(B, T, E)"),),
    "heads-reshaped": (("torch.cat(heads, dim=2)", "torch.stack(heads, dim=1).view(B, T, E)"),),
    "heads-stacked-and-reshaped": (
        ("torch.cat(heads, dim=2)", "torch.stack(heads).view(B, T, E)"),
    ),
    "last-head-alone": (
        ("        heads.append(head)", "        heads = [torch.zeros(B, T, d)] * i + [head]"),
    ),
    "last-head-left-out": (
        ("torch.cat(heads, dim=2)", "torch.cat([*heads[:-1], torch.zeros(B, T, d)], dim=2)"),
    ),
    "heads-averaged": (("return output", "return output / N"),),
    "input-overwritten": (
        (
            "scores[b, i] = q @ k.T / d ** 0.5",
            "scores[b, i] = q @ k.T / d ** 0.5\n"
            "            v = input_data[b] @ torch.tensor(Wv[i])\n"
            "            place = slice(i * d, (i + 1) * d)\n"
            "            input_data[b, :, place] = torch.softmax(scores[b, i], dim=1) @ v",
        ),
        ("weights[b, i] @ v", "input_data[b, :, i * d : (i + 1) * d]"),
    ),
    "projection-missing": (("    output = output @ torch.from_numpy(Wo)\n", ""),),
    "projection-transposed": (("torch.from_numpy(Wo)", "torch.from_numpy(Wo).T"),),
    "residual-added": (("return output", "return output + input_data"),),
    "output-time-major": (("return output", "return output.transpose(0, 1)"),),
}
MISTAKES = {
    "q2": RNN_MISTAKES,
    "q3": GRU_MISTAKES,
    "q4": AS_RNN_MISTAKES,
    "q5": MEMORY_MISTAKES,
    "q6": MHA_MISTAKES,
}
"""By question and by the id of the misconception that each of them is."""
