"""Post-synaptic kernels, one file each, with the step contract of a neuron: `step(p, s, x) -> (State, y)`.

They stand between what arrives at a port and what the neuron sees there. The best file to copy: `exp.py`.
"""
