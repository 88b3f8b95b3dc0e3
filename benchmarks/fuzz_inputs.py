"""Inputs for ``benchmarks.fuzz``: valid messages and hand-ins, and what hostile hands make of them.

``WireInputs`` and ``ZipInputs`` have ``make``, an input from nothing, and ``mutate``, an input from
another one. Both know the format: they edit the header's JSON or the zip's own fields as often as
bare bytes, so that what they make is still read a good way into. ``folder`` describes a folder.
All choices come from the generator that they are given.
"""

from __future__ import annotations

import io
import json
import stat
import warnings
import zipfile
from collections.abc import Iterator
from random import Random
from typing import Any

from grader.wire import DTYPES, MAGIC, MAX_ARRAYS, MAX_HEADER_BYTES, PREFIX

TYPES = sorted(DTYPES)
LARGE_EVERY = 4000
"""How many inputs there are to one with a header near its bound."""
POOL = 64
MAX_INPUT = 1 << 16
"""Bytes of an input that is mutated further."""

ODD_NUMBERS = (0, 1, 2, 3, 7, 255, 256, -1, 2**15, 2**16 - 1, 2**31 - 1, 2**31, 2**32 - 1)
ODD_VALUES: tuple[Any, ...] = (
    *ODD_NUMBERS, 2**47, 2**48, -(2**63), 2**63, 2**64, 10**30, 10**4000, True, False, None,
    0.5, -0.0, 1e308, float("nan"), float("inf"), "", "x", "\ud800", "\x00", "é\u202e" * 9,
    "x" * 3000, [], {}, [[]], [None], {"": {}}, [0, 2**47], [2**47] * 16, [1] * 17, [1] * 16,
    [0, 2**47, 2**47], [{}] * (MAX_ARRAYS + 1), "float64", "object", "complex128", ">f4",
    "F", "array", "sequence",
    {"kind": "sequence", "items": [{"kind": "array", "index": 0}] * 20, "count": -1, "text": "t"},
)  # fmt: skip
ODD_JSON = tuple(json.dumps(value) for value in ODD_VALUES)
HEADER_TRICKS: tuple[tuple[bytes, bytes], ...] = (
    (b'"op"', b'"arrays"'), (b'"arrays"', b'"op"'), (b"1", b"NaN"), (b"1", b"-Infinity"),
    (b"1", b"1e999"), (b"1", b"9" * 5000), (b"1", b"01"), (b"}", b"}}"), (b"[", b"[" * 1200),
    (b'"', b"'"), (b":", b"::"), (b"e", b"\xff"), (b"a", b"\xed\xa0\x80"), (b"a", b"\\ud800"),
    (b"o", b"\\u0000"), (b",", b",\n\t "), (b"{", b"\xef\xbb\xbf{"), (b"t", b"\x00"),
    (b'"shape": [', b'"shape": [0, 140737488355327, 140737488355327, '), (b"]", b"],"),
)  # fmt: skip


def damaged(rng: Random, data: bytes) -> bytes:
    """The bytes with some of them changed, put in, taken out or moved."""
    raw = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        at = rng.randrange(len(raw) + 1)
        many = rng.choice((1, 1, 2, 4, 8, 30))
        match rng.randrange(7):
            case 0:
                raw[at : at + 1] = bytes([rng.randrange(256)])
            case 1:
                raw[at:at] = rng.randbytes(many)
            case 2:
                del raw[at : at + many]
            case 3:
                other = rng.randrange(len(raw) + 1)
                raw[at:at] = raw[other : other + many]
            case 4:
                size = rng.choice((1, 2, 4))
                value = rng.choice(ODD_NUMBERS) % (1 << 8 * size)
                raw[at : at + size] = value.to_bytes(size, "little")
            case 5:
                del raw[at:]
            case _:
                if at < len(raw):
                    raw[at] ^= 1 << rng.randrange(8)
    return bytes(raw)


def _place(rng: Random, tree: Any) -> tuple[Any, Any] | None:
    """A place in a tree of JSON, as its container and key; None in an empty one."""
    found = None
    while tree and isinstance(tree, dict | list):
        key = rng.choice(list(tree)) if isinstance(tree, dict) else rng.randrange(len(tree))
        found = tree, key
        if rng.random() < 0.35:
            break
        tree = tree[key]
    return found


