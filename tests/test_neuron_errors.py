"""What each neuron refuses, and how it says so."""

import math

import numpy as np
import pytest

from neurosparse.neurons import adex, alif, hh_traub, intfire1, izhikevich, lif, lif_alpha, lif_cond, lif_exp
from neurosparse.synapses import alpha


@pytest.mark.parametrize("wrong, message", [
    ({"tau_mem": -3.0}, r"lif.params: tau_mem must be > 0 ms, got -3.0"),
    ({"tau_mem": float("nan")}, "tau_mem must be a finite number in ms, got nan"),
    ({"t_ref": -1.0}, "t_ref must be >= 0 ms, got -1.0"),
    ({"v_th": float("inf")}, "v_th must be a finite number, got inf"),
    ({"reset": "zero"}, "reset must be one of value, subtract, got 'zero'"),
    ({"method": "rk4"}, "method must be one of exact, euler, got 'rk4'"),
    ({"tau_mem": 0.05, "method": "euler"}, "tau_mem must be >= 0.1 ms, got 0.05; forward Euler needs tau >= dt"),
])  # fmt: skip
def test_bad_parameters(wrong, message):
    with pytest.raises(ValueError, match=message):
        lif.params(**wrong)


def test_hold_is_true_or_false():
    with pytest.raises(TypeError, match="hold must be True or False, got 1"):
        lif.params(hold=1)


@pytest.mark.parametrize("module, wrong, message", [
    (alif, {"beta": -1}, r"alif.params: beta must be >= 0 mV, got -1"),
    (alif, {"tau_adapt": 0}, r"alif.params: tau_adapt must be > 0 ms, got 0"),
    (lif_exp, {"tau_exc": 0.0}, r"lif_exp.params: tau_exc must be > 0 ms, got 0.0"),
    (lif_exp, {"method": "euler"}, r'lif_exp.params: method must be "exact": its currents are, got '),
    (lif_alpha, {"tau_inh": -1.0}, r"lif_alpha.params: tau_inh must be > 0 ms, got -1.0"),
    (lif_alpha, {"r": math.nan}, r"lif.params: r must be a finite number, got nan"),
    (lif_cond, {"c_m": 0.0}, r"lif_cond.params: c_m must be > 0 pF, got 0.0"),
    (lif_cond, {"e_inh": math.inf}, r"lif_cond.params: e_inh must be a finite number in mV, got inf"),
    (lif_cond, {"tau_exc": 0.0}, r"lif_cond.params: tau_exc must be > 0 ms, got 0.0"),
    (lif_cond, {"method": "midpiont"}, r"method must be one of midpoint, start, got 'midpiont'; did you mean 'midpoint'"),
    (adex, {"tau_w": 0.0}, r"adex.params: tau_w must be > 0 ms, got 0.0"),
    (adex, {"tau_mem": [9.0, -1.0]}, r"adex.params: tau_mem must be > 0 ms, got \[9.0, -1.0\]"),
    (adex, {"c_m": -1.0}, r"adex.params: c_m must be > 0 pF, got -1.0"),
    (adex, {"delta_t": 0.0}, r"adex.params: delta_t must be > 0 mV, got 0.0"),
    (adex, {"a": "4"}, r"adex.params: a must be a finite number in nS, got '4'"),
    (adex, {"b": math.nan}, r"adex.params: b must be a finite number in pA, got nan"),
    (adex, {"v_peak": -60.0}, r"adex.params: v_peak must be above v_th and v_reset, got .*-60.0.*; raise v_peak"),
    (adex, {"delta_t": 0.1}, r"adex.params: \(v_peak - v_th\) / delta_t must be <= 600, got .*70[34].*; lower v_peak"),
    (adex, {"t_ref": -1.0}, r"adex.params: t_ref must be >= 0 ms, got -1.0"),
    (izhikevich, {"a": math.inf}, r"izhikevich.params: a must be a finite number in 1/ms, got inf"),
    (izhikevich, {"d": math.nan}, r"izhikevich.params: d must be a finite number in mV/ms, got nan"),
    (izhikevich, {"c": 30.0}, r"izhikevich.params: c must be < v_peak \(30.0 mV\), got .*30.0.*; a reset must end"),
    (hh_traub, {"g_na": -1.0}, r"hh_traub.params: g_na must be > 0 nS, got -1.0"),
    (hh_traub, {"c_m": 0.0}, r"hh_traub.params: c_m must be > 0 pF, got 0.0"),
    (hh_traub, {"v_shift": math.nan}, r"hh_traub.params: v_shift must be a finite number in mV, got nan"),
    (hh_traub, {"i_bias": math.inf}, r"hh_traub.params: i_bias must be a finite number in pA, got inf"),
    (hh_traub, {"t_ref": -1.0}, r"hh_traub.params: t_ref must be >= 0 ms, got -1.0"),
    (hh_traub, {"method": "rk4"}, r"hh_traub.params: method must be one of strang, start, got 'rk4'"),
    (intfire1, {"tau_mem": 0.0}, r"intfire1.params: tau_mem must be > 0 ms, got 0.0"),
    (intfire1, {"t_ref": -1.0}, r"intfire1.params: t_ref must be >= 0 ms, got -1.0"),
    (alpha, {"tau_syn": 0.0}, r"alpha.params: tau_syn must be > 0 ms, got 0.0"),
])  # fmt: skip
def test_bad_parameters_of_the_others(module, wrong, message):
    with pytest.raises(ValueError, match=message):
        module.params(**wrong)


def test_what_would_be_ignored_is_refused():
    with pytest.raises(TypeError, match="multiple values for keyword argument 'method'"):
        lif_alpha.params(method="euler")
    with pytest.raises(TypeError, match="unexpected keyword argument 'r'"):
        lif_cond.params(r=1.0)


def test_lists_are_one_value_for_each_neuron():
    p = lif_cond.params(c_m=[100.0, 200.0], tau_mem=[10.0, 20.0])
    np.testing.assert_allclose(p.gain, [0.001, 0.0005])
    np.testing.assert_allclose(p.leak, [0.01, 0.005])
