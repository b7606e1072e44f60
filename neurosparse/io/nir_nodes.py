"""Layers of our kind as nodes of NIR, and back: what each number means on either side.

NIR is continuous in time, in seconds, with I the input:

    LIF      tau dv/dt = (v_leak - v) + r I           spike where v > v_threshold, then v = v_reset
    CubaLIF  tau_mem dv/dt = (v_leak - v) + r i ,     tau_syn di/dt = -i + w_in I ;  spikes alike
    LI       LIF without spikes;    IF, I: r I alone drives v

Ours steps: v <- decay v + (1 - decay) (v_rest + r I), decay = exp(-dt / tau), with I held over the step; method="euler"
takes decay = 1 - dt / tau. Both keep r and tau, so cells with inputs at "current" are LIF and LI to the letter.

* An input at "jump" adds to v at once: it is a current that brings v as far in a step, r = 1 / (1 - decay).
* An input x of CubaLIF is an impulse of area x dt at the start of a step: it adds w_in dt / tau_syn x to i. Ours adds
  x: w_in = tau_syn / dt, the same as in peers that step by Euler. Other factors go into r.
* A bias current is part of v_leak (v_leak = v_rest + r i_bias), and v_rest where v starts.
* IF and I are lif and li that lose nothing (decay is 1): tau_mem of 1e17 steps.

Where NIR is silent we write `metadata` of the node, and read it where it is there: dt (s), reset ("value", "subtract"),
method, port, v_rest, and spikes, surrogate, alpha, detach_reset of a cell that was trained. NIR has no refractory time,
no moving threshold, no soft spikes, no maximum: such layers are refused here, and `layers_json` takes them all.

Source: Pedersen et al., Neuromorphic intermediate representation, Nature Communications 15:8122 (2024).
"""

from typing import Any

import numpy as np

from neurosparse import check, find, grid
from neurosparse.neurons.lif_exp import synaptic_gain

ENDLESS = 1e17  # steps after which a membrane that loses nothing has lost anything: exp(-1 / ENDLESS) is 1
MAX_PLUS = "its membrane takes a maximum (max-plus), which no node of NIR does; as a LIF it would be another model"
REASONS = {
    "ultralif": MAX_PLUS,
    "ultralif_signed": MAX_PLUS,
    "ultradlif": "its ring of compartments takes a maximum (max-plus), which no node of NIR does",
    "sigmalif": "its leak multiplies by tau0 outside of any time constant, and its spikes are soft",
    "alif": "NIR has no moving threshold",
}
SPIKES = ("spikes", "surrogate", "alpha", "detach_reset")
REMEDY = "layers_json.save keeps every layer"
Record = dict[str, Any]


def refuse(owner: str, what: str, reason: str) -> Any:
    """Raise ValueError: NIR can not express it."""
    return check.fail(owner, f"must be a layer that NIR can express ({reason})", what, REMEDY)


def dt_of(seconds: float) -> float:
    """ms; 1e-4 s is .1 ms and no digit more."""
    return float(f"{1000.0 * float(seconds):.14g}")


def cell_node(nir: Any, owner: str, record: Record) -> Any:
    """The node of a cell. Raises ValueError for one that NIR can not express."""
    name, n, dt = record["neuron"], record["n"], record["dt"] / 1000.0
    if name not in ("lif", "li", "lif_exp"):
        refuse(owner, name, REASONS.get(name, "there is no node for it"))
    p = _constants(owner, record)
    if record["spikes"][0] == "soft" and name != "li":
        refuse(owner, name, 'its spikes are soft; build the cell with spikes("hard")')
    if np.any(p.get("n_ref", 0.0)):
        refuse(owner, name, "NIR has no refractory time")
    method = record["given"].get("method", "exact")
    meta = {"dt": dt, "method": method, "port": record["port"], "v_rest": _all(p["v_rest"], n)}
    if "carry" in p:
        meta |= {"reset": "subtract" if p["carry"] else "value", **dict(zip(SPIKES, record["spikes"]))}
    if name == "lif_exp":
        return _cuba(nir, owner, record | {"constants": p}, meta)
    if np.all(np.equal(p["decay"], 1.0)):
        return _endless(nir, owner, record | {"constants": p}, meta)
    left = _left(owner, name, p["decay"])
    r = 1.0 / left if record["port"] == "jump" else p["gain"] / left
    leak = {"tau": tau(p["decay"], dt, method), "r": r, "v_leak": p["drive"] / left}
    if name == "li":
        return nir.LI(**_arrays(n, **leak), metadata=meta)
    fire = {"v_threshold": p["v_th"], "v_reset": p["v_reset"]}
    return nir.LIF(**_arrays(n, **leak, **fire), metadata=meta)


