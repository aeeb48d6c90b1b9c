"""The record: every number that the pages quote from the model is measured, kept and written by one command.

``python -m tests.docs.findings`` (``make findings``) measures what is not current and writes the pages anew:

plan.py       what is measured: comparisons, the count of signs, the shipped studies
measure.py    measures a part by the very command that a reader would give, and condenses the tables that it writes
digest.py     what a part depends on, so that a test can say when it has to be measured again
trials.py     the small studies by which a change of the analysis is noticed
record.py     ``docs/findings.json``, where the results are kept
found.py      the results as prose asks for them
words.py      words chosen by numbers
readme.py, odd.py, studies.py, crossed.py    the prose of each page, and the sentences of it that the numbers must bear out
pages.py      puts it between ``<!-- found: NAME -->`` and ``<!-- end -->``
"""
