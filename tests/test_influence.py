"""Modulators from a population, couplings and slow clocks: the engine against plain loops, and what it refuses."""

import numpy as np
import pytest

from neurosparse import clock, csr, rng, wire
from neurosparse.astrocytes import leaky_integrator
from neurosparse.network import (
    Coupling,
    CurrentInput,
    Modulator,
    Network,
    NoiseInput,
    PoissonSource,
    Population,
    Projection,
    SpikeMonitor,
    StateMonitor,
)

N, CELLS, DT, EVERY = 130, 70, 0.5, 4
DOMAIN = np.arange(N) % CELLS
RING = csr.from_coo(
    np.repeat(np.arange(CELLS), 2),
    (np.repeat(np.arange(CELLS), 2) + np.tile([1, -1], CELLS)) % CELLS,
    np.full(2 * CELLS, 0.2),
    (CELLS, CELLS),
)
ASTRO = {"tau_astro": 30.0, "b_astro": 0.1, "theta": 0.4}
WATCH = (SpikeMonitor("s"), SpikeMonitor("n"), SpikeMonitor("astro"), StateMonitor("astro", ("a",)))


def network(every=EVERY * DT, source=True):
    """Poisson sources drive neurons by plastic synapses; a ring of astrocytes listens and sets the depression."""
    into = wire.bernoulli(rng.stream(1, "in"), 60, N, 0.3, 0.6)
    near = csr.from_coo(np.arange(N), DOMAIN, np.full(N, 0.8), (N, CELLS))
    back = csr.from_coo(DOMAIN, np.arange(N), np.full(N, 0.3), (CELLS, N))
    modulator = Modulator("A", "n", source="astro", field="a", domain=DOMAIN) if source else Modulator("A", "n")
    return Network(
        (
            PoissonSource("s", 60, 60.0, rng.stream(2, "s")),
            Population("n", N, "lif", {"tau_mem": 10.0, "v_th": 1.0, "t_ref": 2.0}),
            Population("astro", CELLS, "leaky_integrator", ASTRO, every=every),
        ),
        (
            Projection("s", "n", into, 1.0, "jump", ("astro_stdp", {"w_max": 1.0}), modulator="A"),
            Projection("n", "astro", near, DT, "spikes"),
        ),
        (modulator,),
        DT,
        (Coupling("astro", "astro", RING, "gap", "a"), Coupling("astro", "n", back, "current", "a")),
    )


def test_slow_cells_with_diffusion_are_those_of_plain_loops():
    """Spikes of the neurons as recorded, the astrocytes replayed cell by cell."""
    steps = 400
    run = clock.run(network(), steps * DT, monitors=WATCH)
    fired = np.zeros((steps + 1, N))
    fired[run.spikes["n"].step + 1, run.spikes["n"].i] = 1.0  # arrivals, a step later
    assert fired.sum() > 500
    p = leaky_integrator.params(**ASTRO, dt=EVERY * DT)
    a, heard, events = np.full(CELLS, 0.1), np.zeros(CELLS), []
    for t in range(steps):
        np.add.at(heard, DOMAIN, 0.8 * fired[t])
        if (t + 1) % EVERY == 0:
            gap = 0.2 * (np.roll(a, 1) - a) + 0.2 * (np.roll(a, -1) - a)
            made = [leaky_integrator.step(p, leaky_integrator.State(v), x, g) for v, x, g in zip(a, heard, gap)]
            a, heard = np.array([s.a for s, _ in made]), np.zeros(CELLS)
            events += [(t, i) for i, (_, z) in enumerate(made) if z > 0]
        np.testing.assert_allclose(run.states["astro"].fields["a"][t], a, rtol=1e-6)
    assert len(events) > 5
    assert events == list(zip(run.spikes["astro"].step.tolist(), run.spikes["astro"].i.tolist()))


