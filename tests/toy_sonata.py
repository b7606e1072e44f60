"""A small SONATA network of three populations, made up, as files: what the tests of the format start from."""

import numpy as np

from neurosparse import rng
from neurosparse.io.sonata import export
from neurosparse.precise import Train

COMPONENTS = {
    "exp_slow.json": {"tau_m": 20.0, "V_th": -60.0, "tau_syn_ex": 3.0, "tau_syn_in": 5.0, "type": "iaf"},
    "exp_fast.json": {"tau_m": 10.0, "V_th": -60.0, "I_e": 150.0},
    "fire.json": {"tau": 0.015, "refrac": 0.003},
    "minus.json": {"sign": -1, "level_of_detail": "instantaneous"},
}
N_THAL, N_CTX, N_OUT = 20, 12, 5


def nodes():
    """Virtual thal; ctx of two types of iaf_psc_exp with thresholds of single nodes; out of IntFire1."""
    exp = {"model_type": "point_neuron", "model_template": "nest:iaf_psc_exp"}
    return {
        "thal": export.NodeData({7: {"model_type": "virtual", "area": "T"}}, np.full(N_THAL, 7)),
        "ctx": export.NodeData(
            {1: exp | {"dynamics_params": "exp_slow.json"}, 2: exp | {"dynamics_params": "exp_fast.json", "ei": "i"}},
            np.repeat([1, 2], [8, 4]),
            {"x": np.arange(12.0), "dynamics_params/t_ref": 1.0 + 0.25 * np.arange(N_CTX)},
        ),
        "out": export.NodeData(
            {0: {"model_type": "point_neuron", "model_template": "nrn:IntFire1", "dynamics_params": "fire.json"}},
            np.zeros(N_OUT, int),
        ),
    }


def edges():
    """Weights (exact in float32), delays and nsyns of single edges in HDF5, of types in CSV; pairs of several edges."""
    stream = rng.stream(0, "toy sonata")

    def draw(k, m):
        return rng.uniforms(stream, m, k)

    m = 150
    thal = np.floor(draw(0, m) * N_THAL).astype(int), np.floor(draw(1, m) * N_CTX).astype(int)
    ctx = np.floor(draw(2, m) * N_CTX).astype(int), np.floor(draw(3, m) * N_CTX).astype(int)
    out = np.floor(draw(4, 60) * N_CTX).astype(int), np.floor(draw(5, 60) * N_OUT).astype(int)
    return {
        "thal_ctx": export.EdgeData(
            "thal", "ctx", *thal, {1: {"delay": 1.5}}, np.ones(m, int), {"syn_weight": 300.0 + np.floor(4800.0 * draw(6, m)) / 16.0}
        ),
        "ctx_ctx": export.EdgeData(
            "ctx", "ctx", *ctx, {1: {"syn_weight": 200.0}, 2: {"syn_weight": -400.0}}, 1 + (ctx[0] >= 8),
            {"delay": 0.5 + 0.25 * np.floor(8 * draw(7, m)), "nsyns": np.floor(3 * draw(8, m)).astype(np.uint16)},
        ),
        "ctx_out": export.EdgeData(
            "ctx", "out", *out,
            {1: {"syn_weight": 0.6, "delay": 2.0}, 2: {"syn_weight": 0.1, "delay": 1.0, "dynamics_params": "minus.json"}},
            1 + (out[0] >= 8),
        ),
    }  # fmt: skip


def inputs(tstop=100.0):
    """About 40 Hz for each virtual node, off any grid."""
    u = rng.uniforms(rng.stream(1, "toy sonata"), 2 * 80).reshape(2, -1)
    return {"thal": Train(np.floor(u[0] * N_THAL).astype(int), u[1] * tstop)}


def write(folder, tstop=100.0, **changes):
    """All files; returns the path of the simulation configuration."""
    parts = {"nodes": nodes(), "edges": edges(), "inputs": inputs(tstop), "components": COMPONENTS} | changes
    components = parts["components"]
    return export.write(folder, parts["nodes"], parts["edges"], parts["inputs"], tstop, 0.1, components)
