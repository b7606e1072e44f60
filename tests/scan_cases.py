"""What a compiled scan on another device, or in Triton's interpreter, must have in common with the CPU's."""

import torch

from neurosparse import rng
from neurosparse.tensor import scan, surrogate

LEAKS = {"linear": 0.8, "tropical": -0.2, "leaky": 0.8}
SOFT = [surrogate.spikes("soft"), surrogate.spikes("soft", alpha=3.0, detach_reset=True), surrogate.spikes("ste")]
CASES = [("linear", surrogate.spikes("hard", name, detach_reset=name == "atan")) for name in surrogate.NAMES]
CASES += [("linear", mode) for mode in SOFT] + [
    ("tropical", mode) for mode in (surrogate.spikes("hard", "atan"), *SOFT)
]
CASES += [("leaky", surrogate.DEFAULT)]


def noise(name, shape, dtype):
    x = rng.normals(rng.stream(0, name), int(torch.Size(shape).numel())).reshape(shape)
    return torch.as_tensor(x, dtype=dtype)


def outputs(run, kind, mode, shape, dtype, device, learned=True):
    """z, last state and all gradients of one scan with values of its own for each neuron."""
    n = shape[2]
    made = {
        "x": 0.3 + 0.6 * noise("x", shape, dtype), "v": 0.1 * noise("v", shape[1:], dtype),
        "leak": LEAKS[kind] + 0.05 * noise("leak", (n,), dtype), "th": 0.5 + 0.1 * noise("th", (n,), dtype),
        "eps": 0.5 + 0.0 * noise("eps", (n,), dtype),
    }  # fmt: skip
    at = {key: value.to(device).requires_grad_(learned or key in "xv") for key, value in made.items()}
    carry = 0.5 if kind == "linear" else 0.0
    membrane = scan.Membrane(
        kind, at["leak"], 1.1 if kind != "tropical" else 1.0, 0.02, at["th"], 0.1, carry, at["eps"]
    )
    z, last = run(at["x"], at["v"], membrane, mode)
    weight, last_weight = noise("z", shape, dtype).to(device), noise("last", shape[1:], dtype).to(device)
    ((z * weight).sum() + (last * last_weight).sum()).backward()
    out = {"z": z, "last": last} | {f"d{key}": value.grad for key, value in at.items()}
    return {key: value.detach().cpu() for key, value in out.items() if value is not None}


def compare(run, device, shapes=((5, 3, 50),), dtypes=(torch.float32,), cases=tuple(CASES), learned=(True,)):
    """Raises AssertionError where `run` on the device differs from the compiled loops of the CPU."""
    for shape in shapes:
        for dtype in dtypes:
            tolerance = 2e-5 if dtype == torch.float32 else 1e-11
            for kind, mode in cases:
                for learn in learned:
                    ours = outputs(scan.scan, kind, mode, shape, dtype, "cpu", learn)
                    theirs = outputs(run, kind, mode, shape, dtype, device, learn)
                    assert set(ours) - set(theirs) <= {"dth", "deps"}, (kind, mode)
                    for key in set(ours) & set(theirs):
                        size = 1.0 + float(ours[key].abs().max()) if ours[key].numel() else 1.0
                        torch.testing.assert_close(
                            theirs[key], ours[key], rtol=0.0, atol=tolerance * size, msg=f"{kind} {mode} {key} {shape}"
                        )
