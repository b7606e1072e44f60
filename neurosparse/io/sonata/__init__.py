"""SONATA, the exchange format of the Allen Institute and the Blue Brain Project: networks in, spikes out.

    config      simulation and circuit files: manifest variables, paths, run, inputs, output
    files       JSON, CSV and HDF5 with messages that name file, need and remedy
    table       attributes of nodes and edges: a value in HDF5 goes before that of the type
    graph       node populations, edge populations, node sets
    models      templates (nrn:IntFire1, nest:iaf_psc_exp ...) into our neurons and their parameters
    build       all of it into a Network, and its inputs
    spikes      spike files, read in every form, written in the current one
    simulate    the whole way: `load`, `simulate`, `compare`, `save`

Read for this: SONATA Developer Guide (Allen Institute, Blue Brain Project) and Dai et al., The SONATA data format for
efficient description of large-scale network models, PLoS Comput. Biol. 16 (2020) e1007696. HDF5 is read by h5py alone.
Not read: biophysical cells, reports, gap junctions, plastic synapses; each is refused or named in a note. Best to
read: build.py.
"""
