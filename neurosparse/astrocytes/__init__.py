"""Astrocytes, one file per model, on a slow clock of their own. The best file to copy: `leaky_integrator.py`.

The contract is that of a neuron (see `neurosparse.neurons`): `PORTS`, `ORDER`, `Params`, `State`, `params(..., dt)`,
`init(p)`, `step(p, s, *inputs) -> (State, z)`, written with arithmetic and `neurosparse.ops`, with these differences:

* dt is the step of the astrocytes' clock, 1 to 50 ms; a model splits it into as many steps as its equations need;
* a port for spikes takes the weights that arrived since the last step, summed, and counts them at its start;
  the other ports are held over a step;
* z is 1 in a step in which calcium crosses its threshold upward: a calcium event;
* what others read is a field of State: a slow inward current for neurons, receptors that set release at synapses;
* `COUPLED` names the field that gap junctions compare, and `couple(p, mine, other)` is what flows through one of them
  into a cell with `mine` from a neighbour with `other`; the sum over the neighbours goes to the port "gap".
"""
