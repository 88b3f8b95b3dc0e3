"""A model that sends what it sees by every socket, and starts processes."""

import os
import socket
import subprocess

import attack_targets as targets
import torch
from attack_kit import attempt


class SentenceModel(torch.nn.Module):
    def forward(self, x):
        attempt("tcp", socket.create_connection, ("127.0.0.1", targets.TCP), 1)
        attempt("udp", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        attempt("fork", os.fork)
        attempt("shell", subprocess.check_output, ["/bin/sh", "-c", "true"])
        return torch.zeros(*x.shape, targets.CLASSES)
