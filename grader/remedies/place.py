"""Exceptions that come from where code is graded: what is not there, and what is not allowed."""

from __future__ import annotations

from grader.remedies.record import always, remedy, says

_NO_GPU = (
    "There need be no GPU where this is graded, and what is computed may be right all the same: "
    "create things on the device of the input, x.device, and leave .cuda() to the notebook."
)

NOT_INSTALLED = "It is neither in the hand-in nor installed where this is graded"
PLACE = (
    remedy(
        "ModuleNotFoundError",
        says("google"),
        "It is there in Colab alone: leave what needs it in the notebook.",
    ),
    remedy(
        "ModuleNotFoundError",
        always,
        f"{NOT_INSTALLED}: if it is a file of yours, hand it in too; remove the import if it is "
        "not needed; otherwise ask the course staff to install it.",
    ),
    remedy(
        "TypeError",
        says("'_Absent' object"),
        "What is used there belongs to a package that is not installed where this is graded: "
        "leave what needs it in the notebook.",
    ),
    remedy(
        "ImportError",
        says("attempted relative import"),
        "The notebook imports the file by itself, not as a part of a package: leave out the dot "
        "before the module's name.",
    ),
    remedy(
        "FileNotFoundError",
        always,
        "Where this is graded there are only the hand-in's own code, notebooks and models, and its "
        "small text, table, JSON, NumPy and pickle files: open those by their paths within the "
        "hand-in, and leave what reads other data in the notebook.",
    ),
    remedy(
        "InductorError BackendCompilerFailed CppCompileError",
        always,
        "torch.compile starts a compiler, which code may not where this is graded: leave it out. "
        "What a function returns is the same without it.",
    ),
    remedy(
        "PermissionError",
        always,
        "Where this is graded, code starts no other program or process, multiprocessing's locks "
        "and pools among them, uses no network, reads its own files alone, writes only to the "
        "current folder, by relative paths and not beside __file__, and removes no file.",
    ),
    remedy(
        "AccessDenied NoSuchProcess",
        always,
        "Where this is graded, code sees nothing of processes and of the system: take what "
        "measures memory or time out of the functions.",
    ),
    remedy(
        "BdbQuit",
        always,
        "A debugger was called there, such as breakpoint() or pdb.set_trace(): take that call out.",
    ),
    remedy(
        "EOFError",
        says("when reading a line"),
        "Where this is graded nobody answers input(): take that call out.",
    ),
    remedy(
        "AssertionError RuntimeError TypeError",
        says("not compiled with CUDA", "No CUDA GPUs", "NVIDIA driver"),
        _NO_GPU,
    ),
    remedy(
        "AssertionError",
        lambda _, code: "is_cuda" in code or "cuda.is_available" in code,
        _NO_GPU,
    ),
)
