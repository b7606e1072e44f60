"""Runs in, files out: configuration, progress, provenance and the one result file of a run.

    config       Config and `build`: defaults, then a TOML file, then `--set key=value`
    launch       one run of a simulation, one drawing of a figure: from a module to a file
    results      Result, Record; `save`, `load`, `latest`: one HDF5 file for each run, whole or not there
    stream       a run of any length recorded to one HDF5 file while it goes on
    recordings   the reader: a window of times and neurons at a time
    columns      what a recording consists of
    checkpoints  runs that survive kill -9; cuts  a long run as slices
    moments      the end of a run as a file, from which another process goes on
    memories     what a spatial pooler, a temporal memory or segments have learnt;  classifiers  a fitted liquid
    capacity_*   the commands of the capacity calculator: a table of them, ranges, screens, plots
    trained      checkpoints of a training run
    nir nir_nodes  trained stacks as NIR files;  layers_json  any stack as JSON
    disk locks seals   disk errors as Python errors; one process at a time; a checksum before HDF5 sees a byte
    trains       spike trains from .csv, .txt, .npz and SONATA files, as events of a SpikeSource
    sonata       networks of the SONATA format; sonata_cli  their command
    provenance   who made a result: seed, streams, versions, commit, processor, command line
    progress     `track`: a bar on a terminal, heartbeat lines elsewhere, never on standard output
    strict_json  JSON that keeps NaN and infinities and that every parser reads
    table        aligned plain tables
    screens      what the commands print, for people and for machines
    mistakes     which errors get one message, and which a traceback

Each file is imported by its own name: reading a configuration does not load HDF5. Best to read: results.py.
"""
