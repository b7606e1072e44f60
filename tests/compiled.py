"""A script: cells and sparse layers under torch.compile, in one graph, against the same without it."""

import torch

from neurosparse import rng
from neurosparse.tensor import Cell, SparseLinear, random_pattern, spikes


def noise(*shape):
    """Normal numbers."""
    return torch.as_tensor(rng.normals(rng.stream(1, "compiled"), torch.Size(shape).numel()).reshape(shape))


def cell(name, mode):
    """A step with its gradients."""
    torch._dynamo.reset()
    made, x, results = Cell(name, 3, spikes=mode).double(), noise(2, 2, 3), []
    for run in (made, torch.compile(made, fullgraph=True)):
        first, second = x[0].clone().requires_grad_(), x[1].clone().requires_grad_()
        state = run(first)[1]
        z, state = run(second, state._replace(v=state.v.detach().requires_grad_()))
        results.append([z, state.v, *torch.autograd.grad(z.sum() + state.v.sum(), second)])
    for a, b in zip(*results):
        torch.testing.assert_close(a, b)


def layer(backend):
    """Two steps of Adam through a sparse layer."""
    torch._dynamo.reset()
    made, x = SparseLinear(random_pattern(9, 7, 0.4), backend=backend).double(), noise(3, 4, 9).requires_grad_()
    compiled, optimiser = torch.compile(made, fullgraph=True), torch.optim.Adam(made.parameters(), 0.01)
    for _ in range(2):
        made.zero_grad()
        plain = torch.autograd.grad(made(x).square().sum(), [x, *made.parameters()])
        got = torch.autograd.grad(compiled(x).square().sum(), [x, *made.parameters()])
        assert all(torch.allclose(a, b, rtol=1e-12) for a, b in zip(plain, got))
        compiled(x).square().sum().backward()
        optimiser.step()


if __name__ == "__main__":
    for name in ("lif", "ultralif", "alif"):
        for mode in (spikes("hard", "atan"), spikes("soft")):
            cell(name, mode)
    for backend in ("auto", "csr"):
        layer(backend)
    print("compiled")
