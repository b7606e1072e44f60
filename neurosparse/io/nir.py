"""Stacks of layers as NIR graphs and files (`.nir`, HDF5), and back. Needs the extra `nir`.

    from neurosparse.tensor import layers
    nir.export(layers.describe(stack), "net.nir")          # a file, whole or not there
    stack = layers.build(nir.load("net.nir"))              # dt and resets as they were
    graph = nir.graph(layers.describe(stack));  records = nir.records(graph)      # without a file

Layers are records (`neurosparse.tensor.layers`), so that nothing here needs PyTorch. They become a chain of nodes:

    nn.Linear, SparseLinear    Affine, or Linear without a bias; absent synapses are zeros, and the metadata know which
    Cell lif, lif_exp, li      LIF (IF without a leak), CubaLIF, LI (I): see `nir_nodes` for the conventions
    Scale, Delay, Flatten      the nodes of that name; delays in s
    DelayLinear                Delay and Linear, where each unit has one delay for all that it sends (or receives)

Read are chains of these nodes, and chains of chains. A graph that branches or feeds back is refused, a node of another
kind too, by its name; nirtorch runs such graphs, with cells that `cell` makes. What NIR can not say is refused at the
export: `layers_json` stores every stack.
"""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from neurosparse import check, csr
from neurosparse.io import nir_nodes
from neurosparse.io.nir_nodes import Record, refuse
from neurosparse.io.results import atomic

KINDS = ("Affine", "Linear", "Scale", "Delay", "Flatten", "LIF", "CubaLIF", "LI", "IF", "I")
THRESHOLD = "take LIF or IF; a threshold alone has no state"
SPARSE = "layers_json.save keeps the synapses alone"


def export(layers: Sequence[Record], path: str | Path, **options: Any) -> Path:
    """Write `graph(layers, **options)` to `path`; a file of that name is replaced once the new one is whole.

    Raises what `graph` raises, and OSError if the file can not be written.
    """
    held = io.BytesIO()
    _library("nir.export").write(held, graph(layers, **options))
    with atomic(path) as scratch:
        scratch.write_bytes(held.getvalue())
    return Path(path)


def load(path: str | Path, dt: float | None = None, method: str | None = None) -> list[Record]:
    """Records of the layers in a file, as `records`. Raises FileNotFoundError, ValueError for a file that is none."""
    owner, path = "nir.load", Path(path)
    library = _library(owner)
    if not path.is_file():
        check.fail(owner, "path must be a NIR file", str(path), "there is no such file", FileNotFoundError)
    try:
        held = io.BytesIO(path.read_bytes())
        strange = _strange(library, held)
        made = None if strange else library.read(held)
    except Exception as error:  # the library asserts, and HDF5 has errors of its own
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        check.fail(owner, f"path must be a whole NIR file of known nodes ({reason})", str(path))
    if strange:
        check.fail(owner, "every node must be of a known kind", ", ".join(strange), f"known are {', '.join(KINDS)}")
    return records(made, dt, method)


def cell(node: Any, dt: float | None = None, method: str | None = None, n: int | None = None) -> list[Record]:
    """Records of one node of cells, for graphs that are no chain, which nirtorch runs: a map from nodes to modules.

        kinds = (nir.LIF, nir.CubaLIF, nir.LI)
        nirtorch.nir_to_torch(graph, {kind: lambda node: layers.build(cell(node))[0] for kind in kinds})

    n: how many, where the node has one number for all. Raises what `records` raises.
    """
    return _records("nir.cell", node, (None, dt, method), n)


def _strange(library: Any, held: io.BytesIO) -> list[str]:
    """Kinds of nodes in a file that the library does not know: it only asserts."""
    found = []

    def look(name: str, item: Any) -> None:
        if name.endswith("/type") and "/metadata/" not in name:
            kind = item[()].decode()
            found.extend([] if hasattr(library, kind) else [f"{kind} ({name.removesuffix('/type')})"])

    with h5py.File(held, "r") as file:
        file["node"].visititems(look)  # type: ignore[union-attr]
    return found


