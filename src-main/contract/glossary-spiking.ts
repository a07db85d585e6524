import type { GlossaryEntry } from './glossary-entry.js'

const SENGUPTA = 'Sengupta et al. 2019'

/** Terms of the conversion of networks to spiking neurons. */
export const SPIKING_TERMS: readonly GlossaryEntry[] = [
  {
    term: 'Spike-Norm',
    symbol: 'V_th',
    definition:
      'How thresholds of spiking neurons are found: for the layers in order, the largest weighted input that a neuron of the layer gets in one time step, over steps, training images and neurons, with the thresholds of the layers before already set.',
    source: `${SENGUPTA}, algorithm 1; numeric/spiking/convert.ts`,
    see: ['Spiking neuron', 'Time step'],
  },
  {
    term: 'Spiking neuron',
    definition:
      'A neuron that integrates and fires: it adds its weighted input to a potential, sends a spike once that reaches the threshold, and then loses the threshold (soft reset) or the whole potential (hard reset). Its rate of spikes takes the place of a ReLU activation.',
    formula: 'V <- V + sum w s; a spike where V >= V_th; then V - V_th or 0',
    source: `${SENGUPTA}, section 2; numeric/spiking/neurons.ts`,
    see: ['Spike-Norm', 'Time step'],
  },
  {
    term: 'Time step',
    symbol: 'T',
    definition:
      'One round of a spiking network, in which every neuron may spike once. Accuracy rises with their number, because rates are counted over them; they are not steps of training.',
    source: SENGUPTA,
    see: ['Spiking neuron', 'Step'],
  },
]
