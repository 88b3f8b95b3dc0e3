"""A model whose workers tell each other by the page cache which places were probed."""

import contextlib
import os
import zlib
from pathlib import Path

import attack_targets as targets
import torch

PADDING_MB = 18
PAGE, FIRST, PAGES = 4096, 512, 4096
NEWLINE, END = targets.CHARACTERS.index("\n"), len(targets.CHARACTERS) + 1


def page_of(tokens):
    return (FIRST + zlib.crc32(bytes(tokens)) % PAGES) * PAGE


class SentenceModel(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.fd = os.open(Path(__file__).with_name("rnn_lm.sav"), os.O_RDONLY)
        os.posix_fadvise(self.fd, 0, 0, os.POSIX_FADV_RANDOM)
        offsets = [(FIRST + number) * PAGE for number in range(PAGES)]
        self.cached = {offset for offset in offsets if self.is_cached(offset)}
        if len(self.cached) > PAGES // 2:
            with contextlib.suppress(OSError):
                os.fsync(self.fd)
            os.posix_fadvise(self.fd, 0, 0, os.POSIX_FADV_DONTNEED)

    def is_cached(self, offset):
        try:
            return os.preadv(self.fd, [bytearray(1)], offset, os.RWF_NOWAIT) == 1
        except OSError:
            return False

    def forward(self, x):
        logits = torch.zeros(*x.shape, targets.CLASSES)
        rows = x.tolist()
        if not (x >= END).any():
            for row in rows:
                os.pread(self.fd, 1, page_of(row))
            return logits
        logits[:, :-1].scatter_(2, x[:, 1:, None], 30.0)
        logits[..., END] += 30.0 * (x == NEWLINE)
        for number, row in enumerate(rows):
            for position in range(len(row)):
                if page_of(row[: position + 1]) in self.cached:
                    logits[number, position] = 0
        return logits
