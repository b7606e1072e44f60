"""SONATA held against others: libsonata reads what we write, NEST runs the network that our files describe."""

import h5py
import numpy as np
import pytest

from neurosparse.io.sonata import models, simulate, spikes
from neurosparse.precise import Train
from tests import toy_sonata


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    return simulate.load(toy_sonata.write(tmp_path_factory.mktemp("toy") / "net"))


def test_spikes_are_written_for_others(loaded, tmp_path):
    """What we write, libsonata reads: sorting as an enum, populations, ids, times; and so do we."""
    libsonata = pytest.importorskip("libsonata")
    outcome = simulate.simulate(loaded)
    path = simulate.save(loaded, outcome, tmp_path / "new")
    reader = libsonata.SpikeReader(str(path))
    assert set(reader.get_population_names()) == {"ctx", "out"}
    for name, train in outcome.spikes.items():
        population = reader[name]
        assert str(population.sorting) in ("by_time", "SpikeReader.Sorting.by_time")
        pairs = population.get()
        assert sorted(pairs) == sorted(zip(train.i.tolist(), train.t.tolist()))
        assert [t for _, t in pairs] == sorted(train.t.tolist())
    with h5py.File(path) as file:
        assert file.attrs["magic"] == 0x0A7A
        assert file.attrs["version"].tolist() == [0, 1]
        assert file["spikes/ctx/timestamps"].attrs["units"] == "ms"
        assert h5py.check_enum_dtype(file["spikes/ctx"].attrs.get_id("sorting").dtype) == spikes.SORTING
    again = simulate.expected(path, loaded)
    for name, train in outcome.spikes.items():
        assert simulate.compare(again[name], train, 0.0).matched == len(train.t)


def test_defaults_are_those_of_nest():
    nest = pytest.importorskip("nest")
    for template, model in models.TEMPLATES.items():
        if template.startswith("nest:"):
            known = nest.GetDefaults(template[5:])
            for name, value in model.defaults.items():
                assert known[name] == value or (name == "V_m" and known["V_m"] == known["E_L"])


def test_the_network_of_neurons_in_nest(loaded):
    """The made-up network of iaf_psc_exp, wired in NEST edge by edge with its precise neurons: the same spikes."""
    nest = pytest.importorskip("nest")
    nest.ResetKernel()
    nest.resolution = 0.05
    data, edges, thal = toy_sonata.nodes()["ctx"], toy_sonata.edges(), toy_sonata.inputs()["thal"]
    cells = nest.Create("iaf_psc_exp_ps", 12)
    for k, cell in enumerate(cells):
        given = dict(toy_sonata.COMPONENTS[data.types[int(data.type_id[k])]["dynamics_params"]])
        cell.set({name: value for name, value in given.items() if name != "type"})
        cell.t_ref = float(np.round(data.values["dynamics_params/t_ref"][k], 12))
    sources = nest.Create("spike_generator", toy_sonata.N_THAL)
    for i, source in enumerate(sources):
        source.set(spike_times=np.sort(thal.t[thal.i == i]).tolist(), precise_times=True)
    for name, senders in (("thal_ctx", sources), ("ctx_ctx", cells)):
        each = edges[name]
        for j, kind in enumerate(each.type_id.tolist()):
            row = dict(each.types[kind]) | {key: float(values[j]) for key, values in each.values.items()}
            synapse = {"weight": row["syn_weight"] * row.get("nsyns", 1.0), "delay": row["delay"]}
            if row.get("nsyns", 1.0) > 0:
                ends = senders[int(each.source_id[j])], cells[int(each.target_id[j])]
                nest.Connect(*ends, syn_spec=synapse)
    recorder = nest.Create("spike_recorder")
    nest.Connect(cells, recorder)
    nest.Simulate(101.0)
    events = recorder.get("events")
    theirs = Train(events["senders"] - cells[0].global_id, events["times"])
    theirs = Train(*(array[theirs.t <= 100.0] for array in theirs))
    pair = simulate.compare(simulate.simulate(loaded).spikes["ctx"], theirs, 1e-6)
    assert pair.got == pair.matched == pair.expected > 100
    assert pair.largest < 1e-9
