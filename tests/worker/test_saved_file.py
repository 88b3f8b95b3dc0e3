"""What a file may hold, compressed or damaged, and what is said of what is no model."""

from __future__ import annotations

import gzip
import io
import pickle
import zipfile
import zlib
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import torch
from torch import nn

from tests.worker.loading_support import (
    MODEL_CODE,
    HandIn,
    assert_same,
    forget,
    safetensors_save,
    why,
)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is an empty file"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 9\n", "git lfs pull"),
        (b"\n<!DOCTYPE html><html>", "a web page that was saved in place of the model"),
        (b"<HTML><head>", "a web page that was saved in place of the model"),
        (b"\x1f\x8b\x08" + bytes(30), "is compressed with gzip"),
        (b"\x89HDF\r\n\x1a\n" + bytes(30), "an HDF5 file"),
        (
            b"https://drive.google.com/file/d/1/view",
            "is a link, and not what it leads to. Download",
        ),
        (b"import torch\n", "is a text file, which begins with 'import torch', and no model; save"),
        (b"\xef\xbb\xbfsee\n\nmy Google Drive", "begins with 'see my Google Drive', and"),
        ("ä".encode() * 500, f"begins with '{'ä' * 40} …', and no model"),
        (("x" + "ä" * 500).encode(), f"begins with 'x{'ä' * 39} …', and no model"),
        (b"\x00" * 100, "is no file that torch.save writes; save the model"),
        (b"\x93\xff" * 100, "is no file that torch.save writes; save the model"),
        (b"\n\n\n", "is no file that torch.save writes; save the model"),
        (b"\x80\x02}q\x00", "is damaged or incomplete (5 bytes"),
        (b"\xff\x00\x00\x00\x00\x00\x00\x00{}", "is damaged or incomplete"),
    ],
)
def test_file_that_is_no_model(hand_in: HandIn, content: bytes, words: str) -> None:
    hand_in.file.write_bytes(content)
    message = why(hand_in)
    assert message.startswith("rnn_lm.sav ")
    assert words in message


@pytest.mark.parametrize("kept", [0.05, 0.5, 0.99])
@pytest.mark.parametrize("newer", [True, False])
def test_file_that_is_cut_off(hand_in: HandIn, kept: float, newer: bool) -> None:
    hand_in.script("rnn_lm.py", MODEL_CODE)
    hand_in.save(hand_in.trained(), _use_new_zipfile_serialization=newer)
    raw = hand_in.file.read_bytes()
    hand_in.file.write_bytes(raw[: int(len(raw) * kept)])
    assert "is damaged or incomplete" in why(hand_in)


def zipped(raw: bytes, *names: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, raw)
    return file.getvalue()


@pytest.mark.parametrize(
    "pack",
    [
        gzip.compress,
        zlib.compress,  # as joblib does
        lambda raw: zipped(raw, "rnn_lm.sav"),
        lambda raw: zipped(raw, "model/rnn_lm.PT", "rnn_lm.py", "__MACOSX/._rnn_lm"),
    ],
)
@pytest.mark.parametrize("save", [torch.save, pickle.dump, safetensors_save])
def test_compressed_model(hand_in: HandIn, pack: Any, save: Any) -> None:
    hand_in.script("rnn_lm.py", MODEL_CODE)
    trained = hand_in.trained()
    plain = io.BytesIO()
    save(trained.state_dict(), plain)
    hand_in.file.write_bytes(pack(plain.getvalue()))
    forget()
    assert_same(hand_in.load(), trained)


@pytest.mark.parametrize(
    "pack", [gzip.compress, zlib.compress, lambda raw: zipped(raw, "rnn_lm.sav")]
)
def test_compressed_file_is_read_up_to_a_bound(hand_in: HandIn, pack: Any) -> None:
    hand_in.file.write_bytes(pack(bytes(2 << 20)))
    with mock.patch("grader.worker.saved_file.MOST_UNPACKED", 1 << 20):
        assert why(hand_in) == "rnn_lm.sav is compressed, and what is inside has more than 1 MB."


@pytest.mark.parametrize(
    "inside",
    [gzip.compress(b"model"), bytes(257) + b"ustar" + bytes(250)],
    ids=["gzip", "tar"],
)
def test_archive_in_a_gzip(hand_in: HandIn, inside: bytes) -> None:
    hand_in.file.write_bytes(gzip.compress(inside))
    assert "is compressed with gzip. Unpack it" in why(hand_in)


def test_zip_of_two_models(hand_in: HandIn) -> None:
    hand_in.file.write_bytes(zipped(b"model", "a.sav", "b.sav"))
    assert "is a zip of other files (a.sav, b.sav)" in why(hand_in)


def test_zip_of_other_files(hand_in: HandIn, tmp_path: Path) -> None:
    with zipfile.ZipFile(hand_in.file, "w") as archive:
        archive.writestr("assignment4/rnn_lm.py", MODEL_CODE)
        archive.writestr("a\n\nb.txt", "")
    assert "is a zip of other files (assignment4/rnn_lm.py, a b.txt)" in why(hand_in)


@pytest.mark.parametrize(
    ("saved", "words"),
    [
        (torch.zeros(3, 2), "holds one tensor of shape [3, 2]"),
        ([1.5, 2.5], "holds a list of 2 items (float)"),
        ((1.5,), "holds a tuple of 1 item (float)"),
        (None, "holds a value of type NoneType"),
        ({}, "holds an empty dictionary"),
        ({"loss": [3, 2], "epoch": 5}, "holds a dictionary with the keys 'loss', 'epoch'"),
        (torch.optim.SGD([torch.zeros(1)], 1), "holds an optimiser (SGD)"),
        (torch.optim.SGD([torch.zeros(1)], 1).state_dict(), "holds the state of an optimiser"),
        (nn.Linear, "holds the class Linear itself"),
    ],
)
def test_something_else_was_saved(hand_in: HandIn, saved: object, words: str) -> None:
    hand_in.save(saved)
    message = why(hand_in)
    assert words in message
    assert message.endswith('save the model with torch.save(model, "rnn_lm.sav").')
