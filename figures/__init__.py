"""One file per figure. The best file to copy: `liquid_digits.py`.

A figure holds a docstring, `SOURCE` (the simulation it reads) and `draw(record) -> Figure`. It reads stored results
only and computes nothing but statistics; published values stand beside ours as marks.
"""
