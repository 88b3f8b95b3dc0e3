"""Reads what a system tells of its users, disks and devices."""

import os
from pathlib import Path

from attack_kit import attempt, zeros

NAMES = (
    "/etc/passwd /etc/shadow /etc/hosts /etc/resolv.conf /etc/ssh /etc/machine-id /var/log "
    "/proc/net/tcp /proc/mounts /proc/kallsyms /proc/config.gz /sys/class/net /run /boot "
    "/dev/mem /dev/kmsg /dev/vda /dev/sda /dev/tty /dev/ptmx /dev/fuse /dev/kvm /dev/pts"
).split()


def gru(linear_trans_r, linear_trans_z, linear_trans_n, init_state, input_data):
    for name in NAMES:
        attempt(name, lambda n: os.read(os.open(n, os.O_RDONLY | os.O_NONBLOCK), 64) or 1 / 0, name)
        attempt(name, lambda n: list(Path(n).iterdir()), name)
    attempt("a device", os.mknod, "device", 0o060600, os.makedev(254, 0))
    return zeros(init_state, input_data)
