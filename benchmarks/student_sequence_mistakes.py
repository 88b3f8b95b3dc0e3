"""How each misconception that q2 and q3 share looks in the source of ``benchmarks.student_code``.

See ``benchmarks.student_mistakes``.
"""

from __future__ import annotations

Edit = tuple[str, str]
"""A part of the source that is there exactly once, and its replacement."""

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
    "starts-from-ones": (("init_state[0].copy()", "np.ones((B, H), dtype=np.float32)"),),
    "state-not-updated": (("        state = new\n", ""),),
    "new-state-thrown-away": (("        state = new\n", ""), ("outputs[:, -1, :]", "state")),
    "units-updated-in-place": (
        ("    for t in range(T):", "    for t, u in np.ndindex(T, H):"),
        ("outputs[:, t, :] = new", "outputs[:, t, :] = state"),
        ("        state = new\n", ""),
        ("        outputs[:,", "        state[:, u] = new[:, u]\n        outputs[:,"),
    ),
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
    "initial-state-for-the-first-step": (
        ("    for t in range(T):", "    outputs[:, 0] = state\n    for t in range(1, T):"),
    ),
    "last-step-skipped-and-returned": (("    for t in range(T):", "    for t in range(T - 1):"),),
    "last-step-skipped": (
        ("    for t in range(T):", "    for t in range(T - 1):"),
        ("outputs[:, -1, :]", "new"),
    ),
    "as-many-steps-as-sequences": (
        ("    for t in range(T):", "    outputs = outputs[:, :B]\n    for t in range(B):"),
    ),
    "initial-state-among-the-outputs": (
        (
            "    final =",
            "    outputs = np.concatenate((init_state[0][:, None], outputs), 1)\n    final =",
        ),
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
    "inputs-counted-from-the-end": (("input_data[:, t, :]", "input_data[:, -t, :]"),),
    "inputs-one-step-early": (
        (
            "x = input_data[:, t, :]",
            "x = input_data[:, t + 1, :] if t < T - 1 else np.zeros((B, D), np.float32)",
        ),
    ),
    "old-state-added": (
        ("outputs[:, t, :] = new", "new = state + new\n        outputs[:, t, :] = new"),
    ),
    "averaged-with-the-old-state": (
        (
            "outputs[:, t, :] = new",
            "new = new - 0.5 * (new - state)\n        outputs[:, t, :] = new",
        ),
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
