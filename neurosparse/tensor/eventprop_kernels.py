"""Spike times of leaky integrate-and-fire neurons without a grid, and the adjoint that runs back through them.

Between events      tau_mem V' = -V + I ;   tau_syn I' = -I             V(0) = I(0) = 0
    V(d) = V exp(-d / tau_mem) + I k(d) ;   I(d) = I exp(-d / tau_syn)
    k(d) = exp(-d / tau_mem) (1 - exp(-c d)) / (c tau_mem) ,   c = 1 / tau_syn - 1 / tau_mem   (c = 0: the limit)
Events              V_n = v_th from below: a spike, V_n <- 0 ;   a spike of i reaches j after d_ij: I_j <- I_j + w_ij

Backwards in time, ' = d/d(-t), from lambda = 0 at the end
    tau_mem lambda_V' = -lambda_V ;   tau_syn lambda_I' = -lambda_I + lambda_V
    arrival at j    dL/dw_ij -= tau_syn lambda_I,j ;   dL/d(arrival) = w_ij (lambda_V,j - lambda_I,j), which is added to
                    dL/dd_ij and to dL/dt of the spike
    spike of n      lambda_V,n += (v_th lambda_V,n + dL/dt) / (I_n - v_th)

V, I and v_th share a unit; times in ms. V falls or is concave up to its only maximum, so Newton's steps from the left
reach the first crossing and none other; for tau_mem = 2 tau_syn it is a root of a quadratic in exp(-d / tau_mem).

Source: Wunderlich & Pehle, Event-based backpropagation can compute exact gradients for spiking neural networks,
Scientific Reports 11:12829 (2021), eqs. 1 to 5; delays: dI/dt_arrival of the same calculus, Mészáros, Knight & Nowotny,
arXiv:2501.07331 (2025).
"""

import math
from typing import NamedTuple

import numpy as np

from neurosparse.jit import apart, kernel, shared
from neurosparse.precise import queues

move, push, sink = apart(queues.move), apart(queues.push), apart(queues.sink)
NEWTON_STEPS = 100  # quadratic but for V that only just reaches v_th; then each step halves the error


class Neuron(NamedTuple):
    """Constants of all neurons, and when to stop."""

    tau_mem: float  # ms
    tau_syn: float  # ms
    v_th: float  # unit of V
    duration: float  # ms
    max_spikes: int  # of all neurons together
    peak: float  # largest k(d): V that a current of one can make


def neuron(tau_mem: float, tau_syn: float, v_th: float, duration: float, max_spikes: int) -> Neuron:
    """The constants, unchecked, with what follows from them."""
    ratio = tau_mem / tau_syn
    last = tau_mem if ratio == 1.0 else math.log(ratio) / (1.0 / tau_syn - 1.0 / tau_mem)
    p = Neuron(tau_mem, tau_syn, v_th, duration, max_spikes, 0.0)
    return p._replace(peak=rise(last, p) * (1.0 + 1e-9))  # rounding shall not lose a spike


class Wiring(NamedTuple):
    """Synapses of n_in inputs and, if recurrent, of the n neurons after them; rows are sources, sorted by delay."""

    w: np.ndarray  # (n_in or n_in + n, n) float64
    d: np.ndarray  # of the same shape, ms, ascending in each row
    to: np.ndarray  # of the same shape, int64: targets
    n_in: int


@shared
def rise(d, p):
    """k(d): V after d that a current of one makes."""
    c = 1.0 / p.tau_syn - 1.0 / p.tau_mem
    spread = d if c == 0.0 else -math.expm1(-d * c) / c
    return math.exp(-d / p.tau_mem) * spread / p.tau_mem


@shared
def crossing(v, i, p):
    """Time from (v, i) until V first reaches v_th; inf if it never does."""
    if i <= p.v_th or i <= v or max(v, 0.0) + i * p.peak < p.v_th:
        return math.inf
    if v >= p.v_th:  # by rounding, just before its time
        return 0.0
    return _quadratic(v, i, p.tau_mem, p.v_th) if p.tau_mem == 2.0 * p.tau_syn else _newton(v, i, p)


@shared
def _quadratic(v, i, tau_mem, v_th):
    """The smaller root y = 1 - exp(-d / tau_mem) of i y^2 - (i - v) y + v_th - v = 0."""
    inside = (i - v) * (i - v) - 4.0 * i * (v_th - v)
    if inside < 0.0:
        return math.inf
    y = 2.0 * (v_th - v) / (i - v + math.sqrt(inside))
    return -tau_mem * math.log1p(-y) if y < 1.0 else math.inf


