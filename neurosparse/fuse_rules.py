"""The part of the loop's text for synapses that change: plasticity rules and short-term release.

Names beside those of `fuse`: w{j}_w and w{j}_f the fields of a synapse, h{j}_x traces of sources in the last ticks (row
t % ticks), g{j}_y traces of targets up to the last tick but one, last{j} when a source spiked last, amp{j} what each
spike in ring{k} released; inptr{j}, insyn{j}, inseg{j} the synapses of a target, and the segments that they lie in.

A tick of a rule: the spikes that arrive are delivered and on_pre acts; on_post acts for the targets that spiked in the
last tick; their traces take these spikes in; a sweep, if one is due.
"""

from neurosparse.fuse_text import constants, state, value
from neurosparse.jit import code_digest


def declare(writer, j: int) -> None:
    """Constants and names."""
    route = writer.plan.routes[j]
    if route.release:
        writer.declare(f"r{j}_", route.release, "release")
        writer.bundle(1, f"r{j}_", route.release)
        writer.args += [f"last{j}", f"amp{j}"]
    if route.rule is None:
        return
    module = route.rule.module
    names = ["trace", "on_pre", "on_post", *(["sweep"] if route.rule.sweeps else [])]
    writer.namespace |= {f"{name}{j}": writer.compiled(getattr(module, name)) for name in names}
    kinds = {"P": module.Params, "Y": module.Synapse, "A": module.Pre, "B": module.Post}
    writer.namespace |= {f"{letter}r{j}": kind for letter, kind in kinds.items()}
    writer.digests.append(code_digest(*[getattr(module, name) for name in names], *kinds.values()))
    writer.args += [f"pr{j}_{name}" for name in route.rule.params]
    writer.put(1, f"pr{j} = Pr{j}({constants(f'pr{j}', route.rule.params, writer.precision)})")
    writer.args += [f"w{j}_{field}" for field in module.Synapse._fields]
    writer.args += [f"h{j}_{field}" for field in module.Pre._fields]
    writer.args += [f"g{j}_{field}" for field in module.Post._fields]
    writer.args += [f"sign{j}", f"inptr{j}", f"insyn{j}", f"inseg{j}"]


def deliver(writer, j: int) -> None:
    """Deliver with what each spike released, and let the rule act."""
    plan, route = writer.plan, writer.plan.routes[j]
    k, rule = route.source, route.rule
    writer.args += [f"delays{j}", f"segments{j}", f"indices{j}"] + ([] if rule else [f"weight{j}"])
    if rule and rule.modulator is not None:
        c = rule.modulator
        writer.args += [f"mod{c}"] if f"mod{c}" not in writer.args else []
        writer.put(2, f"mrow = mod{c}[(t - begin) % mod{c}.shape[0]]", "meach = 1 if mrow.shape[0] > 1 else 0")
    writer.put(2, f"for e in range(delays{j}.shape[0] - 1, -1, -1):", f"    v = t - delays{j}[e]")
    depth = _spikes(writer, k, 3, "v")
    if route.release:
        place = f"a - start{k}[v - base{k}]" if plan.parts[k].given else "a"
        writer.put(depth, f"f = amp{j}[v % amp{j}.shape[0], {place}]")
    if rule:
        writer.put(
            depth, f"pre = Ar{j}({_traces(writer, j, 'h', rule.module.Pre, '(v - 1) % {0}.shape[0], src', True)})"
        )
    writer.put(depth, f"row = (src * delays{j}.shape[0] + e) * shares + me")
    writer.put(depth, f"for s in range(segments{j}[row], segments{j}[row + 1]):", f"    i = indices{j}[s]")
    weight = f"sign{j} * w{j}_w[s]" if rule else f"weight{j}[{'s' if len(route.weight) > 1 else '0'}]"
    writer.put(depth + 1, f"{writer.into(route)}[i] += {'f * ' if route.release else ''}{weight}")
    if rule:
        writer.put(depth + 1, f"post = Br{j}({_traces(writer, j, 'g', rule.module.Post, 'i', True)})")
        _change(writer, j, depth + 1, "on_pre", "pre, post")
        _back(writer, j)


