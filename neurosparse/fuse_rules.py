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
    writer.args += [f"w{j}_{field}" for field in module.Synapse._fields]
    writer.args += [f"h{j}_{field}" for field in module.Pre._fields]
    writer.args += [f"g{j}_{field}" for field in module.Post._fields]
    writer.args += [f"sign{j}", f"inptr{j}", f"insyn{j}", f"inseg{j}"]


def bundle(writer, j: int) -> None:
    """The rule's parameters as one tuple; inside each function, so that its switches are known there."""
    rule = writer.plan.routes[j].rule
    writer.put(2, f"pr{j} = Pr{j}({constants(f'pr{j}', rule.params, writer.precision)})")


def deliver(writer, j: int) -> None:
    """Deliver with what each spike released, and let the rule act."""
    route = writer.plan.routes[j]
    rule = route.rule
    writer.args += [f"delays{j}", f"segments{j}", f"indices{j}"] + ([] if rule else [f"weight{j}"])
    for c in rule.modulators if rule else ():
        hear(writer, c)
    with writer.function("bring", j, 2, rule and rule.module):
        _bring(writer, j)
    if rule:
        with writer.function("back", j, 2, rule.module):
            bundle(writer, j)
            _back(writer, j)
            _settle(writer, j)
        if rule.sweeps:
            writer.put(2, f"if t % np.int64(pr{j}_every) == 0 and t > 0:")
            with writer.function("sweep_all", j, 3, rule.module):
                bundle(writer, j)
                _sweep(writer, j)


def _bring(writer, j: int) -> None:
    """The sources' side of a tick."""
    plan, route = writer.plan, writer.plan.routes[j]
    k, rule = route.source, route.rule
    if rule:
        bundle(writer, j)
    writer.put(2, f"parts = np.uint64(delays{j}.shape[0])", "every = np.uint64(shares)", "mine = np.uint64(me)")
    writer.put(2, f"for e in range(delays{j}.shape[0] - 1, -1, -1):", f"    v = t - delays{j}[e]")
    if rule and rule.module.Pre._fields:
        writer.put(3, f"at = np.uint64((v - 1) % h{j}_{rule.module.Pre._fields[0]}.shape[0])")
    depth = _spikes(writer, k, 3, "v")
    if route.release:
        place = f"a - start{k}[v - base{k}]" if plan.parts[k].given else "a"
        writer.put(depth, f"f = amp{j}[v % amp{j}.shape[0], {place}]")
    if rule:
        writer.put(depth, f"pre = Ar{j}({_traces(writer, j, 'h', rule.module.Pre, 'at, src', True)})")
    writer.put(depth, "row = (src * parts + np.uint64(e)) * every + mine")
    writer.put(depth, f"for s in range(np.uint64(segments{j}[row]), np.uint64(segments{j}[row + np.uint64(1)])):")
    writer.put(depth + 1, f"i = np.uint64(indices{j}[s])")
    weight = f"sign{j} * w{j}_w[s]" if rule else f"weight{j}[{'s' if len(route.weight) > 1 else '0'}]"
    writer.put(depth + 1, f"{writer.into(route)}[i] += {'f * ' if route.release else ''}{weight}")
    if rule:
        writer.put(depth + 1, f"post = Br{j}({_traces(writer, j, 'g', rule.module.Post, 'i', True)})")
        _change(writer, j, depth + 1, "on_pre", "pre, post")


def hear(writer, c: int) -> None:
    """Make ready what modulator c says in this tick."""
    modulator = writer.plan.modulators[c]
    if modulator.source is None:
        writer.args += [f"mod{c}"] if f"mod{c}" not in writer.args else []
        writer.put(2, f"mrow{c} = mod{c}[(t - begin) % mod{c}.shape[0]]", f"mall{c} = mrow{c}.shape[0] == 1")
        writer.put(2, f"mone{c} = mrow{c}[0]")
    elif modulator.domain is None:
        writer.put(2, f"mone{c} = pub{modulator.source}_{modulator.field}[~t & 1, 0]")
    else:
        writer.args += [f"domain{c}"] if f"domain{c}" not in writer.args else []


def heard(writer, c: int, i: str) -> str:
    """What modulator c says to neuron i."""
    modulator = writer.plan.modulators[c]
    if modulator.source is None:
        return f"(mone{c} if mall{c} else mrow{c}[{i}])"
    if modulator.domain is None:
        return f"mone{c}"
    return f"pub{modulator.source}_{modulator.field}[~t & 1, domain{c}[{i}]]"


