"""The trained model is found under the names that students give it, and nothing else is."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path

import pytest
import safetensors.torch
import torch

from grader.errors import SubmissionError
from grader.handed_in.naming import main_file
from grader.handed_in.submission import Submission, stage
from tests.staging import LIMITS, staged, write


def model_taken(tmp_path: Path, *names: str, as_zip: bool) -> tuple[str, tuple[str, ...]]:
    """Which file's content is staged as ``rnn_lm.sav``, and the notes."""
    path = tmp_path / "handin"
    for name in names:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(name)
    if as_zip:
        with zipfile.ZipFile(tmp_path / "handin.zip", "w") as archive:
            for name in names:
                archive.write(path / name, name)
        path = tmp_path / "handin.zip"
    submission = stage(path, tmp_path / "staged", LIMITS)
    model = submission.folder / "rnn_lm.sav"
    assert submission.has("rnn_lm.sav") == model.exists()
    return model.read_text() if model.exists() else "", submission.notes


@pytest.mark.parametrize("as_zip", [False, True])
@pytest.mark.parametrize(
    ("names", "taken"),
    [
        (("rnn_lm.pt",), "rnn_lm.pt"),
        (("RNN_LM.PTH",), "RNN_LM.PTH"),
        (("rnn_lm.pkl",), "rnn_lm.pkl"),
        (("rnn_lm.safetensors", "other.sav"), "rnn_lm.safetensors"),
        (("rnn_lm",), "rnn_lm"),
        (("best_model.pt",), "best_model.pt"),
        (("Gru.Ckpt",), "Gru.Ckpt"),
        (("gru.pkl", "lstm.pth"), "lstm.pth"),
        (("vocabulary.pt", "lm.pt"), "lm.pt"),
        (("a.pt", "my_model.pt", "optim_model.pt"), "my_model.pt"),
        (("rnn_lm (1).sav", "model.pt"), "rnn_lm (1).sav"),
        (("model_epoch9.pt", "model_epoch10.pt"), "model_epoch10.pt"),
        (("saved/model.pt",), "saved/model.pt"),
        (("model.pt", "saved/rnn_lm.pt"), "saved/rnn_lm.pt"),
    ],
)
def test_model_under_another_name(
    tmp_path: Path, names: tuple[str, ...], taken: str, as_zip: bool
) -> None:
    content, notes = model_taken(tmp_path, "implementation.py", *names, as_zip=as_zip)
    assert content == taken
    assert len(notes) == 1
    assert notes[0].startswith(f"rnn_lm.sav is missing; {taken} was taken for it")


def test_models_that_were_not_taken_are_named(tmp_path: Path) -> None:
    names = ("implementation.py", "a.pt", "b.pt", "c.pt", "d.pt", "e.pt", "model.pt")
    _, notes = model_taken(tmp_path, *names, as_zip=False)
    assert notes[0].endswith("; model.pt was taken for it, and not e.pt, d.pt, c.pt or 2 more")


@pytest.mark.parametrize("as_zip", [False, True])
def test_model_with_its_own_name_comes_first(tmp_path: Path, as_zip: bool) -> None:
    names = ("implementation.py", "rnn_lm.sav", "rnn_lm.pt", "model.pkl")
    assert model_taken(tmp_path, *names, as_zip=as_zip) == ("rnn_lm.sav", ())


@pytest.mark.parametrize("as_zip", [False, True])
@pytest.mark.parametrize("name", ["vocab.pkl", "train_data.bin", "sub/cache.pkl", "model.txt"])
def test_what_is_no_model_is_not_taken_for_one(tmp_path: Path, name: str, as_zip: bool) -> None:
    content, notes = model_taken(tmp_path, "implementation.py", name, as_zip=as_zip)
    assert (content, notes) == ("", ())


@pytest.mark.parametrize("as_zip", [False, True])
def test_a_notebook_and_a_model_can_be_graded(tmp_path: Path, as_zip: bool) -> None:
    names = ("a4/sentence_modeling.ipynb", "a4/final.pt", "a4/data.csv")
    content, _ = model_taken(tmp_path, *names, as_zip=as_zip)
    assert content == "a4/final.pt"
    assert (tmp_path / "staged" / "sentence_modeling.ipynb").exists()
    assert not (tmp_path / "staged" / "final.pt").exists()


