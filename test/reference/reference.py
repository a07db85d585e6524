"""Independent reference for the networks of docs/mathematics.md, in PyTorch float64.

It defines what each network computes: forward pass, loss, gradients (by plain backpropagation,
without reversal), batch-norm statistics and steps of SGD with momentum.
`make_fixtures.py` writes small cases as .safetensors files, against which the project's tests compare.

With unitNorm 'batch' the reversible units are those of the authors' most recently published code: the layer
K' s(K x + b) becomes K' s(BN2(K BN1(x))), for Midpoint s((K - K') x + b) becomes s(BN2((K - K') BN1(x))).
A normalised layer has no bias. The first unit of the network has no BN1, and its step size is always 1, regardless of h.

Layout: images NHWC in the files and in `forward`'s argument, kernels HWIO, dense kernels [in, out].
"""
from __future__ import annotations
import torch, torch.nn.functional as F

BN_EPS, BN_MOMENTUM = 1e-5, 0.9  # running = 0.9 * running + 0.1 * batch, both with the biased variance


def oihw(k):  # HWIO -> OIHW
    return k.permute(3, 2, 0, 1)


def conv(x, k, stride=1):  # TensorFlow's 'same' padding for 3x3 kernels and even sizes: stride 2 pads only right and bottom
    if stride == 2:
        return F.conv2d(F.pad(x, (0, 1, 0, 1)), oihw(k), stride=2)
    return F.conv2d(x, oihw(k), padding=1)


def conv_t(x, k):  # the adjoint of conv(., k) with stride 1
    return F.conv_transpose2d(x, oihw(k), padding=1)


def pool_pad(x, channels):  # 2x2 average pool, then zero channels appended up to `channels`
    x = F.avg_pool2d(x, 2)
    return F.pad(x, (0, 0, 0, 0, 0, channels - x.shape[1]))


class Net:
    """config: arch, classes, stages [{channels, units}], h, activation, start ('zero' | 'rest'), unitNorm ('none' | 'batch', absent: 'none')."""

    def __init__(self, config, params, stats):
        self.c, self.p, self.stats = config, params, stats  # name -> tensor (float64)
        self.act = torch.relu if config["activation"] == "relu" else torch.tanh

    def bn(self, x, name, train):
        g, b = self.p[name + "/gamma"], self.p[name + "/beta"]
        if train:
            m, v = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)
            self.new_stats[name + "/mean"] = BN_MOMENTUM * self.stats[name + "/mean"] + (1 - BN_MOMENTUM) * m.detach()
            self.new_stats[name + "/variance"] = BN_MOMENTUM * self.stats[name + "/variance"] + (1 - BN_MOMENTUM) * v.detach()
        else:
            m, v = self.stats[name + "/mean"], self.stats[name + "/variance"]
        s = lambda t: t[None, :, None, None]
        return s(g) * (x - s(m)) / torch.sqrt(s(v) + BN_EPS) + s(b)

    def forward(self, x_nhwc, train):
        self.new_stats = {}
        c, p = self.c, self.p
        x = conv(x_nhwc.permute(0, 3, 1, 2), p["stem/kernel"])
        x = torch.relu(self.bn(x, "stem/bn", train))
        x = getattr(self, c["arch"])(x, train)
        x = torch.relu(self.bn(x, "head/bn", train)).mean((2, 3))
        return x @ p["head/dense/kernel"] + p["head/dense/bias"]

    # --- the paper's three reversible dynamics: pool_pad between stages, nothing else ---
    def integrate(self, x, step_stage):
        for s, stage in enumerate(self.c["stages"], 1):
            if s > 1:
                x = pool_pad(x, stage["channels"])
            x = step_stage(x, [f"stage{s}/unit{u}" for u in range(1, stage["units"] + 1)])
        return x

    def layer(self, x, apply, n, i, train):  # s(apply(x) + b), or s(BN2(apply(BN1(x)))); i tells two layers of a unit apart
        if self.c.get("unitNorm", "none") == "none":
            return self.act(apply(x) + self.p[f"{n}/bias{i}"][None, :, None, None])
        if n != "stage1/unit1":
            x = self.bn(x, f"{n}/bnIn{i}", train)
        return self.act(self.bn(apply(x), f"{n}/bnMid{i}", train))

    def h(self, n):
        return 1.0 if self.c.get("unitNorm", "none") == "batch" and n == "stage1/unit1" else self.c["h"]

    def symmetric(self, x, n, i, train):
        k = self.p[f"{n}/kernel{i}"]
        return conv_t(self.layer(x, lambda v: conv(v, k), n, i, train), k)

    def antisymmetric(self, x, n, train):
        k = self.p[f"{n}/kernel"]
        return self.layer(x, lambda v: conv(v, k) - conv_t(v, k), n, "", train)

    def hamiltonian(self, x, train):
        def stage(x, names):
            y, z = x.chunk(2, 1)
            for n in names:
                y = y + self.h(n) * self.symmetric(z, n, 1, train)
                z = z - self.h(n) * self.symmetric(y, n, 2, train)
            return torch.cat((y, z), 1)
        return self.integrate(x, stage)

    def two_step(self, x, names, advance):
        prev, cur = (torch.zeros_like(x) if self.c["start"] == "zero" else x), x
        for n in names:
            prev, cur = cur, advance(prev, cur, n)
        return cur

    def midpoint(self, x, train):
        adv = lambda prev, y, n: prev + 2 * self.h(n) * self.antisymmetric(y, n, train)
        return self.integrate(x, lambda x, names: self.two_step(x, names, adv))

    def leapfrog(self, x, train):
        adv = lambda prev, y, n: 2 * y - prev - self.h(n) ** 2 * self.symmetric(y, n, "", train)
        return self.integrate(x, lambda x, names: self.two_step(x, names, adv))

    # --- baselines ---
    def branch(self, x, n, train, stride=1):  # pre-activation: bn relu conv bn relu conv
        x = conv(torch.relu(self.bn(x, n + "/bn1", train)), self.p[n + "/conv1"], stride)
        return conv(torch.relu(self.bn(x, n + "/bn2", train)), self.p[n + "/conv2"])

    def resnet(self, x, train):
        for s, stage in enumerate(self.c["stages"], 1):
            for u in range(1, stage["units"] + 1):
                down = s > 1 and u == 1
                short = pool_pad(x, stage["channels"]) if down else x
                x = short + self.branch(x, f"stage{s}/unit{u}", train, 2 if down else 1)
        return x

    def revnet(self, x, train):
        for s, stage in enumerate(self.c["stages"], 1):
            for u in range(1, stage["units"] + 1):
                down = s > 1 and u == 1  # this unit is not reversible: its input is kept
                n, half = f"stage{s}/unit{u}", stage["channels"] // 2
                x1, x2 = x.chunk(2, 1)
                short = (lambda t: pool_pad(t, half)) if down else (lambda t: t)
                y1 = short(x1) + self.branch(x2, n + "/f", train, 2 if down else 1)
                y2 = short(x2) + self.branch(y1, n + "/g", train)
                x = torch.cat((y1, y2), 1)
        return x


