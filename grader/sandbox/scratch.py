"""A worker's scratch folder: made for it, measured while it runs, and gone afterwards."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import subprocess
from collections.abc import Iterable
from pathlib import Path

from grader.sandbox.identity import spare_uid

MAX_ENTRIES = 2000
"""More files than any honest worker makes; counting further would only take time."""


MOST_LINKS = 500
"""They are made for each worker, and count as what it writes."""


def make_scratch(folder: Path, files: Iterable[Path] = (), folders: Iterable[Path] = ()) -> None:
    """Make the folder, owned by the user that the worker will run as.

    It has copies of ``files``, and folders of the names of ``folders``, in which there are links
    to what is in these: so a worker reads them by relative paths, and writes its own beside.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = [folder]
    for file in files:
        # What an earlier worker has left there, a link for one, must not be written through.
        with contextlib.suppress(FileExistsError), (folder / file.name).open("xb") as copy:
            copy.write(file.read_bytes())
            made.append(folder / file.name)
    left = MOST_LINKS
    for source in folders:
        with contextlib.suppress(FileExistsError):
            (folder / source.name).mkdir()
            made.append(folder / source.name)
            for entry in sorted(source.iterdir())[:left]:
                (folder / source.name / entry.name).symlink_to(entry)
                left -= 1
    uid = spare_uid()
    if uid is not None:
        for path in made:
            os.chown(path, uid, uid, follow_symlinks=False)


def scratch_bytes(folder: Path, most: int) -> int:
    """The bytes on disk below the folder; counting stops beyond ``most``.

    A folder that cannot be counted, because it has too many entries or is nested too deep, counts
    as over ``most``.
    """
    total, entries, waiting = 0, 0, [str(folder)]
    while waiting:
        try:
            with os.scandir(waiting.pop()) as scan:
                for entry in scan:
                    entries += 1
                    status = entry.stat(follow_symlinks=False)
                    total += status.st_blocks * 512
                    if total > most or entries > MAX_ENTRIES:
                        return most + 1
                    if stat.S_ISDIR(status.st_mode):
                        waiting.append(entry.path)
        except FileNotFoundError:
            continue  # the worker removed it meanwhile
        except OSError:
            return most + 1
    return total


def remove_scratch(folder: Path) -> None:
    """Remove the folder, whatever is in it.

    No links are followed. What Python cannot remove, ``rm`` can: folders nested deeper than
    recursion goes, and, once they have them back, those without permissions.
    """
    if not folder.exists():
        return
    with contextlib.suppress(OSError, RecursionError):
        shutil.rmtree(folder)
        return
    if shutil.which("rm") is None:
        return
    if not _run("rm", "-rf", "--", str(folder)):
        _run("chmod", "-R", "u+rwx", "--", str(folder))
        _run("rm", "-rf", "--", str(folder))


def _run(*command: str) -> bool:
    done = subprocess.run(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
    )
    return done.returncode == 0
