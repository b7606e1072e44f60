"""`ops.exp` and `ops.expm1`: their stated bounds against forty digits, and the same bits on every backend."""

import math
from decimal import Decimal, localcontext

import numba
import numpy as np
import pytest

from neurosparse import jit, ops, rng

UNIFORM = rng.uniforms(rng.stream(0, "exp"), 6000)
X = np.concatenate([
    1416.0 * UNIFORM[:2000] - 707.0, 2.0 * UNIFORM[2000:4000] - 1.0, 10.0 ** (-30.0 * UNIFORM[4000:5000]),
    -(10.0 ** (-30.0 * UNIFORM[5000:])), [0.0, 0.34657359, -0.34657359, 0.34657360, 709.78, -708.0],
])  # fmt: skip


@jit.kernel
def three(x, y):
    for i in range(x.shape[0]):
        y[i, 0] = ops.log(x[i])
        y[i, 1] = ops.sigmoid(x[i])
        y[i, 2] = ops.softplus(x[i])


def test_logarithm_and_sigmoid_have_the_same_bits_everywhere():
    x = np.concatenate([X, 10.0 ** (600.0 * UNIFORM[:500] - 300.0), [math.inf, math.nan, 5e-324]])
    y = np.empty((len(x), 3))
    with np.errstate(all="ignore"):
        three(np.where(x < 0.0, -x, x) + 0.0, y)
        plain = np.abs(x)
        for k, function in enumerate((ops.log, ops.sigmoid, ops.softplus)):
            np.testing.assert_array_equal(function(plain), y[:, k], err_msg=function.__name__)
    torch = pytest.importorskip("torch")
    from neurosparse import tensor  # noqa: F401

    for k, function in enumerate((ops.log, ops.sigmoid, ops.softplus)):
        np.testing.assert_array_equal(function(torch.as_tensor(plain)).numpy(), y[:, k])
        near = torch.linspace(0.1, 3.0, 13, dtype=torch.float64, requires_grad=True)
        assert torch.autograd.gradcheck(function, near)
        np.testing.assert_allclose(function(near.detach().float()).numpy(), function(near.detach().numpy()), rtol=3e-6)


@jit.kernel
def both(x, y, z):
    for i in range(x.shape[0]):
        y[i] = ops.exp(x[i])
        z[i] = ops.expm1(x[i])


def ulps(values, exact):
    """Distance from exact values in units of the last place of the nearest floats."""
    with localcontext() as context:
        context.prec = 60
        return [
            float(abs(Decimal(float(value)) - e) / Decimal(float(np.spacing(abs(float(e)))))) if e else abs(value)
            for value, e in zip(values, exact, strict=True)
        ]


def test_error_bounds():
    with localcontext() as context:
        context.prec = 60
        exp = [Decimal(float(x)).exp() for x in X]
        expm1 = [value - 1 for value in exp]
    assert max(ulps(ops.exp(X), exp)) < 1.0
    assert max(ulps(ops.expm1(X), expm1)) < 3.0
    assert max(ulps(ops.expm1(X[np.abs(X) < 1e-3]), [e for e, x in zip(expm1, X) if abs(x) < 1e-3])) < 1.0


def test_error_bounds_of_logarithm_and_sigmoid():
    above = np.concatenate([3.0 * UNIFORM[:1000] + 1e-9, 10.0 ** (600.0 * UNIFORM[1000:2000] - 300.0)])
    y = np.concatenate([20.0 * UNIFORM[:1000] - 10.0, 200.0 * UNIFORM[1000:2000] - 100.0])
    with localcontext() as context:
        context.prec = 90
        tails = [Decimal(float(value)).exp() for value in y]
        log = [Decimal(float(value)).ln() for value in above]
        sigmoid, softplus = [e / (1 + e) for e in tails], [(1 + e).ln() for e in tails]
    assert max(ulps(ops.log(above), log)) < 2.0
    assert max(ulps(ops.sigmoid(y), sigmoid)) < 4.0
    assert max(ulps(ops.softplus(y), softplus)) < 4.0
    np.testing.assert_array_equal(ops.log(np.array([0.0, math.inf, 1.0])), [-math.inf, math.inf, 0.0])
    assert math.isnan(ops.log(-1.0))
    assert ops.sigmoid(800.0) == 1.0
    assert ops.sigmoid(-800.0) == ops.softplus(-800.0) == 0.0
    assert ops.softplus(800.0) == 800.0
    assert ops.logsumexp2(1.0, 1.0, 0.5) == pytest.approx(1.0 + 0.5 * math.log(2.0), rel=1e-15)


def test_ends_of_the_range():
    for x, e, m in ((-math.inf, 0.0, -1.0), (-1e300, 0.0, -1.0), (-708.1, 0.0, -1.0), (0.0, 1.0, 0.0)):
        assert ops.exp(x) == e
        assert ops.expm1(x) == m
    with np.errstate(over="ignore"):
        for x in (709.8, 1e300, math.inf):
            assert ops.exp(x) == ops.expm1(x) == math.inf
    assert math.isnan(ops.exp(math.nan))
    assert math.isnan(ops.expm1(math.nan))


def test_numba_has_the_same_bits():
    x = np.concatenate([X, [-1e300, -math.inf, 710.0, 1e300, math.inf, math.nan]])
    y, z = np.empty_like(x), np.empty_like(x)
    with np.errstate(over="ignore"):
        both(x, y, z)
        np.testing.assert_array_equal(ops.exp(x), y)
        np.testing.assert_array_equal(ops.expm1(x), z)


def test_torch_has_the_same_bits_and_its_own_derivative():
    torch = pytest.importorskip("torch")
    from neurosparse import tensor  # noqa: F401

    x = torch.as_tensor(np.concatenate([X, [-1e300, -math.inf, math.nan]]))
    np.testing.assert_array_equal(ops.exp(x).numpy(), ops.exp(x.numpy()))
    np.testing.assert_array_equal(ops.expm1(x).numpy(), ops.expm1(x.numpy()))
    near = torch.linspace(-3.0, 3.0, 13, dtype=torch.float64, requires_grad=True)
    for function in (ops.exp, ops.expm1):
        assert torch.autograd.gradcheck(function, near)
        assert torch.autograd.gradgradcheck(function, near)
        single = function(near.detach().float())
        assert single.dtype == torch.float32
        np.testing.assert_allclose(single.numpy(), function(near.detach().numpy()), rtol=3e-7)


def test_kinds_of_numbers():
    assert ops.exp(1) == ops.exp(1.0) == ops.exp(np.int64(1)) == pytest.approx(math.e, rel=3e-16)
    assert ops.exp(np.float32(1.0)).dtype == ops.exp(np.zeros(3, dtype=np.float32)).dtype == np.float32
    assert ops.exp(np.arange(3)).dtype == np.float64
    assert ops.expm1(np.zeros((2, 3))).shape == (2, 3)


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="nothing is compiled")
def test_it_compiles_to_vector_instructions():
    """A call of the C library's exp would end the vectorisation of every loop that holds it."""

    def loop(x, y):
        for i in range(x.shape[0]):
            y[i] = ops.exp(x[i]) * ops.expm1(x[i])

    compiled = numba.njit(**jit.OPTIONS)(loop)
    compiled(np.ones(8), np.ones(8))
    (text,) = compiled.inspect_llvm().values()
    assert "double @exp" not in text
    assert "x double>" in text  # LLVM's vector types