def _back(writer, j: int) -> None:
    """The targets' side of a tick."""
    route = writer.plan.routes[j]
    rule, k = route.rule, route.target
    writer.put(2, f"u = (t - 1) % ring{k}.shape[0]", f"for a in range(lo{k}, lo{k} + ringn{k}[u, me]):")
    writer.put(3, f"i = ring{k}[u, a]", f"post = Br{j}({_traces(writer, j, 'g', rule.module.Post, 'i', True)})")
    writer.put(3, f"for b in range(inptr{j}[i], inptr{j}[i + 1]):", f"    s = insyn{j}[b]", f"    e = inseg{j}[b]")
    if len(route.delays) == 1:
        writer.put(4, "src = e", f"v = t - delays{j}[0]")
    else:
        writer.put(4, f"src = e // delays{j}.shape[0]", f"v = t - delays{j}[e % delays{j}.shape[0]]")
    writer.put(4, f"pre = Ar{j}({_traces(writer, j, 'h', rule.module.Pre, 'v % {0}.shape[0], src', False)})")
    _change(writer, j, 4, "on_post", "pre, post")
    for field in rule.module.Post._fields:
        writer.put(2, f"for i in range(lo{k}, hi{k}):")
        writer.put(3, f"z = {writer.one} if z{k}[i] else {writer.zero}")
        writer.put(3, f"g{j}_{field}[i] = trace{j}(pr{j}, pr{j}.decay_{field}, g{j}_{field}[i], z)")
    if rule.sweeps:
        writer.put(
            2,
            f"if t % np.int64(pr{j}.every) == 0 and t > 0:",
            f"    for row in range(me, segments{j}.shape[0] - 1, shares):",
        )
        writer.put(4, f"for s in range(segments{j}[row], segments{j}[row + 1]):", f"    i = indices{j}[s]")
        writer.put(5, f"post = Br{j}({_traces(writer, j, 'g', rule.module.Post, 'i', False)})")
        _change(writer, j, 5, "sweep", "post")


def _change(writer, j: int, depth: int, function: str, traces: str) -> None:
    rule = writer.plan.routes[j].rule
    fields = rule.module.Synapse._fields
    m = writer.one if rule.modulator is None else "mrow[i * meach]"
    synapse = f"Yr{j}({', '.join(f'w{j}_{field}[s]' for field in fields)})"
    writer.put(depth, f"q = {function}{j}(pr{j}, {synapse}, {traces}, {m})")
    writer.put(depth, *[f"w{j}_{field}[s] = q.{field}" for field in fields])


def _traces(writer, j: int, letter: str, kind, place: str, before: bool) -> str:
    """Traces as they are now, or one silent step later: just before spikes of their own."""
    read = [f"{letter}{j}_{field}[{place.format(f'{letter}{j}_{field}')}]" for field in kind._fields]
    if before:
        read = [
            f"trace{j}(pr{j}, pr{j}.decay_{f}, {r}, {writer.zero})" for f, r in zip(kind._fields, read, strict=True)
        ]
    return ", ".join(read)


def _spikes(writer, k: int, depth: int, tick: str, mine: bool = False) -> int:
    """Loop over the spikes src of population k in a tick, place a in their list; returns the depth of its body."""
    if writer.plan.parts[k].given:
        writer.put(depth, f"u = {tick} - base{k}", "if u >= 0:")
        writer.put(depth + 1, f"for a in range(start{k}[u], start{k}[u + 1]):", f"    src = index{k}[a]")
        if mine:
            writer.put(depth + 2, f"if lo{k} <= src < hi{k}:")
        return depth + 2 + mine
    writer.put(depth, f"u = {tick} % ring{k}.shape[0]")
    if mine:
        writer.put(depth, f"for a in range(lo{k}, lo{k} + ringn{k}[u, me]):", f"    src = ring{k}[u, a]")
        return depth + 1
    writer.put(depth, "for share in range(shares):")
    writer.put(depth + 1, f"for a in range(bounds{k}[share], bounds{k}[share] + ringn{k}[u, share]):")
    writer.put(depth + 2, f"src = ring{k}[u, a]")
    return depth + 2


def emit(writer, j: int) -> None:
    """The sources' side of a tick: their traces, and what their spikes release."""
    route = writer.plan.routes[j]
    k = route.source
    if route.rule:
        for field in route.rule.module.Pre._fields:
            name, decay = f"h{j}_{field}", f"pr{j}.decay_{field}"
            writer.put(2, f"new = {name}[t % {name}.shape[0]]", f"old = {name}[(t - 1) % {name}.shape[0]]")
            writer.put(
                2, f"for i in range(lo{k}, hi{k}):", f"    new[i] = trace{j}(pr{j}, {decay}, old[i], {writer.zero})"
            )
            depth = _spikes(writer, k, 2, "t", mine=True)
            writer.put(depth, f"new[src] = trace{j}(pr{j}, {decay}, old[src], {writer.one})")
    if route.release:
        tag = f"r{j}_"
        depth = _spikes(writer, k, 2, "t", mine=True)
        before = f"{value(tag, route.release)}, {state(tag, route.release)}"
        call = f"release{tag}({before}, np.{writer.precision}(t - last{j}[i]))"
        place = f"a - start{k}[t - base{k}]" if writer.plan.parts[k].given else "a"
        writer.put(
            depth, "i = src", f"p, f = {call}", *[f"s{tag}_{name}[i] = p.{name}" for name in route.release.state]
        )
        writer.put(depth, f"last{j}[i] = t", f"amp{j}[t % amp{j}.shape[0], {place}] = f")
