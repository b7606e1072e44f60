"""The 300 IntFire1 cells of SONATA (Dai et al. 2020) on a grid: every one of NEURON's 4,322 spikes, to a step."""

import csv
import os
from pathlib import Path

import numpy as np
import pytest

from neurosparse import clock, csr, encode
from neurosparse.network import Network, Population, Projection, SpikeMonitor, SpikeSource
from tests import intact

FOLDER = Path(os.environ.get("NEUROSPARSE_DATA", ".")) / "sonata-300-intfire"
pytestmark = [
    pytest.mark.data,
    pytest.mark.slow,
    pytest.mark.skipif(bool(intact.why_not(FOLDER)), reason=intact.why_not(FOLDER)),
]
DT, LENGTH = 0.02, 3000.0  # ms


def table(name, key):
    with open(FOLDER / "network" / name, encoding="utf-8") as file:
        return {int(row[key]): row for row in csv.DictReader(file, delimiter=" ")}


def open_h5(name):
    return pytest.importorskip("h5py").File(FOLDER / name)


def projection(source, n):
    """Jumps of sign * syn_weight * nsyns; inhibition by the name of its synapse."""
    types = table(f"{source}_v1_edge_types.csv", "edge_type_id")
    with open_h5(f"network/{source}_v1_edges.h5") as file:
        edges = file[f"edges/{source}_to_v1"]
        pre, post, kind, many = (
            edges[name][:] for name in ("source_node_id", "target_node_id", "edge_type_id", "0/nsyns")
        )
    sign = {k: -1.0 if "Inh" in row["dynamics_params"] else 1.0 for k, row in types.items()}
    weight = np.array([sign[k] * float(types[k]["syn_weight"]) for k in kind]) * many
    there = many > 0
    wiring = csr.from_coo(pre[there].astype(int), post[there].astype(int), weight[there], (n, 300))
    return Projection(source, "v1", wiring, 2.0, "jump")


def events(source):
    with open_h5(f"inputs/{source}_spikes.h5") as file:
        i, t = file["spikes/gids"][:].astype(int), np.floor(file["spikes/timestamps"][:] / DT).astype(int)
    steps = round(LENGTH / DT)
    return encode.events_from_pairs(i[t < steps], t[t < steps], steps)


def test_every_spike_of_the_example():
    """At 0.025 ms and below; coarser grids merge arrivals that NEURON takes one by one, and at 0.1 ms activity explodes."""
    kinds = table("v1_node_types.csv", "node_type_id")
    with open_h5("network/v1_nodes.h5") as file:
        inhibitory = np.array([kinds[k]["ei"] == "i" for k in file["nodes/v1/node_type_id"][:]])
    params = {"tau_mem": np.where(inhibitory, 7.0, 24.0), "t_ref": 3.0}
    net = Network(
        (SpikeSource("lgn", 90), SpikeSource("tw", 30), Population("v1", 300, "intfire1", params)),
        tuple(projection(name, n) for name, n in (("lgn", 90), ("tw", 30), ("v1", 300))), dt=DT,
    )  # fmt: skip
    run = clock.run(net, LENGTH, {name: events(name) for name in ("lgn", "tw")}, (SpikeMonitor("v1"),))
    with open_h5("output/spikes.h5") as file:
        i, t = file["spikes/v1/node_ids"][:], file["spikes/v1/timestamps"][:]
    ours, theirs = np.lexsort((run.spikes["v1"].t, run.spikes["v1"].i)), np.lexsort((t, i))
    assert len(i) == 4322
    np.testing.assert_array_equal(run.spikes["v1"].i[ours], i[theirs])
    late = run.spikes["v1"].t[ours] - t[theirs]
    assert late.min() > -1e-6
    assert late.max() < DT + 1e-6
