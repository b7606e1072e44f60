"""Two binary heaps as leaf functions: spikes in flight, and neurons by the time at which they fire by themselves.

A spike in flight stands in the heap once, with the time of its next arrival, so that the heap is as long as the number
of spikes under way, not of synapses. Equal times are taken in the order of sending (`mark`). The heap of neurons holds
each neuron once, `place` says where, and a new time moves it; equal times are taken by ascending number.
"""

from neurosparse.jit import shared


@shared
def push(due, mark, segment, n, t, m, e):
    """Add (t, m, e) to a heap of n; room for one more is the caller's task."""
    while n > 0:
        up = (n - 1) // 2
        if due[up] < t or (due[up] == t and mark[up] < m):
            break
        due[n], mark[n], segment[n] = due[up], mark[up], segment[up]
        n = up
    due[n], mark[n], segment[n] = t, m, e


@shared
def sink(due, mark, segment, n, t, m, e):
    """Put (t, m, e) in place of the first of a heap of n > 0."""
    at = 0
    while 2 * at + 1 < n:
        down = 2 * at + 1
        if down + 1 < n and (due[down + 1] < due[down] or (due[down + 1] == due[down] and mark[down + 1] < mark[down])):
            down += 1
        if t < due[down] or (t == due[down] and m < mark[down]):
            break
        due[at], mark[at], segment[at] = due[down], mark[down], segment[down]
        at = down
    due[at], mark[at], segment[at] = t, m, e


@shared
def move(key, heap, place, g, t):
    """Give neuron g the time t."""
    if key[g] == t:
        return
    key[g] = t
    at = place[g]
    while at > 0:
        other = heap[(at - 1) // 2]
        if key[other] < t or (key[other] == t and other < g):
            break
        heap[at], place[other] = other, at
        at = (at - 1) // 2
    n = heap.shape[0]
    while 2 * at + 1 < n:
        down = 2 * at + 1
        if down + 1 < n:
            a, b = heap[down], heap[down + 1]
            if key[b] < key[a] or (key[b] == key[a] and b < a):
                down += 1
        other = heap[down]
        if t < key[other] or (t == key[other] and g < other):
            break
        heap[at], place[other] = other, at
        at = down
    heap[at], place[g] = g, at
