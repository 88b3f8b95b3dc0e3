"""Files of a hand-in that may be its trained model, though they are not taken for it.

They are told by their names alone, and named to the student, who knows which one it is.
"""

from __future__ import annotations

from pathlib import PurePosixPath

from grader.handed_in.listing import beginning, listed
from grader.handed_in.naming import (
    MODEL,
    MODEL_CODE,
    MODEL_STEM,
    NOTEBOOK,
    UNUSUAL_SUFFIXES,
    is_model,
    is_other_data,
    readable,
)
from grader.handed_in.submission import Submission

COMPRESSED = (".gz", ".bz2", ".xz", ".zst", ".lzma", ".z", ".7z", ".rar", ".zip", ".tar", ".tgz")
FOREIGN = (".h5", ".hdf5", ".keras", ".onnx", ".tflite", ".npz", ".npy", ".msgpack", ".joblib")
"""Endings of models that others than torch write, or of arrays."""
CLASS = b"class SentenceModel"
MOST_OF_A_NOTEBOOK = 16 << 20
IN_TORCHS_ZIP = frozenset({"byteorder", "version"})
"""Files beside ``data.pkl`` in what torch.save writes."""
SAVE = f'torch.save(model, "{MODEL}")'


def why_missing(submission: Submission) -> str:
    """That there is no trained model, and which files may be it in another form."""
    has_code = submission.has(MODEL_CODE) or _has_class_in_notebook(submission)
    code = "" if has_code else f", and no {MODEL_CODE} either"
    missing = f"There is no trained model {MODEL} in the hand-in{code}"
    if folder := _unpacked(submission):
        return (
            f"{missing}, but a folder {folder} with data.pkl in it: a file that torch.save writes "
            "is a zip, and this one seems to have been unpacked, as Macs and some browsers do "
            f"unasked. Hand in the file itself; {SAVE} writes it again."
        )
    found = listed([f for f in _files(submission) if _may_be_in_another_form(f)])
    if not found:
        return f"{missing}. Save yours with {SAVE} and hand it in too."
    return (
        f"{missing}, but {found}, which cannot be read as one here. If that is the model: unpack "
        f"what is compressed, save what is of another kind with {SAVE}, and hand in {MODEL}."
    )


def also_there(submission: Submission) -> str:
    """Which other files may be the model, where there is one, for the end of a message; or ''.

    Where one of another name was taken for it, a note of the hand-in names the rest.
    """
    if any(note.startswith(f"{MODEL} is missing;") for note in submission.notes):
        return ""
    found = listed([f for f in _files(submission) if _may_be_the_model(f)])
    if not found:
        return ""
    return (
        f" There is also {found} in the hand-in, which was not looked at: if that is the model, "
        f"hand it in as {MODEL}."
    )


def _has_class_in_notebook(submission: Submission) -> bool:
    notebooks = (submission.folder / f for f in submission.files if f.endswith(NOTEBOOK))
    return any(CLASS in beginning(notebook, MOST_OF_A_NOTEBOOK) for notebook in notebooks)


def _files(submission: Submission) -> list[PurePosixPath]:
    files = map(PurePosixPath, sorted({*submission.files, *submission.left_out}))
    return [f for f in files if f.name.lower() != MODEL and not f.name.startswith(".")]


def _may_be_the_model(file: PurePosixPath) -> bool:
    suffix = file.suffix.lower()
    return (
        (is_model(file) or suffix in UNUSUAL_SUFFIXES)
        and file.name != "data.pkl"
        and not is_other_data(file)
    )


def _may_be_in_another_form(file: PurePosixPath) -> bool:
    suffix, inside = file.suffix.lower(), PurePosixPath(file.stem)
    if suffix in COMPRESSED:
        return inside.stem.lower() == MODEL_STEM or _may_be_the_model(inside)
    is_foreign = suffix in FOREIGN and not is_other_data(file)
    # rnn_lm.sav.txt and the like would have been taken for it, had it begun as a model does.
    return is_foreign or file.name.lower().startswith(f"{MODEL}.") or _may_be_the_model(file)


def _unpacked(submission: Submission) -> str:
    """The folder that a file of torch's was unpacked to, or ''."""
    if not IN_TORCHS_ZIP & {
        *submission.left_out,
        *(PurePosixPath(f).name for f in submission.files),
    }:
        return ""
    found = (PurePosixPath(f).parent for f in sorted(submission.files) if f.endswith("/data.pkl"))
    return readable(next(found, PurePosixPath()).name)
