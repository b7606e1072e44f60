"""Templates of point neurons: which model of ours, which parameters, in which units.

Names and defaults are those of the simulators: NEST's iaf_psc_delta, iaf_psc_exp, iaf_psc_alpha and aeif_psc_exp
(C_m in pF, g_L and a in nS, tau in ms, voltages in mV, I_e and b in pA) and NEURON's IntFire1, whose tau and refrac
the Allen Institute's files give in seconds.
Weights are pA (NEST's currents; the peak of an alpha function), mV (iaf_psc_delta) or parts of the threshold
(IntFire1).
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from neurosparse.io.sonata.files import fail

IGNORED = {"type", "comment"}  # what parameter files say beside parameters


class Model(NamedTuple):
    """How one template is run."""

    neuron: str  # a module of neurosparse.neurons
    signed: bool  # excitatory and inhibitory weights arrive at ports of their own, exc and inh
    defaults: dict[str, float]  # every parameter that the template takes
    translate: Callable[[str, dict[str, Any]], tuple[dict, dict]]  # (params, init) of a Population

    def port(self, inhibitory: bool) -> str:
        """Where a weight arrives."""
        return ("inh" if inhibitory else "exc") if self.signed else "jump"


def _membrane(owner: str, p: Mapping[str, Any]) -> tuple[dict, dict]:
    if np.any(np.asarray(p["C_m"]) <= 0):
        fail(owner, "C_m must be > 0 pF", p["C_m"])
    params = {
        "tau_mem": p["tau_m"],
        "v_th": p["V_th"],
        "v_reset": p["V_reset"],
        "v_rest": p["E_L"],
        "t_ref": p["t_ref"],
        "r": np.asarray(p["tau_m"]) / p["C_m"],
        "i_bias": p["I_e"],
    }
    start = np.where(np.isnan(p["V_m"]), p["E_L"], p["V_m"])
    return params, {"v": start}


def _synaptic(owner: str, p: Mapping[str, Any]) -> tuple[dict, dict]:
    params, init = _membrane(owner, p)
    return params | {"tau_exc": p["tau_syn_ex"], "tau_inh": p["tau_syn_in"]}, init


def _adex(owner: str, p: Mapping[str, Any]) -> tuple[dict, dict]:
    for name, unit in (("C_m", "pF"), ("g_L", "nS")):
        if np.any(np.asarray(p[name]) <= 0):
            fail(owner, f"{name} must be > 0 {unit}", p[name])
    names = {"C_m": "c_m", "Delta_T": "delta_t", "E_L": "v_rest", "V_th": "v_th", "V_reset": "v_reset", "I_e": "i_bias"}
    names |= {"V_peak": "v_peak", "tau_syn_ex": "tau_exc", "tau_syn_in": "tau_inh"}
    same = {name: p[name] for name in ("a", "b", "tau_w", "t_ref")}
    params = {ours: p[theirs] for theirs, ours in names.items()} | same | {"tau_mem": p["C_m"] / p["g_L"]}
    return params, {"v": np.where(np.isnan(p["V_m"]), p["E_L"], p["V_m"]), "w": p["w"]}


def _intfire1(owner: str, p: Mapping[str, Any]) -> tuple[dict, dict]:
    for name in ("tau", "refrac"):
        if np.any(np.asarray(p[name]) >= 1.0):
            fail(owner, f"{name} of nrn:IntFire1 is in seconds, below 1", p[name], "divide milliseconds by 1000")
    # rounded, for 0.003 s are 3 ms and not 3.0000000000000004
    return {"tau_mem": np.round(p["tau"] * 1000.0, 9), "t_ref": np.round(p["refrac"] * 1000.0, 9)}, {}


_NEST = {
    "C_m": 250.0,
    "tau_m": 10.0,
    "E_L": -70.0,
    "V_th": -55.0,
    "V_reset": -70.0,
    "t_ref": 2.0,
    "I_e": 0.0,
    "V_m": np.nan,  # where v starts; E_L if not given
}
_CURRENTS = _NEST | {"tau_syn_ex": 2.0, "tau_syn_in": 2.0}
_ADEX = {
    "C_m": 281.0,
    "g_L": 30.0,
    "E_L": -70.6,
    "Delta_T": 2.0,
    "V_th": -50.4,
    "V_peak": 0.0,
    "V_reset": -60.0,
    "a": 4.0,
    "b": 80.5,
    "tau_w": 144.0,
    "t_ref": 0.0,
    "tau_syn_ex": 0.2,
    "tau_syn_in": 2.0,
    "I_e": 0.0,
    "V_m": np.nan,
    "w": 0.0,
}

TEMPLATES = {
    "nrn:IntFire1": Model("intfire1", False, {"tau": 0.01, "refrac": 0.005}, _intfire1),
    "nest:iaf_psc_delta": Model("lif", False, _NEST, _membrane),
    "nest:iaf_psc_exp": Model("lif_exp", True, _CURRENTS, _synaptic),
    "nest:iaf_psc_alpha": Model("lif_alpha", True, _CURRENTS, _synaptic),
    "nest:aeif_psc_exp": Model("adex", True, _ADEX, _adex),
}


def find(owner: str, template: str | None) -> Model:
    """The model of a template."""
    if template not in TEMPLATES:
        fail(owner, f"model_template must be one of {', '.join(TEMPLATES)}", template, "other models do not run here")
    return TEMPLATES[str(template)]