def graph(layers: Sequence[Record], dt: float | None = None, shape: tuple[int, ...] = (), unit_r: bool = False) -> Any:
    """A checked nir.NIRGraph.

    dt (ms): needed for delays where no cell has one. shape: of what is flattened. unit_r: multiply r of LIF, CubaLIF
    and LI into the weights before them, for readers that take r for 1 whatever the file says (Norse 1.1).
    Raises ValueError for layers that NIR can not express, with the reason and the way out.
    """
    owner = "nir.export"
    library = _library(owner)
    if not isinstance(layers, Sequence) or not all(isinstance(record, Mapping) for record in layers):
        check.fail(owner, "layers must be records", layers, "take layers.describe(stack)", TypeError)
    steps = {record["dt"] for record in layers if record["layer"] == "cell"} | ({float(dt)} if dt else set())
    if len(steps) > 1:
        check.fail(owner, "dt must be one for all cells", sorted(steps), "build the cells with one dt")
    nodes = []
    for place, record in enumerate(layers):
        made = _nodes(library, f"{owner}: layer {place}", record, min(steps, default=None), shape)
        nodes += made if isinstance(made, list) else [made]
    if not nodes:
        check.fail(owner, "there must be a layer", list(layers))
    if unit_r:
        _fold(library, owner, nodes)
    if isinstance(nodes[0], library.Flatten):
        nodes.insert(0, library.Input(input_type=nodes[0].input_type))
    try:
        return library.NIRGraph.from_list(*nodes)
    except ValueError as error:
        return check.fail(owner, f"layers must fit one another ({error})", [type(node).__name__ for node in nodes])


def _fold(library: Any, owner: str, nodes: list) -> None:
    """r of cells goes into the weights before them."""
    before: Any
    for before, node in zip([None, *nodes], nodes):
        if not isinstance(node, library.LIF | library.CubaLIF | library.LI) or np.all(node.r == 1.0):
            continue
        if not isinstance(before, library.Affine | library.Linear):
            check.fail(owner, "r must have weights before it to go into", type(before).__name__, "leave unit_r out")
        before.weight = before.weight * node.r[:, None].astype(before.weight.dtype)
        if isinstance(before, library.Affine):
            before.bias = before.bias * node.r.astype(before.bias.dtype)
        node.r = np.ones_like(node.r)


def records(made: Any, dt: float | None = None, method: str | None = None) -> list[Record]:
    """Records of the layers of a nir.NIRGraph, for `layers.build`.

    dt (ms) and method ("exact", "euler") go before what the metadata say. Raises TypeError for what is no graph,
    ValueError for nodes of other kinds, graphs that are no chain, and cells without a dt.
    """
    owner = "nir.load"
    library = _library(owner)
    if not isinstance(made, library.NIRGraph):
        check.fail(owner, "graph must be a nir.NIRGraph", type(made).__name__, error=TypeError)
    nodes = _chain(library, owner, made)
    known = [node.metadata.get("dt") for _, node in nodes if isinstance(node.metadata, dict)]
    seconds = next((value for value in known if value is not None), None)
    step = float(dt) if dt is not None else None if seconds is None else nir_nodes.dt_of(seconds)
    out: list[Record] = []
    for name, node in nodes:
        width = out[-1]["weight"].shape[0] if out and "weight" in out[-1] else out[-1].get("n_out") if out else None
        out += _records(f"{owner}: node {name!r}", node, (step, dt, method), width)
    return _of_one_type(_joined(out))


def _of_one_type(layers: list[Record]) -> list[Record]:
    """Weights, biases and factors all in float32, or all in float64 where any weight is."""
    kinds = {record[key].dtype for record in layers for key in ("weight", "values") if key in record}
    kind = np.float32 if kinds <= {np.dtype(np.float32), np.dtype(np.float16)} and kinds else np.float64
    floats = ("weight", "values", "bias", "factor")
    return [
        record | {key: record[key].astype(kind) for key in floats if record.get(key) is not None} for record in layers
    ]


