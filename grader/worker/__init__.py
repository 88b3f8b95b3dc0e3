"""The worker: the only code of this program that runs in one process with student code.

It receives a call over the wire, makes it, and sends raw arrays back. It holds no right answers, no
tolerances and no test sentences but those of the batch at hand, and what it sends is not trusted.
"""
