"""Temporal memory over a whole sequence in one compiled call; it stops before a step that might not find room."""

from neurosparse import jit
from neurosparse.sdr.segments_activity import next_epoch
from neurosparse.sdr.segments_layout import N_SEGMENTS, N_SYNAPSES
from neurosparse.sdr.segments_learning import flag_active, kill
from neurosparse.sdr.tm_step import (
    MATCHED,
    N_COLUMNS,
    N_NOW,
    N_PREDICTED,
    N_WON,
    NEXT_NOW,
    NEXT_WON,
    NOW,
    STEP,
    WON,
    fire,
    has_room,
    learn_all,
    match,
    recognise,
)

COUNTS = ("n_columns", "n_predicted", "n_correct", "n_active", "n_winners", "n_segments", "n_synapses")


@jit.apart
def advance(rules, s, columns, learn, counts):
    """One step; False, and nothing has happened, where the pools may be too small."""
    clock, meta = s.clock, s.segments.meta
    if learn and not clock[MATCHED]:
        match(s)
    now, won, correct, learning, punished, new = fire(rules, s, columns, learn)
    if learn:
        if not has_room(rules, s, learning, new):
            return False
        learn_all(rules, s, learning, punished, new)
    flag_active(s.segments.flags, s.cells[NOW], clock[N_NOW], False)
    for i in range(now):
        s.cells[NOW, i] = s.cells[NEXT_NOW, i]
    for i in range(won):
        s.cells[WON, i] = s.cells[NEXT_WON, i]
    counts[0], counts[1], counts[2] = len(columns), clock[N_PREDICTED], correct
    counts[3], counts[4], counts[5], counts[6] = now, won, meta[N_SEGMENTS], meta[N_SYNAPSES]
    clock[N_NOW], clock[N_WON], clock[N_COLUMNS] = now, won, len(columns)
    clock[STEP] += 1
    recognise(rules, s, learn)
    return True


@jit.kernel
def run(rules, s, indptr, columns, begin, learn, counts, log_ptr, log):
    """Steps from `begin` on; counts (n_steps, 7). Returns the step before which it stopped, at most n_steps.

    log: the columns predicted after each step, where log_ptr has a place for each step and one more.
    """
    n_steps = len(indptr) - 1
    for k in range(begin, n_steps):
        if len(log_ptr) > 1 and log_ptr[k] + len(s.predicted) > len(log):
            return k
        if not advance(rules, s, columns[indptr[k] : indptr[k + 1]], learn, counts[k]):
            return k
        if len(log_ptr) > 1:
            log_ptr[k + 1] = log_ptr[k] + s.clock[N_PREDICTED]
            for j in range(s.clock[N_PREDICTED]):
                log[log_ptr[k] + j] = s.predicted[j]
    return n_steps


@jit.kernel
def reset(s):
    """Nothing was active."""
    next_epoch(s.segments.meta, s.segments.count)
    flag_active(s.segments.flags, s.cells[NOW], s.clock[N_NOW], False)
    s.clock[N_NOW] = s.clock[N_WON] = s.clock[N_PREDICTED] = s.clock[N_COLUMNS] = 0
    s.clock[MATCHED] = 1


@jit.kernel
def kill_cells(rules, s, cells):
    """Cells die: they leave the lists of active cells and winners, and what is predicted is asked anew."""
    flag_active(s.segments.flags, s.cells[NOW], s.clock[N_NOW], False)
    for cell in cells:
        kill(s.segments, cell)
        forget_cell(s, cell)
    recognise(rules, s, True)


@jit.apart
def forget_cell(s, cell):
    """Take a cell out of both lists."""
    for row, size in ((NOW, N_NOW), (WON, N_WON)):
        n = 0
        for i in range(s.clock[size]):
            if s.cells[row, i] != cell:
                s.cells[row, n] = s.cells[row, i]
                n += 1
        s.clock[size] = n
