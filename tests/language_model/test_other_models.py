"""Files that may be the trained model are named where there is none that can be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.handed_in.submission import Submission, stage
from grader.language_model.other_models import also_there, why_missing
from grader.rubric import Rubric


def handed_in(folder: Path, *names: str) -> Submission:
    for name in names:
        file = folder / "hand-in" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")
    return stage(folder / "hand-in", folder / "staged", Rubric.load().submission)


@pytest.mark.parametrize(
    "name",
    [
        "rnn_lm.h5",
        "rnn_lm.npz",
        "rnn_lm.sav.gz",
        "model.pth.xz",
        "rnn_lm.gz",
        "charlm.keras",
        "rnn_lm.sav.txt",
    ],
)
def test_model_in_another_form_is_named(tmp_path: Path, name: str) -> None:
    told = why_missing(handed_in(tmp_path, "rnn_lm.py", name, "notes.txt"))
    assert told.startswith(f"There is no trained model rnn_lm.sav in the hand-in, but {name}, ")
    assert told.endswith("and hand in rnn_lm.sav.")


def test_code_in_a_notebook_is_code(tmp_path: Path) -> None:
    submission = handed_in(tmp_path, "implementation.py", "a.ipynb")
    assert "and no rnn_lm.py either" in why_missing(submission)
    (submission.folder / "a.ipynb").write_text('{"source": ["class SentenceModel(nn.Module):"]}')
    assert "rnn_lm.py" not in why_missing(submission)


def test_what_was_unpacked_is_told(tmp_path: Path) -> None:
    inside = ("data.pkl", "byteorder", "version", "data/0")
    submission = handed_in(tmp_path, "rnn_lm.py", *(f"rnn_lm/{name}" for name in inside))
    told = why_missing(submission)
    assert "but a folder rnn_lm with data.pkl in it" in told
    assert "is a zip, and this one seems to have been unpacked" in told


@pytest.mark.parametrize(
    "others",
    [
        (),
        ("train.csv",),
        ("freq.npy",),
        ("data.npz",),
        ("losses.npz",),
        ("notes.gz",),
        ("a.ipynb",),
    ],
)
def test_what_is_no_model_is_not_named(tmp_path: Path, others: tuple[str, ...]) -> None:
    told = why_missing(handed_in(tmp_path, "rnn_lm.py", *others))
    assert told == (
        "There is no trained model rnn_lm.sav in the hand-in. Save yours with "
        'torch.save(model, "rnn_lm.sav") and hand it in too.'
    )


@pytest.mark.parametrize(
    ("others", "named"),
    [
        (("best.pt",), "best.pt"),
        (("rnn_lm_final.sav", "vocab.pkl"), "rnn_lm_final.sav"),
        (("a.pt", "b.pt", "c.pt", "d.pt"), "a.pt, b.pt, c.pt and 1 more"),
        (("runs/best.pt",), "best.pt"),
    ],
)
def test_other_models_are_named_beside_one(
    tmp_path: Path, others: tuple[str, ...], named: str
) -> None:
    told = also_there(handed_in(tmp_path, "rnn_lm.py", "rnn_lm.sav", *others))
    assert named in told
    assert told.endswith("if that is the model, hand it in as rnn_lm.sav.")


@pytest.mark.parametrize(
    "names", [("rnn_lm.sav",), ("RNN_LM.SAV",), ("best.pt",), ("best.pt", "worse.pt")]
)
def test_what_was_taken_for_the_model_is_not_named(tmp_path: Path, names: tuple[str, ...]) -> None:
    assert also_there(handed_in(tmp_path, "rnn_lm.py", *names)) == ""