def with_content(tmp_path: Path, name: str, content: bytes, as_zip: bool) -> Submission:
    """A staged hand-in with a file of this name and content beside ``rnn_lm.py``."""
    path = write(tmp_path / "handin", "rnn_lm.py")
    (path / name).write_bytes(content)
    if as_zip:
        with zipfile.ZipFile(tmp_path / "handin.zip", "w") as archive:
            for file in path.iterdir():
                archive.write(file, file.name)
        path = tmp_path / "handin.zip"
    return stage(path, tmp_path / "staged", LIMITS)


def saved(legacy: bool = False) -> bytes:
    """What torch writes: more than a file of data may have."""
    file = io.BytesIO()
    torch.save(torch.zeros(300_000), file, _use_new_zipfile_serialization=not legacy)
    return file.getvalue()


@pytest.mark.parametrize("as_zip", [False, True])
@pytest.mark.parametrize(
    "name",
    ["rnn_lm.sav.txt", "rnn_lm.sav.download", "RNN_LM.SAV.bin", "rnn_lm.dat", "rnn_lm.sav (1)"],
)
def test_model_under_any_ending_is_told_by_its_content(
    tmp_path: Path, name: str, as_zip: bool
) -> None:
    submission = with_content(tmp_path, name, saved(), as_zip)
    assert (submission.folder / "rnn_lm.sav").read_bytes() == saved()
    assert submission.notes == (f"rnn_lm.sav is missing; {name} was taken for it",)


@pytest.mark.parametrize(
    "content", [saved(legacy=True), pickle.dumps([1]), safetensors.torch.save({"a": torch.ones(2)})]
)
def test_content_of_a_model_in_other_formats(tmp_path: Path, content: bytes) -> None:
    assert with_content(tmp_path, "rnn_lm.xyz", content, False).has("rnn_lm.sav")


@pytest.mark.parametrize("as_zip", [False, True])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rnn_lm.sav.txt", b"My model is at https://example.org"),
        ("rnn_lm.txt", b"Notes on the model"),
        ("rnn_lm.docx", b"PK\x03\x04 and word/document.xml"),
        ("rnn_lm.dat", b""),
        ("rnn_lm2.dat", saved()),
    ],
)
def test_other_content_is_no_model(tmp_path: Path, name: str, content: bytes, as_zip: bool) -> None:
    submission = with_content(tmp_path, name, content, as_zip)
    assert not submission.has("rnn_lm.sav")
    assert submission.notes == ()


def test_folder_with_the_name_of_the_model(tmp_path: Path) -> None:
    names = ("implementation.py", "rnn_lm.sav/steps.py", "model.pt")
    submission = staged(write(tmp_path / "bob", *names))
    assert submission.files == {"implementation.py", "rnn_lm.sav"}
    assert any("rnn_lm.sav/steps.py" in note for note in submission.notes)


@pytest.mark.parametrize(
    ("names", "taken"),
    [
        (("implementation (1).py",), "implementation (1).py"),
        (("implementation-1.py", "rnn_lm.py"), "implementation-1.py"),
        (("Implementation_v2.py", "implementation_v10.py"), "implementation_v10.py"),
        (("Copy of implementation.py",), "Copy of implementation.py"),
        (("implementation - Copy.py",), "implementation - Copy.py"),
        (
            ("implementation - Copy.py", "implementation - Copy (3).py"),
            "implementation - Copy (3).py",
        ),
        (("implementation copy.py", "implementation copy 2.py"), "implementation copy 2.py"),
        (("implementation.py.txt",), "implementation.py.txt"),
        (("Implementation_latest.py", "rnn_lm.py"), "Implementation_latest.py"),
        (("implementation-final.py", "implementation (1).py"), "implementation (1).py"),
        (("Kopie von implementation.py",), "Kopie von implementation.py"),
        (("implementation2.py", "implementation10.py", "rnn_lm.py"), "implementation10.py"),
        (("implementation .py",), "implementation .py"),
        (("implementation~.py",), "implementation~.py"),
        (("Implementations.py",), "Implementations.py"),
        (("implementaion.py", "rnn_lm.py"), "implementaion.py"),
        (("implemetnation_final.py",), "implemetnation_final.py"),
        (("my_implementation.py",), "my_implementation.py"),
        (("hw4implementation.py", "gru_implementation.py"), "hw4implementation.py"),
        (("implementation2.py.txt",), "implementation2.py.txt"),
        (("implementation (2).py", "implementation.py"), "implementation.py"),
        (("implementation (2).py", "IMPLEMENTATION.py"), "IMPLEMENTATION.py"),
    ],
)
def test_copy_is_taken_where_there_is_no_original(
    tmp_path: Path, names: tuple[str, ...], taken: str
) -> None:
    for name in names:
        write(tmp_path / "bob", name, content=name)
    submission = stage(tmp_path / "bob", tmp_path / "staged", LIMITS)
    assert (submission.folder / "implementation.py").read_text() == taken
    if taken != "implementation.py":
        assert submission.notes[0] == f"{taken} was read as implementation.py"
    left = [name for name in names if name not in (taken, "rnn_lm.py") and main_file(name)]
    said = [note for note in submission.notes if note.startswith(f"{taken} was graded, and not")]
    assert all(any(name in note for note in said) for name in left)


