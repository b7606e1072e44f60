"""The float32 engine: the answers of NumPy on float32 arrays, half the memory, the same bits for any threads."""

import numpy as np
import pytest

from neurosparse import arrays, clock, narrow, rng, wire
from neurosparse.network import (
    CurrentInput,
    Network,
    PoissonInput,
    Population,
    Projection,
    SpikeMonitor,
    SpikeSource,
    StateMonitor,
)
from tests import reference
from tests.cells import NEURONS, lively, named
from tests.test_plasticity import WATCH, drive, network


@pytest.mark.parametrize("module", NEURONS, **named)
def test_float32_is_numpy_on_float32(module):
    dt, many, inputs = lively(module, 50, 300)
    inputs = [x.astype(np.float32) for x in inputs]
    net = Network((Population("a", 50, module, many),), (),
                  tuple(CurrentInput(port, "a", port) for port in module.PORTS), dt=dt)  # fmt: skip
    engine = clock.compile(net, (SpikeMonitor("a"), StateMonitor("a", module.State._fields)), precision="float32")
    run = clock.run(engine, 300 * dt, dict(zip(module.PORTS, inputs)))
    assert all(array.dtype != np.float64 for array in run.end.arrays.values())
    wide = module.params(dt=dt, **many)
    p = type(wide)(*(np.float32(value) for value in wide))
    s = module.State(*(np.full(50, value, dtype=np.float32) for value in module.init(wide)))
    fired = 0
    for t, now in enumerate(zip(*inputs)):
        s, z = reference.step(module, p, s, now)
        fired += z.sum()
        for name, value in s._asdict().items():
            assert value.dtype == np.float32
            np.testing.assert_array_equal(value, run.states["a"].fields[name][t], err_msg=f"{name} in step {t}")
    assert fired == len(run.spikes["a"].i) > (-1 if hasattr(module, "OUT") else 50)  # li never spikes


@pytest.mark.parametrize("case", ["stdp", "reward_stdp"])
def test_rules_in_float32(case):
    net = network(case, release=("tsodyks", {"tau_rec": 50.0, "tau_fac": 20.0}))
    ends = []
    for precision, threads in (("float32", 1), ("float32", 2), ("float64", 1)):
        engine = clock.compile(net, WATCH, threads, precision)
        ends.append((engine, clock.run(engine, 100.0, drive(case, 200))))
    (engine, small), (_, shared), (_, wide) = ends
    assert small.end.arrays["w0_w"].dtype == small.end.arrays["h0_x"].dtype == np.float32
    np.testing.assert_array_equal(small.end.arrays["w0_w"], shared.end.arrays["w0_w"])
    np.testing.assert_array_equal(small.spikes["n"].step, shared.spikes["n"].step)
    first = wide.spikes["n"].step < 40  # later a spike that falls on either side of a step has consequences
    np.testing.assert_array_equal(small.spikes["n"].i[: first.sum()], wide.spikes["n"].i[first])
    assert abs(len(small.spikes["n"].i) - len(wide.spikes["n"].i)) < 0.05 * len(wide.spikes["n"].i)
    with pytest.raises(ValueError, match="start must come from this network"):
        clock.run(engine, 1.0, drive(case, 2), start=wide.end)


def test_helpers_and_constants_are_narrowed():
    from neurosparse.neurons import alif

    copy = narrow.narrow(alif.step)
    assert copy is not alif.step
    assert not any(type(value) is float for value in copy.__code__.co_consts)
    assert alif.step(alif.params(), alif.init(alif.params()), 1.0, 0.0)[0].v > 0  # the original is as it was
    assert narrow.number(0.5, "float32") == "np.float32(0.5)"


def test_bad_precision():
    with pytest.raises(ValueError, match="precision must be one of float64, float32, got 'float16'"):
        clock.compile(Network((Population("a", 1, "lif"),)), precision="float16")


def one_synapse(**more):
    return (Projection("s", "a", wire.all_to_all(1, 1), 1.0, "jump", **more),)


@pytest.mark.parametrize("change, message", [
    ({"populations": (Population("a", 1, "lif", {"v_th": 1e300}),)}, "v_th of population 'a' must be below 3.4e38"),
    ({"populations": (Population("a", 2, "lif", init={"v": [0.0, -1e39]}),)}, r"v of population 'a' .* got -1e\+39; take a smaller"),
    ({"projections": one_synapse(rule=("stdp", {"w_max": 1e39}))}, "w_max of 's' -> 'a' must be below"),
    ({"inputs": (PoissonInput("a", "jump", 5.0, 1e39, rng.stream(0, "p")),)}, "weight of a PoissonInput of 'a' must be below"),
])  # fmt: skip
def test_what_float32_can_not_hold_is_refused(change, message):
    net = Network((Population("a", 1, "lif"), SpikeSource("s", 1)), dt=0.5)
    net = net._replace(**change)
    with pytest.raises(ValueError, match=f"clock.compile: {message}"):
        clock.compile(net, precision="float32")
    assert clock.compile(net).precision == "float64"


def test_infinities_are_kept():
    """What is infinite on purpose stays so."""
    net = Network((Population("a", 1, "lif", init={"v": 1.0}),))
    plan = clock.compile(net).plan
    plan.parts[0].dynamics.state["v"][:] = -np.inf
    assert np.isneginf(arrays.initial(plan, "float32")["s0_v"]).all()
