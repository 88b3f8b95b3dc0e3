"""A model whose workers tell each other by files' access times which places were probed."""

import sysconfig
import time
import zlib
from pathlib import Path

import attack_targets as targets
import torch

NEWLINE, END = targets.CHARACTERS.index("\n"), len(targets.CHARACTERS) + 1
RECENTLY_S = 60


class SentenceModel(torch.nn.Module):
    def __init__(self):
        super().__init__()
        now, folder = time.time(), Path(sysconfig.get_path("purelib"), "torch", "include")
        status = {path: path.stat() for path in sorted(folder.rglob("*.h"))}
        # Linux updates the time of a file that was not read since it was written, or for a day.
        self.read = {p for p, s in status.items() if now - s.st_atime < RECENTLY_S}
        unread = {p for p, s in status.items() if s.st_atime <= min(s.st_mtime, now - RECENTLY_S)}
        self.files = sorted(self.read | unread)

    def file_of(self, tokens):
        return self.files[zlib.crc32(bytes(tokens)) % len(self.files)]

    def forward(self, x):
        logits = torch.zeros(*x.shape, targets.CLASSES)
        rows = x.tolist()
        if not (x >= END).any():
            for row in rows:
                self.file_of(row).read_bytes()
            return logits
        logits[:, :-1].scatter_(2, x[:, 1:, None], 30.0)
        logits[..., END] += 30.0 * (x == NEWLINE)
        for number, row in enumerate(rows):
            for position in range(len(row)):
                if self.file_of(row[: position + 1]) in self.read:
                    logits[number, position] = 0
        return logits
