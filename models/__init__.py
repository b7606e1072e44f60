"""One file per paper: a frozen `Config` with the paper's values, each with its source, and `build(config)`.

The best file to copy: `liquid.py`. A model knows no data set and no figure; simulations feed it.
"""
