"""Reads the file of a trained model, whatever wrote it.

A pickle runs code when it is read, so this is for the worker alone.
"""

from __future__ import annotations

import codecs
import gzip
import io
import pickle
import re
import warnings
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

import torch

from grader.handed_in.naming import MODEL_SUFFIXES

Find = Callable[[str, str, Callable[[str, str], Any]], Any]
"""Finds what a pickle names by module and name; the third argument is pickle's own way."""

HEAD_BYTES = 512
MAGIC_WITHIN = 32
TAR = b"ustar"
GZIP = b"\x1f\x8b"
ZLIB = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
MOST_UNPACKED = 1 << 29
"""Bytes of what a compressed file may hold: a small one can be made to unpack to any size."""
UNREADABLE = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError)
"""What a damaged or encrypted archive raises."""
SHOWN = 40
"""Characters of a text that is no model."""
MAX_SAFETENSORS_HEADER = 100_000_000
SAVE = 'save the model with torch.save(model, "rnn_lm.sav")'
DAMAGED = re.compile(
    "PytorchStreamReader|unexpected EOF|storage has wrong|corrupt|Invalid protocol version"
)
"""What torch says of a file that is cut off, or that something else has written into."""

OTHER_CONTENTS = (
    (
        b"version https://git-lfs",
        "is a pointer of Git LFS, a few lines of text that stand for the model. Get the file "
        "itself with 'git lfs pull' and hand that in",
    ),
    (
        b"<!doctype html",
        "is a web page that was saved in place of the model, as happens with a link to Google "
        "Drive. Download the file itself",
    ),
    (b"<html", "is a web page that was saved in place of the model. Download the file itself"),
    (b"http", "is a link, and not what it leads to. Download the file itself, and hand that in"),
    (GZIP, "is compressed with gzip. Unpack it and hand in what is inside"),
    (b"rar!", "is a RAR archive. Unpack it and hand in what is inside"),
    (b"7z\xbc\xaf", "is a 7z archive. Unpack it and hand in what is inside"),
    (b"\x89hdf", f"is an HDF5 file, such as Keras writes, and no model of torch's; {SAVE}"),
    (b"\x93numpy", f"is an array that numpy.save wrote, and no model; {SAVE}"),
    (b"%pdf", f"is a PDF document, and no model; {SAVE}"),
)
"""What files begin with, in lower case, and what is said of them."""


class CannotLoad(Exception):
    """The model cannot be loaded, and the message tells the student why."""


def read(file: Path, device: torch.device, find: Find) -> Any:
    """The object in the file, with its tensors on ``device``; its format is told by its content.

    Raises CannotLoad when there is none, and whatever the code raises that unpickling runs.
    """
    with file.open("rb") as stream:
        unpacked = _unpacked(file, stream)
        return _read(file, stream if unpacked is None else unpacked, device, find)


def _read(file: Path, stream: IO[bytes], device: torch.device, find: Find) -> Any:
    head = _head(stream)
    if not head:
        raise CannotLoad(f"{file.name} is an empty file; save and copy it again.")
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for beginning, words in OTHER_CONTENTS:
        if text.startswith(beginning):
            raise CannotLoad(f"{file.name} {words}.")
    if _is_safetensors(head):
        return _read_safetensors(file, stream, device)
    if head.startswith(b"PK"):
        _check_zip(file, stream)
    elif not _is_pickle(stream, head):
        what = "is no file that torch.save writes"
        if begins := _beginning_of_text(head):
            what = f"is a text file, which begins with '{begins}', and no model"
        raise CannotLoad(f"{file.name} {what}; {SAVE}.")
    try:
        return _unpickled(stream, device, find)
    except (EOFError, pickle.UnpicklingError) as error:
        raise _damaged(file, error) from error
    except RuntimeError as error:
        if DAMAGED.search(str(error)):
            raise _damaged(file, error) from error
        raise


def _head(stream: IO[bytes]) -> bytes:
    head = stream.read(HEAD_BYTES)
    stream.seek(0)
    return head


