"""The networks of reference.py, optimised for a GPU: fused batch norm, channels-last memory, OIHW kernels, any precision.

`python fast_networks.py` compares logits and gradients (stored and by reversal) with reference.py in float64 on the CPU.
The only deliberate difference: running variances are updated with the unbiased batch variance, as F.batch_norm does.
"""
from __future__ import annotations
import math
import torch, torch.nn.functional as F

EPS, MOMENTUM = 1e-5, 0.1
# Set by `recipe_study.py` to what is fastest on its device: memory layout, and batch norm by cuDNN or by PyTorch's own kernels.
SPEED = dict(layout=torch.channels_last, cudnn_norm=True)


def pool_pad(x, channels):
    return F.pad(F.avg_pool2d(x, 2), (0, 0, 0, 0, 0, channels - x.shape[1]))


class Net:
    """form: arch, stages [[channels, units]], norm ('none' | 'batch'), h, start ('zero' | 'rest'), and for the initialisation
    fan ('out' | 'in'), scale (a factor on the units' kernels), bias (False: the units' biases stay zero)."""

    def __init__(self, form, seed, device, dtype=torch.float32, classes=10):
        self.f, self.device, self.dtype = form, device, dtype
        self.p, self.stats, self.kind, self.smooth = {}, {}, {}, {}
        g = torch.Generator().manual_seed(seed)

        def param(name, kind, shape, value):
            t = value.to(device=device, dtype=dtype)
            if len(shape) == 4:
                t = t.contiguous(memory_format=SPEED["layout"])
            self.p[name] = t.requires_grad_(True)
            self.kind[name] = kind

        def kernel(name, i, o, inside=True):
            fan = i if form.get("fan", "out") == "in" and inside else o
            deviation = math.sqrt(2 / (9 * fan)) * (form.get("scale", 1) if inside else 1)
            t = torch.nn.init.trunc_normal_(torch.empty(o, i, 3, 3), 0, 1, -2, 2, generator=g)
            param(name, "kernel", t.shape, t * deviation)

        def bn(name, c):
            param(name + "/gamma", "gamma", (c,), torch.ones(c))
            param(name + "/beta", "beta", (c,), torch.zeros(c))
            self.stats[name] = (torch.zeros(c, device=device, dtype=dtype), torch.ones(c, device=device, dtype=dtype))

        def layer(n, i, c):
            if self.f["norm"] == "batch":
                if n != "stage1/unit1":
                    bn(f"{n}/bnIn{i}", c)
                kernel(f"{n}/kernel{i}", c, c)
                bn(f"{n}/bnMid{i}", c)
            else:
                kernel(f"{n}/kernel{i}", c, c)
                param(f"{n}/bias{i}", "bias" if form.get("bias", True) else "fixed", (c,), torch.zeros(c))

        def branch(n, i, o):
            bn(n + "/bn1", i), kernel(n + "/conv1", i, o), bn(n + "/bn2", o), kernel(n + "/conv2", o, o)

        arch, stages = form["arch"], form["stages"]
        first = width = stages[0][0]
        kernel("stem/kernel", 3, first, inside=False), bn("stem/bn", first)
        for s, (c, units) in enumerate(stages, 1):
            for u in range(1, units + 1):
                n = f"stage{s}/unit{u}"
                if arch == "hamiltonian":
                    layer(n, 1, c // 2), layer(n, 2, c // 2)
                elif arch in ("midpoint", "leapfrog"):
                    layer(n, "", c)
                elif arch == "resnet":
                    branch(n, width, c)
                else:
                    branch(n + "/f", width // 2, c // 2), branch(n + "/g", c // 2, c // 2)
                width = c
            for k in {"hamiltonian": ("kernel1", "kernel2"), "midpoint": ("kernel",), "leapfrog": ("kernel",)}.get(arch, ()):
                if units > 1:
                    self.smooth[f"stage{s}/{k}"] = [f"stage{s}/unit{u}/{k}" for u in range(1, units + 1)]
        bn("head/bn", width)
        dense = torch.nn.init.trunc_normal_(torch.empty(width, classes), 0, 1, -2, 2, generator=g) * width ** -0.5
        param("head/dense/kernel", "dense", dense.shape, dense)
        param("head/dense/bias", "bias", (classes,), torch.zeros(classes))
        self.trained = [n for n, k in self.kind.items() if k != "fixed"]

    # --- parts ---
    def bn(self, x, name, train, record=True):
        mean, variance = self.stats[name] if record or not train else (None, None)
        gamma, beta = self.p[name + "/gamma"], self.p[name + "/beta"]
        return torch.batch_norm(x, gamma, beta, mean, variance, train, MOMENTUM, EPS, SPEED["cudnn_norm"])

    def stem(self, x, train, record=True):
        x = x.contiguous(memory_format=SPEED["layout"])
        return F.relu_(self.bn(F.conv2d(x, self.p["stem/kernel"], padding=1), "stem/bn", train, record))

    def head(self, x, train, record=True):
        x = F.relu_(self.bn(x, "head/bn", train, record)).mean((2, 3))
        return x @ self.p["head/dense/kernel"] + self.p["head/dense/bias"]

    def activated(self, x, k, n, i, train, record):
        if self.f["norm"] == "none":
            return F.relu_(F.conv2d(x, k, self.p[f"{n}/bias{i}"], padding=1))
        if n != "stage1/unit1":
            x = self.bn(x, f"{n}/bnIn{i}", train, record)
        return F.relu_(self.bn(F.conv2d(x, k, padding=1), f"{n}/bnMid{i}", train, record))

    def force(self, x, n, i, train, record=True):
        k = self.p[f"{n}/kernel{i}"]
        if self.f["arch"] == "midpoint":
            return self.activated(x, k - k.flip(2, 3).transpose(0, 1), n, i, train, record)
        return F.conv_transpose2d(self.activated(x, k, n, i, train, record), k, padding=1)

    def force_params(self, n, i):
        return [name for name in self.p if name.startswith(n + "/") and name.split("/")[2] in (f"kernel{i}", f"bias{i}", f"bnIn{i}", f"bnMid{i}")]

    def substeps(self, s):
        """(unit, layer, blend, gain): next = previous + blend * current + gain * force(current)."""
        for u in range(1, self.f["stages"][s - 1][1] + 1):
            n = f"stage{s}/unit{u}"
            h = 1.0 if self.f["norm"] == "batch" and n == "stage1/unit1" else self.f["h"]
            if self.f["arch"] == "hamiltonian":
                yield n, 1, 0, h
                yield n, 2, 0, -h
            elif self.f["arch"] == "midpoint":
                yield n, "", 0, 2 * h
            else:  # leapfrog in the summed form: V -= h^2 f(Y); Y += V
                yield n, "", 0, -h * h
                yield n, "", 1, 0

    def open(self, x):
        if self.f["arch"] == "hamiltonian":
            return tuple(x.chunk(2, 1))
        zero, velocity = self.f["start"] == "zero", self.f["arch"] == "leapfrog"
        return (x if zero == velocity else torch.zeros_like(x), x)

    def close(self, pair):
        return torch.cat(pair, 1) if self.f["arch"] == "hamiltonian" else pair[1]

    def advance(self, pair, substep, train, record=True):
        n, i, blend, gain = substep
        previous, current = pair
        out = previous + current if blend else previous
        return (current, torch.add(out, self.force(current, n, i, train, record), alpha=gain) if gain else out)

    # --- whole networks ---
    def forward(self, x, train, record=True):
        x = self.stem(x, train, record)
        if self.f["arch"] in ("resnet", "revnet"):
            x = self.baseline(x, train, record)
        else:
            for s, (c, _) in enumerate(self.f["stages"], 1):
                pair = self.open(pool_pad(x, c) if s > 1 else x)
                for substep in self.substeps(s):
                    pair = self.advance(pair, substep, train, record)
                x = self.close(pair)
        return self.head(x, train, record)

    def branch(self, x, n, train, record, stride=1):
        x = F.relu_(self.bn(x, n + "/bn1", train, record))
        k = self.p[n + "/conv1"]
        x = F.conv2d(F.pad(x, (0, 1, 0, 1)), k, stride=2) if stride == 2 else F.conv2d(x, k, padding=1)
        return F.conv2d(F.relu_(self.bn(x, n + "/bn2", train, record)), self.p[n + "/conv2"], padding=1)

    def baseline(self, x, train, record):
        for s, (c, units) in enumerate(self.f["stages"], 1):
            for u in range(1, units + 1):
                n, down = f"stage{s}/unit{u}", s > 1 and u == 1
                stride = 2 if down else 1
                if self.f["arch"] == "resnet":
                    x = (pool_pad(x, c) if down else x) + self.branch(x, n, train, record, stride)
                else:
                    x1, x2 = x.chunk(2, 1)
                    short = (lambda t: pool_pad(t, c // 2)) if down else (lambda t: t)
                    y1 = short(x1) + self.branch(x2, n + "/f", train, record, stride)
                    x = torch.cat((y1, short(x2) + self.branch(y1, n + "/g", train, record)), 1)
        return x

    def stored_gradients(self, x, labels):
        loss = F.cross_entropy(self.forward(x, True, False), labels)
        names = list(self.p)
        return dict(zip(names, (g.detach() for g in torch.autograd.grad(loss, [self.p[n] for n in names], materialize_grads=True))))

    def reversed_gradients(self, x, labels, anchor_every=0, start_again=True):
        """Gradients with all states reconstructed from the end of their stage. anchor_every: the pair before every k-th unit is stored.
        start_again: the first force of a later stage is evaluated at its exact state. Also returns, for each stage, the relative error
        of the states at its start (of the second pair if the first is exact)."""
        grads, errors, ends, anchors = {}, [], [], []
        stages = self.f["stages"]
        with torch.no_grad():
            state, firsts = self.stem(x, True, False), []
            for s, (c, _) in enumerate(stages, 1):
                pair, kept = self.open(pool_pad(state, c) if s > 1 else state), {}
                firsts.append(pair)
                per_unit = 2 if self.f["arch"] != "midpoint" else 1
                for at, substep in enumerate(self.substeps(s)):
                    if anchor_every and at and at % (per_unit * anchor_every) == 0:
                        kept[at] = pair
                    pair = self.advance(pair, substep, True, False)
                ends.append(pair), anchors.append(kept)
                state = self.close(pair)

        def pull(f, inputs, names, cotangent):
            with torch.enable_grad():
                held = [t.detach().requires_grad_(True) for t in inputs]
                out = f(*held)
                found = torch.autograd.grad(out, [*held, *(self.p[n] for n in names)], cotangent, materialize_grads=True)
            grads.update(zip(names, found[len(held):]))
            return out.detach(), found[: len(held)]

        head = ["head/bn/gamma", "head/bn/beta", "head/dense/kernel", "head/dense/bias"]
        loss, (cotangent,) = pull(lambda t: F.cross_entropy(self.head(t, True, False), labels), [state], head, None)
        for s in range(len(stages), 0, -1):
            pair = ends[s - 1]
            pulled = cotangent.chunk(2, 1) if self.f["arch"] == "hamiltonian" else (torch.zeros_like(cotangent), cotangent)
            for at, (n, i, blend, gain) in reversed(list(enumerate(self.substeps(s)))):
                before = anchors[s - 1].get(at) or (firsts[s - 1] if at == 0 and s > 1 and start_again else None)
                current, following = pair
                if at == 0:
                    stored = firsts[s - 1][1]
                    scale = max(t.abs().max().item() for t in firsts[s - 1])
                    errors.append(((current - stored).abs().max() / scale).item())
                if before:
                    current = before[1]
                of_current, of_next = pulled
                if blend:
                    of_current = of_current + of_next
                previous = following - current if blend else following
                if gain:
                    force, (of_state,) = pull(lambda t: self.force(t, n, i, True, False), [current], self.force_params(n, i), gain * of_next)
                    of_current = of_current + of_state
                    previous = torch.sub(previous, force, alpha=gain)
                pair = before or (previous, current)
                pulled = (of_next, of_current)
            if self.f["arch"] == "hamiltonian":
                cotangent = torch.cat(pulled, 1)
            else:
                second_only = (self.f["start"] == "zero") != (self.f["arch"] == "leapfrog")
                cotangent = pulled[1] if second_only else pulled[0] + pulled[1]
            if s > 1:
                _, (cotangent,) = pull(lambda t: pool_pad(t, stages[s - 1][0]), [self.close(ends[s - 2])], [], cotangent)
        pull(lambda t: self.stem(t, True, False), [x], ["stem/kernel", "stem/bn/gamma", "stem/bn/beta"], cotangent)
        return {n: grads[n].detach() for n in self.p}, errors[::-1]


def check():
    import reference
    worst = lambda a, b: float((a - b).detach().abs().max() / b.detach().abs().max())
    for arch in ("hamiltonian", "midpoint", "leapfrog", "resnet", "revnet"):
        two_step = arch in ("midpoint", "leapfrog")
        for norm in ("none", "batch") if arch not in ("resnet", "revnet") else ("none",):
            for start in ("zero", "rest") if two_step else ("zero",):
                config = dict(arch=arch, stages=[dict(channels=8, units=3), dict(channels=16, units=2)], classes=10, h=0.4, activation="relu",
                              start=start, unitNorm=norm, weightDecay=2e-4, smoothness=3e-4, learningRate=0.1, momentum=0.9)
                params, stats = reference.init(config, 3, 1)
                net = Net(dict(arch=arch, stages=[[8, 3], [16, 2]], norm=norm, h=0.4, start=start), 1, "cpu", torch.float64)
                assert list(net.p) == list(params), (list(net.p), list(params))
                for n, t in params.items():
                    net.p[n] = (t.permute(3, 2, 0, 1) if t.ndim == 4 else t).clone().requires_grad_(True)
                g = torch.Generator().manual_seed(2)
                x, labels = torch.randn(6, 16, 16, 3, generator=g, dtype=torch.float64), torch.arange(6)
                true = reference.Net(config, {n: t.clone().requires_grad_(True) for n, t in params.items()}, dict(stats))
                logits = true.forward(x, True)
                expected = dict(zip(true.p, torch.autograd.grad(F.cross_entropy(logits, labels), list(true.p.values()))))
                images = x.permute(0, 3, 1, 2)
                off = [worst(net.forward(images, True, True), logits)]
                ways = [net.stored_gradients(images, labels)]
                if arch not in ("resnet", "revnet"):
                    ways += [net.reversed_gradients(images, labels)[0], net.reversed_gradients(images, labels, anchor_every=1)[0]]
                for found in ways:
                    found = {n: t.permute(2, 3, 1, 0) if t.ndim == 4 else t for n, t in found.items()}
                    off.append(max(float((found[n] - expected[n]).abs().max()) for n in expected) / max(float(e.abs().max()) for e in expected.values()))
                for n, (mean, _) in net.stats.items():
                    new_mean = true.new_stats[n + "/mean"]
                    off.append(float((mean - new_mean).abs().max()))
                print(arch, norm, start, " ".join(f"{o:.0e}" for o in off[: 1 + len(ways)]), f"statistics {max(off[1 + len(ways):]):.0e}")
                assert max(off) < 1e-9, (arch, norm, start, off)


if __name__ == "__main__":
    check()