@shared
def _newton(v, i, p):
    last = _summit(v, i, p)
    if last == math.inf or v * math.exp(-last / p.tau_mem) + i * rise(last, p) < p.v_th:
        return math.inf
    d = 0.0
    for _ in range(NEWTON_STEPS):
        now = v * math.exp(-d / p.tau_mem) + i * rise(d, p)
        slope = (i * math.exp(-d / p.tau_syn) - now) / p.tau_mem
        further = d + (p.v_th - now) / slope if slope > 0.0 else last
        if not d < further <= last:  # arrived, to the last bit
            break
        d = further
    return d


@shared
def _summit(v, i, p):
    """When V is largest, from i > v with i > 0; inf if V never falls."""
    c = 1.0 / p.tau_syn - 1.0 / p.tau_mem
    if c == 0.0:
        return p.tau_mem * (1.0 - v / i)
    y = (1.0 - v / i) * (1.0 - p.tau_syn / p.tau_mem)
    return -math.log1p(-y) / c if y < 1.0 else math.inf


class Cells(NamedTuple):
    """State of the neurons, each as it was at its own last event, and their heap by next spike (`queues.move`)."""

    v: np.ndarray
    i: np.ndarray
    at: np.ndarray  # ms
    key: np.ndarray  # ms, inf for none
    heap: np.ndarray
    place: np.ndarray


class Flight(NamedTuple):
    """Heap of the spikes under way (`queues.push`), by next arrival."""

    due: np.ndarray  # ms
    spike: np.ndarray
    place: np.ndarray  # in the row of its source


@shared
def grown(array, n):
    """`array` itself if it has room for n + 1, else a copy with twice the room."""
    if n < array.shape[0]:
        return array
    more = np.empty(2 * array.shape[0] + 16, dtype=array.dtype)
    more[: array.shape[0]] = array
    return more


class Course(NamedTuple):
    """All spikes of a sample, and the events in order of time: one arrived at to[row, first:last], or was fired.

    Spikes of the inputs come first, as they were given, then those of neurons in order of time.
    """

    source: np.ndarray  # row of Wiring
    when: np.ndarray  # ms
    current: np.ndarray  # I of the neuron that fires
    spike: np.ndarray  # of each event
    first: np.ndarray  # -1: it was fired
    last: np.ndarray


@kernel
def simulate(ids, times, queue, wiring, p):
    """The Course of one sample; ids (k,), times (k,): spikes of the inputs, queue (k,): which is sent first, and so on.

    Stops after more than p.max_spikes.
    """
    k, n = ids.shape[0], wiring.w.shape[1]
    cells = Cells(np.zeros(n), np.zeros(n), np.zeros(n), np.full(n, math.inf), np.arange(n), np.arange(n))
    flight = Flight(np.empty(16), np.empty(16, dtype=np.int64), np.empty(16, dtype=np.int64))
    room = k + 16
    spike, first, last = np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64), np.empty(room, dtype=np.int64)
    source, when, current = ids.copy(), times.copy(), np.empty(k)
    flying, sent, m, e = 0, 0, k, 0
    while True:
        while sent < k and (flying == 0 or times[queue[sent]] <= flight.due[0]):  # nothing arrives before it is sent
            flight = Flight(grown(flight.due, flying), grown(flight.spike, flying), grown(flight.place, flying))
            flying = _send(flight, flying, queue[sent], ids[queue[sent]], times[queue[sent]], wiring)
            sent += 1
        arrival, own = flight.due[0] if flying > 0 else math.inf, cells.key[cells.heap[0]]
        if not min(arrival, own) < p.duration or m - k > p.max_spikes:
            return Course(source[:m], when[:m], current[:m], spike[:e], first[:e], last[:e])
        if e == spike.shape[0]:
            spike, first, last = grown(spike, e), grown(first, e), grown(last, e)
        if own < arrival:
            source, when, current = grown(source, m), grown(when, m), grown(current, m)
            j, current[m] = _fire(cells, own, p)
            source[m], when[m] = wiring.n_in + j, own
            spike[e], first[e], last[e] = m, -1, -1
            if wiring.w.shape[0] > wiring.n_in:
                flight = Flight(grown(flight.due, flying), grown(flight.spike, flying), grown(flight.place, flying))
                flying = _send(flight, flying, m, source[m], own, wiring)
            m += 1
        else:
            s, a = flight.spike[0], flight.place[0]
            b = _arrive(cells, source[s], a, when[s], wiring, p)
            spike[e], first[e], last[e] = s, a, b
            flying = _go_on(flight, flying, source[s], when[s], b, wiring)
        e += 1