@pytest.mark.parametrize("better", ["implementation.py", "Copy of implementation.py", "x_v2/i.zip"])
def test_near_name_is_never_preferred(tmp_path: Path, better: str) -> None:
    """Not even to a copy in a folder below, or in an archive; and it stays as what it is."""
    folder = write(tmp_path / "bob", "rnn_lm.py", "my_implementation.py")
    if better.endswith(".zip"):
        (folder / better).parent.mkdir()
        with zipfile.ZipFile(folder / better, "w") as archive:
            archive.writestr("implementation_final.py", "better")
    else:
        write(folder, f"sub/{better}", content="better")
    submission = stage(folder, tmp_path / "staged", LIMITS)
    assert (submission.folder / "implementation.py").read_text() == "better"
    assert not any("my_implementation" in note for note in submission.notes)


def test_other_code_beside_a_near_name_is_still_there(tmp_path: Path) -> None:
    submission = staged(write(tmp_path / "bob", "implementation.py", "my_implementation.py"))
    assert submission.files == {"implementation.py", "my_implementation.py"}
    assert submission.notes == ()


@pytest.mark.parametrize(
    "name",
    [
        "implementation_test.py",
        "test_implementation.py",
        "old implementaion.py",
        "gru_implementation.py",
        "implement.py",
        "implementing.py",
        "rnn.py",
        "my_implementation.txt",
    ],
)
def test_other_names_are_no_copies(tmp_path: Path, name: str) -> None:
    with pytest.raises(SubmissionError, match="nothing to grade"):
        stage(write(tmp_path / "bob", name), tmp_path / "staged", LIMITS)


def test_copy_in_another_folder(tmp_path: Path) -> None:
    folder = write(tmp_path / "bob", "rnn_lm.py", "code/implementation (1).py")
    submission = staged(folder)
    assert submission.has("implementation.py")


def test_part_that_is_imported_is_not_another_implementation(tmp_path: Path) -> None:
    for name in ("implementation.py", "implementation_rnn.py", "implementation_new.py"):
        write(tmp_path / "bob", name, content="from implementation_rnn import *\n")
    [note] = stage(tmp_path / "bob", tmp_path / "staged", LIMITS).notes
    assert note.startswith("implementation.py was graded, and not implementation_new.py;")


@pytest.mark.parametrize(("content", "is_taken"), [(saved(), True), (b"no model", False)])
def test_model_of_no_bytes_beside_another(tmp_path: Path, content: bytes, is_taken: bool) -> None:
    path = write(tmp_path / "handin", "rnn_lm.py")
    (path / "rnn_lm.sav").touch()
    (path / "rnn_lm (1).sav").write_bytes(content)
    submission = stage(path, tmp_path / "staged", LIMITS)
    model = (submission.folder / "rnn_lm.sav").read_bytes()
    assert model == (content if is_taken else b"")
    told = "rnn_lm.sav is missing; rnn_lm (1).sav was taken for it"
    assert submission.notes == (("rnn_lm.sav is empty", told) if is_taken else ())
