"""SONATA: the published sample to the last spike, a made-up network by both engines, files that others can read."""

import json
import os

import h5py
import numpy as np
import pytest
from typer.testing import CliRunner

from neurosparse import csr
from neurosparse.cli import app
from neurosparse.data.loader import folder as data_folder
from neurosparse.io.sonata import build, config, export, graph, simulate, spikes
from neurosparse.io.sonata.files import SonataError
from neurosparse.precise import Train
from tests import intact, toy_sonata

SAMPLE = data_folder() / "sonata-300-intfire"
sample = pytest.mark.skipif(bool(intact.why_not(SAMPLE)), reason=intact.why_not(SAMPLE))


@pytest.fixture(scope="session")
def toy(tmp_path_factory):
    return toy_sonata.write(tmp_path_factory.mktemp("toy") / "net")


@pytest.fixture(scope="session")
def loaded(toy):
    return simulate.load(toy)


# The sample of 300 IntFire1 cells


@pytest.mark.data
@sample
@pytest.mark.parametrize("entry", ["config.json", "simulation_config.json"])
def test_sample_by_events_is_exact(entry):
    found = simulate.load(SAMPLE / entry)
    got = simulate.simulate(found).spikes["v1"]
    want = simulate.expected(SAMPLE / "output/spikes.h5", found)["v1"]
    pair = simulate.compare(got, want, 1e-9)
    assert pair[:3] == (4322, 4322, 4322)
    assert pair.largest < 1e-9


@pytest.mark.data
@sample
@pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT", "0") != "0", reason="takes minutes without compilation")
def test_sample_on_the_grid():
    found = simulate.load(SAMPLE / "config.json")
    want = simulate.expected(SAMPLE / "output/spikes.h5", found)["v1"]
    for dt, fewest in ((0.1, 4300), (0.05, 4300)):
        pair = simulate.compare(simulate.simulate(found, "grid", dt).spikes["v1"], want, dt)
        assert abs(pair.got - 4322) <= 10
        assert pair.matched >= fewest
        assert pair.median < dt / 2


@pytest.mark.data
@sample
def test_sample_from_the_command_line(tmp_path):
    more = ["--out", str(tmp_path), "--compare", str(SAMPLE / "output/spikes.h5")]
    out = CliRunner().invoke(app, ["sonata", "run", str(SAMPLE / "config.json"), *more])
    assert out.exit_code == 0, out.output
    assert "4322  4322     4322" in out.stdout
    assert "v1" in out.stdout
    assert str(tmp_path / "spikes.h5") in out.stdout


# A network of our own


def test_populations_and_parameters(loaded):
    parts = {part.name: part for part in loaded.built.parts}
    assert {name: part.model and part.model.neuron for name, part in parts.items()} == {
        "thal": None,
        "ctx": "lif_exp",
        "out": "intfire1",
    }
    thal, ctx, out = loaded.built.net.populations
    assert (thal.n, ctx.n, out.n) == (20, 12, 5)
    np.testing.assert_array_equal(ctx.params["tau_mem"], np.repeat([20.0, 10.0], [8, 4]))
    np.testing.assert_allclose(ctx.params["r"], np.repeat([20.0, 10.0], [8, 4]) / 250.0)
    np.testing.assert_array_equal(ctx.params["tau_exc"], np.repeat([3.0, 2.0], [8, 4]))
    np.testing.assert_array_equal(ctx.params["i_bias"], np.repeat([0.0, 150.0], [8, 4]))
    np.testing.assert_array_equal(ctx.params["t_ref"], 1.0 + 0.25 * np.arange(12))
    assert ctx.params["v_th"] == -60.0
    assert ctx.init == {"v": -70.0}
    assert out.params == {"tau_mem": 15.0, "t_ref": 3.0}
    assert loaded.built.net.dt == 0.1


def test_every_edge_arrives_with_its_weight_and_delay(loaded):
    """The sums of weights by (source, target, delay, port) are those of the edges that were written."""
    wanted = {}
    for data in toy_sonata.edges().values():
        columns = [data.types[t] for t in data.type_id.tolist()]
        for j in range(len(data.type_id)):
            row = columns[j] | {name: values[j] for name, values in data.values.items()}
            weight = row["syn_weight"] * row.get("nsyns", 1) * (-1 if "dynamics_params" in row else 1)
            port = "jump" if data.target == "out" else "inh" if weight < 0 else "exc"
            if row.get("nsyns", 1) > 0:
                key = (data.source, data.target, int(data.source_id[j]), int(data.target_id[j]), row["delay"], port)
                wanted[key] = wanted.get(key, 0.0) + weight
    found = {}
    for route in loaded.built.net.projections:
        rows, cols, weight = csr.to_coo(route.csr)
        delays = np.broadcast_to(route.delay, len(rows))
        for i, j, w, d in zip(rows.tolist(), cols.tolist(), weight.tolist(), delays.tolist()):
            key = (route.source, route.target, i, j, d, route.port)
            assert key not in found
            found[key] = w
    assert found.keys() == wanted.keys()
    for key, weight in wanted.items():
        assert found[key] == pytest.approx(weight, rel=1e-6)
    assert len(found) < loaded.built.edges == 360