def test_a_modulator_of_the_network_is_one_that_is_given():
    """The recorded course of the astrocytes, given from outside, makes the same run."""
    whole = clock.run(network(), 200.0, monitors=WATCH)
    a = np.vstack([np.full(CELLS, 0.1), whole.states["astro"].fields["a"]])[:-1]  # as after the last step
    again = clock.run(network(source=False), 200.0, {"A": a[:, DOMAIN]}, WATCH)
    np.testing.assert_array_equal(again.spikes["n"].i, whole.spikes["n"].i)
    np.testing.assert_array_equal(again.end.arrays["w0_w"], whole.end.arrays["w0_w"])
    changed = np.abs(whole.end.arrays["w0_w"] - network().projections[0].csr.weight)
    assert changed.max() > 0.05
    still = clock.run(network(source=False), 200.0, {"A": np.zeros(1)}, WATCH)
    assert not np.array_equal(still.end.arrays["w0_w"], whole.end.arrays["w0_w"])


def test_one_cell_speaks_to_all_and_a_current_comes_from_a_field():
    net = network()
    one = csr.from_coo(np.arange(N), np.zeros(N, dtype=int), np.full(N, 0.01), (N, 1))
    all_ = csr.from_coo(np.zeros(N, dtype=int), np.arange(N), np.full(N, 0.5), (1, N))
    net = net._replace(
        populations=(*net.populations[:2], Population("astro", 1, "leaky_integrator", ASTRO)),
        projections=(net.projections[0], Projection("n", "astro", one, DT, "spikes")),
        inputs=(Modulator("A", "n", source="astro", field="a"), CurrentInput("i", "n", "current")),
        couplings=(Coupling("astro", "n", all_, "current", "a"),),
    )
    whole = clock.run(net, 100.0, {"i": 0.0}, WATCH)
    a = np.vstack([[[0.1]], whole.states["astro"].fields["a"]])[:-1]
    again = clock.run(net._replace(couplings=()), 100.0, {"i": 0.5 * a}, WATCH)
    np.testing.assert_array_equal(again.spikes["n"].i, whole.spikes["n"].i)
    silent = clock.run(net._replace(couplings=()), 100.0, {"i": 0.0}, WATCH)
    assert len(silent.spikes["n"].i) != len(whole.spikes["n"].i)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_same_bits_for_threads_and_for_a_run_in_pieces(threads):
    whole = clock.run(network(), 101.5, monitors=WATCH)
    engine, moment, pieces = clock.compile(network(), WATCH, threads), None, []
    for part in (0.5, 33.5, 67.5):
        run = clock.run(engine, part, start=moment)
        moment = run.end
        pieces.append(run.spikes["n"])
    np.testing.assert_array_equal(np.concatenate([piece.i for piece in pieces]), whole.spikes["n"].i)
    for name in ("w0_w", "s2_a", "pub2_a", "x2_spikes", "s1_v"):
        np.testing.assert_array_equal(moment.arrays[name], whole.end.arrays[name])


def with_(**changes):
    """The network with its Modulator, its first Coupling or its astrocytes changed."""
    net = network()
    if "every" in changes:
        return net._replace(populations=(*net.populations[:2], net.populations[2]._replace(**changes)))
    if set(changes) <= {"source", "field", "domain", "target"}:
        return net._replace(inputs=(net.inputs[0]._replace(**changes),))
    changes = {name[:-1] if name.endswith("_") else name: value for name, value in changes.items()}
    return net._replace(couplings=(net.couplings[0]._replace(**changes),))