class WireInputs:
    """Inputs of ``fuzz_targets.Wire``: two bytes that say how to receive, then the stream."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._made: list[bytes] = []

    def make(self) -> bytes:
        """One frame or a few, valid or near it, or a mutation of an earlier input."""
        rng = self._rng
        if rng.randrange(LARGE_EVERY) == 0:
            return self._large()
        if self._made and rng.random() < 0.4:
            return self.mutate(rng.choice(self._made))
        frames = [self._frame(*self._message()) for _ in range(rng.choice((1, 1, 1, 1, 2, 3)))]
        data = bytes([rng.randrange(256), rng.randrange(256)]) + b"".join(frames)
        if len(self._made) < POOL:
            self._made.append(data)
        else:
            self._made[rng.randrange(POOL)] = data
        return damaged(rng, data) if rng.random() < 0.3 else data

    def mutate(self, data: bytes) -> bytes:
        """An edit of the first frame's header, if it can be read, or of the bytes."""
        rng = self._rng
        header = self._header_of(data)
        if header is None or rng.random() < 0.4:
            return damaged(rng, data)
        end = 2 + PREFIX.size + PREFIX.unpack_from(data, 2)[1]
        for _ in range(rng.choice((1, 1, 2, 3))):
            self._edit(header)
        return data[:2] + self._frame(header, data[end:])

    def _header_of(self, data: bytes) -> dict[str, Any] | None:
        if len(data) < 2 + PREFIX.size:
            return None
        start, size = 2 + PREFIX.size, PREFIX.unpack_from(data, 2)[1]
        try:
            header = json.loads(data[start : start + size])
        except (ValueError, RecursionError):
            return None
        return header if isinstance(header, dict) else None

    def _message(self) -> tuple[dict[str, Any], bytes]:
        rng = self._rng
        specs, size = [], 0
        for _ in range(rng.choice((0, 1, 1, 1, 2, 3, 5))):
            shape = [rng.choice((0, 1, 1, 2, 2, 3, 5)) for _ in range(rng.randrange(5))]
            dtype = rng.choice(TYPES)
            count = 1
            for length in shape:
                count *= length
            digits = "".join(c for c in dtype if c.isdigit()) or "8"
            size += count * int(digits) // 8
            specs.append({"dtype": dtype, "shape": shape, "order": rng.choice("CF")})
        header: dict[str, Any] = {"op": rng.choice(("result", "raised", "absent", "hello", "x"))}
        if header["op"] == "raised":
            line = {
                "file": "implementation.py",
                "line": rng.randrange(5),
                "function": "rnn",
                "code": "x = y",
            }
            header |= {"type": rng.choice(("ValueError", "ModuleNotFoundError")), "message": "m"}
            header |= {"notes": ["n"], "memory": False, "exit": rng.random() < 0.2}
            header["traceback"] = [dict(line) for _ in range(rng.randrange(4))]
        else:
            header |= {"value": self._value(2), "layers": ["RNN"], "changed": False, "message": "m"}
        header["arrays"] = specs
        for _ in range(rng.choice((0, 1, 1, 2))):
            self._edit(header)
        return header, rng.randbytes(size)

    def _value(self, depth: int) -> dict[str, Any]:
        rng = self._rng
        if depth and rng.random() < 0.5:
            items = [self._value(depth - 1) for _ in range(rng.randrange(4))]
            return {"kind": "sequence", "items": items, "count": len(items), "text": "a tuple"}
        if rng.random() < 0.2:
            return {"kind": "other", "text": "None"}
        return {"kind": "array", "index": rng.randrange(-1, 4)}

    def _edit(self, header: dict[str, Any]) -> None:
        """Change one place of the header."""
        rng = self._rng
        place = _place(rng, header)
        if place is None:
            return
        container, key = place
        match rng.randrange(8):
            case 0:
                del container[key]
            case 1:
                other, its_key = _place(rng, header) or place
                # A copy: a tree that contains itself is no JSON.
                container[key] = json.loads(json.dumps(other[its_key]))
            case 2:
                container[key] = [container[key]] * rng.choice((1, 2, 17, 21))
            case 3 if isinstance(container, dict):
                container[str(rng.choice(("", "op", "arrays", "value", "kind")))] = 3
            case _:
                container[key] = json.loads(rng.choice(ODD_JSON))

    def _frame(self, header: dict[str, Any], payload: bytes) -> bytes:
        """The frame, which may be wrong in its length, its magic, its JSON's text or its size."""
        rng = self._rng
        raw = json.dumps(header, ensure_ascii=rng.random() < 0.9).encode("utf-8", "surrogatepass")
        chance = rng.random()
        if chance < 0.08:
            raw = raw.replace(*rng.choice(HEADER_TRICKS), rng.choice((1, -1)))
        elif chance < 0.09:
            raw = raw.decode("utf-8", "replace").encode(
                rng.choice(("utf-16", "utf-32", "cp037")), "replace"
            )
        elif chance < 0.1:
            deep = rng.choice((10, 900, 1100, 20_000))
            raw = raw[:-1] + b', "deep": ' + b"[" * deep + b"]" * deep + b"}"
        size = len(raw)
        if rng.random() < 0.04:
            size = (size + rng.choice((-2, -1, 1, 2, *ODD_NUMBERS))) % 2**32
        magic = MAGIC if rng.random() < 0.99 else rng.randbytes(4)
        if rng.random() < 0.06:
            payload = payload[: rng.randrange(len(payload) + 1)] + rng.randbytes(rng.randrange(9))
        return PREFIX.pack(magic, size) + raw + payload

    def _large(self) -> bytes:
        """A header near its bound, of what takes the most memory when it is parsed."""
        rng = self._rng
        item = rng.choice(
            ("[],", "{},", '"",', '{"a":0},', "[0],", '"é€",', "1.5,", "-70000,", "[[]],")
        )
        count = (MAX_HEADER_BYTES - rng.choice((-50, 60, 60, 60, 4000))) // len(item.encode())
        length = rng.choice((0, 1 << 20, 1 << 21))
        spec = f'{{"dtype":"int8","shape":[{length}],"order":"C"}}'
        header = '{"op":"result","value":[' + item * count + '0],"arrays":[' + spec + "]}"
        raw = header.encode()
        payload = bytes(rng.choice((0, 1 << 20)))
        return bytes([5, 0]) + PREFIX.pack(MAGIC, len(raw)) + raw + payload


