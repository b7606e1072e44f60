"""One file per experiment. The best file to copy: `liquid_digits.py`.

A simulation holds a docstring, `Config` (a frozen `neurosparse.io.config.Config`), `tiny() -> Config` for a run of a
second or two, and `run(config, threads=1) -> Result`. Results must not depend on `threads`. Simulations named
`bench_*` are benchmarks; their rows are rival, case, threads, seconds, ratio_median, ratio_q1, ratio_q3
(ratio = the rival's time over ours).
"""