def _nodes(library: Any, owner: str, record: Record, dt: float | None, shape: tuple[int, ...]) -> Any:
    kind = record["layer"]
    if kind == "cell":
        return nir_nodes.cell_node(library, owner, dict(record))
    if kind in ("linear", "sparse"):
        return _weights(library, owner, record)
    if kind == "scale":
        return library.Scale(scale=record["factor"])
    if kind == "flatten":
        if not shape:
            check.fail(owner, "shape must be given with a layer that flattens", shape, "pass shape=(2, 34, 34), say")
        return library.Flatten(input_type=np.array(shape), start_dim=0, end_dim=-1)
    if kind not in ("delay", "delay_linear"):
        return refuse(owner, kind, "there is no node for it")
    if dt is None:
        check.fail(owner, "dt must be given with delays", dt, "pass dt=, in ms")
    wait = np.asarray(record["delay" if kind == "delay_linear" else "steps"])
    meta = {"dt": dt / 1000.0}
    if kind == "delay":
        return library.Delay(delay=wait * dt / 1000.0, metadata=meta)
    linear = library.Linear(weight=np.ascontiguousarray(record["weight"].T))
    if np.all(wait == wait[:, :1]):
        linear.metadata = {"layer": "DelayLinear", "n_taps": record["n_taps"]}
        return [library.Delay(delay=wait[:, 0] * dt / 1000.0, metadata=meta), linear]
    if np.all(wait == wait[:1]):
        return [linear, library.Delay(delay=wait[0] * dt / 1000.0, metadata=meta)]
    return refuse(owner, "DelayLinear", "NIR delays whole channels, and here each synapse has a delay of its own")


def _weights(library: Any, owner: str, record: Record) -> Any:
    meta, weight, bias = {}, record.get("weight"), record["bias"]
    if record["layer"] == "sparse":
        indptr, indices, n_out = record["indptr"], record["indices"], record["n_out"]
        check.fits(owner, "the matrix that NIR wants", 8.0 * n_out * len(indptr), SPARSE)
        weight = np.zeros((n_out, len(indptr) - 1), record["values"].dtype)
        weight[indices, np.repeat(np.arange(len(indptr) - 1), np.diff(indptr))] = record["values"]
        meta = {"layer": "SparseLinear", "indptr": indptr, "indices": indices}
    check.number(owner, "weight", weight)
    if bias is None:
        return library.Linear(weight=weight, metadata=meta)
    return library.Affine(weight=weight, bias=check.number(owner, "bias", bias), metadata=meta)


def _chain(library: Any, owner: str, made: Any) -> list[tuple[str, Any]]:
    """(name, node) from the input to the output, both left out. Raises ValueError for what is no chain."""
    after: dict[str, list[str]] = {}
    before: dict[str, list[str]] = {}
    for source, target in made.edges:
        for name in (source, target):
            if name not in made.nodes:
                check.fail(owner, "edges must join nodes that there are", name)
        after.setdefault(source, []).append(target)
        before.setdefault(target, []).append(source)
    starts = [name for name, node in made.nodes.items() if isinstance(node, library.Input)]
    ends = [name for name, node in made.nodes.items() if isinstance(node, library.Output)]
    if len(starts) != 1 or len(ends) != 1:
        check.fail(owner, "the graph must have one Input and one Output", (starts, ends))
    many = [name for name in made.nodes if len(after.get(name, ())) > 1 or len(before.get(name, ())) > 1]
    if many:
        need = "the graph must be a chain, without branches, sums or feedback"
        check.fail(owner, need, f"edges of {many}", "nirtorch runs it; nir.cell makes our cells for its nodes")
    path = [starts[0]]
    while path[-1] in after and len(path) <= len(made.nodes):
        path.append(after[path[-1]][0])
    apart = sorted(set(made.nodes) - set(path))
    if path[-1] != ends[0] or apart:
        check.fail(owner, f"the graph must lead from {starts[0]!r} to {ends[0]!r} through all nodes", path, f"{apart}")
    out = []
    for name in path[1:-1]:
        node = made.nodes[name]
        out += _chain(library, owner, node) if isinstance(node, library.NIRGraph) else [(name, node)]
    return out