def _constants(owner: str, record: Record) -> dict[str, Any]:
    """Params of the cell: what is learned as it is, the rest in float64, whatever the cell computes in."""
    module = find.find_module(owner, record["neuron"], "neurons")
    learned = {name: record["constants"][name] for name in record["learn"]}
    return find.constants(owner, module, record["given"], record["dt"])._asdict() | learned


def _cuba(nir: Any, owner: str, record: Record, meta: dict) -> Any:
    p, n, dt, port = record["constants"], record["n"], record["dt"] / 1000.0, record["port"]
    if port not in ("exc", "inh"):
        refuse(owner, "lif_exp", f"its input arrives at {port!r}; take lif, or the port exc or inh")
    left = _left(owner, "lif_exp", p["decay"])
    tau_mem, tau_syn = tau(p["decay"], dt, "exact"), tau(p[f"decay_{port}"], dt, "exact")
    r = p[f"gain_{port}"] / synaptic_gain(tau_mem, tau_syn, 1.0, dt)
    return nir.CubaLIF(
        **_arrays(n, tau_mem=tau_mem, tau_syn=tau_syn, r=r, v_leak=p["drive"] / left, w_in=tau_syn / dt),
        **_arrays(n, v_threshold=p["v_th"], v_reset=p["v_reset"]),
        metadata=meta,
    )


def _endless(nir: Any, owner: str, record: Record, meta: dict) -> Any:
    p, n, dt, name = record["constants"], record["n"], record["dt"] / 1000.0, record["neuron"]
    if record["port"] != "jump" or np.any(p["drive"]):
        refuse(owner, f"{name} without a leak", "its input must arrive at jump, with no drive beside")
    if name == "li":
        return nir.I(**_arrays(n, r=1.0 / dt), metadata=meta)
    return nir.IF(**_arrays(n, r=1.0 / dt, v_threshold=p["v_th"], v_reset=p["v_reset"]), metadata=meta)


def node_cells(
    owner: str, kind: str, node: Any, n: int, asked: tuple[float | None, str | None] = (None, None)
) -> list[Record]:
    """Records of a node LIF, CubaLIF, LI, IF or I of n cells: a cell, after a scale where one is needed.

    asked: dt (ms) and method; they come first, then what the metadata say. Raises ValueError where neither knows dt.
    """
    dt, method = asked
    meta = node.metadata if isinstance(node.metadata, dict) else {}
    if dt is None and "dt" not in meta:
        check.fail(owner, "dt must be known", "no dt in the metadata", "pass dt=, in ms: NIR itself has no time step")
    dt = dt_of(meta["dt"]) if dt is None else float(dt)
    method = check.one_of(owner, "method", method or _text(meta.get("method", "exact")), grid.METHODS)
    if kind in ("IF", "I"):
        return _integrator(owner, kind, node, n, (dt, meta))
    leak = 1000.0 * np.asarray(node.tau_mem if kind == "CubaLIF" else node.tau, dtype=np.float64)
    check.positive(owner, "tau", leak, "ms")
    v_leak = np.asarray(node.v_leak, dtype=np.float64)
    given: dict[str, Any] = {"tau_mem": leak} | (_fire(owner, node, meta) if kind != "LI" else {})
    r, port = np.asarray(node.r, dtype=np.float64), "current"
    if kind == "CubaLIF":
        tau_syn = 1000.0 * np.asarray(node.tau_syn, dtype=np.float64)
        r = r * np.asarray(node.w_in) * dt / check.positive(owner, "tau_syn", tau_syn, "ms")
        port = "inh" if _text(meta.get("port", "")) == "inh" else "exc"
        given[f"tau_{port}"] = tau_syn
        if method == "euler":
            check.fail(owner, "CubaLIF must be stepped exactly", method, 'take method="exact"')
    else:
        given["method"] = method
        if _text(meta.get("port", "")) == "jump" and np.allclose(
            r * (1.0 - grid.decay(owner, "tau", leak, dt, method)), 1.0, rtol=1e-6
        ):
            r, port = np.ones_like(r), "jump"
    given |= {"r": r, "v_rest": v_leak} | _start(v_leak, r, meta, kind)
    return [_cell({"CubaLIF": "lif_exp", "LIF": "lif", "LI": "li"}[kind], given, port, dt, meta) | {"n": n}]


