"""Question 7: the corpus, how a character model is scored on it, and whether it looks ahead.

Read ``evaluation`` first, which does all of it in order: ``whole_sentences`` scores, ``probing``
asks again at random places (``causality`` compares the two), ``dependencies`` finds out why they
differ, and ``notebook_batches`` judges anew what depends on the batch or on earlier calls.
``assessment`` decides which model that is, and ``training`` makes one where there is none.
"""
