"""Which file of a hand-in is which, told by the names alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import PurePosixPath

IMPLEMENTATION = "implementation.py"
IMPLEMENTATION_STEM = "implementation"
MODEL_CODE = "rnn_lm.py"
MODEL = "rnn_lm.sav"
MAIN_FILES = (IMPLEMENTATION, MODEL_CODE, MODEL)
MAINS = frozenset(MAIN_FILES)
FUNCTIONS = {
    "rnn": "wt_h, wt_x, bias, init_state, input_data",
    "gru": "linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data",
    "mha": "Wq, Wk, Wv, Wo, input_data",
    "init_gru_with_rnn": "wt_h, wt_x, bias",
    "init_gru_with_long_term_memory": "input_size, hidden_size",
}
"""What the assignment asks for in implementation.py, and how the notebook calls each function."""
GIVEN_CODE = "rnn_param_helper.py"
"""What the course gives, and students hand in beside their own."""
NOTEBOOK = ".ipynb"

CODE_SUFFIXES = (".py", NOTEBOOK)

GRADEBOOK_FILE = "gradebook.csv"
SUMMARY_PAGE = "summary.html"
SUMMARY_TEXT = "summary.md"
CANVAS_FILE = "canvas.csv"
MOODLE_FILE = "moodle.csv"
COURSE_FILES = frozenset({GRADEBOOK_FILE, SUMMARY_PAGE, SUMMARY_TEXT, CANVAS_FILE, MOODLE_FILE})
"""What a course's results have beside a folder for each hand-in."""

MODEL_STEM = "rnn_lm"
MODEL_SUFFIXES = (".sav", ".pt", ".pth", ".safetensors")
"""Endings that a model's file has, and hardly any other."""
UNUSUAL_SUFFIXES = (".ckpt", ".model", ".pkl", ".pickle", ".bin")
"""Endings that a model's file may have; data that was saved has them, too."""
NEVER_A_MODEL = frozenset((*CODE_SUFFIXES, *".zip .tar .tgz .gz .bz2 .xz .7z .rar .zst".split()))
"""Endings of what is read as something else, whatever it is called, and of what is unpacked."""
OTHER_DATA = ("data", "vocab", "freq", "embed", "optim", "loss", "history")
"""In the name of a file that is saved beside a model."""
SHOWN = 3
COPY_NUMBER = re.compile(r"(?P<name>.*\S) ?\((?P<number>\d{1,9})\)", re.DOTALL)
"""What a browser makes of a name that is there already: ``hw4 (1)``."""
VERSION = re.compile(r"(?P<name>.*\w)[-_ ][vV]?(?P<number>\d{1,9})", re.DOTALL)
"""What platforms and students make of it: ``hw4-1``, ``hw4_v2``."""
COPY_WORDS = re.compile(
    r"(?:copy of|kopie von|copie de|copia de|cópia de) (?P<of>.*\S)|(?P<first>.*\S)(?: -)? copy",
    re.IGNORECASE | re.DOTALL,
)
"""What a drive in the cloud, Windows and Macs make of it, also in other languages."""
OTHER_CODE = frozenset("test tests check old orig original backup starter template helper".split())
"""Words that are not in what students make of it: ``implementation_final``, but not ``_test``."""
OF_SOMETHING = frozenset(
    "rnn gru lstm mha attention lm model sentence language torch pytorch reference example sample "
    "given skeleton".split()
)
"""Words before it that make another file of it: ``my_implementation``, but not ``gru_``."""
WORD = re.compile(r"[^\W\d_]+")
LIKE = 0.9
"""How alike two words of some length are when one is a slip of the other: a letter or two."""


@dataclass(frozen=True)
class ModelChoice:
    """The file that is taken for the trained model, and what is said of that."""

    path: PurePosixPath
    note: str


@dataclass(frozen=True, order=True)
class Spelling:
    """How a file's name differs from a main file's; the least is the file itself."""

    how: int
    """0: not at all; 1: in its case; 2: as that of a copy or a version does; 3: in more words;
    4: by a slip, or by what others than students, such as a platform, may put around it."""
    before: int = 0
    """Minus the number of the copy or version: the last one comes first."""

    @property
    def is_near(self) -> bool:
        """Whether it is so unlike that it counts only where there is no better one."""
        return self.how > 3


