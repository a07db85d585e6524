"""The recipe study: which variant of each network reaches the highest accuracy when trained on 10,000 CIFAR-10 images.

Usage: python recipe_study.py DATA OUT [--seconds 570] [--search-seconds 300] [--streams 6] [--tf32] [--device cuda] [--tiny]
       python recipe_study.py DATA OUT --chosen chosen.json [--finished final.jsonl] ...      without the search
DATA holds data_batch_1.bin and test_batch.bin (CIFAR-10, binary version). OUT receives search.jsonl, final.jsonl and gradients.jsonl, one
line per result, written as it arrives. The networks are those of fast_networks.py, trained by plain backpropagation.

Search. Every form is trained for 12 epochs on 8,000 of the 10,000 training images and evaluated on the other 2,000; the test images are
not used. Each of the five networks gets the same number of trials, in four rounds:
  1. eight trials: reversible networks {norm in the units} x {h}, the baselines {learning rate} x {weight decay};
  2. five changes to the best form of round 1, one at a time;
  3. one trial: all changes of round 2 that improved it, combined (the best among those that change the same setting);
  4. the two best forms so far with two other seeds.
The form with the highest mean over three seeds is chosen.

Final. The chosen forms, and the presets as they were, are trained on all 10,000 images and tested once on the 10,000 test images, with
the running batch-norm statistics and with statistics averaged over the training images under the final weights.

Gradients. For every preset of the reversible networks: gradients by reversal against those with stored activations, both in float32, at
initialisation and after training; per parameter max|a - b| / max|b|.

Several networks are trained at a time, each on its own stream and with each step as one CUDA graph. TF32 is off unless requested.
"""
import argparse, contextlib, json, math, pathlib, queue, sys, time
import torch, torch.multiprocessing as mp, torch.nn.functional as F
from fast_networks import SPEED, Net

STAGES = {
    "hamiltonian-74": ("hamiltonian", [[32, 7], [64, 6], [112, 5]]), "midpoint-26": ("midpoint", [[32, 5], [64, 4], [112, 3]]),
    "leapfrog-26": ("leapfrog", [[32, 5], [64, 4], [112, 3]]), "resnet-32": ("resnet", [[16, 5], [32, 5], [64, 5]]),
    "revnet-38": ("revnet", [[32, 3], [64, 3], [112, 3]]), "hamiltonian-218": ("hamiltonian", [[32, 19], [64, 18], [128, 17]]),
    "midpoint-62": ("midpoint", [[32, 11], [64, 10], [128, 9]]), "leapfrog-62": ("leapfrog", [[32, 11], [64, 10], [128, 9]]),
    "hamiltonian-1202": ("hamiltonian", [[32, 101], [64, 100], [128, 99]]),
}
NETWORKS = ["hamiltonian-74", "midpoint-26", "leapfrog-26", "resnet-32", "revnet-38"]
TODAY = dict(norm="none", h=0.1, start="zero", fan="out", scale=1, lr=0.1, wd=2e-4, smooth=2e-4)  # the presets before the study
BATCH, MOMENTUM = 100, 0.9
baseline = lambda network: STAGES[network][0] in ("resnet", "revnet")


def first_round(network):
    if baseline(network):
        return [dict(TODAY, lr=lr, wd=wd) for lr in (0.1, 0.2, 0.05, 0.4) for wd in (2e-4, 5e-4)]
    return [dict(TODAY, norm=norm, h=h) for h, norm in ((1, "batch"), (0.5, "batch"), (0.3, "none"), (0.5, "none"), (0.7, "batch"), (0.3, "batch"), (0.7, "none"), (0.2, "none"))]


def changes(network, best):
    if baseline(network):
        lr = best["lr"]
        return [dict(lr=lr * 1.5), dict(lr=lr / 1.5), dict(wd=1e-3), dict(fan="in"), dict(scale=0.5)]
    last = dict(start="rest") if STAGES[network][0] != "hamiltonian" else dict(bias=False) if best["norm"] == "none" else dict(scale=2)
    return [dict(lr=0.2), dict(lr=0.4), dict(scale=0.5), dict(wd=5e-4), last]