def _start(v_leak: np.ndarray, r: np.ndarray, meta: dict, kind: str) -> dict:
    """Where v starts, if not at v_leak: a bias current makes the difference."""
    start = np.asarray(meta.get("v_rest", v_leak), dtype=np.float64)
    if kind == "LI" or np.all(start == v_leak) or not np.all(r):
        return {}
    return {"v_rest": np.broadcast_to(start, v_leak.shape), "i_bias": (v_leak - start) / r}


def _integrator(owner: str, kind: str, node: Any, n: int, known: tuple[float, dict]) -> list[Record]:
    dt, meta = known
    r = np.broadcast_to(check.number(owner, "r", np.asarray(node.r, dtype=np.float64)) * dt / 1000.0, (n,))
    given = {"tau_mem": ENDLESS * dt} | (_fire(owner, node, meta) if kind == "IF" else {})
    if "v_rest" in meta:
        given["v_rest"] = np.asarray(meta["v_rest"], dtype=np.float64)
    cell = _cell("lif" if kind == "IF" else "li", given, "jump", dt, meta) | {"n": n}
    scale = [] if np.allclose(r, 1.0, rtol=1e-12) else [{"layer": "scale", "factor": r}]
    return [*scale, cell]


def _fire(owner: str, node: Any, meta: dict) -> dict:
    reset = check.one_of(owner, "reset", _text(meta.get("reset", "value")), ("value", "subtract"))
    return {"v_th": node.v_threshold, "v_reset": node.v_reset, "reset": reset}


def _cell(name: str, given: dict, port: str, dt: float, meta: dict) -> Record:
    given = {key: value if isinstance(value, str) else _fewest(value) for key, value in given.items()}
    record = {"layer": "cell", "neuron": name, "given": given, "port": port, "dt": dt}
    if all(key in meta for key in SPIKES):
        how, surrogate, alpha, detach = (meta[key] for key in SPIKES)
        record["spikes"] = [_text(how), _text(surrogate), float(alpha), bool(detach)]
    return record


def tau(decay, dt: float, method: str) -> Any:
    """The time constant of a decay in a step; in the unit of dt."""
    decay = np.asarray(decay, dtype=np.float64)
    return dt / (1.0 - decay) if method == "euler" else -dt / np.log(decay)


def _left(owner: str, name: str, decay) -> Any:
    decay = np.asarray(decay, dtype=np.float64)
    if not np.all((decay > 0.0) & (decay < 1.0)):
        refuse(owner, name, "its decay must be in (0, 1) to have a time constant")
    return 1.0 - decay


def _arrays(n: int, **values) -> dict[str, np.ndarray]:
    return {name: _all(value, n) for name, value in values.items()}


def _all(value, n: int) -> np.ndarray:
    return np.array(np.broadcast_to(np.asarray(value, dtype=np.float64), (n,)))


def _fewest(value) -> Any:
    """One number where all are the same."""
    array = np.asarray(value, dtype=np.float64)
    return float(array.flat[0]) if array.size and np.all(array == array.flat[0]) else array


def _text(value) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