def main_file(name: str) -> tuple[str, Spelling] | None:
    """Which main file a file is by its name, and how like; None for none of them.

    The name alone says it; ``main_files`` also sees what else there is.
    """
    lower = name.lower()
    if lower in MAIN_FILES:
        return lower, Spelling(int(name != lower))
    # Editors and mail add an ending of their own: implementation.py.txt.
    stem, dot, suffix = re.sub(r"\.py\.(txt|py)$", ".py", lower).rpartition(".")
    bare, number = without_number(stem)
    if words := COPY_WORDS.fullmatch(bare):
        bare, number = words["of"] or words["first"], number + 1
    main = f"{bare}{dot}{suffix}"
    # A model under another name is looked for by its ending, and its code by the class that it has.
    if main in MAIN_FILES and main != MODEL:
        return main, Spelling(2, -number)
    first, *others = re.split(r"[-_ .]+", bare)
    if suffix != "py" or OTHER_CODE & {*others}:
        return None
    if first == IMPLEMENTATION_STEM and others:
        return IMPLEMENTATION, Spelling(3, -number)
    return (IMPLEMENTATION, _near(bare, number)) if _is_near(bare) else None


def main_files(files: Iterable[PurePosixPath]) -> dict[PurePosixPath, tuple[str, Spelling]]:
    """Which of a hand-in's files are a main file; nearly so named ones where no other is."""
    known = {file: found for file in files if (found := main_file(file.name))}
    named = {main for main, spelling in known.values() if not spelling.is_near}
    return {
        file: (main, spelling)
        for file, (main, spelling) in known.items()
        if main not in named or not spelling.is_near
    }


def by_depth(file: PurePosixPath) -> tuple[int, PurePosixPath]:
    """The order in which files are looked at: shallow ones first."""
    return len(file.parts), file


def held(files: Iterable[PurePosixPath]) -> frozenset[str]:
    """Which main files are among the files, also under other names, if these are near enough."""
    names = list(files)
    known = (main_file(name.name) for name in names)
    mains = {found[0] for found in known if found and not found[1].is_near}
    return frozenset(mains | ({MODEL} if choose_model(names) else set()))


def root_of(files: Sequence[PurePosixPath]) -> PurePosixPath | None:
    """The folder that holds the hand-in: that of the first main file, else of a model or notebook.

    ``files`` are all that there are, shallow ones first.
    """
    main = _main_folder(files)
    if main is not None:
        return main
    choice = choose_model(files)
    if choice and is_model(choice.path):
        return choice.path.parent
    # A class that is in a notebook alone can be trained.
    return next((file.parent for file in files if file.suffix.lower() == NOTEBOOK), None)


def choose_model(
    files: Sequence[PurePosixPath], is_one: Callable[[PurePosixPath], bool] = lambda _: False
) -> ModelChoice | None:
    """What to take for the trained model where no file is named ``rnn_lm.sav``.

    A file ``rnn_lm`` with another ending comes first, then one with the ending of a model's file,
    then one with an ending that models share with other files. Those beside the main files come
    before others. ``is_one`` tells, by its content, whether a file ``rnn_lm`` with any other ending
    is a model.
    """
    if any(file.name.lower() == MODEL for file in files):
        return None
    main = _main_folder(files)
    beside = [file for file in files if file.parent == main]
    named = {f for f in files if _is_named_like_the_model(f) or (may_be_a_model(f) and is_one(f))}
    groups = (
        [f for f in beside if f in named],
        [f for f in files if f in named],
        [f for f in beside if is_model(f)],
        [f for f in beside if f.suffix.lower() in UNUSUAL_SUFFIXES and not is_other_data(f)],
        [f for f in files if is_model(f)],
    )
    candidates = next((group for group in groups if group), None)
    if candidates is None:
        return None
    best, *others = sorted(candidates, key=_likeness, reverse=True)
    note = f"{MODEL} is missing; {best} was taken for it"
    if others:
        note += f", and not {', '.join(map(str, others[:SHOWN]))}"
        note += f" or {len(others) - SHOWN} more" if len(others) > SHOWN else ""
    return ModelChoice(best, note)