# --- data ---
def read(folder, device):
    def one(name):
        raw = torch.frombuffer(bytearray((pathlib.Path(folder) / name).read_bytes()), dtype=torch.uint8).reshape(-1, 3073)
        return raw[:, 1:].reshape(-1, 3, 32, 32).permute(0, 2, 3, 1).contiguous().to(device), raw[:, 0].long().to(device)
    return one("data_batch_1.bin"), one("test_batch.bin")


class Data:
    """Training and evaluation images, normalised by the mean and standard deviation of the training images; NHWC."""

    def __init__(self, train, measured, tiny=False):
        (x, y), (v, w) = train, measured
        if tiny:
            x, y, v, w = x[:40], y[:40], v[:20], w[:20]
        f = x.float()
        mean, deviation = f.mean((0, 1, 2)) / 255, (f / 255).std((0, 1, 2), unbiased=False)
        normal = lambda t: (t.float() / 255 - mean) / deviation
        self.padded, self.y = F.pad(normal(x), (0, 0, 4, 4, 4, 4)), y
        self.measured, self.w = normal(v).permute(0, 3, 1, 2), w

    def epoch(self, generator):
        """All training images once, shuffled, with random crops after padding by 4 and random mirroring."""
        n, device = len(self.y), self.y.device
        order = torch.randperm(n, generator=generator, device=device)
        down, right = (torch.randint(0, 9, (n, 1), generator=generator, device=device) for _ in range(2))
        line = torch.arange(32, device=device)[None]
        mirrored = torch.rand(n, 1, generator=generator, device=device) < 0.5
        columns = right + torch.where(mirrored, 31 - line, line)
        return self.padded[order[:, None, None], (down + line)[:, :, None], columns[:, None, :]], self.y[order]


# --- training ---
class Training:
    """One network being trained on one stream."""

    def __init__(self, job, data, device):
        form = job["form"]
        self.job, self.data, self.device, self.form = job, data, device, form
        self.net = Net(dict(form, arch=STAGES[job["network"]][0], stages=STAGES[job["network"]][1]), job["seed"], device)
        self.generator = torch.Generator(device).manual_seed(1000 + job["seed"])
        self.per_epoch = len(data.y) // BATCH
        self.steps = self.per_epoch * job["epochs"] if "epochs" in job else job["steps"]
        self.x, self.y = torch.empty(len(data.y), 32, 32, 3, device=device), torch.empty_like(data.y)
        self.rates = torch.tensor([form["lr"] * 0.5 * (1 + math.cos(math.pi * t / self.steps)) for t in range(self.steps)] + [0.0], device=device)
        self.at, self.line = torch.zeros((), dtype=torch.long, device=device), torch.arange(BATCH, device=device)
        self.loss = torch.zeros((), device=device)
        p = self.net.p
        self.names = self.net.trained
        self.params = [p[n] for n in self.names]
        self.velocity = [torch.zeros_like(t) for t in self.params]
        self.decayed = [i for i, n in enumerate(self.names) if self.net.kind[n] in ("kernel", "dense")]
        index = {n: i for i, n in enumerate(self.names)}
        self.smooth = [[index[n] for n in names] for names in self.net.smooth.values()]
        self.done, self.graph, self.stream = 0, None, None

    def step(self):
        place = self.at % self.per_epoch * BATCH + self.line
        x = self.x.index_select(0, place).permute(0, 3, 1, 2)
        loss = F.cross_entropy(self.net.forward(x, True), self.y.index_select(0, place))
        grads = list(torch.autograd.grad(loss, self.params, materialize_grads=True))
        with torch.no_grad():
            torch._foreach_add_([grads[i] for i in self.decayed], [self.params[i] for i in self.decayed], alpha=self.form["wd"])
            for group in self.smooth:
                kernels = torch.stack([self.params[i] for i in group])
                apart = kernels[1:] - kernels[:-1]
                zero = torch.zeros_like(apart[:1])
                torch._foreach_add_([grads[i] for i in group], list((torch.cat((zero, apart)) - torch.cat((apart, zero))).unbind()), alpha=self.form["smooth"])
            rate = self.rates.index_select(0, self.at[None])[0]
            torch._foreach_mul_(self.velocity, MOMENTUM)
            torch._foreach_add_(self.velocity, grads)
            torch._foreach_sub_(self.params, torch._foreach_mul(self.velocity, rate))
            self.at += 1
            self.loss += loss

    def prepare(self):
        """Captures the step as a CUDA graph and restores the initial weights, statistics and counters."""
        self.refill()
        if self.device == "cpu":
            return
        changed = [*self.params, *self.velocity, *(t for pair in self.net.stats.values() for t in pair), self.at, self.loss]
        begin = [t.detach().clone() for t in changed]
        for _ in range(2):
            self.step()
        torch.cuda.current_stream().synchronize()
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph, stream=self.stream, capture_error_mode="thread_local"):
            self.step()
        with torch.no_grad():
            for t, b in zip(changed, begin):
                t.copy_(b)

    def refill(self):
        x, y = self.data.epoch(self.generator)
        self.x.copy_(x), self.y.copy_(y)

    def run(self, count):
        for _ in range(min(count, self.steps - self.done)):
            if self.done and self.done % self.per_epoch == 0:
                self.refill()
            self.graph.replay() if self.graph else self.step()
            self.done += 1

    @torch.no_grad()
    def correct(self):
        d = self.data
        return sum((self.net.forward(d.measured[i : i + 1000], False).argmax(1) == d.w[i : i + 1000]).sum() for i in range(0, len(d.w), 1000))

    @torch.no_grad()
    def estimate_statistics(self):
        """Batch statistics under the final weights, averaged over one epoch of training images."""
        stats = self.net.stats
        total = {n: [torch.zeros_like(m), torch.zeros_like(v)] for n, (m, v) in stats.items()}
        for i in range(self.per_epoch):
            for m, v in stats.values():
                m.zero_(), v.zero_()
            self.net.forward(self.x[i * BATCH : (i + 1) * BATCH].permute(0, 3, 1, 2), True)
            for n, (m, v) in stats.items():
                total[n][0] += m / (0.1 * self.per_epoch)
                total[n][1] += v / (0.1 * self.per_epoch)
        for n, (m, v) in stats.items():
            m.copy_(total[n][0]), v.copy_(total[n][1])

    def result(self):
        """The requested results as tensors, without synchronising with the device."""
        found = {"running": self.correct()}
        if self.job["kind"] == "final":
            self.estimate_statistics()
            found["estimated"] = self.correct()
        return found


