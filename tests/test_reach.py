"""The digest of compiled code follows everything that the code reaches, as it is in memory."""

import types

import numpy as np
import pytest

from neurosparse import jit, reach


def step(pre="", body="return s + K * x", **values):
    """The function `step` of a module made of text, with some values set in it."""
    module = types.ModuleType("made_of_text")
    vars(module).update(values)
    exec(f"{pre}\ndef step(p, s, x):\n    {body}\n", vars(module))
    return module.step


def helper(factor):
    module = types.ModuleType("helping")
    exec(f"def square(v):\n    return {factor} * v * v\nK = {factor}\n", vars(module))
    return module


CLOSED = (
    "def make(k):\n    def inner(p, s, x):\n        return s + k * x\n    return inner\nmade = make(K)\ndel make, K"
)


@pytest.mark.parametrize("change", [
    lambda k: step(K=k),
    lambda k: step(K=np.float32(k)),
    lambda k: step(K=np.full(3, k)),
    lambda k: step(K=(1, ("a", np.arange(2000.0) + (np.arange(2000) == 1000) * k))),
    lambda k: step(K=[k]),
    lambda k: step(body=f"return s + {k} * x"),
    lambda k: step(body=f"return (lambda v: {k} * v)(x)"),
    lambda k: step(body="return square(x)", square=helper(k).square),
    lambda k: step(body="return helping.square(x)", helping=helper(k)),
    lambda k: step(body="return helping.K * x", helping=helper(k)),
    lambda k: step(body="return square(x)", square=jit.numba.njit(helper(k).square)),
    lambda k: vars(types.SimpleNamespace(f=step(pre=CLOSED, K=k)))["f"].__globals__["made"],
    lambda k: step(pre=f"def other(v, by={k}):\n    return by * v", body="return other(x)"),
    lambda k: step(pre=f"def other(v, *, by={k}):\n    return by * v", body="return other(x)"),
], ids=range(14))  # fmt: skip
def test_what_is_reached_counts(change):
    one, same, other = (jit.code_digest(change(k)) for k in (1.0, 1.0, 5.0))
    assert one == same
    assert one != other
    assert None not in (one, other)


def test_what_is_not_reached_does_not_count():
    assert jit.code_digest(step(K=1.0, OTHER=2.0)) == jit.code_digest(step(K=1.0, OTHER=3.0))


def test_types_and_names_count():
    assert jit.code_digest(step(K=1)) != jit.code_digest(step(K=1.0))
    assert jit.code_digest(step(K=True)) != jit.code_digest(step(K=1))
    plain = step(K=1.0)
    named = step(K=1.0)
    named.__module__ = "another"
    assert jit.code_digest(plain) != jit.code_digest(named)


def test_recursion_ends():
    assert jit.code_digest(step(pre="def f(v):\n    return g(v)\ndef g(v):\n    return f(v)", body="return f(x)"))


def test_what_can_not_be_hashed_is_not_cached():
    assert jit.code_digest(step(K=object())) is None
    assert jit.code_digest(step(K=np.array([object()]))) is None
    with pytest.raises(reach.UnknownValue, match="object"):
        list(reach.pieces(object()))


def test_a_helper_changed_after_it_was_compiled_is_not_cached():
    """Numba keeps what it compiled of a helper; machine code with the old value must not get the new name."""
    helping = helper(2.0)
    exec("def cube(v):\n    return K * v ** 3", vars(helping))
    first = jit.code_digest(step(body="return cube(x)", cube=helping.cube))
    assert first is not None
    helping.K = 3.0
    assert jit.code_digest(step(body="return cube(x)", cube=helping.cube)) is None


def test_the_library_itself():
    from neurosparse.neurons import alif

    assert jit.code_digest(alif.step) == jit.code_digest(alif.step) is not None
    assert {helper.__name__ for helper in reach.helpers(alif.step)} == {"membrane", "fire"}
