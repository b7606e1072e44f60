"""Segments and temporal memory in dicts and lists: slow, and meant to be obviously right.

Random numbers come from the library's streams, by the same names and places, so that answers can be equal.
"""

from neurosparse import rng


class Table:
    """segments: id -> [owner, {presynaptic cell: permanence}]; order: ids, least recently used first."""

    def __init__(self, theta, theta_min, connected, top, max_segments, max_per_cell, max_synapses, min_synapses):
        self.theta, self.theta_min, self.connected, self.top = theta, theta_min, connected, top
        self.max_segments, self.max_per_cell = max_segments, max_per_cell
        self.max_synapses, self.min_synapses = max_synapses, min_synapses
        self.segments, self.order, self.free, self.n_ids, self.dead = {}, [], [], 0, set()

    def owned(self, cell):
        return [g for g in self.order if self.segments[g][0] == cell]

    def overlap(self, g, active):
        return sum(cell in active for cell in self.segments[g][1])

    def connected_overlap(self, g, active):
        return sum(cell in active and p >= self.connected for cell, p in self.segments[g][1].items())

    def activity(self, active):
        """(active ids, matching ids), ascending."""
        active = set(active)
        ids = sorted(self.segments)
        firing = [g for g in ids if self.connected_overlap(g, active) >= self.theta]
        return firing, [g for g in ids if self.overlap(g, active) >= self.theta_min]

    def create(self, owner):
        mine = self.owned(owner)
        if len(mine) >= self.max_per_cell:
            self.destroy(mine[0])
        elif self.max_segments and len(self.segments) >= self.max_segments:
            self.destroy(self.order[0])
        g = self.free.pop() if self.free else self.n_ids
        self.n_ids = max(self.n_ids, g + 1)
        self.segments[g] = [owner, {}]
        self.order.append(g)
        return g

    def destroy(self, g):
        del self.segments[g]
        self.order.remove(g)
        self.free.append(g)

    def touch(self, g):
        self.order.remove(g)
        self.order.append(g)

    def adapt(self, g, active, hit, miss):
        """False if the segment was destroyed."""
        permanences = self.segments[g][1]
        new = {cell: min(p + (hit if cell in active else miss), self.top) for cell, p in permanences.items()}
        self.segments[g][1] = {cell: p for cell, p in new.items() if p > 0}
        if len(self.segments[g][1]) < len(new) and len(self.segments[g][1]) < self.min_synapses:
            self.destroy(g)
            return False
        return True

    def grow(self, g, candidates, want, initial, stream, step):
        permanences = self.segments[g][1]
        new = [cell for cell in sorted(candidates) if cell not in permanences]
        want = min(want, len(new))
        for _ in range(len(permanences) + want - self.max_synapses):
            weak = [(p, cell) for cell, p in permanences.items() if cell not in candidates]
            if weak:
                del permanences[min(weak)[1]]
        want = min(want, self.max_synapses - len(permanences))
        for i in range(want):
            if want < len(new):
                j = i + int(rng.below(stream, g * 4096 + i, step, len(new) - i))
                new[i], new[j] = new[j], new[i]
            permanences[new[i]] = initial
        return max(want, 0)

    def kill(self, cell):
        for g in self.owned(cell):
            self.destroy(g)
        for g in sorted(self.segments):
            if self.segments[g][1].pop(cell, None) is not None and len(self.segments[g][1]) < self.min_synapses:
                self.destroy(g)
        self.dead.add(cell)


class Memory:
    """Temporal memory on a Table; `rates` are initial permanence, then signed changes: up, down, punish."""

    def __init__(self, table, rates, n_columns, per_column, max_new, keep_winner, stream):
        self.table, self.n_columns, self.per_column, self.max_new = table, n_columns, per_column, max_new
        self.initial, self.up, self.down, self.punish = rates
        self.keep_winner, self.stream, self.step_number = keep_winner, stream, 0
        self.reset()

    def reset(self):
        self.active, self.winners, self.firing, self.matching = [], [], [], []

    def column(self, g):
        return self.table.segments[g][0] // self.per_column

    def predictive(self):
        return sorted({self.table.segments[g][0] for g in self.firing})

    def recognise(self):
        self.firing, self.matching = self.table.activity(self.active)

    def step(self, columns, learn):
        """The anomaly of the step."""
        table, before, old_winners = self.table, set(self.active), sorted(self.winners)
        place = lambda g: (table.segments[g][0], g)  # noqa: E731
        firing, matching = sorted(self.firing, key=place), sorted(self.matching, key=place)
        overlap = {g: table.overlap(g, before) for g in {*firing, *matching}}
        active, winners, learning, fresh, correct = [], [], [], [], 0
        for column in columns:
            mine = [g for g in firing if self.column(g) == column]
            alive = [c for c in range(column * self.per_column, (column + 1) * self.per_column) if c not in table.dead]
            if mine:
                cells = sorted({table.segments[g][0] for g in mine})
                active, winners, learning, correct = active + cells, winners + cells, learning + mine, correct + 1
                continue
            active = active + alive
            candidates = [g for g in matching if self.column(g) == column] if learn else []
            kept = [c for c in old_winners if c // self.per_column == column] if self.keep_winner else []
            if candidates:
                best = max(candidates, key=lambda g: overlap[g])
                winners.append(table.segments[best][0])
                learning.append(best)
            elif kept or alive:
                winners.append(kept[0] if kept else self.least_used(alive, column))
                fresh.append(winners[-1])
        if learn:
            wrong = [g for g in matching if self.column(g) not in columns]
            self.learn(wrong, learning, fresh, overlap, before, old_winners)
        self.active, self.winners = active, winners
        self.step_number += 1
        self.recognise()
        return 1 - correct / len(columns) if len(columns) else 0.0

    def least_used(self, alive, column):
        owned = {cell: len(self.table.owned(cell)) for cell in alive}
        ties = [cell for cell in alive if owned[cell] == min(owned.values())]
        element = (1 << 62) | (column * self.per_column)
        return ties[int(rng.below(self.stream, element, self.step_number, len(ties)))] if len(ties) > 1 else ties[0]

    def learn(self, wrong, learning, fresh, overlap, before, winners):
        table, where = self.table, (self.stream, self.step_number)
        for g in wrong if self.punish else []:
            table.adapt(g, before, self.punish, self.punish * 0)
        for g in learning:
            if table.adapt(g, before, self.up, self.down):
                table.touch(g)
                table.grow(g, winners, max(0, self.max_new - overlap[g]), self.initial, *where)
        for cell in fresh if winners else []:
            table.grow(table.create(cell), winners, self.max_new, self.initial, *where)

    def kill(self, cells):
        for cell in cells:
            self.table.kill(cell)
        self.active = [c for c in self.active if c not in cells]
        self.winners = [c for c in self.winners if c not in cells]
        self.recognise()
