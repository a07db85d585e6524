import type { GlossaryEntry } from './glossary-entry.js'
import { MEMORY } from './memory.js'

const CHANG = 'Chang et al. 2018'

/** Terms of networks: how they are built, inverted and kept stable. */
export const NETWORK_TERMS: readonly GlossaryEntry[] = [
  {
    term: 'Activation budget',
    unit: 'bytes',
    definition: MEMORY.activationBudget.help,
    source: 'configuration key memoryBudget',
    see: ['Activation memory', 'Reversible mode'],
  },
  {
    term: 'Activation memory',
    names: ['Memory'],
    unit: 'bytes',
    definition: MEMORY.activations.help,
    good: 'Constant in depth in reversible mode; in stored mode it grows with every unit.',
    source: 'numeric/describe.ts',
    see: ['Activation budget', 'Process memory'],
  },
  {
    term: 'Anchor',
    symbol: 'k',
    unit: 'units',
    definition:
      'A state that is stored during the forward pass, every k units, so that reconstruction restarts from an exact state instead of accumulating rounding errors over a whole stage. With "auto", k is chosen from the measured gradient error.',
    source: 'configuration key anchorEvery; checkpointing: Griewank and Walther 2000, Chen et al. 2016',
    see: ['Gradient error', 'Reconstruction error'],
  },
  {
    term: 'Depth',
    unit: 'layers',
    definition: 'Number of layers as the papers count them: those of all units, the stem and the head.',
    see: ['Unit'],
  },
  {
    term: 'Gradient cosine',
    definition:
      'Smallest cosine of the angle between the reversed and the stored gradient of any parameter, in a gradient check. Parameters with negligible gradients are excluded.',
    formula: 'min over parameters of <g_rev, g_sto> / (|g_rev| |g_sto|)',
    good: '1 to six digits: the reversed gradient points where the stored one does.',
    source: 'numeric/gradient-error.ts',
    see: ['Gradient error'],
  },
  {
    term: 'Gradient error',
    unit: 'relative',
    definition:
      'Largest relative error of the gradient of any parameter when it is computed in reversible mode (g_rev) instead of stored mode (g_sto), on a few images of a batch. A parameter whose stored gradient is below 1e-4 of the largest in the network is measured relative to that. The gradients of a run are not trustworthy once the error exceeds the gradient tolerance.',
    formula: 'max over parameters of max|g_rev - g_sto| / max|g_sto|',
    good: 'Below the gradient tolerance (1e-2 by default); rounding alone gives 1e-6 to 1e-4.',
    source: 'numeric/gradient-error.ts; configuration key gradientTolerance',
    see: ['Anchor', 'Dagger', 'Reconstruction error'],
  },
  {
    term: 'Reconstruction error',
    unit: 'relative',
    definition:
      'Largest relative error of the states of any stage when they are reconstructed from the end of the stage (Y_rev) instead of stored (Y_sto), measured at every evaluation. A small reconstruction error does not imply a small gradient error.',
    formula: 'max|Y_rev - Y_sto| / max|pair|',
    good: 'Near the rounding of single precision, 1e-7 to 1e-4. Growth from unit to unit says that the step size is too large.',
    source: 'numeric/reconstruction.ts; configuration key reconstructionTolerance',
    see: ['Gradient error', 'Reversible mode'],
  },
  {
    term: 'Reversible mode',
    names: ['Reversed'],
    definition:
      'Backpropagation that reconstructs the activations of each stage from its last state pair instead of storing them, so that activation memory does not grow with depth. It costs about one additional forward pass.',
    source: `Gomez et al. 2017; ${CHANG}, section 3.3`,
    see: ['Activation memory', 'Reconstruction error', 'Stored mode'],
  },
  {
    term: 'Sharpness',
    symbol: 'λ_max',
    definition:
      'Largest eigenvalue of the Hessian of the training objective on a fixed batch. Updates of momentum SGD grow along its direction once the learning rate times it exceeds the limit of stability, 2 (1 + m).',
    good: 'Times the learning rate below the limit of stability; near it, the loss oscillates.',
    source: 'Nar and Sastry 2018; lab/sharpness.ts; configuration key sharpness',
  },
  {
    term: 'Stage',
    definition:
      'Consecutive units with the same number of channels and the same image size. Between stages, images are pooled 2x2 and channels are zero-padded, or the first unit of the next stage is strided.',
    source: `${CHANG}, table 1`,
    see: ['Unit'],
  },
  {
    term: 'Step size',
    names: ['h'],
    symbol: 'h',
    definition:
      'Step size of the time integration that a stage discretises. Each unit advances the state by one step. It is not the learning rate.',
    good: 'Inside the region of stability of the integrator (see Spectrum): 0.05 to 0.5 for the networks here, smaller for deeper ones.',
    source: `${CHANG}, eq. 8; configuration key h`,
    see: ['Unit'],
  },
  {
    term: 'Stored mode',
    definition: 'Ordinary backpropagation, which stores the activations of all units. Its activation memory grows linearly with depth.',
    see: ['Reversible mode'],
  },
  {
    term: 'Unit',
    definition:
      'The repeated building block of a stage, with its own parameters: one integration step of the dynamics. A Hamiltonian or RevNet unit counts as four layers, the others as two.',
    source: 'docs/mathematics.md',
    see: ['Depth', 'Stage', 'Step size'],
  },
  {
    term: 'Unit normalisation',
    definition:
      "Batch norm inside the units, before and after the first kernel of each layer, as in the published code of Chang et al. It is not part of the paper's equations.",
    formula: "h K' s(BN2(K BN1 x))",
    source: 'configuration key unitNorm',
    see: ['Unit'],
  },
  {
    term: 'Weight smoothness',
    symbol: 'a',
    definition:
      'Penalty on the change of kernels between consecutive units of a stage, which keeps a deep network close to a discretised differential equation.',
    formula: "a/2 sum |K[j+1] - K[j]|^2 (authors' code, default) or a h sum |(K[j+1] - K[j]) / h|^2 (paper)",
    source: `${CHANG}, eq. 19; configuration keys smoothness and smoothnessForm`,
    see: ['Objective'],
  },
  {
    term: 'Process memory',
    unit: 'MiB',
    definition: MEMORY.process.help,
    good: 'Well below the memory of the machine, and level over time.',
    see: ['Activation memory', 'Engine'],
  },
  {
    term: 'Parameters',
    definition:
      'Number of trainable values: kernels, biases, and gammas and betas of batch norms. Running statistics and optimizer state do not count.',
    good: 'As few as reach the accuracy; networks are compared at equal numbers.',
    see: ['Activation memory'],
  },
  {
    term: 'Hamiltonian network',
    names: ['Hamiltonian'],
    definition:
      'Each unit updates one half of the channels with a force on the other half, and then the other half, as the Verlet method integrates a Hamiltonian system. Both updates can be undone exactly up to rounding, and the linearised dynamics oscillates instead of growing or vanishing.',
    formula: "y <- y + h K1' s(K1 z + b1), then z <- z - h K2' s(K2 y + b2)",
    source: `${CHANG}, section "Architectures"; docs/mathematics.md`,
    see: ['Midpoint network', 'Reversible mode', 'Step size'],
  },
  {
    term: 'Midpoint network',
    names: ['Midpoint'],
    definition:
      'Each unit steps from the state before last over the last one: the midpoint (leapfrog) rule for a force that is antisymmetric, so that its eigenvalues are imaginary. The step is undone by exchanging the two states.',
    formula: "y[j+1] = y[j-1] + 2 h s((K - K') y[j] + b)",
    source: `${CHANG}, section "Architectures"`,
    see: ['Hamiltonian network', 'Leapfrog network', 'Spectrum'],
  },
  {
    term: 'Leapfrog network',
    names: ['Leapfrog', 'Verlet'],
    definition:
      'Each unit continues the last two states with a second difference, the Verlet rule for a wave equation with a symmetric negative force. Reversed, it loses digits where 2 y[j] cancels against y[j-1].',
    formula: "y[j+1] = 2 y[j] - y[j-1] - h^2 K' s(K y[j] + b)",
    source: `${CHANG}, section "Architectures"`,
    see: ['Hamiltonian network', 'Midpoint network', 'Reconstruction error'],
  },
  {
    term: 'ResNet',
    names: ['Residual network'],
    definition:
      'The baseline whose units add a correction to the state: forward Euler steps of a differential equation. It has no inverse in closed form, so it is trained in stored mode.',
    formula: 'y[j+1] = y[j] + F(y[j])',
    source: 'He et al. 2016, "Identity mappings in deep residual networks"',
    see: ['RevNet', 'Stored mode'],
  },
  {
    term: 'RevNet',
    names: ['Reversible residual network'],
    definition:
      'A residual network whose channels are split into two halves that update each other, so that each unit can be undone. Its forces are any residual functions; a Hamiltonian network restricts them so that the dynamics is stable as well.',
    formula: 'y1 = x1 + F(x2), y2 = x2 + G(y1)',
    source: 'Gomez et al. 2017, "The reversible residual network"',
    see: ['Hamiltonian network', 'ResNet', 'Reversible mode'],
  },
  {
    term: 'Reversibility',
    names: ['Inverse', 'Reversible architecture'],
    definition:
      'Every unit has an inverse in closed form, so that the input follows from the output. In exact arithmetic every reversible network loses nothing; in floating point, rounding errors grow along the way by as much as the dynamics lets perturbations grow.',
    good: 'Stable as well as reversible: only then do the reconstructed states stay near the stored ones at any depth.',
    source: `${CHANG}, sections "Reversibility" and "Stability"`,
    see: ['Reconstruction error', 'Reversible mode', 'Spectrum'],
  },
  {
    term: 'Flow',
    names: ['Trajectories of points'],
    definition:
      'The paths of points of the plane through the units of a network, seen in two of its channels: the network moves the points until a hyperplane separates the classes.',
    good: 'Smooth paths that separate the classes; paths that jump or cross say that the step size is too large.',
    source: 'Haber and Ruthotto 2017, section 6; docs/lab.md',
    see: ['Regions', 'Step size', 'Unit'],
  },
  {
    term: 'Regions',
    names: ['Decision regions'],
    definition: 'The parts of the plane in which a network predicts each class, on a lattice of points around the data.',
    good: 'Borders that run between the classes and are smooth; islands around single points are overfitting.',
    source: 'configuration key evaluateEvery',
    see: ['Flow'],
  },
  {
    term: 'Spectrum',
    names: ['Jacobian spectrum', 'Eigenvalues', 'Stability region'],
    definition:
      'The eigenvalues of the linearised dynamics of a unit times the step size, in the complex plane beside the region in which the integrator is stable. Outside of it a perturbation grows with every unit.',
    symbol: 'z = h λ',
    formula: 'stable: z = i y with |y| <= 2 (Hamiltonian, leapfrog), |y| <= 1 (midpoint); |1 + z| <= 1 (forward Euler)',
    good: 'All eigenvalues inside the region, so that the stability margin is positive.',
    source: `${CHANG}, section "Architectures"; lab diagnostic spectrum`,
    see: ['Perturbation growth', 'Step size'],
  },
  {
    term: 'Energy',
    names: ['Hamiltonian (energy)'],
    definition:
      'What a Hamiltonian system with constant kernels conserves. A network has kernels that change with depth, so its energy changes as they do; a symplectic integrator keeps that change bounded.',
    good: 'Bounded over depth; exponential growth is instability.',
    source: 'Hairer, Lubich and Wanner 2006; lab diagnostic energy',
    see: ['Hamiltonian network', 'Volume'],
  },
  {
    term: 'Volume',
    names: ['Log-determinant'],
    definition:
      'By how much a unit stretches or shrinks small volumes of its state: the determinant of its Jacobian. Where information is squeezed out, the reversal cannot bring it back in floating point.',
    symbol: 'log|det J|',
    good: '0 for every unit of a Hamiltonian, midpoint, leapfrog or RevNet network, up to rounding.',
    source: 'lab diagnostic volume',
    see: ['Energy', 'Reversibility'],
  },
  {
    term: 'Perturbation growth',
    names: ['Sensitivity', 'Lyapunov exponent'],
    definition:
      'By how much a small change of the input has grown after each unit, and its rate per unit of integration time. It bounds how rounding errors grow in the reversal.',
    good: 'Near 1 over the whole depth. Exponential growth makes the reversal fail, and decay makes gradients vanish.',
    source: 'lab diagnostic sensitivity',
    see: ['Reconstruction error', 'Spectrum'],
  },
  {
    term: 'Limit of stability',
    names: ['Learning rate times sharpness', 'Edge of stability'],
    definition:
      'The value that the learning rate times the sharpness must not exceed for momentum SGD to stay at a minimum of a quadratic objective; the chart shows the product beside its limit.',
    formula: '2 (1 + m) with momentum m',
    good: 'The product below the limit, or just at it.',
    source: 'Nar and Sastry 2018; configuration key sharpness',
    see: ['Learning rate', 'Sharpness'],
  },
]