@pytest.mark.parametrize("net, words", [
    (with_(every=0.7), "every"), (with_(every=-1.0), "every"), (with_(every="x"), "every must be a finite number"),
    (with_(source="m"), "population must be one of s, n, astro"), (with_(field="b"), "State field of 'astro' must be one of a"),
    (with_(source=3), "source must be a name"), (with_(field=3), "field must be a name"),
    (with_(source="s", field="a"), "there are none"),
    (with_(source=None), "a field needs its source"),
    (with_(domain=None), "'astro' must have 1 or 130 cells"), (with_(domain=np.zeros(3, int)), r"domain must be \(130,\)"),
    (with_(domain=np.zeros(N)), "integers"), (with_(domain=np.full(N, 70)), r"domain must be in \[0, 69\]"),
    (with_(target="astro"), "domain must be"),
    (with_(csr=None), "csr must be a neurosparse.Csr"), (with_(port="in"), "port of 'astro' must be one of spikes, gap"),
    (with_(csr=csr.from_coo([0], [0], [1.0], (3, 3))), r"csr must have shape \(70, 70\)"), (with_(port=2), "port must be a name"),
    (with_(field_="b"), "State field"), (with_(field_=1), "field must be a name"), (with_(source_="x"), "population must be"),
    (network()._replace(couplings=3), "couplings must be a tuple"), (network()._replace(couplings=(3,)), "must hold"),
    (network()._replace(projections=(network().projections[0]._replace(modulator=("A", "A", "A")),)), "at most 2 modulators"),
    (network()._replace(projections=(network().projections[0]._replace(modulator=("A", 2)),)), "modulator must be a name"),
    (network()._replace(projections=(network().projections[0]._replace(rule=None, release=("gliotransmission", {})
     , modulator=None),)), "needs 1 modulator"),
    (network()._replace(projections=(network().projections[0]._replace(rule=None, release=("gliotransmission", {})),)),
     "the modulator must be of 's'"),
])  # fmt: skip
def test_refusals(net, words):
    with pytest.raises((ValueError, TypeError), match=words):
        clock.compile(net)


def test_a_coupling_into_a_port_of_spikes_is_refused():
    net = network()
    cells = Population("n", N, "lif_alpha", {})
    with pytest.raises(ValueError, match="a coupling needs a port that holds values"):
        clock.compile(
            net._replace(
                populations=(net.populations[0], cells, net.populations[2]),
                projections=(net.projections[1],),
                couplings=(net.couplings[1]._replace(port="exc"),),
            )
        )


def test_noise_is_that_of_the_stream_at_each_step_of_the_cells():
    stream = rng.stream(9, "noise")
    cells = Population("astro", CELLS, "leaky_integrator", ASTRO, every=EVERY * DT)
    sd = np.linspace(0.0, 2.0, CELLS)
    net = Network((cells,), (), (NoiseInput("astro", "gap", sd, stream),), DT)
    watch = (StateMonitor("astro", ("a",)),)
    run = clock.run(net, 20.0, monitors=watch)
    p, a = leaky_integrator.params(**ASTRO, dt=EVERY * DT), np.full(CELLS, 0.1)
    for t in range(EVERY - 1, 40, EVERY):
        a = p.keep * a + p.drive + p.gain * sd * rng.normals(stream, CELLS, t)
        np.testing.assert_allclose(run.states["astro"].fields["a"][t], a, rtol=1e-12)
    two = clock.run(net, 20.0, monitors=watch, threads=2)
    np.testing.assert_array_equal(two.end.arrays["s0_a"], run.end.arrays["s0_a"])
    same = clock.run(net._replace(inputs=(NoiseInput("astro", "gap", 0.5, stream),)), 2.0, monitors=watch)
    expected = p.keep * 0.1 + p.drive + p.gain * 0.5 * rng.normals(stream, CELLS, EVERY - 1)
    np.testing.assert_allclose(same.states["astro"].fields["a"][-1], expected, rtol=1e-12)
    small = clock.run(clock.compile(net, watch, precision="float32"), 20.0)
    np.testing.assert_allclose(small.states["astro"].fields["a"][-1], a, atol=1e-6)
    assert "noise" in str(net)


@pytest.mark.parametrize("change, words", [
    ({"sd": -1.0}, "sd must be >= 0"), ({"sd": np.ones(3)}, r"sd must be one number or have shape \(70,\)"),
    ({"sd": "x"}, "sd must be a finite number"), ({"stream": 3}, "stream must be a Stream"), ({"port": "x"}, "port of 'astro'"),
    ({"target": "q"}, "population must be one of astro"),
])  # fmt: skip
def test_refusals_of_noise(change, words):
    entry = NoiseInput("astro", "gap", 1.0, rng.stream(0, "x"))._replace(**change)
    with pytest.raises((ValueError, TypeError), match=words):
        clock.compile(Network((Population("astro", CELLS, "leaky_integrator", ASTRO),), (), (entry,), DT))
    cells = Population("n", 3, "lif_alpha", {})
    with pytest.raises(ValueError, match="noise needs a port that holds values"):
        clock.compile(Network((cells,), (), (NoiseInput("n", "exc", 1.0, rng.stream(0, "x")),), DT))