def _records(
    owner: str, node: Any, time: tuple[float | None, float | None, str | None], width: int | None
) -> list[Record]:
    """time: dt of the graph, dt and method that were asked for. width: outputs of the weights before."""
    kind, (step, dt, method) = type(node).__name__, time
    if kind not in KINDS:
        remedy = THRESHOLD if kind == "Threshold" else f"known are {', '.join(KINDS)}"
        check.fail(owner, "a node must be of a known kind", kind, remedy)
    if kind in ("Affine", "Linear"):
        return [_linear(owner, node)]
    if kind == "Scale":
        return [{"layer": "scale", "factor": _vector(owner, "scale", node.scale, np.asarray(node.scale).dtype)}]
    if kind == "Flatten":
        if len(node.output_type["output"]) != 1:
            check.fail(owner, "Flatten must leave one axis", tuple(node.output_type["output"]))
        return [{"layer": "flatten"}]
    if kind != "Delay":
        n = width if np.ndim(node.r) == 0 else len(_vector(owner, "r", node.r))
        if n is None:
            check.fail(owner, f"{kind} of one number for all neurons must come after weights", node.r)
        return nir_nodes.node_cells(owner, kind, node, n, (dt, method))
    if step is None:
        check.fail(owner, "dt must be known", "no dt in the metadata", "pass dt=, in ms: delays become whole steps")
    exact = 1000.0 * _vector(owner, "delay", node.delay) / step
    steps = np.rint(exact).astype(np.int64)
    if np.any(np.abs(exact - steps) > 1e-6 * np.maximum(1.0, exact)):
        check.fail(owner, f"delays must be whole steps of {step:g} ms", node.delay, "take a smaller dt")
    return [{"layer": "delay", "steps": steps}]


def _linear(owner: str, node: Any) -> Record:
    weight, meta = np.asarray(node.weight), node.metadata if isinstance(node.metadata, dict) else {}
    if weight.ndim != 2:
        check.fail(owner, "weight must have shape (n_out, n_in)", weight.shape)
    check.number(owner, "weight", weight)
    bias = getattr(node, "bias", None)
    bias = None if bias is None else _vector(owner, "bias", bias, weight.dtype)
    if _name(meta) != "SparseLinear":
        return {"layer": "linear", "weight": weight, "bias": bias} | ({"taps": meta} if _name(meta) else {})
    indptr, indices = np.asarray(meta["indptr"]), np.asarray(meta["indices"])
    csr.validate(owner, csr.Csr(indptr, indices, np.zeros(len(indices), np.float32), weight.shape[0]))
    values = weight[indices, np.repeat(np.arange(weight.shape[1]), np.diff(indptr))]
    there = {"indptr": indptr, "indices": indices, "values": values, "n_out": weight.shape[0]}
    return {"layer": "sparse", **there, "bias": bias}


def _joined(layers: list[Record]) -> list[Record]:
    """A delay and the weights that were a DelayLinear are one again."""
    out: list[Record] = []
    for record in layers:
        meta = record.pop("taps", {})
        if _name(meta) == "DelayLinear" and out and out[-1]["layer"] == "delay":
            weight = np.ascontiguousarray(record["weight"].T)
            wait = np.array(np.broadcast_to(out.pop()["steps"][:, None], weight.shape))
            record = {"layer": "delay_linear", "weight": weight, "delay": wait, "n_taps": int(meta["n_taps"])}
        out.append(record)
    return out


def _name(meta: Mapping) -> str:
    value = meta.get("layer", "")
    return value.decode() if isinstance(value, bytes) else str(value)


def _vector(owner: str, name: str, values, kind: Any = np.float64) -> np.ndarray:
    array = np.asarray(check.number(owner, name, np.asarray(values)), dtype=kind)
    if array.ndim != 1:
        check.fail(owner, f"{name} must have shape (n,)", array.shape, "flatten it: our layers are vectors")
    return array


def _library(owner: str) -> Any:
    try:
        import nir
    except ImportError:
        check.fail(owner, "the package nir must be installed", None, "pip install 'neurosparse[nir]'", ImportError)
    return nir