def shapes(config, image_channels):
    """Parameter name -> shape, in the order of the forward pass, without batch-norm statistics."""
    p, st, c = {}, {}, config["arch"]
    def bn(n, ch):
        p[n + "/gamma"] = p[n + "/beta"] = (ch,)
        st[n + "/mean"] = st[n + "/variance"] = (ch,)
    def branch(n, i, o):
        bn(n + "/bn1", i); p[n + "/conv1"] = (3, 3, i, o); bn(n + "/bn2", o); p[n + "/conv2"] = (3, 3, o, o)
    def layer(n, i, ch):
        if config.get("unitNorm", "none") == "none":
            p[f"{n}/kernel{i}"] = (3, 3, ch, ch); p[f"{n}/bias{i}"] = (ch,)
            return
        if n != "stage1/unit1":
            bn(f"{n}/bnIn{i}", ch)
        p[f"{n}/kernel{i}"] = (3, 3, ch, ch); bn(f"{n}/bnMid{i}", ch)
    first = config["stages"][0]["channels"]
    p["stem/kernel"] = (3, 3, image_channels, first); bn("stem/bn", first)
    width = first
    for s, stage in enumerate(config["stages"], 1):
        ch = stage["channels"]
        for u in range(1, stage["units"] + 1):
            n = f"stage{s}/unit{u}"
            if c == "hamiltonian":
                layer(n, 1, ch // 2); layer(n, 2, ch // 2)
            elif c in ("midpoint", "leapfrog"):
                layer(n, "", ch)
            elif c == "resnet":
                branch(n, width, ch)
            else:
                branch(n + "/f", width // 2, ch // 2); branch(n + "/g", ch // 2, ch // 2)
            width = ch
    bn("head/bn", width)
    p["head/dense/kernel"] = (width, config["classes"]); p["head/dense/bias"] = (config["classes"],)
    return p, st


def init(config, image_channels, seed):
    g = torch.Generator().manual_seed(seed)
    ps, ss = shapes(config, image_channels)
    params, stats = {}, {}
    for n, s in ps.items():
        t = torch.randn(s, generator=g, dtype=torch.float64)
        if len(s) == 4:
            t *= (2 / (9 * s[3])) ** 0.5
        elif len(s) == 2:
            t *= s[0] ** -0.5
        elif n.endswith("gamma"):
            t = 1 + 0.1 * t
        else:
            t *= 0.1  # biases and betas away from zero, so that a test can see them
        params[n] = t.float().double()
    for n, s in ss.items():
        stats[n] = (torch.zeros if n.endswith("mean") else torch.ones)(s, dtype=torch.float64)
    return params, stats


def smooth_pairs(config):
    """Names of consecutive kernels inside a stage: (stage s unit u, stage s unit u+1)."""
    keys = {"hamiltonian": ("kernel1", "kernel2"), "midpoint": ("kernel",), "leapfrog": ("kernel",)}.get(config["arch"], ())
    return [(f"stage{s}/unit{u}/{k}", f"stage{s}/unit{u + 1}/{k}")
            for s, stage in enumerate(config["stages"], 1) for u in range(1, stage["units"]) for k in keys]


def losses(net, x, labels, train):
    c = net.c
    logits = net.forward(x, train)
    ce = F.cross_entropy(logits, labels)
    decay = sum(0.5 * (p ** 2).sum() for n, p in net.p.items() if p.ndim in (2, 4))
    smooth = sum((0.5 * ((net.p[a] - net.p[b]) ** 2).sum() for a, b in smooth_pairs(c)), torch.zeros((), dtype=torch.float64))
    return logits, ce, ce + c["weightDecay"] * decay + c["smoothness"] * smooth


def sgd_step(net, velocity, x, labels):
    """One step of SGD with momentum: v = m v + g;  w = w - lr v.  Returns (logits, ce, total, grads)."""
    for p in net.p.values():
        p.requires_grad_(True)
    logits, ce, total = losses(net, x, labels, True)
    grads = dict(zip(net.p, torch.autograd.grad(total, list(net.p.values()))))
    for n, g in grads.items():
        velocity[n] = net.c["momentum"] * velocity.get(n, 0) + g
        net.p[n] = (net.p[n] - net.c["learningRate"] * velocity[n]).detach()
    net.stats = {**net.stats, **net.new_stats}
    return logits.detach(), ce.item(), total.item(), grads
