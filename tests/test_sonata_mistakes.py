"""Malformed SONATA files: each is named in one message, before anything runs, and nothing is written."""

import json
import shutil

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neurosparse.io.sonata import export, simulate, spikes
from neurosparse.io.sonata.files import SonataError
from neurosparse.precise import Train
from tests import toy_sonata

NODES, EDGES = "network/ctx_nodes.h5", "network/ctx_ctx_edges.h5"
NODE_TYPES, EDGE_TYPES = "network/ctx_node_types.csv", "network/ctx_ctx_edge_types.csv"
SIMULATION, CIRCUIT = "simulation_config.json", "circuit_config.json"


@pytest.fixture(scope="session")
def pristine(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pristine") / "net"
    toy_sonata.write(folder)
    return folder


def config(name, *keys, value=None, drop=False):
    """Sets or removes one key of a JSON file."""

    def change(folder):
        whole = json.loads((folder / name).read_text())
        at = whole
        for key in keys[:-1]:
            at = at[key]
        if drop:
            del at[keys[-1]]
        else:
            at[keys[-1]] = value
        (folder / name).write_text(json.dumps(whole))

    return change


def text(name, old, new):
    def change(folder):
        before = (folder / name).read_text()
        assert old in before
        (folder / name).write_text(before.replace(old, new))

    return change


def remove(name):
    return lambda folder: (folder / name).unlink()


def cut(name, share):
    def change(folder):
        data = (folder / name).read_bytes()
        (folder / name).write_bytes(data[: int(share * len(data))])

    return change


def hdf5(name, work):
    def change(folder):
        with h5py.File(folder / name, "a") as file:
            work(file)

    return change


def put(where, values, **attributes):
    """Replaces a dataset."""

    def work(file):
        kept = dict(file[where].attrs) if where in file else {}
        if where in file:
            del file[where]
        file[where] = values
        file[where].attrs.update(kept | attributes)

    return work


def at(where, index, value):
    def work(file):
        file[where][index] = value

    return work


def drop(where):
    def work(file):
        del file[where]

    return work


def attribute(where, name, value):
    def work(file):
        if value is None:
            del file[where].attrs[name]
        else:
            file[where].attrs[name] = value

    return work


def with_input(**entry):
    return config(SIMULATION, "inputs", "thal_spikes", value=entry)


C, E = "nodes/ctx", "edges/ctx_ctx"
MISTAKES = [
    # configurations
    ("no simulation file", remove(SIMULATION), "the file must exist"),
    ("no circuit file", remove(CIRCUIT), "the file must exist"),
    ("no network named", lambda f: (config(SIMULATION, "network", drop=True)(f), (f / CIRCUIT).unlink()), "needs network"),
    ("half a JSON file", cut(SIMULATION, 0.5), "must be JSON"),
    ("a JSON list", lambda f: (f / SIMULATION).write_text("[]"), "must hold one JSON object"),
    ("bytes", lambda f: (f / SIMULATION).write_bytes(b"\xff\xfe\x00"), "must be JSON"),
    ("no run", config(SIMULATION, "run", drop=True), "needs a section run"),
    ("no tstop", config(SIMULATION, "run", "tstop", drop=True), "run needs tstop"),
    ("negative tstop", config(SIMULATION, "run", "tstop", value=-1), "run.tstop must be > 0 ms"),
    ("tstop in words", config(SIMULATION, "run", "tstop", value="long"), "run.tstop must be a finite number"),
    ("tstop NaN", config(SIMULATION, "run", "tstop", value=float("nan")), "run.tstop must be a finite number"),
    ("dt of zero", config(SIMULATION, "run", "dt", value=0), "run.dt must be > 0 ms"),
    ("manifest in a circle", config(CIRCUIT, "manifest", value={"$NETWORK_DIR": "$B", "$B": "${NETWORK_DIR}", "$COMPONENT_DIR": "."}), "must not go in circles, got 'NETWORK_DIR -> B -> NETWORK_DIR'"),
    ("a variable of itself", config(SIMULATION, "manifest", value={"$BASE_DIR": "$BASE_DIR/x"}), "must not go in circles"),
    ("unknown variable", config(SIMULATION, "output", "output_dir", value="$OUT/x"), "the manifest must define, got '\\$OUT'"),
    ("manifest of numbers", config(SIMULATION, "manifest", value={"$A": 3}), "manifest must hold variables"),
    ("nodes no list", config(CIRCUIT, "networks", "nodes", value={}), "networks.nodes must be a list"),
    ("no nodes", config(CIRCUIT, "networks", "nodes", value=[]), "networks.nodes must be a list"),
    ("nodes without a file", config(CIRCUIT, "networks", "nodes", value=[{}]), "needs nodes_file"),
    ("edges without a file", config(CIRCUIT, "networks", "edges", value=[{"edge_types_file": "x"}]), "needs edges_file"),
    ("a path of numbers", config(CIRCUIT, "networks", "nodes", value=[{"nodes_file": 3}]), "nodes_file must be a path"),
    ("components no section", config(CIRCUIT, "components", value=True), "components must be a section"),
    ("tstop a list", config(SIMULATION, "run", "tstop", value=[]), "run.tstop must be a finite number"),
    ("a path with a zero", config(SIMULATION, "output", "output_dir", value="a\0b"), "output_dir must be a path"),
    ("inputs no section", config(SIMULATION, "inputs", value=[1]), "inputs must hold named sections"),
    ("output no section", config(SIMULATION, "output", value=3), "output must be a section"),
    ("order unknown", config(SIMULATION, "output", "spikes_sort_order", value="random"), "spikes_sort_order must be one of"),
    ("overwrite in words", config(SIMULATION, "output", "overwrite_output_dir", value="yes"), "overwrite_output_dir must be true or false"),
    ("node sets missing", config(SIMULATION, "node_sets_file", value="sets.json"), "the file must exist"),
    ("populations twice", lambda f: text(CIRCUIT, "out_nodes.h5", "ctx_nodes.h5")(f), "node populations need distinct names|every node_type_id"),
    # inputs
    ("input kind", with_input(input_type="current_clamp", module="IClamp"), "input_type must be spikes and module"),
    ("input module", with_input(input_type="spikes", module="nwb"), "input_type must be spikes and module"),
    ("input without file", with_input(input_type="spikes", module="h5"), "needs input_file"),
    ("input file missing", remove("inputs/thal_spikes.h5"), "the file must exist"),
    ("node set unknown", with_input(input_type="spikes", module="csv", input_file="s.csv", node_set="nobody"), "node_set must name a node set or a population"),
    ("node sets in a circle", lambda f: (config(SIMULATION, "node_sets_file", value="s.json")(f), (f / "s.json").write_text('{"a": ["b"], "b": ["a"]}'), config(SIMULATION, "inputs", "thal_spikes", "node_set", value="a")(f)), "node sets must not go in circles"),
    ("node_id in words", config(SIMULATION, "inputs", "thal_spikes", "node_set", value={"node_id": ["x"]}), "node_id of a node set must hold whole numbers"),
    ("spikes for neurons", lambda f: (spikes.write(f / "inputs/thal_spikes.h5", {"ctx": Train(np.array([1]), np.array([1.0]))}), config(SIMULATION, "inputs", "thal_spikes", "node_set", value="ctx")(f)), "spikes can be given to virtual nodes only"),
    ("spikes truncated", cut("inputs/thal_spikes.h5", 0.6), "must be a whole HDF5 file"),
    ("spikes of nobody", hdf5("inputs/thal_spikes.h5", drop("spikes")), "needs a group spikes"),
    ("spikes without times", hdf5("inputs/thal_spikes.h5", drop("spikes/thal/timestamps")), "needs a dataset timestamps"),
    ("spikes of unequal lengths", hdf5("inputs/thal_spikes.h5", put("spikes/thal/timestamps", [1.0])), "timestamps must have one dimension of"),
    ("spike times NaN", hdf5("inputs/thal_spikes.h5", at("spikes/thal/timestamps", 0, np.nan)), "timestamps must be finite"),
    ("spike times negative", hdf5("inputs/thal_spikes.h5", at("spikes/thal/timestamps", 0, -1.0)), "timestamps must be finite and >= 0 ms, got -1.0"),
    ("spikes in seconds", hdf5("inputs/thal_spikes.h5", attribute("spikes/thal/timestamps", "units", "s")), "units of timestamps must be ms"),
    ("spikes of unknown ids", hdf5("inputs/thal_spikes.h5", at("spikes/thal/node_ids", 0, 20)), "node ids must be among those of population 'thal'"),
    ("empty spikes group", hdf5("inputs/thal_spikes.h5", drop("spikes/thal")), "spikes needs a group for each population"),
    # nodes
    ("nodes missing", remove(NODES), "the file must exist"),
    ("nodes truncated", cut(NODES, 0.5), "must be a whole HDF5 file"),
    ("nodes of text", lambda f: (f / NODES).write_text("node_id\n"), "must be a whole HDF5 file"),
    ("nodes empty", lambda f: (f / NODES).write_bytes(b""), "must be a whole HDF5 file"),
    ("wrong magic", hdf5(NODES, attribute("/", "magic", np.uint32(7))), "the attribute magic must be 0x0a7a"),
    ("wrong version", hdf5(NODES, attribute("/", "version", np.array([1, 0]))), "the version must be 0.x"),
    ("version in words", hdf5(NODES, attribute("/", "version", "new")), "the attribute version must be two whole numbers"),
    ("no group nodes", hdf5(NODES, drop("nodes")), "needs a group nodes"),
    ("a dataset as population", hdf5(NODES, put("nodes/extra", [1])), "needs a group extra"),
    ("no node_type_id", hdf5(NODES, drop(f"{C}/node_type_id")), "needs a dataset node_type_id"),
    ("no nodes at all", hdf5(NODES, put(f"{C}/node_type_id", np.empty(0, int))), "a population needs at least one node"),
    ("node_type_id of floats", hdf5(NODES, put(f"{C}/node_type_id", np.ones(12))), "node_type_id must hold whole numbers"),
    ("node_type_id unknown", hdf5(NODES, at(f"{C}/node_type_id", 0, 9)), r"every node_type_id must stand in ctx_node_types.csv, got \[9\]"),
    ("node ids twice", hdf5(NODES, at(f"{C}/node_id", 0, 1)), "node ids must be distinct"),
    ("node ids too few", hdf5(NODES, put(f"{C}/node_id", [0, 1])), "node_id must have one dimension of 12 values"),
    ("node group unknown", hdf5(NODES, at(f"{C}/node_group_id", 0, 3)), "every group id must name a group"),
    ("node group index", hdf5(NODES, at(f"{C}/node_group_index", 0, 50)), "indices into group 0 must be below its length 12"),
    ("no node types", remove(NODE_TYPES), "the file must exist"),
    ("node types not named", config(CIRCUIT, "networks", "nodes", 0, "node_types_file", value=None), "the file of types, which the configuration does not name"),
    ("node types empty", lambda f: (f / NODE_TYPES).write_text(""), "needs a column node_type_id"),
    ("node types with commas", text(NODE_TYPES, " ", ","), "needs a column node_type_id"),
    ("no model_type", text(NODE_TYPES, "model_type", "kind"), "every node needs a model_type"),
    ("a type twice", text(NODE_TYPES, "2 point", "1 point"), "each node_type_id may stand once"),
    ("a type id in words", text(NODE_TYPES, "2 point", "two point"), "node_type_id must be a whole number"),
    ("a row too long", text(NODE_TYPES, "exp_slow.json", "exp_slow.json 1 2 3"), "a row must have"),
    ("unknown template", text(NODE_TYPES, "nest:iaf_psc_exp", "nest:hh_psc_alpha"), "model_template must be one of nrn:IntFire1, nest:iaf_psc_delta"),
    ("a biophysical cell", text(NODE_TYPES, "point_neuron nest:iaf_psc_exp", "biophysical ctdb:Biophys1.hoc"), "model_template must be one of"),
    ("no template", text(NODE_TYPES, "nest:iaf_psc_exp", "NULL"), "model_template must be one of .* got None"),
    ("no parameter file", remove("components/exp_slow.json"), "the parameter file exp_slow.json must be in one of"),
    ("parameter file of text", lambda f: (f / "components/exp_slow.json").write_text("tau = 3"), "must be JSON"),
    ("unknown parameter", config("components/exp_slow.json", "tau_m_exc", value=3), "parameters must be among C_m, tau_m"),
    ("a parameter in words", config("components/exp_slow.json", "tau_m", value="10"), "tau_m must be a finite number"),
    ("C_m of zero", config("components/exp_slow.json", "C_m", value=0), "C_m must be > 0 pF"),
    ("g_L of zero", lambda f: (text(NODE_TYPES, "iaf_psc_exp", "aeif_psc_exp")(f), (f / "components/exp_slow.json").write_text('{"g_L": 0}'), (f / "components/exp_fast.json").write_text("{}")), "g_L must be > 0 nS"),
    ("IntFire1 in ms", config("components/fire.json", "tau", value=24.0), "tau of nrn:IntFire1 is in seconds"),
    ("parameter of nodes NaN", hdf5(NODES, at(f"{C}/0/dynamics_params/t_ref", 0, np.nan)), "dynamics_params/t_ref must hold finite numbers"),
    ("parameter of nodes unknown", hdf5(NODES, put(f"{C}/0/dynamics_params/gbar", np.ones(12))), "dynamics_params must be among"),
    ("library too short", hdf5(NODES, lambda f: (put(f"{C}/0/layer", np.full(12, 4))(f), put(f"{C}/0/@library/layer", ["a"])(f))), "layer must number the 1 entries of @library"),
    # edges
    ("edges missing", remove(EDGES), "the file must exist"),
    ("edges truncated", cut(EDGES, 0.9), "must be a whole HDF5 file"),
    ("wrong magic of edges", hdf5(EDGES, attribute("/", "magic", np.uint32(0xA7A0))), "the attribute magic must be 0x0a7a"),
    ("no group edges", hdf5(EDGES, drop("edges")), "needs a group edges"),
    ("no sources", hdf5(EDGES, drop(f"{E}/source_node_id")), "needs a dataset source_node_id"),
    ("targets too few", hdf5(EDGES, put(f"{E}/target_node_id", [0])), "target_node_id must have one dimension of 150 values"),
    ("source out of range", hdf5(EDGES, at(f"{E}/source_node_id", 0, 12)), r"node ids must be among those of population 'ctx' \(12 ids from 0 to 11\), got \[12\]"),
    ("target out of range", hdf5(EDGES, at(f"{E}/target_node_id", 3, 2**40)), "node ids must be among those"),
    ("ids beyond int64", hdf5(EDGES, at(f"{E}/target_node_id", 3, 2**64 - 1)), r"target_node_id must be in \[0, 2\*\*63\)"),
    ("no node_population", hdf5(EDGES, attribute(f"{E}/source_node_id", "node_population", None)), "needs the attribute node_population"),
    ("unknown node_population", hdf5(EDGES, attribute(f"{E}/target_node_id", "node_population", "cortex")), "target must be a population of the nodes files"),
    ("edges onto virtual nodes", hdf5(EDGES, attribute(f"{E}/target_node_id", "node_population", "thal")), "edges must end at neurons"),
    ("edge type unknown", hdf5(EDGES, at(f"{E}/edge_type_id", 0, 77)), "every edge_type_id must stand in"),
    ("no weights", text(EDGE_TYPES, "syn_weight", "weight"), "needs syn_weight, as a column of the types or a dataset"),
    ("no delays", hdf5(EDGES, drop(f"{E}/0/delay")), "needs delay, as a column of the types or a dataset"),
    ("weights NaN", hdf5(EDGES, put(f"{E}/0/syn_weight", np.full(150, np.nan))), "syn_weight must be finite"),
    ("weights in words", text(EDGE_TYPES, "200.0", "strong"), "syn_weight of a type must be a number"),
    ("weights of text", hdf5(EDGES, put(f"{E}/0/syn_weight", ["a"] * 150)), "syn_weight of group 0 must hold numbers"),
    ("weights too large", text(EDGE_TYPES, "200.0", "1e39"), "weights must be below 3.4e38"),
    ("weights too few", hdf5(EDGES, put(f"{E}/0/syn_weight", np.ones(10))), "indices into group 0 must be below its length 10"),
    ("negative delay", hdf5(EDGES, at(f"{E}/0/delay", 0, -0.5)), "delay must be > 0 ms, got -0.5"),
    ("no delay between neurons", hdf5(EDGES, at(f"{E}/0/delay", 0, 0.0)), "delay must be > 0 ms, got 0.0"),
    ("negative delay of inputs", text("network/thal_ctx_edge_types.csv", "1.5", "-1.5"), "delay must be >= 0 ms"),
    ("half a synapse", hdf5(EDGES, put(f"{E}/0/nsyns", np.full(150, 0.5))), "nsyns must be a whole number >= 0, got 0.5"),
    ("fewer than no synapses", hdf5(EDGES, put(f"{E}/0/nsyns", np.full(150, -1))), "nsyns must be a whole number >= 0"),
    ("a weight function", lambda f: (f / EDGE_TYPES).write_text("edge_type_id syn_weight weight_function\n1 1 gauss\n2 1 gauss\n"), "weight_function must be None or wmax, got 'gauss'"),
    ("a plastic synapse", lambda f: (f / EDGE_TYPES).write_text("edge_type_id syn_weight model_template\n1 1 stdp_synapse\n2 1 NULL\n"), "model_template must be None or static_synapse"),
    ("sign of two", config("components/minus.json", "sign", value=2), "sign must be 1 or -1"),
    ("a synapse with parameters", config("components/minus.json", "tau1", value=2), "parameters of synapses other than sign"),
    ("edges with parameters", hdf5(EDGES, put(f"{E}/0/dynamics_params/tau", np.ones(150))), "dynamics_params of single edges are not run"),
    ("a group that is none", hdf5(EDGES, lambda f: (drop(f"{E}/0")(f), put(f"{E}/0", [1])(f))), "a group of attributes must be a group"),
]  # fmt: skip


def listing(folder):
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*")}


@pytest.mark.parametrize("change, match", [m[1:] for m in MISTAKES], ids=[m[0].replace(" ", "-") for m in MISTAKES])
def test_one_message_and_nothing_touched(change, match, pristine, tmp_path):
    folder = tmp_path / "net"
    shutil.copytree(pristine, folder)
    change(folder)
    before = listing(folder)
    with pytest.raises(Exception, match=match) as caught:
        simulate.load(folder / SIMULATION)
    assert caught.value.user_mistake
    assert str(caught.value).startswith("sonata ")
    assert listing(folder) == before


def test_there_are_many():
    assert len(MISTAKES) >= 40
    assert len({name for name, _, _ in MISTAKES}) == len(MISTAKES)


@pytest.mark.parametrize(
    "name, text, match",
    [
        ("s.csv", "a b\n1 2\n", "needs columns timestamps"),
        ("s.csv", "", "needs columns timestamps"),
        ("s.csv", "timestamps node_ids\n1.0 x\n", "must be spikes in columns"),
        ("s.csv", "timestamps node_ids\n1.0\n", "must be spikes in columns"),
        ("s.csv", "timestamps node_ids\n-1.0 2\n", "timestamps must be finite"),
        ("s.csv", "timestamps node_ids\ninf 2\n", "timestamps must be finite"),
    ],
)
def test_spikes_in_text(name, text, match, tmp_path):
    (tmp_path / name).write_text(text)
    with pytest.raises(SonataError, match=match):
        spikes.read(tmp_path / name, ["a"])


def test_spikes_of_nobody_and_of_too_many(pristine, tmp_path):
    loaded = simulate.load(pristine / SIMULATION)
    spikes.write(tmp_path / "s.h5", {"other": Train(np.array([1]), np.array([1.0]))})
    with pytest.raises(SonataError, match="must hold spikes of ctx, out"):
        simulate.expected(tmp_path / "s.h5", loaded)
    spikes.write(tmp_path / "s.h5", {"ctx": Train(np.array([99]), np.array([1.0]))})
    with pytest.raises(SonataError, match=r"node ids must be those of 'ctx', got \[99\]"):
        simulate.expected(tmp_path / "s.h5", loaded)
    (tmp_path / "s.csv").write_text("timestamps node_ids\n1.0 2\n")
    with pytest.raises(SonataError, match="spikes without a population need a node_set of one"):
        simulate.expected(tmp_path / "s.csv", loaded)


def test_export_needs_an_empty_folder(pristine):
    with pytest.raises(SonataError, match="the folder must be empty"):
        export.write(pristine, {}, {}, {}, 1.0)


# Anything at all: it loads, or the user is told


def loads_or_tells(path):
    try:
        simulate.load(path)
    except Exception as error:
        if not getattr(error, "user_mistake", False):
            raise


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.sampled_from(["", "x", "$A", "1.0", ".", "\0", "ctx"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "node_id", "population"]), inner, max_size=2),
    max_leaves=4,
)  # fmt: skip


