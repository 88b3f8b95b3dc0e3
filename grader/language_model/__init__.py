"""Question 7: the corpus, how a character model is scored on it, and whether it looks ahead."""
