import { cifarFormat } from '../cifar.js'

const batches = [1, 2, 3, 4, 5].map((n) => `data_batch_${n}`)

export const format = cifarFormat({
  id: 'cifar-10',
  label: 'CIFAR-10 (binary or Python version)',
  train: batches,
  test: ['test_batch'],
  imagesPerTrainFile: 10_000,
  imagesPerTestFile: 10_000,
  labelBytes: 1,
  labelAt: 0,
  pickledLabels: 'labels',
  classNames: ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'],
  namesFile: 'batches.meta.txt',
  pickledNames: { file: 'batches.meta', key: 'label_names' },
})
