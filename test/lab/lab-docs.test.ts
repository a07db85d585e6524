import { resolve } from 'node:path'
import { format, resolveConfig } from 'prettier'
import { expect, test } from 'vitest'
import { docsTable, optionRow, quantityRow } from '../fixtures/docs-tables.js'
import { INSTRUMENTS } from '../../src-main/contract/instruments.js'
import { bySection } from '../../src-main/contract/lab.js'
import type { Diagnostic } from '../../src-main/lab/diagnostic.js'
import { allDiagnostics } from '../../src-main/lab/registry.js'

const FILE = resolve(import.meta.dirname, '../../docs/lab.md')

const INTRODUCTION = `# The lab

The lab runs diagnostics on a network: on the weights of a checkpoint, or on the initial weights of a configuration. Diagnostics are read-only; the
\`weightsHash\` is compared before and after each one. \`retrace lab\` lists them, \`retrace lab NAME\` describes one, and

    retrace lab NAME --run ID [--step N] [--option key=value] [--json] [--csv FILE]
    retrace lab NAME --preset P --dataset D [--set key=value] [--seed N] [--option key=value]
    retrace spike RUN [--step N] [--images N] [--steps T] [--reset soft|hard] [--junction balanced|equal|unit]

runs one in a separate process (\`spike\` is the diagnostic [Spiking neurons](#spiking-neurons-spiking) with shorter options); Ctrl+C cancels it. In the window, diagnostics are in the Lab tab of every run and, for untrained networks, on the Lab page;
results for a checkpoint are stored with its run, and a comparison shows those of several runs side by side. The address of the Lab page contains
the preset, the data set and changed configuration keys. The estimated time is printed first; it is based on the measured speed of the machine (\`retrace presets --measure\`) or, without it, on
two timed forward passes. The notes of a result state the error or the number of iterations, the method, the images and the batch norm
statistics. Values that did not converge are left out with a warning. A result may suggest a value for a configuration key: the window opens the
form of a new run with it, and the command line prints it as \`--set key=value\`.

Figures are exported as PNG, SVG, PDF, PGFPlots (a heat map as a matrix plot, tolerances and limits as dashed lines) and CSV, strips of images as PNG, SVG, PDF
and CSV, whole results as JSON. Each picture contains the command that reproduces it ([charts](charts.md#files)).

\`retrace predict RUN IMAGE [--step N]\` and _Predict an image_ in the Lab tab of a run or a comparison classify an image of your own (PNG, JPEG or WebP; dropped,
pasted or chosen) with the weights of checkpoints and show the class probabilities and the image as the network sees it. The image is converted to the
shape of the data set’s images as in an import of image files (cropped, padded or stretched; to greyscale if they are) and normalised in the same way;
the forward pass and the batch norm statistics are those of the run’s evaluations. Nothing is stored.

This page is generated from \`src-main/lab/diagnostics/\` by \`npm test -- lab-docs -u\`; results, help and charts use the same definitions. See
[adding-a-diagnostic.md](adding-a-diagnostic.md) for adding one, and the [derivations](#derivations) at the end.`

const LIVE = `## Live

In the window, three instruments respond to every move of a slider. A resident process, separate from every trainer, holds the network for them; it
ends two minutes after the last request, or when its memory exceeds 3 GiB. Nothing is stored. \`retrace lab inspector\`,
\`retrace lab flow\` and \`retrace lab spikes\` print the same values, with the slider settings as options.

${INSTRUMENTS.map(({ id, title, question }) => `- **${title}** (\`${id}\`): ${question}`).join('\n')}