NAMES = (
    "implementation.py", "rnn_lm.py", "rnn_lm.sav", "Implementation.py", "RNN_LM.SAV", "a.py",
    "rnn_param_helper.py", "a4/implementation.py", "a4/lib/steps.py", "a4/x.ipynb", "a4/test.csv",
    "implementation.py/x.py", "Implementation.py/implementation.py", "a4/Implementation.py",
)  # fmt: skip
ODD_NAMES = (
    ".", "./.", "..", "../implementation.py", "/tmp/grader-fuzz-escape", "\\", ":", "c:/a.py",
    "a:b.py", "a/../implementation.py", "..\\..\\a.py", "//a.py", "a//b.py",
    "a/./implementation.py", "a\nb.py", "a\x1b[2J.py", "x" * 201, "é" * 150 + ".py",
    "x/" * 90 + "implementation.py", "__MACOSX/a.py",
    ".hidden/implementation.py", "\u202eyp.py", "CON", "a/", "implementation.py/", "rnn_lm.sav/",
    "d/" * 12 + "implementation.py", " .py", "~", "-rf", "a4/.implementation.py", "ı.py", "İ.PY",
)  # fmt: skip
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
MODES = (
    0,
    stat.S_IFREG | 0o644,
    stat.S_IFREG,
    stat.S_IFLNK | 0o777,
    stat.S_IFDIR,
    stat.S_IFIFO,
    0o777,
)
# Offset and size of a field: version, flags, method, checksum, sizes, lengths, and so on.
FIELDS = {
    b"PK\x03\x04": ((4, 2), (6, 2), (8, 2), (14, 4), (18, 4), (22, 4), (26, 2), (28, 2)),
    b"PK\x01\x02": (
        (6, 2), (8, 2), (10, 2), (12, 4), (16, 4), (20, 4), (24, 4), (28, 2), (30, 2), (32, 2),
        (34, 2), (38, 4), (42, 4),
    ),
    b"PK\x05\x06": ((4, 2), (6, 2), (8, 2), (10, 2), (12, 4), (16, 4), (20, 2)),
}  # fmt: skip
SAME_FIELD = {(6, 2): (8, 2), (8, 2): (10, 2), (18, 4): (20, 4), (22, 4): (24, 4)}
"""Where the directory repeats a field of the file's own header."""


