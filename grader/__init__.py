"""An autograder for recurrent networks, attention and a character language model."""

__version__ = "0.1.0"