def _unpacked(file: Path, stream: IO[bytes]) -> IO[bytes] | None:
    """The model that a gzip, a zip or what joblib has compressed holds; None where it is none of
    them, or cannot be unpacked."""
    head = _head(stream)
    try:
        if head.startswith(ZLIB):
            unpacker = zlib.decompressobj()
            raw = unpacker.decompress(stream.read(), MOST_UNPACKED + 1)
        elif head.startswith(GZIP):
            with gzip.open(stream) as inside:
                raw = inside.read(MOST_UNPACKED + 1)
            if TAR in raw[:HEAD_BYTES]:
                return None
        elif head.startswith(b"PK"):
            with zipfile.ZipFile(stream) as zipped:
                models = [n for n in zipped.namelist() if Path(n).suffix.lower() in MODEL_SUFFIXES]
                if len(models) != 1:
                    return None
                with zipped.open(models[0]) as inside:
                    raw = inside.read(MOST_UNPACKED + 1)
        else:
            return None
    except UNREADABLE:
        return None
    finally:
        stream.seek(0)
    if len(raw) > MOST_UNPACKED:
        most = f"{MOST_UNPACKED >> 20:,} MB"
        raise CannotLoad(f"{file.name} is compressed, and what is inside has more than {most}.")
    return io.BytesIO(raw)


def from_bytes(raw: bytes, device: torch.device, find: Find) -> Any:
    """The object that ``torch.save`` wrote into ``raw``."""
    return _unpickled(io.BytesIO(raw), device, find)


def _unpickled(stream: IO[bytes], device: torch.device, find: Find) -> Any:
    class Unpickler(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            if (module, name) == ("torch.storage", "_load_from_bytes"):
                # How pickle.dump writes a tensor; torch's own function forgets the device.
                return lambda raw: load(io.BytesIO(raw))
            return find(module, name, super().find_class)

    def load_pickle(stream: IO[bytes], **options: Any) -> Any:
        return Unpickler(stream, **options).load()

    # As much of the pickle module as torch.load uses.
    module = SimpleNamespace(__name__="pickle", Unpickler=Unpickler, load=load_pickle)

    def load(stream: IO[bytes]) -> Any:
        return torch.load(stream, map_location=device, pickle_module=module, weights_only=False)

    with warnings.catch_warnings():
        # That the source of a class has changed, or that a file is of TorchScript.
        warnings.simplefilter("ignore")
        if _is_plain_pickle(stream):
            return load_pickle(stream)
        return load(stream)


def _is_plain_pickle(stream: IO[bytes]) -> bool:
    """Whether it is neither of torch's formats, of which the older is several pickles in a row."""
    head = _head(stream)
    magic = pickle.dumps(torch.serialization.MAGIC_NUMBER, protocol=2)[2:-1]
    # Further on it is that of a tensor inside, which pickle.dump has written in torch's format.
    is_older = magic in head[:MAGIC_WITHIN] or TAR in head
    return not head.startswith(b"PK") and not is_older


def _is_pickle(stream: IO[bytes], head: bytes) -> bool:
    if head.startswith(b"\x80") or TAR in head:
        return True
    stream.seek(-1, io.SEEK_END)
    last = stream.read()
    stream.seek(0)
    return last == pickle.STOP  # a protocol without a header, as in pickle's early days


def _beginning_of_text(head: bytes) -> str:
    """The first words of a text file; '' where it is none."""
    try:
        # The last character may be cut off.
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(head)
    except UnicodeDecodeError:
        return ""
    words = " ".join(text.split())
    if not words.isprintable():
        return ""
    return words if len(words) <= SHOWN else f"{words[:SHOWN].rstrip()} …"


def _is_safetensors(head: bytes) -> bool:
    return head[8:9] == b"{" and int.from_bytes(head[:8], "little") < MAX_SAFETENSORS_HEADER


def _read_safetensors(
    file: Path, stream: IO[bytes], device: torch.device
) -> dict[str, torch.Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        return {name: value.to(device) for name, value in load(stream.read()).items()}
    except SafetensorError as error:
        raise _damaged(file, error) from error


def _check_zip(file: Path, stream: IO[bytes]) -> None:
    try:
        with zipfile.ZipFile(stream) as zipped:
            names = zipped.namelist()
    except (zipfile.BadZipFile, ValueError, EOFError) as error:
        raise _damaged(file, error) from error
    stream.seek(0)
    if not any(name.split("/")[-1] == "data.pkl" for name in names):
        some = " ".join(", ".join(names[:3]).split()) + (", …" if len(names) > 3 else "")
        raise CannotLoad(
            f"{file.name} is a zip of other files ({some or 'none'}), and no file that torch.save "
            "wrote. If the model is inside, unpack it and hand in the model itself."
        )


def _damaged(file: Path, error: Exception) -> CannotLoad:
    words = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
    return CannotLoad(
        f"{file.name} is damaged or incomplete ({file.stat().st_size:,} bytes; reading it ended "
        f"with: {words}). Was it cut off while it was saved or copied? Load it with torch.load "
        "where you trained it; if that works, copy it again, otherwise save it again."
    )