def places(value, under=()):
    """The keys of everything inside a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield (*under, key)
        yield from places(item, (*under, key))


@given(data=st.data())
@settings(max_examples=60)
def test_any_change_of_a_configuration(pristine, tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("any") / "net"
    shutil.copytree(pristine, folder)
    name = data.draw(st.sampled_from([SIMULATION, CIRCUIT, "components/exp_slow.json", "components/minus.json"]))
    keys = data.draw(st.sampled_from(list(places(json.loads((folder / name).read_text())))))
    config(name, *keys, value=data.draw(VALUES), drop=data.draw(st.booleans()))(folder)
    loads_or_tells(folder / SIMULATION)
    shutil.rmtree(folder)


@given(data=st.data())
@settings(max_examples=60)
def test_any_change_of_a_dataset(pristine, tmp_path_factory, data):
    """Another type, shape or value, or nothing, in the place of one dataset of the nodes, edges or spikes."""
    folder = tmp_path_factory.mktemp("any") / "net"
    shutil.copytree(pristine, folder)
    name = data.draw(st.sampled_from([NODES, EDGES, "network/out_nodes.h5", "inputs/thal_spikes.h5"]))
    with h5py.File(folder / name, "a") as file:
        found = []
        file.visititems(lambda path, item: found.append(path) if isinstance(item, h5py.Dataset) else None)
        where = data.draw(st.sampled_from(found))
        n = data.draw(st.sampled_from([0, 1, len(file[where]), len(file[where]) + 1]))
        kind = data.draw(st.sampled_from(["i8", "u8", "f8", "S3", "?"]))
        value = data.draw(st.sampled_from([0, 1, 2, 11, 255, np.nan, -3, 1e300]))
        with np.errstate(all="ignore"):
            put(where, np.array([value] * n, dtype=object).astype(kind) if kind == "S3" else np.nan_to_num(np.full(n, value)).astype(kind) if kind in "i8u8?" else np.full(n, value, kind))(file)  # fmt: skip
    loads_or_tells(folder / SIMULATION)
    shutil.rmtree(folder)


@given(share=st.floats(0, 0.98), name=st.sampled_from([NODES, EDGES, "inputs/thal_spikes.h5"]))
@settings(max_examples=20)
def test_any_truncation(pristine, tmp_path_factory, share, name):
    folder = tmp_path_factory.mktemp("any") / "net"
    shutil.copytree(pristine, folder)
    cut(name, share)(folder)
    with pytest.raises(SonataError, match="must be a whole HDF5 file"):
        simulate.load(folder / SIMULATION)
    shutil.rmtree(folder)


@given(
    lines=st.lists(st.text(st.sampled_from('edge_type_id syn_weight 12.3-"\n,NULL\t'), max_size=30), max_size=4),
    head=st.booleans(),
)
@settings(max_examples=60)
def test_any_text_as_types(pristine, tmp_path_factory, lines, head):
    folder = tmp_path_factory.mktemp("any") / "net"
    shutil.copytree(pristine, folder)
    (folder / EDGE_TYPES).write_text(("edge_type_id syn_weight delay\n" if head else "") + "\n".join(lines))
    loads_or_tells(folder / SIMULATION)
    shutil.rmtree(folder)
