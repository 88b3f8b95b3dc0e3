"""How each misconception looks in the source of one student, ``benchmarks.student_code``.

None of this shares code with the grader's misconceptions: the same mistake is made a second time,
in another style, as an edit of the source: a part that is there exactly once, and its replacement.
"""

from __future__ import annotations

from benchmarks.student_recurrent_mistakes import GRU_MISTAKES, RNN_MISTAKES, Edit

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