def test_both_engines_run_it(loaded):
    """The grid comes to the exact spikes as its step falls: all of them at 2.5 us, within a few steps."""
    short = loaded._replace(simulation=loaded.simulation._replace(tstop=30.0))
    exact = simulate.simulate(short).spikes
    grid = simulate.simulate(short, "grid", 0.0025)
    assert grid.merged == 0
    for name in ("ctx", "out"):
        pair = simulate.compare(grid.spikes[name], exact[name], 0.1)
        assert pair.expected > 10
        assert pair.got == pair.matched == pair.expected
        assert pair.median < 0.01


@pytest.mark.parametrize("order", ["by_time", "by_id", "none"])
def test_orders_of_spikes(tmp_path, order):
    train = Train(np.array([3, 1, 1, 2]), np.array([5.0, 4.0, 1.0, 4.0]))
    spikes.write(tmp_path / "s.h5", {"a": train}, order)
    found = spikes.read(tmp_path / "s.h5", ["a"])["a"]
    wanted = {"by_time": ([1, 1, 2, 3], [1, 4, 4, 5]), "by_id": ([1, 1, 2, 3], [1, 4, 4, 5])}
    i, t = wanted.get(order, ([3, 1, 1, 2], [5, 4, 1, 4]))
    assert (found.i.tolist(), found.t.tolist()) == (i, t)


def test_spike_files_in_every_form(tmp_path):
    wanted = ([2, 0, 2], [1.5, 2.25, 30.0])
    (tmp_path / "new.csv").write_text("timestamps population node_ids\n1.5 a 2\n2.25 a 0\n9 b 1\n30 a 2\n")
    (tmp_path / "plain.csv").write_text("timestamps node_ids\n1.5 2\n2.25 0\n30 2\n")
    (tmp_path / "old.csv").write_text("gid spike-times\n2 1.5\n0 2.25\n2 30.0\n")
    with h5py.File(tmp_path / "old.h5", "w") as file:
        file["spikes/gids"], file["spikes/timestamps"] = wanted
        file["spikes"].attrs["sorting"] = "by_time"
    for name in ("new.csv", "plain.csv", "old.csv", "old.h5"):
        found = spikes.read(tmp_path / name, ["a"])["a"]
        assert (found.i.tolist(), found.t.tolist()) == wanted
    (tmp_path / "many.csv").write_text('gid spike-times\n5 "1.0,2.0,3.5"\n6 4.0\n')
    found = spikes.read(tmp_path / "many.csv", ["a"])["a"]
    assert (found.i.tolist(), found.t.tolist()) == ([5, 5, 5, 6], [1.0, 2.0, 3.5, 4.0])


def test_combined_configurations(toy, tmp_path):
    """One file with all; a file that names both; a simulation without `network` beside circuit_config.json."""
    where = toy.parent
    circuit, simulation = (
        json.loads((where / f"{name}_config.json").read_text()) for name in ("circuit", "simulation")
    )
    manifest = circuit["manifest"] | {"${BASE_DIR}": str(where)}
    manifest.pop("$BASE_DIR")
    (tmp_path / "all.json").write_text(json.dumps(circuit | simulation | {"manifest": manifest}))
    simulation.pop("network")
    (tmp_path / "circuit_config.json").write_text(json.dumps(circuit | {"manifest": manifest}))
    simulation["manifest"] = {"$BASE_DIR": "${OTHER}", "$OTHER": str(where)}
    (tmp_path / "lone.json").write_text(json.dumps(simulation))
    (tmp_path / "both.json").write_text(
        json.dumps(
            {"manifest": {"$HERE": str(where)}, "network": "$HERE/circuit_config.json", "simulation": "lone.json"}
        )
    )
    wanted = config.read(toy)
    for name in ("all.json", "lone.json", "both.json"):
        found = config.read(tmp_path / name)
        assert found.nodes == wanted.nodes
        assert found.edges == wanted.edges
        assert found.inputs == wanted.inputs
        assert found.output == wanted.output


