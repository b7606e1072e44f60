"""The spatial pooler once more, in plain Python: loops over columns and synapses, nothing shared with the library.

A pooler here is a dict of lists. Permanences and boost factors are NumPy float32 scalars, all else Python floats, in
the order of operations that the library's docstrings state, so results must be equal to the last bit.
"""

import math

import numpy as np

F = np.float32


def start(p, state):
    """From the library's state before the first step."""
    return {
        "perm": [[F(v) for v in row] for row in state.permanence],
        "overlap_duty": [0.0] * p.n_columns, "active_duty": [0.0] * p.n_columns, "weak": [0.0] * p.n_columns,
        "boost": [F(1.0)] * p.n_columns, "alive": [bool(a) for a in state.alive], "steps": 0,
        "radius": radius(p, state.permanence, state.alive),
    }  # fmt: skip


def near(p, i, r):
    """Rows of the neighbourhood of column i, each a list of columns."""
    rows, cols = p.column_shape

    def line(at, size):
        if not p.wrap:
            return [k for k in range(at - r, at + r + 1) if 0 <= k < size]
        return [k % size for k in range(at - r, at + r + 1)] if 2 * r + 1 < size else list(range(size))

    return [[a * cols + b for b in line(i % cols, cols)] for a in line(i // cols, rows)]


def centre(p, i):
    (n_rows, n_cols), (rows, cols) = p.input_shape, p.column_shape
    return math.floor((i // cols + 0.5) * n_rows / rows), math.floor((i % cols + 0.5) * n_cols / cols)


def radius(p, perm, alive):
    """Inhibition radius: given, or half of the mean span of the connections."""
    if not p.local:
        return 0
    if p.inhibition_radius:
        return p.inhibition_radius
    axes = [a for a in (0, 1) if p.input_shape[a] > 1]
    spans, living = 0, 0
    for i in range(p.n_columns):
        if not alive[i]:
            continue
        living += 1
        on = [divmod(j, p.input_shape[1]) for j in range(p.n_inputs) if perm[i][j] >= F(p.connected)]
        for a in axes:
            n = p.input_shape[a]
            offs = [place[a] - centre(p, i)[a] for place in on]
            offs = [(off + n // 2) % n - n // 2 for off in offs] if p.wrap else offs
            spans += max(offs) - min(offs) + 1 if offs else 0
    scale = 0.0
    for a in axes:
        scale += p.column_shape[a] / p.input_shape[a] / len(axes)
    return max(1, int((spans / max(1, living * len(axes)) * scale - 1.0) / 2.0 + 0.5))


def winners(p, s, overlap):
    ranks = {i: (-(F(overlap[i]) * s["boost"][i]), i) for i in range(p.n_columns) if s["alive"][i]}
    able = [i for i in ranks if overlap[i] >= p.stimulus_threshold]
    if not p.local:
        first = sorted(ranks.values())[: max(1, int(p.density * p.n_columns + 0.5))]
        return [i for i in able if ranks[i] in first]
    won = []
    for i in able:
        area = [j for row in near(p, i, s["radius"]) for j in row]
        rivals = [j for j in area if s["alive"][j]]
        if sum(ranks[j] < ranks[i] for j in rivals) < max(1, int(p.density * len(area) + 0.5)):
            won.append(i)
    return won


def add(p, s, i, changes):
    """Add to the pool of column i and clip."""
    row = s["perm"][i]
    for j in range(p.n_inputs):
        if row[j] >= 0:
            row[j] = min(max(F(row[j] + changes[j]), F(0)), F(1))


def step(p, s, x, learn):
    """Winners of the active inputs `x`."""
    limit, n, x = F(p.connected), p.n_columns, set(x)
    overlap = [sum(s["perm"][i][j] >= limit for j in x) for i in range(n)]
    won = winners(p, s, overlap)
    if not learn:
        return won
    s["steps"] += 1
    rise = [F(limit * F(0.1))] * p.n_inputs
    for i in won:
        add(p, s, i, [F(p.perm_inc) if j in x else -F(p.perm_dec) for j in range(p.n_inputs)])
        while sum(v >= limit for v in s["perm"][i]) < p.stimulus_threshold:
            add(p, s, i, rise)
    t = min(p.duty_period, s["steps"])
    for i in range(n):
        hit = float(overlap[i] > 0 and overlap[i] >= p.stimulus_threshold)
        s["overlap_duty"][i] = ((t - 1) * s["overlap_duty"][i] + hit) / t
        s["active_duty"][i] = ((t - 1) * s["active_duty"][i] + float(i in won)) / t
    for i in range(n):
        if s["alive"][i] and s["overlap_duty"][i] < s["weak"][i]:
            add(p, s, i, rise)
    if p.boost_strength:
        for i in range(n):
            s["boost"][i] = F(math.exp(min(64.0, p.boost_strength * (target(p, s, i) - s["active_duty"][i]))))
    if s["steps"] % p.update_period == 0:
        s["radius"] = radius(p, s["perm"], s["alive"])
        for i in range(n):
            area = [j for row in near(p, i, s["radius"]) for j in row] if p.local else range(n)
            s["weak"][i] = max(s["overlap_duty"][j] * s["alive"][j] for j in area) * p.min_overlap_pct
    return won


def target(p, s, i):
    if not p.local:
        return p.density
    rows = near(p, i, s["radius"])
    living, total = 0.0, 0.0
    for row in rows:
        duty = 0.0
        for j in row:
            living += s["alive"][j]
            duty += s["active_duty"][j] * s["alive"][j]
        total += duty
    return total / max(living, 1.0)