The inspector measures the same quantities as the diagnostic Reversal, with the same code, on a batch of 8 training images, one of which is shown: the
state that enters every unit in the forward pass, the state reconstructed in the backward pass, and their difference. You can replace that image by one of your own, which is converted
as for predictions; its loss is that of the class that the network predicts. Gradients are computed when the sliders come to rest. The flow shows the samples, and for problems in the plane also a lattice of inputs coloured by the predicted class, in the first two coordinates of
the state or in the first two principal components of the states of all units (Pearson 1901); feature maps are represented by the mean of each
channel. Batch norm is frozen. The third instrument shows the spikes of one training image, step by step in every layer of the network that the diagnostic Spiking neurons converts;
the thresholds are determined once for the weights and settings, so that other images are then shown immediately.

The page of a run on a data set in the plane shows, among the charts, the predicted class at each point of a lattice of 41×41 inputs, together with training points, at every
evaluation while the run trains. The trainer computes these pictures with the weights of the evaluation and stores them, so that earlier ones can be viewed later; at most 256 are kept,
and earlier ones are spaced farther apart. They do not affect the weights.

With the configuration key \`sharpness\` a run measures the quantities of the diagnostic Sharpness, with default options, at every evaluation: \`stability/sharpness\`,
\`stability/rateTimesSharpness\` and, if one is known, \`stability/limit\`; values that did not converge are NaN. It is off by default because each measurement takes up to 64 gradients of 32
images in stored mode. It does not affect the weights.

With the configuration key \`volume\` a run measures, at every evaluation, the diagnostic Volume and drift with default options, summed over the units of each stage: \`volume/stage1\`
(log |det J|; NaN where a unit has no figure) and \`drift/stage1\`. It is off by default, and does not affect the weights.

With the configuration key \`histograms\` a run collects the histograms of the diagnostic Distributions every given number of steps: 41 bins of weights, gradients and activations for every unit.
The page of the run shows them live: all units at a step, with a slider over steps; one unit over all steps; and the standard deviation of every unit over all steps; each is exported like the figures of the lab. The Lab tab of a comparison shows the last of these for every run, on the same colour scale. \`retrace runs histograms ID\` prints them or writes them as CSV. They are measured on the same images each time (32 training images, or a micro-batch if that is smaller), with
frozen batch norm statistics, in separate passes. Gradients are computed as in the run itself, from reconstructed activations if it is reversible, and one unit is counted at
a time, so that collecting histograms needs no additional memory. On hamiltonian-74 with a batch size of 100, one collection took as long as 1.7 training steps and 9 KiB. At most 4 MiB (or 16 steps, if these are larger) are
kept per run, with earlier steps spaced farther apart. Histograms do not affect the weights.

Inspector and flow are exported as shown: the states of the inspector as PNG, SVG, PDF (each state an image of its pixels, enlarged without smoothing) and CSV (\`row,image,y,x,value\`, every
value in full precision), like the image strips of diagnostics; the flow as PNG, SVG, PDF, PGFPlots, and CSV of every sample at every unit.`