def may_be_a_model(file: PurePosixPath) -> bool:
    """Whether a file ``rnn_lm`` has an ending that says nothing, such as one that a mail program
    or a browser put there: ``rnn_lm.sav.download``, ``rnn_lm.dat``."""
    return (
        file.name.lower().startswith(f"{MODEL_STEM}.")
        and file.suffix.lower() not in NEVER_A_MODEL
        and not _is_named_like_the_model(file)
    )


def is_model(file: PurePosixPath) -> bool:
    """Whether the ending is that of a model's file."""
    return file.suffix.lower() in MODEL_SUFFIXES


def readable(name: str) -> str:
    """A file's name as text that UTF-8 can write; old archives leave others on the disk."""
    return name.encode("utf-8", "replace").decode("utf-8")


def with_usual_suffix(file: PurePosixPath) -> PurePosixPath:
    """The name under which Python finds it: ``.PY`` and ``.IPYNB`` in small letters."""
    suffix = file.suffix.lower()
    return file.with_suffix(suffix) if suffix in CODE_SUFFIXES else file


def without_copy_number(stem: str) -> tuple[str, int]:
    """A name without the number that a browser gave to a copy, and the number, or 0."""
    match = COPY_NUMBER.fullmatch(stem)
    return (match["name"], int(match["number"])) if match else (stem, 0)


def without_number(stem: str) -> tuple[str, int]:
    """The same for the number of a copy or of a version."""
    match = COPY_NUMBER.fullmatch(stem) or VERSION.fullmatch(stem)
    return (match["name"], int(match["number"])) if match else (stem, 0)


def is_other_code(stem: str) -> bool:
    """Whether a word of a name without its ending says that it is no implementation."""
    return not OTHER_CODE.isdisjoint(WORD.findall(stem.lower()))


def is_called_a_copy(stem: str) -> bool:
    """Whether a name says so in words, as ``Copy of rnn`` does."""
    return COPY_WORDS.fullmatch(stem) is not None


def _is_near(stem: str) -> bool:
    """Whether one of the words is the implementation's name or a slip of it, and none denies it."""
    words = WORD.findall(stem)
    before = next((number for number, word in enumerate(words) if _is_slip(word)), None)
    if before is None or is_other_code(stem):
        return False
    return OF_SOMETHING.isdisjoint(words[:before])


def _is_slip(word: str) -> bool:
    name = IMPLEMENTATION_STEM
    return abs(len(word) - len(name)) <= 2 and SequenceMatcher(None, word, name).ratio() > LIKE


def _near(stem: str, number: int) -> Spelling:
    last = re.search(r"\d{1,9}$", stem)
    return Spelling(4, -(int(last[0]) if last else number))


def _is_named_like_the_model(file: PurePosixPath) -> bool:
    suffixes = (*MODEL_SUFFIXES, *UNUSUAL_SUFFIXES, "")
    return file.stem.lower() == MODEL_STEM and file.suffix.lower() in suffixes


def is_other_data(file: PurePosixPath) -> bool:
    """Whether the name is that of what is saved beside a model."""
    return any(word in file.name.lower() for word in OTHER_DATA)


def _main_folder(files: Sequence[PurePosixPath]) -> PurePosixPath | None:
    known = [(found, file) for file in files if (found := main_file(file.name))]
    for ways in ((0, 1), (2, 3), (4,)):
        for main in MAIN_FILES:
            for (name, spelling), file in known:
                if name == main and spelling.how in ways:
                    return file.parent
    return None


def _likeness(file: PurePosixPath) -> tuple[object, ...]:
    """The greater, the more a name looks like that of the final model.

    Of names that are alike but for a number, such as ``model_epoch10.pt``, the last one is it.
    """
    name = file.name.lower()
    words = tuple(word in name for word in (MODEL_STEM, "sentence", "lm", "model", "best", "final"))
    numbers = tuple(int(number) for number in re.findall(r"\d{1,9}", name))
    return not is_other_data(file), words, numbers, str(file)