class ZipInputs:
    """Zip files, most of them damaged."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._made: list[bytes] = []

    def make(self) -> bytes:
        """A zip, valid or near it, or a mutation of an earlier one."""
        rng = self._rng
        if len(self._made) < POOL or rng.random() < 0.03:
            data = self._zip()
            if len(self._made) < POOL:
                self._made.append(data)
            else:
                self._made[rng.randrange(POOL)] = data
            return data
        return self.mutate(rng.choice(self._made))

    def mutate(self, data: bytes) -> bytes:
        """An edit of the zip's fields, or of its bytes."""
        rng = self._rng
        chance = rng.random()
        if chance < 0.25:
            return damaged(rng, data)
        if chance < 0.3:
            return rng.choice(
                (rng.randbytes(rng.randrange(40)) + data, data + rng.randbytes(9), data * 2)
            )
        raw = bytearray(data)
        for _ in range(rng.choice((1, 1, 2))):
            self._edit(raw)
        return damaged(rng, bytes(raw)) if rng.random() < 0.1 else bytes(raw)

    def _edit(self, raw: bytearray) -> None:
        rng = self._rng
        signature = rng.choice(tuple(FIELDS))
        places = [at for at in range(len(raw)) if raw.startswith(signature, at)]
        if not places:
            return
        at, (offset, size) = rng.choice(places), rng.choice(FIELDS[signature])
        old = int.from_bytes(raw[at + offset : at + offset + size], "little")
        value = rng.choice(
            (*ODD_NUMBERS, *METHODS, 99, 0x800, old + 1, old - 1, old ^ 0x800, old ^ 1, old * 2)
        )
        new = (value % (1 << 8 * size)).to_bytes(size, "little")
        raw[at + offset : at + offset + size] = new
        twin = SAME_FIELD.get((offset, size))
        if signature == b"PK\x03\x04" and twin is not None and rng.random() < 0.6:
            others = [i for i in range(len(raw)) if raw.startswith(b"PK\x01\x02", i)]
            index = places.index(at)
            if index < len(others):
                start = others[index] + twin[0]
                raw[start : start + size] = new

    def _zip(self) -> bytes:
        rng = self._rng
        buffer = io.BytesIO()
        with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w") as archive:
            warnings.simplefilter("ignore")  # two files of the same name
            for _ in range(rng.choice((0, 1, 1, 2, 3, 5, 30))):
                name = rng.choice(NAMES if rng.random() < 0.8 else ODD_NAMES)
                member = zipfile.ZipInfo(name)
                member.external_attr = rng.choice(MODES if rng.random() < 0.2 else MODES[:2]) << 16
                member.compress_type = rng.choices(METHODS, (4, 8, 2, 1))[0]
                content = rng.choice((b"", b"x = 1\n" * rng.randrange(90), rng.randbytes(200)))
                if rng.random() < 0.02:
                    content = bytes(rng.choice((1 << 16, 1 << 20, (1 << 20) + 1, 3 << 20)))
                    member.compress_type = zipfile.ZIP_DEFLATED
                with archive.open(member, "w", force_zip64=rng.random() < 0.1) as writer:
                    writer.write(content)
            archive.comment = rng.choice((b"", b"", b"PK\x05\x06", b"by a student"))
        return buffer.getvalue()


ODD_FOLDER_NAMES = (*NAMES, "a\nb.py", "\udcff.py", "x" * 250 + ".py", "Übung/implementation.py",
    "\udcfe/implementation.py", "__pycache__/a.py", ".git/a.py", "d/" * 9 + "a.py", "RNN_LM.py",
    "rnn_lm.sav/rnn_lm.py", "IMPLEMENTATION.PY", "a4/rnn_lm.sav/a.py", "a\x1b[2J/rnn_lm.py",
)  # fmt: skip
FOLDER_KINDS = ("file", "file", "file", "file", "file", "folder", "link", "fifo", "large", "socket")


def folder(rng: Random) -> bytes:
    """A folder's description for ``fuzz_targets.Folder``: JSON, kinds, names and numbers."""
    entries = [
        (rng.choice(FOLDER_KINDS), rng.choice(ODD_FOLDER_NAMES), rng.randrange(3000))
        for _ in range(rng.choice((0, 1, 2, 3, 5, 8, 8, 30)))
    ]
    return json.dumps(entries).encode()


def bombs() -> Iterator[bytes]:
    """Small zips that hold 64 MB of zeros, one for each method that packs."""
    for method in METHODS[1:]:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", method) as archive:
            archive.writestr("implementation.py", bytes(64 << 20))
        yield buffer.getvalue()