def test_node_sets(loaded):
    nodes = {each.population: each for path, types in loaded.simulation.nodes for each in graph.read_nodes(path, types)}
    sets = {
        "T": {"population": "thal"},
        "few": {"population": ["thal", "ctx"], "node_id": [0, 3]},
        "inhibitory": {"ei": "i"},
        "mixed": ["few", "inhibitory"],
    }

    def sizes(spec):
        return {name: int(mask.sum()) for name, mask in graph.members("test", spec, nodes, sets).items()}

    assert sizes("T") == sizes("thal") == sizes({"area": "T"}) == {"thal": 20}
    assert sizes("few") == {"thal": 2, "ctx": 2}
    assert sizes("inhibitory") == {"ctx": 4}
    assert sizes("mixed") == {"thal": 2, "ctx": 6}
    assert sizes("all") == sizes(None) == {"thal": 20, "ctx": 12, "out": 5}


def test_ids_with_gaps_and_two_templates_in_one_population(tmp_path):
    """Node ids need not start at 0; a population of two templates becomes two, and its spikes one again."""
    both = {
        1: {"model_type": "point_neuron", "model_template": "nest:iaf_psc_delta"},
        2: {"model_type": "point_neuron", "model_template": "nrn:IntFire1"},
        3: {"model_type": "virtual"},
    }
    nodes = {"a": export.NodeData(both, np.array([1, 2, 3, 2]))}
    weights = {"syn_weight": np.array([20.0, 1.5, 1.5])}
    edges = {"a_a": export.EdgeData("a", "a", [2, 2, 0], [0, 1, 3], {1: {"delay": 1.0}}, np.ones(3, int), weights)}
    path = toy_sonata.write(
        tmp_path / "net", 10.0, nodes=nodes, edges=edges, inputs={"a": Train(np.array([2]), np.array([3.25]))}
    )
    ids = np.array([10, 40, 30, 20])
    with h5py.File(tmp_path / "net/network/a_nodes.h5", "a") as file:
        file["nodes/a/node_id"][:] = ids
    with h5py.File(tmp_path / "net/network/a_a_edges.h5", "a") as file:
        for end in ("source", "target"):
            file[f"edges/a_a/{end}_node_id"][:] = ids[file[f"edges/a_a/{end}_node_id"][:]]
    spikes.write(tmp_path / "net/inputs/a_spikes.h5", {"a": Train(np.array([30]), np.array([3.25]))})
    found = simulate.load(path)
    assert [part.name for part in found.built.parts] == ["a/lif", "a/intfire1", "a/virtual"]
    for method in ("precise", "grid"):
        train = simulate.simulate(found, method, None if method == "precise" else 0.05).spikes["a"]
        assert train.i.tolist() == [10, 40, 20]
        np.testing.assert_allclose(train.t, [4.25, 4.25, 5.25], atol=1e-9)


def test_explicit_enumerations_and_groups(tmp_path):
    """@library words, a second group with its own values, and no group columns at all."""
    path = toy_sonata.write(tmp_path / "net")
    with h5py.File(tmp_path / "net/network/out_nodes.h5", "a") as file:
        node = file["nodes/out"]
        node["0/model_template"] = np.zeros(5, int)
        node["0/@library/model_template"] = ["nrn:IntFire1"]
        del node["node_group_id"], node["node_group_index"], node["node_id"]
    with h5py.File(tmp_path / "net/network/ctx_out_edges.h5", "a") as file:
        edge = file["edges/ctx_out"]
        edge["edge_group_id"][:10] = 1
        edge["edge_group_index"][:10] = np.arange(10)
        edge["1/delay"] = np.full(10, 7.5)
    found = simulate.load(path).built
    assert [part.model.neuron for part in found.parts if part.population == "out"] == ["intfire1"]
    delays = np.concatenate([np.broadcast_to(p.delay, p.csr.nnz) for p in found.net.projections if p.target == "out"])
    assert 0 < np.sum(delays == 7.5) <= 10


def test_rounding_to_the_grid():
    """Times go to the step that ends nearest; earlier than half a step into the first; later than the last are left."""
    train = Train(np.array([0, 1, 2, 3, 4, 0]), np.array([0.0, 0.14, 0.16, 0.5, 0.56, 0.02]))
    events = simulate.on_grid(train, 0.1, 5)
    assert events.start.tolist() == [0, 2, 3, 3, 3, 4]
    assert events.index.tolist() == [0, 1, 2, 3]


def test_comparison():
    want = Train(np.array([0, 0, 0, 1]), np.array([1.0, 2.0, 3.0, 1.0]))
    got = Train(np.array([0, 0, 1, 2]), np.array([1.25, 3.5, 1.0, 1.0]))
    pair = simulate.compare(got, want, 0.5)
    assert pair == (4, 4, 3, 0.25, 0.5)
    assert simulate.compare(got, Train(np.array([5]), np.array([1.0])), 1.0).matched == 0