def worker(todo, results, folder, options):
    """Trains the jobs it receives, several at a time."""
    setup(options)
    device = options.device
    train, test = read(folder, device)
    held = torch.randperm(10_000, generator=torch.Generator().manual_seed(0)).to(device)
    part = lambda i: (train[0][held[i]], train[1][held[i]])
    data = {"search": Data(part(slice(0, 8000)), part(slice(8000, None)), options.tiny)}
    settle = torch.cuda.synchronize if device == "cuda" else lambda: None
    settle()
    if device == "cuda" and not options.chosen:
        tune(data["search"])
        if options.profile:
            profile(data["search"])
    slots, open_ = [], True
    streams = [torch.cuda.Stream() if device == "cuda" else None for _ in range(options.streams)]
    results.put(("ready", None))

    scope = lambda stream: torch.cuda.stream(stream) if stream else contextlib.nullcontext()

    while open_ or slots:
        while open_ and len(slots) < options.streams:
            try:
                job = todo.get(block=not slots, timeout=None)
            except queue.Empty:
                break
            if job is None:
                open_ = False
                break
            if job["kind"] == "final" and "final" not in data:
                data["final"] = Data(train, test, options.tiny)
                settle()
            stream = next(s for s in streams if s is None or all(s is not slot["stream"] for slot in slots))
            began = time.time()
            with scope(stream):
                t = Training(job, data[job["kind"]], device)
                t.stream = stream
                t.prepare()
            slots.append(dict(training=t, stream=stream, marks=[], found=None, began=began, captured=time.time() - began))
        moved = False
        for slot in list(slots):
            t, marks = slot["training"], slot["marks"]
            while marks and marks[0].query():
                marks.pop(0)
            if slot["found"] is not None:
                if not marks:
                    seconds = time.time() - slot["began"]
                    counts = {k: int(v) for k, v in slot["found"].items()}
                    n = len(t.data.w)
                    results.put(("result", dict(t.job, correct=counts, of=n, accuracy=100 * counts["running"] / n, loss=float(t.loss) / t.steps,
                                                seconds=round(seconds, 2), capture=round(slot["captured"], 2))))
                    slots.remove(slot)
                    moved = True
                continue
            if len(marks) < 2:
                with scope(slot["stream"]):
                    t.run(1)
                    if t.done == t.steps:
                        slot["found"] = t.result()
                    if slot["stream"]:
                        marks.append(torch.cuda.Event())
                        marks[-1].record()
                moved = True
        if not moved:
            time.sleep(2e-4)


