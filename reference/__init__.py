"""Course staff's own correct solutions, and the script that trains the language model."""