def _back(writer, j: int) -> None:
    """The targets' side of a tick."""
    route = writer.plan.routes[j]
    rule, k = route.rule, route.target
    first = f"h{j}_{rule.module.Pre._fields[0]}" if rule.module.Pre._fields else None
    at = f"np.uint64((t - delays{j}[{{}}] - {0 if rule.pairs_ties else 1}) % {first}.shape[0])"
    if first and len(route.delays) == 1:
        writer.put(2, f"at = {at.format('0')}")
    writer.put(2, f"parts = np.uint64(delays{j}.shape[0])", f"u = (t - 1) % ring{k}.shape[0]")
    writer.put(2, f"for a in range(np.uint64(lo{k}), np.uint64(lo{k} + ringn{k}[u, me])):")
    writer.put(3, f"i = np.uint64(ring{k}[u, a])")
    writer.put(3, f"post = Br{j}({_traces(writer, j, 'g', rule.module.Post, 'i', True)})")
    writer.put(3, f"for b in range(np.uint64(inptr{j}[i]), np.uint64(inptr{j}[i + np.uint64(1)])):")
    writer.put(4, f"s = np.uint64(insyn{j}[b])", f"src = np.uint64(inseg{j}[b])")
    if len(route.delays) > 1:
        writer.put(4, "e = src % parts", "src = src // parts", *([f"at = {at.format('e')}"] if first else []))
    writer.put(4, f"pre = Ar{j}({_traces(writer, j, 'h', rule.module.Pre, 'at, src', not rule.pairs_ties)})")
    _change(writer, j, 4, "on_post", "pre, post")


def _settle(writer, j: int) -> None:
    """Traces of the targets take in the spikes of the last tick."""
    route = writer.plan.routes[j]
    rule, k = route.rule, route.target
    for field in rule.module.Post._fields:
        writer.put(2, f"for i in range(np.uint64(lo{k}), np.uint64(hi{k})):")
        writer.put(3, f"z = {writer.one} if z{k}[i] else {writer.zero}")
        writer.put(3, f"g{j}_{field}[i] = trace{j}(pr{j}, pr{j}.decay_{field}, g{j}_{field}[i], z)")


def _sweep(writer, j: int) -> None:
    """All synapses of this thread."""
    rule = writer.plan.routes[j].rule
    writer.put(2, f"for row in range(me, segments{j}.shape[0] - 1, shares):")
    writer.put(3, f"for s in range(np.uint64(segments{j}[row]), np.uint64(segments{j}[row + 1])):")
    writer.put(4, f"i = np.uint64(indices{j}[s])")
    writer.put(4, f"post = Br{j}({_traces(writer, j, 'g', rule.module.Post, 'i', False)})")
    _change(writer, j, 4, "sweep", "post")


def _change(writer, j: int, depth: int, function: str, traces: str) -> None:
    rule = writer.plan.routes[j].rule
    fields = rule.module.Synapse._fields
    m = [heard(writer, c, "i") for c in rule.modulators] + [writer.one] * (rule.takes - len(rule.modulators))
    synapse = f"Yr{j}({', '.join(f'w{j}_{field}[s]' for field in fields)})"
    writer.put(depth, f"q = {function}{j}(pr{j}, {synapse}, {', '.join([traces, *m])})")
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
        writer.put(depth + 1, f"for a in range(start{k}[u], start{k}[u + 1]):", f"    src = np.uint64(index{k}[a])")
        if mine:
            writer.put(depth + 2, f"if np.uint64(lo{k}) <= src < np.uint64(hi{k}):")
        return depth + 2 + mine
    writer.put(depth, f"u = {tick} % ring{k}.shape[0]")
    share = "me" if mine else "share"
    first = f"lo{k}" if mine else f"bounds{k}[share]"
    if not mine:
        writer.put(depth, "for share in range(shares):")
    depth += not mine
    writer.put(depth, f"for a in range(np.uint64({first}), np.uint64({first} + ringn{k}[u, {share}])):")
    writer.put(depth + 1, f"src = np.uint64(ring{k}[u, a])")
    return depth + 1


def emit(writer, j: int) -> None:
    """The sources' side of a tick: their traces, and what their spikes release."""
    route = writer.plan.routes[j]
    k = route.source
    if route.rule and route.rule.module.Pre._fields:
        with writer.function("leave", j, 2, route.rule.module):
            bundle(writer, j)
            _leave(writer, j)
    if route.release:
        tag = f"r{j}_"
        for c in route.release_listens:
            hear(writer, c)
        depth = _spikes(writer, k, 2, "t", mine=True)
        before = f"{value(tag, route.release, 'src')}, {state(tag, route.release, 'src')}"
        more = ", ".join(["", *(heard(writer, c, "src") for c in route.release_listens)])
        call = f"release{tag}({before}, np.{writer.precision}(t - last{j}[src]){more})"
        place = f"a - start{k}[t - base{k}]" if writer.plan.parts[k].given else "a"
        writer.put(depth, f"p, f = {call}", *[f"s{tag}_{name}[src] = p.{name}" for name in route.release.state])
        writer.put(depth, f"last{j}[src] = t", f"amp{j}[t % amp{j}.shape[0], {place}] = f")


def _leave(writer, j: int) -> None:
    """Traces of the sources take in the spikes of this tick."""
    route = writer.plan.routes[j]
    k = route.source
    for field in route.rule.module.Pre._fields:
        name, decay = f"h{j}_{field}", f"pr{j}.decay_{field}"
        writer.put(2, f"now = np.uint64(t % {name}.shape[0])", f"old = np.uint64((t - 1) % {name}.shape[0])")
        writer.put(2, f"for i in range(np.uint64(lo{k}), np.uint64(hi{k})):")
        writer.put(3, f"{name}[now, i] = trace{j}(pr{j}, {decay}, {name}[old, i], {writer.zero})")
        depth = _spikes(writer, k, 2, "t", mine=True)
        writer.put(depth, f"{name}[now, src] = trace{j}(pr{j}, {decay}, {name}[old, src], {writer.one})")