def tune(data):
    """Chooses the memory layout and batch-norm kernels with the fastest step of a normalised Hamiltonian network on this device."""
    found = []
    for layout in (torch.channels_last, torch.contiguous_format):
        for cudnn_norm in (True, False):
            SPEED.update(layout=layout, cudnn_norm=cudnn_norm)
            stream = torch.cuda.Stream()
            with torch.cuda.stream(stream):
                t = Training(dict(kind="search", network="hamiltonian-74", form=dict(TODAY, norm="batch", h=1), seed=1, epochs=1), data, "cuda")
                t.stream = stream
                t.prepare()
                t.run(3)
                stream.synchronize()
                began = time.time()
                t.run(12)
                stream.synchronize()
            found.append(((time.time() - began) / 12, str(layout), cudnn_norm, dict(SPEED)))
    best = min(found, key=lambda f: f[0])
    SPEED.update(best[3])
    print("speed", *(f"{1e3 * f[0]:.2f} ms {f[1]} cudnn_norm={f[2]};" for f in found), flush=True)


def profile(data):
    t = Training(dict(kind="search", network="hamiltonian-74", form=dict(TODAY, norm="batch", h=1), seed=1, epochs=1), data, "cuda")
    t.refill(), t.step()
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as p:
        t.step()
        torch.cuda.synchronize()
    for e in sorted(p.key_averages(), key=lambda e: -e.self_device_time_total)[:14]:
        print(f"profile {e.self_device_time_total / 1e3:.2f} ms {e.count} {e.key[:110]}", flush=True)


def setup(options):
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = options.tf32
    torch.backends.cudnn.benchmark = True
    torch.set_num_threads(1)
    if options.tiny:
        global BATCH
        BATCH = 10
        for name, (arch, _) in STAGES.items():
            STAGES[name] = (arch, [[8, 2], [16, 1]])