def test_the_fingerprint_tells_networks_apart_by_their_structure():
    """Who listens to whom, by which port and field: nothing of it is in an array."""
    net = network()
    first, second = net.couplings
    third = Modulator("B", "n", source="astro", field="a", domain=DOMAIN)
    learner = net.projections[0]
    exc = Population("e", 5, "lif_exp", {})
    into = csr.from_coo([0], [0], [1.0], (60, 5))
    ports = [
        Network((net.populations[0], exc), (Projection("s", "e", into, 1.0, port),), (), DT) for port in ("exc", "inh")
    ]
    currents = [Network((exc,), (), (CurrentInput("i", "e", port),), DT) for port in ("exc", "current")]
    both = net._replace(inputs=(net.inputs[0], third))
    kinds = [
        net,
        net._replace(couplings=(first,)),
        net._replace(couplings=(second,)),
        net._replace(couplings=(first, second._replace(port="jump"))),
        both,
        both._replace(projections=(learner._replace(modulator="B"), net.projections[1])),
        both._replace(projections=(learner._replace(modulator=("A", "B")), net.projections[1])),
        *ports,
        *currents,
    ]
    prints = [clock.fingerprint(clock.compile(kind)) for kind in kinds]
    assert len(set(prints)) == len(kinds)
    assert clock.fingerprint(clock.compile(network(), WATCH)) == prints[0]


def test_a_restart_keeps_the_phase_of_slow_clocks():
    engine = clock.compile(network(), WATCH)
    for duration in (3.5, 4.0):  # spans of 2 ms
        start = clock.restart(engine, clock.run(engine, duration).end, traces=True)
        assert start.step == 8
        assert clock.restart(engine, clock.run(engine, duration).end, step=3).step == 4
        run = clock.run(engine, 4.0, start=start)
        changes = np.flatnonzero(np.any(np.diff(run.states["astro"].fields["a"], axis=0) != 0.0, axis=1))
        np.testing.assert_array_equal(changes % EVERY, np.full(len(changes), EVERY - 2))


def test_a_restart_counts_from_a_whole_step():
    engine = clock.compile(network(), WATCH)
    end = clock.run(engine, 1.0).end
    with pytest.raises(ValueError, match=r"clock.restart: step must be in \[0, .*got -1"):
        clock.restart(engine, end, step=-1)


@pytest.mark.parametrize("delay", [1.0, 3.0])
def test_a_restart_forgets_the_spikes_on_their_way(delay):
    """Traces of sources go on as if the spikes of the last steps, as many as the delay, had never been."""
    net = network()
    net = net._replace(projections=(net.projections[0]._replace(delay=delay), net.projections[1]))
    engine = clock.compile(net, WATCH)
    run = clock.run(engine, 60.0)
    start = clock.restart(engine, run.end, traces=True)
    lost, steps = round(delay / DT), 120
    decay = np.exp(-DT / 10.0)
    x = np.zeros(60)
    for i, step in zip(run.spikes["s"].i, run.spikes["s"].step):
        if step < steps - lost:
            x[i] += decay ** (steps - 1 - step)
    h = start.arrays["h0_x"]
    np.testing.assert_allclose(h[(start.step - 1) % len(h)], x, rtol=1e-9)
    assert x.max() > 0.1


def test_cells_couple_by_their_own_field_and_not_into_spikes():
    net = network()
    with pytest.raises(ValueError, match="State field of 'astro' must be one of a"):
        clock.compile(net._replace(couplings=(net.couplings[0]._replace(field="x"),)))
    cells = Population("astro", CELLS, "gchi", {}, every=EVERY * DT)
    ring = net._replace(
        populations=(cells,), projections=(), inputs=(), couplings=(net.couplings[0]._replace(field="c"),)
    )
    with pytest.raises(ValueError, match="field that cells of 'astro' couple by must be one of i"):
        clock.compile(ring)
    with pytest.raises(ValueError, match="a coupling needs a port that holds values"):
        clock.compile(ring._replace(couplings=(net.couplings[0]._replace(field="i", port="spikes"),)))
