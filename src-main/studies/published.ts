import type { Dataset } from '../contract/datasets.js'

/** Published results that a study draws alongside its own, with their known conditions. */
export interface PublishedPoints {
  origin: string
  /** Format of the data set. */
  dataset: string
  /** Its training and test images. */
  train: number
  test: number
  conditions: string
  figures: readonly { name: string; images: number; accuracy: number }[]
}

/** Accuracy by the fraction of CIFAR-10 that was used, as read from the paper's plot: 1%, 2% and 5% of 50,000 images. */
export const FEWER_DATA: PublishedPoints = {
  origin: 'Chang et al. 2018, section "Experiments", plot of accuracy over the share of training data (read from the plot, ±1 point)',
  dataset: 'cifar-10',
  train: 50_000,
  test: 10_000,
  conditions: 'the paper does not state the length of training on subsets',
  figures: [
    { images: 500, name: 'Hamiltonian, published, other conditions', accuracy: 0.42 },
    { images: 1000, name: 'Hamiltonian, published, other conditions', accuracy: 0.53 },
    { images: 2500, name: 'Hamiltonian, published, other conditions', accuracy: 0.68 },
    { images: 500, name: 'ResNet, published, other conditions', accuracy: 0.35 },
    { images: 1000, name: 'ResNet, published, other conditions', accuracy: 0.45 },
    { images: 2500, name: 'ResNet, published, other conditions', accuracy: 0.6 },
  ],
}

/** Accuracies of analog networks and the spiking ones that they were converted to, as fractions (Sengupta et al. 2019). */
export const CONVERTED: readonly { network: string; dataset: string; analog: number; spiking: number; known: string }[] = [
  { network: 'ResNet-20', dataset: 'CIFAR-10', analog: 0.891, spiking: 0.8746, known: 'read in the notes of norse on the paper' },
  { network: 'VGG-16', dataset: 'CIFAR-10', analog: 0.917, spiking: 0.9155, known: 'recalled' },
  { network: 'VGG-16', dataset: 'ImageNet', analog: 0.7052, spiking: 0.6996, known: 'recalled' },
  { network: 'ResNet-34', dataset: 'ImageNet', analog: 0.7069, spiking: 0.6547, known: 'recalled' },
]

/** Top-1 errors of the residual network without batch norm and with a fixed random last layer (Hardt and Ma 2017), as fractions. */
export const WITHOUT_BATCH_NORM: readonly {
  network: string
  dataset: string
  images: number
  error: number
  parameters: number | null
  known: string
}[] = [
  { network: 'identity, 9 units a stage', dataset: 'CIFAR-10', images: 50_000, error: 0.0638, parameters: 13_590_000, known: 'recalled' },
  { network: 'identity, 9 units a stage', dataset: 'CIFAR-100', images: 50_000, error: 0.2464, parameters: 13_590_000, known: 'recalled' },
  { network: 'identity, deeper', dataset: 'ImageNet', images: 1_281_167, error: 0.3529, parameters: null, known: 'recalled' },
]

const count = (images: number): string => images.toLocaleString('en-US')

/** The differences between the conditions of a study and of published results, as a note. */
export function otherConditions({ origin, train, test, conditions }: PublishedPoints, here: string, { name, counts }: Dataset): string {
  const sizes =
    counts.train === train && counts.test === test
      ? ''
      : ` The published subsets are drawn from ${count(train)} training images and tested on ${count(test)}; ${name} has ${count(counts.train)} and ${count(counts.test)}.`
  return `Published points are from ${origin}. They were obtained under other conditions: ${conditions}; here it is ${here}.${sizes}`
}
