"""How each misconception of q6 looks in the source of ``benchmarks.student_code``.

See ``benchmarks.student_mistakes``.
"""

from __future__ import annotations

from benchmarks.student_sequence_mistakes import Edit

SHIFTED = "torch.exp(scores - scores.max(dim=3, keepdim=True).values)"
SCALED = "q @ k.T / d ** 0.5"
SOFTMAX = "torch.softmax(scores, dim=3)"


def split_by_reshape() -> tuple[Edit, ...]:
    """Edits of queries, keys and values alike."""
    return tuple(
        (
            f"input_data[b] @ torch.from_numpy({w}[i])",
            f"(input_data[b] @ torch.from_numpy(np.hstack({w}))).view(N, T, d)[i]",
        )
        for w in ("Wq", "Wk", "Wv")
    )


MHA_MISTAKES: dict[str, tuple[Edit, ...]] = {
    "no-scale": ((SCALED, "q @ k.T"),),
    "scaled-by-embedding": ((SCALED, "q @ k.T / np.sqrt(E)"),),
    "scaled-by-head-count": ((SCALED, "q @ k.T / np.sqrt(N)"),),
    "scaled-by-steps": ((SCALED, "q @ k.T / np.sqrt(T)"),),
    "scaled-without-root": ((SCALED, "q @ k.T / d"),),
    "multiplied-by-root": ((SCALED, "q @ k.T * d ** 0.5"),),
    "scaled-by-a-whole-root": ((SCALED, "q @ k.T / int(np.sqrt(d))"),),
    "scaled-by-batch": ((SCALED, "q @ k.T / np.sqrt(B)"),),
    "scaled-for-the-notebook": ((SCALED, "q @ k.T / 1.41421356"),),
    "scaled-after-softmax": (
        (SCALED, "q @ k.T"),
        (SOFTMAX, "torch.softmax(scores, dim=3) / d ** 0.5"),
    ),
    "softmax-over-queries": (("dim=3", "dim=2"),),
    "softmax-over-heads": (("dim=3", "dim=1"),),
    "softmax-over-batch": (("dim=3", "dim=0"),),
    "softmax-over-all-pairs": ((SOFTMAX, "scores.flatten(2).softmax(2).reshape(B, N, T, T)"),),
    "softmax-over-everything": (
        (
            SOFTMAX,
            "scores.exp() / scores.exp().sum((0, 2, 3), keepdim=True)",
        ),
    ),
    "sums-over-queries": ((SOFTMAX, f"{SHIFTED} / {SHIFTED}.sum(2, True)"),),
    "sums-over-heads": ((SOFTMAX, f"{SHIFTED} / {SHIFTED}.sum(1, True)"),),
    "sums-over-batch": ((SOFTMAX, f"{SHIFTED} / {SHIFTED}.sum(0, True)"),),
    "sums-over-everything": ((SOFTMAX, f"{SHIFTED} / {SHIFTED}.sum((0, 2, 3), keepdim=True)"),),
    "sums-of-other-rows": (
        (
            "        head = torch.zeros(B, T, d)",
            "        largest = scores[:, i].amax(2, True)\n"
            "        e = torch.exp(scores[:, i] - largest)\n"
            "        weights[:, i] = e / e.sum(2)[:, None]\n"
            "        head = torch.zeros(B, T, d)",
        ),
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
    "no-softmax": ((SOFTMAX, "scores"),),
    "softmax-not-normalised": ((SOFTMAX, "scores.exp()"),),
    "softmax-shifted-not-normalised": ((SOFTMAX, "(scores - scores.amax(3, keepdim=True)).exp()"),),
    "softmax-without-exponential": ((SOFTMAX, "scores / scores.sum(3, keepdim=True)"),),
    "log-softmax": (("torch.softmax(", "torch.log_softmax("),),
    "sigmoid-for-softmax": ((SOFTMAX, "torch.sigmoid(scores)"),),
    "mask-hides-earlier-steps": (
        ("    weights =", "    scores[..., torch.ones(T, T).tril(-1) > 0] = -1e9\n    weights ="),
    ),
    "mask-hides-the-step-itself": (
        ("    weights =", "    scores = scores - 1e9 * torch.eye(T)\n    weights ="),
    ),
    "causal-mask": (
        ("    weights =", "    scores = scores + torch.full((T, T), -1e9).triu(1)\n    weights ="),
    ),
    "scaled-for-the-notebooks-embedding": ((SCALED, "q @ k.T / 10 ** 0.5"),),
    "scores-negated": ((SCALED, "-(q @ k.T) / d ** 0.5"),),
    "scores-floored": ((SCALED, "q @ k.T // d ** 0.5"),),
    "scores-truncated": ((SOFTMAX, "torch.softmax(scores.int().float(), dim=3)"),),
    "softmax-twice": ((SOFTMAX, "torch.softmax(torch.softmax(scores, dim=3), dim=3)"),),
    "uniform-weights": ((SOFTMAX, "torch.full((B, N, T, T), 1 / T)"),),
    "largest-over-queries": (
        (SOFTMAX, "torch.softmax(scores - scores.amax(2, keepdim=True), dim=3)"),
    ),
    "largest-of-other-rows": (
        (SOFTMAX, "torch.softmax(scores - scores.amax(3).unsqueeze(2), dim=3)"),
    ),
    "weights-not-used": (("weights[b, i] @ v", "v"),),
    "batch-flattened": (
        (
            "    B, T, E =",
            "    shape = input_data.shape\n"
            "    input_data = input_data.reshape(1, -1, shape[2])\n"
            "    B, T, E =",
        ),
        ("return output", "return output.reshape(shape)"),
    ),
    "first-sequence-for-all": (("return output", "return output[0].repeat(B, 1, 1)"),),
    "heads-split-by-reshape": split_by_reshape(),
    "heads-split-and-joined-by-reshape": (
        *split_by_reshape(),
        ("torch.cat(heads, dim=2)", "torch.stack(heads, dim=1).reshape(B, T, E)"),
    ),
    "attention-over-heads": (
        (
            "    output = output @",
            "    q, k, v = (\n"
            "        (input_data @ torch.tensor(np.hstack(w))).view(B, T, N, d)\n"
            "        for w in (Wq, Wk, Wv)\n"
            "    )\n"
            "    output = (torch.softmax(q @ k.mT / d ** 0.5, 3) @ v).reshape(B, T, E)\n"
            "    output = output @",
        ),
    ),
    "one-wide-head": (
        ("Wq[i]", "np.hstack(Wq)"),
        ("Wk[i]", "np.hstack(Wk)"),
        (SCALED, "q @ k.T / E ** 0.5"),
    ),
    "one-wide-head-scaled-by-a-heads-width": (
        ("Wq[i]", "np.hstack(Wq)"),
        ("Wk[i]", "np.hstack(Wk)"),
    ),
    "heads-summed": (
        ("torch.cat(heads, dim=2)", "sum(heads)"),
        ("torch.from_numpy(Wo)", "torch.from_numpy(Wo[:d])"),
    ),
    "last-head-for-all": (("torch.cat(heads, dim=2)", "torch.cat([head] * N, dim=2)"),),
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
    "kernels-reshaped": tuple(
        (
            f"torch.from_numpy({w}[i])",
            f"torch.from_numpy(np.array({w}).reshape(E, E)[:, i * d : (i + 1) * d])",
        )
        for w in ("Wq", "Wk", "Wv")
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
    "first-head-alone": (
        ("torch.cat(heads, dim=2)", "torch.cat([heads[0], torch.zeros(B, T, E - d)], dim=2)"),
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