# --- gradients ---
def gradients(folder, out, chosen, until, options):
    """Reversal against storage, in float32 without TF32."""
    options.tf32 = False
    setup(options)
    device = options.device
    train, _ = read(folder, device)
    data = Data(train, (train[0][:1000], train[1][:1000]), options.tiny)
    batch = BATCH
    x, y = data.epoch(torch.Generator(device).manual_seed(7))
    x, y = x[:batch].permute(0, 3, 1, 2), y[:batch]

    def compare(net, anchor_every=0, start_again=True):
        stored = net.stored_gradients(x, y)
        found, states = net.reversed_gradients(x, y, anchor_every, start_again)
        def error(a, b):  # infinite also where something is not a number, or where only the stored gradient is zero
            if not (a - b).any():
                return 0.0
            e = float((a - b).abs().max() / b.abs().max())
            return e if e == e else math.inf
        errors = {n: error(found[n], stored[n]) for n in stored}
        name = max(errors, key=errors.get)
        values = sorted(errors.values())
        plain = lambda v: v if math.isfinite(v) else None
        return dict(anchorEvery=anchor_every, startAgain=start_again, worst=plain(errors[name]), parameter=name, median=plain(values[len(values) // 2]),
                    above=sum(v > 1e-3 for v in values), parameters=len(values), states=[plain(v) for v in states])

    holds = lambda row: row["worst"] is not None and row["worst"] <= 1e-3

    def study(preset, form, steps):
        t = Training(dict(network=preset, form=form, seed=1, steps=max(steps, 1), kind="gradients"), data, device)
        t.refill()
        if device == "cuda":
            torch.cuda.empty_cache()
        for trained in (0, steps) if steps else (0,):
            if time.time() > until - 2:
                return
            if trained:
                t.run(steps)
            rows = [compare(t.net)]
            if form["norm"] == "batch":
                rows.append(compare(t.net, start_again=False))
            if not holds(rows[0]):
                most = max(units for _, units in STAGES[preset][1])
                for every in (e for e in (50, 25, 12, 6, 3, 1) if e < most):
                    rows.append(compare(t.net, every))
                    if holds(rows[-1]):
                        break
            line = dict(network=preset, form=form, steps=trained, batch=batch, loss=float(t.loss) / max(1, t.done), gradients=rows)
            with open(pathlib.Path(out) / "gradients.jsonl", "a") as f:
                f.write(json.dumps(line) + "\n")

    steps = {"hamiltonian-74": 150, "midpoint-26": 150, "leapfrog-26": 150, "midpoint-62": 100, "leapfrog-62": 100, "hamiltonian-218": 100, "hamiltonian-1202": 40}
    like = {preset: next(n for n in NETWORKS if STAGES[n][0] == STAGES[preset][0]) for preset in steps}
    for preset, count in steps.items():
        study(preset, chosen[like[preset]], count if not options.tiny else 2)
    for preset in ("hamiltonian-218", "hamiltonian-1202", "midpoint-62", "leapfrog-62", "hamiltonian-74"):
        for norm, h in (("batch", 1), ("batch", 0.3), ("batch", 0.1), ("none", 0.1), ("none", 0.3)):
            form = dict(chosen[like[preset]], norm=norm, h=h)
            if form != chosen[like[preset]]:
                study(preset, form, 0)


# --- scheduling ---
class Search:
    """The trials of one network."""

    def __init__(self, network):
        self.network, self.round, self.trials, self.chosen = network, 1, [], None
        self.waiting = first_round(network)
        self.outstanding = 0

    def mean(self, form):
        values = [t["accuracy"] for t in self.trials if t["form"] == form]
        return sum(values) / len(values) if values else -1

    def ranked(self):
        forms = []
        for t in self.trials:
            if t["form"] not in forms:
                forms.append(t["form"])
        return sorted(forms, key=self.mean, reverse=True)

    def next_round(self):
        self.round += 1
        if self.round == 2:
            self.base = self.ranked()[0]
            self.made = changes(self.network, self.base)
            forms = [({**self.base, **c}, 1) for c in self.made]
        elif self.round == 3:
            gained = {}
            for c in sorted(self.made, key=lambda c: self.mean({**self.base, **c})):
                if self.mean({**self.base, **c}) > self.mean(self.base):
                    gained.update(c)
            together = {**self.base, **gained}
            forms = [(together, 1)] if self.mean(together) < 0 else [(self.ranked()[0], 4)]  # nothing to combine: one more seed
        elif self.round == 4:
            self.finalists = self.ranked()[:2]
            forms = [(f, seed) for f in self.finalists for seed in (2, 3)]
        else:
            self.choose()
            return []
        return [dict(kind="search", network=self.network, round=self.round, form=f, seed=s, epochs=EPOCHS) for f, s in forms]

    def choose(self):
        if not self.chosen:
            seeds = lambda f: sum(t["form"] == f for t in self.trials)
            full = [f for f in self.ranked() if seeds(f) >= 3]
            self.chosen = (full or self.ranked() or [TODAY])[0]


EPOCHS = 12


def main():
    global EPOCHS
    ap = argparse.ArgumentParser()
    ap.add_argument("data"), ap.add_argument("out")
    ap.add_argument("--seconds", type=float, default=570), ap.add_argument("--search-seconds", type=float, default=300)
    ap.add_argument("--streams", type=int, default=6), ap.add_argument("--profile", action="store_true")
    ap.add_argument("--chosen"), ap.add_argument("--finished")
    ap.add_argument("--networks", nargs="*", default=NETWORKS)
    ap.add_argument("--tf32", action="store_true"), ap.add_argument("--tiny", action="store_true"), ap.add_argument("--device", default="cuda")
    options = ap.parse_args()
    began = time.time()
    now = lambda: time.time() - began
    out = pathlib.Path(options.out)
    out.mkdir(exist_ok=True, parents=True)
    long, short = (2, 1) if options.tiny else (40, 12)
    if options.tiny:
        EPOCHS = 1
    context = mp.get_context("spawn")
    todo, results = context.Queue(), context.Queue()
    training = context.Process(target=worker, args=(todo, results, options.data, options), daemon=True)
    training.start()
    searches = {n: Search(n) for n in options.networks}
    # Round 1 alternates between the networks, so that running out of time drops the least important trials of each.
    pending = []
    for i in range(8):
        for n, s in searches.items():
            pending.append(dict(kind="search", network=n, round=1, form=s.waiting[i], seed=1, epochs=EPOCHS))
    for job in pending:
        searches[job["network"]].outstanding += 1
    if options.chosen:
        pending = []
        for n, form in json.loads(pathlib.Path(options.chosen).read_text()).items():
            searches[n].chosen = form
    key = lambda j: json.dumps([j["network"], j["label"], j["epochs"], j["seed"], j["form"]])
    finished = {key(json.loads(line)) for line in open(options.finished)} if options.finished else set()
    final, flying, checking, finals_of = [], 0, None, set()
    capacity = options.streams + 1
    files = {k: open(out / f"{k}.jsonl", "a") for k in ("search", "final")}

    def importance(job):
        """Sort key: what should be dropped last if time runs out comes first; long runs of slow networks start early, to end in time."""
        claim = job["network"] in ("hamiltonian-74", "resnet-32")
        first = 0 if job["epochs"] == long and claim else 1 if job["epochs"] == short else 2
        return job["label"] == "before", first, job["seed"], NETWORKS.index(job["network"])

    def finals(n):
        form = searches[n].chosen
        one = lambda f, seed, epochs, label: dict(kind="final", network=n, form=f, label=label, seed=seed, epochs=epochs)
        jobs = [one(form, s, epochs, "chosen") for epochs in (short, long) for s in (1, 2, 3)]
        if form != TODAY:
            jobs += [one(TODAY, s, short, "before") for s in (1, 2, 3)]
        final.extend(j for j in jobs if key(j) not in finished)
        final.sort(key=importance)

    while True:
        if now() > options.search_seconds or all(s.chosen for s in searches.values()):
            for s in searches.values():
                s.choose()
            pending = []
        for n, s in searches.items():
            if s.chosen and n not in finals_of:
                finals_of.add(n)
                print(f"{now():6.1f} chosen", n, json.dumps(s.chosen), f"{s.mean(s.chosen):.2f}", flush=True)
                (out / "chosen.json").write_text(json.dumps({m: t.chosen for m, t in searches.items() if t.chosen}))
                finals(n)
        if len(finals_of) == len(searches) and not checking:
            chosen = {m: t.chosen for m, t in searches.items()}
            for m in NETWORKS:
                chosen.setdefault(m, TODAY)
            checking = context.Process(target=gradients, args=(options.data, str(out), chosen, began + options.seconds, options), daemon=True)
            checking.start()
        while flying < capacity and (pending or final):
            todo.put(pending.pop(0) if pending else final.pop(0))
            flying += 1
        if now() > options.seconds or (flying == 0 and not pending and not final and not (checking and checking.is_alive())):
            break
        try:
            kind, value = results.get(timeout=0.2)
        except queue.Empty:
            if not training.is_alive():
                print("the training process has ended", flush=True)
                break
            continue
        if kind == "ready":
            print(f"{now():6.1f} worker ready", flush=True)
            continue
        flying -= 1
        value["at"] = round(now(), 1)
        files[value["kind"]].write(json.dumps(value) + "\n"), files[value["kind"]].flush()
        print(f"{now():6.1f}", value["kind"], value["network"], value.get("round", value.get("label")), value["epochs"], value["seed"],
              {k: v for k, v in value["form"].items() if v != TODAY.get(k)}, f"{value['accuracy']:.2f}", value["correct"], value["seconds"], value["capture"], flush=True)
        s = searches[value["network"]]
        if value["kind"] == "search" and not s.chosen:
            s.trials.append(value)
            s.outstanding -= 1
            while s.outstanding == 0 and not s.chosen:
                more = s.next_round()
                s.outstanding += len(more)
                pending = more + pending
    for w in [training, *([checking] if checking else [])]:
        w.terminate()
    print(f"{now():6.1f} done", flush=True)


if __name__ == "__main__":
    main()