const DERIVATIONS = `## Derivations

**Integrators.** The integrator of a unit is derived from its substeps (\`src-main/lab/integrator.ts\`). For linearised dynamics with an eigenvalue λ: two
coupled additive updates with gains \`g₁\`, \`g₂\` have an amplification matrix of determinant 1 and trace \`2 + z²\` with \`z² = g₁ g₂ λ(J₁ J₂)\`; its eigenvalues
have modulus 1 exactly if z is imaginary and \`|z| ≤ 2\`. Leapfrog is the same with \`z² = -h² λ(J)\`. The midpoint rule has the roots of \`μ² - 2zμ - 1\` with
\`z = hλ\`, of modulus 1 if z is imaginary and \`|z| ≤ 1\`. Forward Euler multiplies by \`1 + z\`.

**Forms.** A layer \`Kᵀ s(K x + b)\` has the symmetric Jacobian \`Kᵀ D K\`, with the slopes D of the activation. Two coupled layers have
\`λ(K₁ᵀ D₁ K₁ K₂ᵀ D₂ K₂) = σ(D₁^½ K₁ K₂ᵀ D₂^½)²\`, so all z are imaginary. \`D (K - Kᵀ)\` has the eigenvalues of the skew matrix \`D^½ (K - Kᵀ) D^½\`. A batch norm on
the input of the layer scales it from one side only, so these forms no longer hold; a batch norm behind \`K\` is part of D unless a gamma is negative.
Otherwise the Jacobian itself is used, with fixed statistics; its eigenvalues can have real parts.

**Energies.** With \`S′ = s\`, the gradient of \`Σ S(K₁Z + b₁)\` is \`K₁ᵀ s(K₁Z + b₁)\`, the force on Y, and likewise for Z; their sum is the Hamiltonian of
\`Y′ = ∂H/∂Z, Z′ = -∂H/∂Y\`. Leapfrog is \`Y″ = -∇ Σ S(KY + b)\` with the velocity \`V/h\`. Midpoint is \`Y′ = s(AY + b)\` with a skew A, along which
\`d/dt Σ S(AY + b) = s · A s = 0\`. A symplectic step conserves a nearby energy, so these oscillate by O(h). A Verlet step of a bare \`s(KZ + b)\` conserves
volume and is reversible, but its force is not a gradient, so there is no such energy.

**Learning rate limits.** On a quadratic with curvature c, momentum SGD is \`w⁺ = (1 + m - ηc) w - m w⁻\`, which is stable up to \`ηc = 2(1 + m)\`. Nesterov
momentum as in PyTorch is \`w⁺ = (1 + m)(1 - ηc) w - m (1 - ηc) w⁻\`, which has the root -1 at \`ηc = 2(1 + m)/(1 + 2m)\`.

**Rates of spikes.** A neuron with soft reset keeps \`V_T = Σ input - V_th · spikes\`, so its rate is the mean input over V_th up to \`|V_T| / (T V_th)\`,
where the mean is between 0 and V_th. If the rates of the previous layer times L are its activations, then the rates of this layer are the activations of the same network
times \`1 / (V_th L)\`: \`L_k = V_th L_{k-1}\`, and a bias b is a current \`b / L_{k-1}\` in every step. At the junction of a residual block, spikes of
the input stand for L_x and those of the branch for \`L_x V_1\`, so the identity path has to be weighted by \`1 / V_1\`. With hard reset a neuron loses what
exceeds V_th at each spike: a constant input a gives \`floor(T / ceil(V_th / a))\` spikes instead of \`floor(T a / V_th)\`, and rates stay low for any T.`

function section({ id, title, question, limits, quantities, options }: Diagnostic): string {
  const choices = Object.entries(options).map(optionRow)
  return [
    `### ${title}: \`${id}\``,
    `**${question}**`,
    `Limitations: ${limits}`,
    docsTable(['column', 'quantity', 'unit', 'formula', 'source'], Object.entries(quantities).map(quantityRow)),
    ...(choices.length ? [docsTable(['option', 'label', 'unit', 'default', 'what it does'], choices)] : []),
  ].join('\n\n')
}

test('docs/lab.md has every diagnostic with its definitions', async () => {
  const sections = bySection(allDiagnostics()).flatMap(({ title, diagnostics }) => [`## ${title}`, ...diagnostics.map(section)])
  const page = [INTRODUCTION, LIVE, ...sections, DERIVATIONS].join('\n\n')
  await expect(await format(page, { ...(await resolveConfig(FILE)), parser: 'markdown' })).toMatchFileSnapshot(FILE)
})

test.each(allDiagnostics().map((each) => [each.id, each] as const))(
  '%s asks a question, states its limitations, and has a file of its name',
  async (id, { title, question, limits, quantities }) => {
    expect(id).toMatch(/^[a-z]+(-[a-z]+)*$/)
    expect(question).toMatch(/\?$/)
    expect(title).not.toBe('')
    expect(limits).toMatch(/\.$/)
    expect(Object.keys(quantities).length).toBeGreaterThan(0)
    await import(`../../src-main/lab/diagnostics/${id}.ts`)
  },
)
