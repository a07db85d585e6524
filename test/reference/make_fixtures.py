"""Writes ../fixtures/reference/*.safetensors from reference.py.  Usage: python make_fixtures.py [FIRST_SEED [FOLDER]]
Needs torch and safetensors. Each file's metadata holds its config as JSON; its tensors (float32) are
x, labels, params/*, stats/*, logits, grad/*, after1/*, after3/* (parameters after 1 and 3 steps on the
same batch), stats3/*, logits_eval3 (inference mode after 3 steps); losses are in the metadata."""
import json, pathlib, sys
import torch
from safetensors.torch import save_file
from reference import Net, init, sgd_step

BASE = dict(classes=5, h=0.1, activation="relu", start="zero", weightDecay=2e-4, smoothness=3e-4, learningRate=0.1, momentum=0.9)
S = lambda *cu: [dict(channels=c, units=u) for c, u in cu]
CASES = {
    "hamiltonian": dict(arch="hamiltonian", stages=S((8, 3), (16, 2), (24, 2))),
    "hamiltonian-tanh": dict(arch="hamiltonian", stages=S((8, 6)), h=0.5, activation="tanh"),
    "midpoint": dict(arch="midpoint", stages=S((8, 3), (12, 2), (16, 2))),
    "midpoint-rest": dict(arch="midpoint", stages=S((8, 5)), activation="tanh", start="rest", h=0.2),
    "leapfrog": dict(arch="leapfrog", stages=S((8, 3), (12, 2), (16, 2))),
    "leapfrog-rest": dict(arch="leapfrog", stages=S((8, 5)), activation="tanh", start="rest", h=0.3),
    "resnet": dict(arch="resnet", stages=S((8, 2), (12, 2), (16, 2))),
    "revnet": dict(arch="revnet", stages=S((8, 2), (12, 2), (16, 2))),
    # Batch norm in the units. h is never 1, so that a wrong step size of the first unit is detected. "edge" has one unit per
    # stage: the first of the network, which has no BN1, and the first of a later stage, which has one.
    "hamiltonian-norm": dict(arch="hamiltonian", stages=S((8, 2), (16, 2)), unitNorm="batch", h=0.3),
    "hamiltonian-norm-edge": dict(arch="hamiltonian", stages=S((8, 1), (16, 1)), unitNorm="batch", h=0.5, activation="tanh"),
    "midpoint-norm": dict(arch="midpoint", stages=S((6, 3), (8, 2)), unitNorm="batch", h=0.3),
    "midpoint-norm-edge": dict(arch="midpoint", stages=S((8, 1), (12, 1)), unitNorm="batch", h=0.5, activation="tanh", start="rest"),
    "leapfrog-norm": dict(arch="leapfrog", stages=S((6, 3), (8, 2)), unitNorm="batch", h=0.3),
    "leapfrog-norm-edge": dict(arch="leapfrog", stages=S((8, 1), (12, 1)), unitNorm="batch", h=0.5, activation="tanh", start="rest"),
}
seed0 = int(sys.argv[1]) if len(sys.argv) > 1 else 1
out = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else pathlib.Path(__file__).parent / "../fixtures/reference"); out.mkdir(exist_ok=True)
for i, (name, case) in enumerate(CASES.items()):
    cfg = {**BASE, **case}
    params, stats = init(cfg, 3, seed0 * 1000 + i)
    g = torch.Generator().manual_seed(seed0 * 1000 + 500 + i)
    x = torch.randn(6, 16, 16, 3, generator=g).double(); labels = torch.randint(0, cfg["classes"], (6,), generator=g)
    t = {"x": x, "labels": labels.int()}
    t |= {f"params/{n}": p for n, p in params.items()} | {f"stats/{n}": s for n, s in stats.items()}
    net, vel, meta = Net(cfg, {n: p.clone() for n, p in params.items()}, dict(stats)), {}, []
    for k in (1, 2, 3):
        logits, ce, total, grads = sgd_step(net, vel, x, labels); meta.append(dict(crossEntropy=ce, total=total))
        if k == 1: t |= {"logits": logits} | {f"grad/{n}": v for n, v in grads.items()}
        if k in (1, 3): t |= {f"after{k}/{n}": p for n, p in net.p.items()}
    t |= {f"stats3/{n}": s for n, s in net.stats.items()}
    with torch.no_grad(): t["logits_eval3"] = net.forward(x, False)
    t = {n: (v if v.dtype == torch.int32 else v.float()).detach().contiguous().clone() for n, v in t.items()}
    save_file(t, str(out / f"{name}.safetensors"), metadata={"config": json.dumps(cfg), "losses": json.dumps(meta)})
    print(name, [round(m["total"], 6) for m in meta], sum(p.numel() for p in params.values()))
