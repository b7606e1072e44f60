"""Every neuron's ORDER, measured: a smooth stretch at three step sizes against SciPy's solution of its equations.

A neuron without a problem here is measured against itself at a sixteenth of the smallest step.
"""

import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from neurosparse.neurons import hh_traub, lif, lif_cond
from tests import equations
from tests.cells import NEURONS, name_of, named

SILENT = {"tau_mem": 10.0, "v_rest": -70.0, "v_th": 1e9, "v_reset": -70.0, "r": 0.04}
INPUT = 90.0  # pA, or the unit of the port


# name: (equations, parameters, start of all fields but r, input, step sizes in ms)
SMOOTH = (0.4, 0.2, 0.1)
PROBLEMS = {
    "lif": (equations.lif, SILENT, [-62.0], INPUT, SMOOTH),
    "alif": (equations.alif, SILENT, [-62.0, 3.0], INPUT, SMOOTH),
    "lif_exp": (equations.lif_exp, SILENT, [-62.0, 400.0, -150.0], INPUT, SMOOTH),
    "lif_alpha": (equations.lif_alpha, SILENT | {"tau_inh": 3.0}, [-62.0, 400.0, 30.0, -150.0, -40.0], INPUT, SMOOTH),
    "lif_cond": (equations.lif_cond, {"v_th": 1e9, "t_ref": 2.0}, [-52.0, 30.0, 12.0], INPUT, SMOOTH),
    "adex": (equations.adex, {}, [-60.0, 20.0, 400.0, -90.0], INPUT, SMOOTH),
    "izhikevich": (equations.izhikevich, {}, [-68.0, -13.0], 3.0, (0.02, 0.01, 0.005)),
    "hh_traub": (equations.hh_traub, {}, [-66.0, 0.05, 0.8, 0.2, 4.0, 9.0], INPUT, (0.02, 0.01, 0.005)),
    "intfire1": (equations.intfire1, {"t_ref": 2.0}, [0.9], 0.0, SMOOTH),
    "li": (equations.lif, {"tau_mem": 10.0, "v_rest": -70.0, "r": 0.04}, [-62.0], INPUT, SMOOTH),
}
LENGTH = 4.0  # ms


def end(module, params, start, x, dt):
    """All fields but r after LENGTH ms of steps."""
    p = module.params(dt=dt, **params)
    fields = [name for name in module.State._fields if name != "r"]
    s = module.init(p)._replace(**dict(zip(fields, start)))
    ports = [0.0] * (len(module.PORTS) - len(getattr(module, "ADDS", {})))
    if ports:
        ports[module.PORTS.index("current") - len(getattr(module, "ADDS", {})) if "current" in module.PORTS else 0] = x
    for _ in range(round(LENGTH / dt)):
        s, z = module.step(p, s, *ports)
        assert z == 0
    return np.array([float(getattr(s, name)) for name in fields])


def errors(module, extra):
    slopes, params, start, x, dts = PROBLEMS.get(name_of(module), (None, {}, [], 0.0, SMOOTH))
    if slopes is None:
        truth = end(module, params | extra, start, x, dts[-1] / 16.0)
    else:
        assert len(start) == len([name for name in module.State._fields if name != "r"])
        solution = solve_ivp(lambda t, y: slopes(y, x), (0.0, LENGTH), start, "DOP853", rtol=1e-13, atol=1e-13)
        truth = solution.y[:, -1]
    scale = np.maximum(np.abs(truth), 1.0)
    return [np.max(np.abs(end(module, params | extra, start, x, dt) - truth) / scale) for dt in dts]


@pytest.mark.parametrize("module, order, extra", [
    *[(module, module.ORDER, {}) for module in NEURONS if module.ORDER is not None],
    *[(module, order, {"method": method}) for module in (lif_cond, hh_traub) for method, order in module.METHODS.items()],
    (lif, 1, {"method": "euler"}),
], **named)  # fmt: skip
def test_order(module, order, extra):
    coarse, middle, fine = errors(module, extra)
    if order == math.inf:
        assert max(coarse, middle, fine) < 1e-12
    else:
        assert fine > 1e-12  # what is measured is not rounding
        assert math.log2(coarse / middle) == pytest.approx(order, abs=0.3)
        assert math.log2(middle / fine) == pytest.approx(order, abs=0.2)


def test_hodgkin_huxley_rates_are_smooth_at_their_removable_singularities():
    """0/0 in the textbook form at u = 13, 15 and 40 mV: the limit there, and nothing but smoothness around."""
    for u, gate, kind, limit in ((13.0, 0, 0, 1.28), (40.0, 0, 1, 1.4), (15.0, 2, 0, 0.16)):
        around = np.array([hh_traub.rates(u + e)[gate][kind] for e in (-1e-6, -1e-13, 0.0, 1e-13, 1e-6)])
        np.testing.assert_allclose(around, limit, rtol=2e-7)
        assert around[2] == limit
        assert np.all(np.diff(around) * np.sign(around[-1] - around[0]) >= 0)