def test_the_output_folder_is_safe(toy, tmp_path):
    found = simulate.load(toy)
    outcome = simulate.Outcome({"ctx": Train(np.zeros(1, int), np.ones(1))}, 0)
    path = simulate.save(found, outcome, tmp_path / "deep/er")
    assert path == tmp_path / "deep/er/spikes.h5"
    with pytest.raises(SonataError, match="must be empty or overwrite_output_dir true"):
        simulate.save(found, outcome, tmp_path / "deep/er")
    may = found._replace(simulation=found.simulation._replace(output=found.simulation.output._replace(overwrite=True)))
    simulate.save(may, outcome, tmp_path / "deep/er")
    with pytest.raises(SonataError, match="must not replace a file that is read"):
        simulate.save(may, outcome, tmp_path / "deep/er", keep=(path,))
    (tmp_path / "file").write_text("")
    with pytest.raises(SonataError, match="the output folder must be a folder"):
        simulate.save(may, outcome, tmp_path / "file")
    path.chmod(0o444)  # an administrator could write there all the same
    with pytest.raises(SonataError, match="the output file must be writable.*--out"):
        simulate.save(may, outcome, tmp_path / "deep/er")
    assert sorted(p.name for p in (tmp_path / "deep/er").iterdir()) == ["spikes.h5"]


def test_the_command_line(toy, tmp_path):
    def call(*arguments):
        return CliRunner().invoke(app, ["sonata", "run", str(toy), *map(str, arguments)])

    out = call("--out", tmp_path / "a")
    assert out.exit_code == 0, out.output
    assert "360 edges" in out.stdout
    assert "by events, exact" in out.stdout
    again = call("--method", "grid", "--dt", 0.05, "--out", tmp_path / "b", "--compare", tmp_path / "a/spikes.h5")
    assert again.exit_code == 0, again.output
    assert "on a grid of 0.05 ms" in again.stdout
    assert "matched" in again.stdout
    for arguments, match in (
        (["--out", tmp_path / "a"], "must be empty or overwrite_output_dir true"),
        (["--method", "exact", "--out", tmp_path / "c"], "method must be one of precise, grid"),
        (["--method", "precise", "--dt", 0.1, "--out", tmp_path / "c"], "dt belongs to the method grid"),
        (["--method", "grid", "--dt", -1, "--out", tmp_path / "c"], "dt must be > 0 ms"),
        (["--compare", tmp_path / "none.h5", "--out", tmp_path / "c"], "the file must exist"),
    ):
        bad = call(*arguments)
        assert bad.exit_code == 2
        assert match in bad.output
        assert not (tmp_path / "c").exists()


def test_parameter_files_elsewhere(tmp_path):
    path = toy_sonata.write(tmp_path / "net", components={})
    with pytest.raises(SonataError, match=r"exp_fast.json must be in one of .*--components"):
        simulate.load(path)
    (tmp_path / "more").mkdir()
    for name, values in toy_sonata.COMPONENTS.items():
        (tmp_path / "more" / name).write_text(json.dumps(values))
    assert simulate.load(path, tmp_path / "more").built.notes == (f"parameter files are read from {tmp_path / 'more'}",)


@pytest.mark.parametrize("template, ours", [("iaf_psc_alpha", "lif_alpha"), ("aeif_psc_exp", "adex")])
def test_models_of_the_grid_alone(template, ours, tmp_path):
    nodes = toy_sonata.nodes()
    row = {"model_type": "point_neuron", "model_template": f"nest:{template}"}
    nodes["ctx"] = export.NodeData({1: row | {"dynamics_params": "few.json"}}, np.ones(toy_sonata.N_CTX, int))
    components = toy_sonata.COMPONENTS | {"few.json": {"I_e": 900.0, "V_m": -60.0}}
    path = toy_sonata.write(tmp_path / "net", 20.0, nodes=nodes, components=components)
    found = simulate.load(path)
    assert found.built.parts[1].model.neuron == ours
    assert found.built.net.populations[1].init["v"] == -60.0
    assert len(simulate.simulate(found, "grid").spikes["ctx"].t) > 0
    with pytest.raises(ValueError, match=f"model with a closed form .others run on the grid.* got '{ours}'"):
        simulate.simulate(found)


def test_notes(tmp_path):
    path = toy_sonata.write(tmp_path / "net")
    text = json.loads(path.read_text())
    text["reports"] = {"v": {}}
    text["inputs"]["late"] = {"input_type": "spikes", "module": "csv", "input_file": "late.csv", "node_set": "thal"}
    text["inputs"]["off"] = {"enabled": False}
    (tmp_path / "net/late.csv").write_text("timestamps node_ids\n1000.0 3\n")
    path.write_text(json.dumps(text))
    notes = build.build(config.read(path)).notes
    assert notes == (
        "reports are not written: v",
        "input off is not enabled",
        "1 input spikes after tstop are not used",
    )