@apart
def _send(flight, flying, s, row, t, wiring):
    """Spike s of source `row` leaves at t; returns how many are under way."""
    push(flight.due, flight.spike, flight.place, flying, t + wiring.d[row, 0], s, 0)
    return flying + 1


@apart
def _go_on(flight, flying, row, t, b, wiring):
    """The first spike under way, which left at t, goes on to the target at place b, or is done."""
    due, spike, place = flight.due, flight.spike, flight.place
    if b < wiring.w.shape[1]:
        sink(due, spike, place, flying, t + wiring.d[row, b], spike[0], b)
        return flying
    flying -= 1
    if flying > 0:
        sink(due, spike, place, flying, due[flying], spike[flying], place[flying])
    return flying


@apart
def _fire(cells, t, p):
    """The neuron whose turn it is spikes: (it, its current)."""
    j = cells.heap[0]
    cells.i[j] *= math.exp(-(t - cells.at[j]) / p.tau_syn)
    cells.v[j], cells.at[j] = 0.0, t
    move(cells.key, cells.heap, cells.place, j, t + crossing(0.0, cells.i[j], p))
    return j, cells.i[j]


@apart
def _arrive(cells, row, a, sent, wiring, p):
    """The spike arrives at all targets of one delay, from place a on; returns the place of the next."""
    v, i, at = cells.v, cells.i, cells.at
    t = sent + wiring.d[row, a]
    b = a
    while b < v.shape[0] and sent + wiring.d[row, b] == t:
        j = wiring.to[row, b]
        gap = t - at[j]
        v[j] = v[j] * math.exp(-gap / p.tau_mem) + i[j] * rise(gap, p)
        i[j] = i[j] * math.exp(-gap / p.tau_syn) + wiring.w[row, b]
        at[j] = t
        move(cells.key, cells.heap, cells.place, j, t + crossing(v[j], i[j], p))
        b += 1
    return b


class Adjoint(NamedTuple):
    """lambda of V and I, each as it was at its own last event, the earliest so far."""

    v: np.ndarray
    i: np.ndarray
    at: np.ndarray  # ms


@kernel
def differentiate(course, wiring, p, g_out, g_w, g_d):
    """dL/dt of the input spikes (k,), from dL/dt of the neurons' (m,); dL/dw and dL/dd are added to g_w and g_d,
    which have the order of `wiring`."""
    source, when = course.source, course.when
    n, k = wiring.w.shape[1], len(when) - len(g_out)
    g = np.zeros(len(when))
    g[k:] = g_out
    back = Adjoint(np.zeros(n), np.zeros(n), np.full(n, p.duration))
    for e in range(len(course.spike) - 1, -1, -1):
        s, a, b = course.spike[e], course.first[e], course.last[e]
        if a < 0:
            j = source[s] - wiring.n_in
            _carry(back, j, when[s], p)
            back.v[j] += (p.v_th * back.v[j] + g[s]) / (course.current[s] - p.v_th)
        else:
            g[s] += _arrived(back, wiring, source[s], a, b, when[s], p, g_w, g_d)
    return g[:k].copy()


@apart
def _arrived(back, wiring, row, a, b, sent, p, g_w, g_d):
    """Gradients of the arrivals at to[row, a:b]; returns dL/dt of the spike that they add."""
    total = 0.0
    for q in range(b - 1, a - 1, -1):
        j = wiring.to[row, q]
        _carry(back, j, sent + wiring.d[row, q], p)
        later = wiring.w[row, q] * (back.v[j] - back.i[j])
        g_w[row, q] -= p.tau_syn * back.i[j]
        g_d[row, q] += later
        total += later
    return total


@apart
def _carry(back, j, t, p):
    """Carry the adjoint of neuron j back to the time t."""
    gap = back.at[j] - t
    back.i[j] = back.i[j] * math.exp(-gap / p.tau_syn) + back.v[j] * rise(gap, p) * p.tau_mem / p.tau_syn
    back.v[j] *= math.exp(-gap / p.tau_mem)
    back.at[j] = t
