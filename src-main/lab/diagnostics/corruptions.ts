import { z } from 'zod'
import { wilsonInterval } from '../../contract/binomial.js'
import { field } from '../../contract/config.js'
import { statisticsOption } from '../../contract/instruments.js'
import { defineDiagnostic } from '../diagnostic.js'
import { INTERVAL } from '../held-out.js'
import { countRight, heldOutStatistics, statisticsImagesOption } from '../frozen.js'

const HENDRYCKS = 'Hendrycks and Dietterich 2019, "Benchmarking neural network robustness to common corruptions and perturbations"'

const quantities = {
  corruption: { label: 'Corruption', symbol: '', unit: '', formula: 'Name of the file', source: HENDRYCKS },
  severity: { label: 'Severity', symbol: 's', unit: '', formula: '1 (weakest) to 5', source: HENDRYCKS },
  accuracy: {
    label: 'Accuracy under the corruption',
    symbol: '',
    unit: 'fraction',
    formula: 'Fraction of the corrupted test images classified correctly',
    source: HENDRYCKS,
  },
  ...INTERVAL,
  clean: { label: 'Accuracy without corruption', symbol: '', unit: 'fraction', formula: 'On the same test images', source: 'Retrace' },
  mean: {
    label: 'Mean accuracy under corruptions',
    symbol: '',
    unit: 'fraction',
    formula: 'Mean over all severities and all corruptions in the folder; the corruption error of CIFAR-10-C is 1 minus this',
    source: HENDRYCKS,
  },
} as const

const SEVERITIES = [1, 2, 3, 4, 5]

export const corruptions = defineDiagnostic({
  id: 'corruptions',
  title: 'Common corruptions',
  section: 'stability',
  rank: 8,
  question: 'How much accuracy is lost under common corruptions such as those of CIFAR-10-C?',
  limits:
    'Measured on corrupted copies of the test images, which must be downloaded separately (CIFAR-10-C or CIFAR-100-C) and must match the data set of the network. Do not select models by these accuracies.',
  quantities,
  options: {
    folder: field(z.string().max(4096).default(''), {
      group: 'Data',
      label: 'Folder of corruptions',
      help: 'Full path of the unpacked folder, with labels.npy and one .npy per corruption that contains all test images at five severities.',
    }),
    corruptedImages: field(z.int().min(1).max(100_000).default(100), {
      group: 'Data',
      label: 'Images',
      unit: 'images',
      help: 'Number of images per corruption and severity, from the start of the test part. CIFAR-10-C has 10,000.',
    }),
    statistics: statisticsOption,
    statisticsImages: statisticsImagesOption,
  },
  // The published sets have 19 corruptions.
  work: (_target, { corruptedImages }) => ({ passes: 19 * SEVERITIES.length + 1, images: corruptedImages }),
  refuse: (_target, { folder }) => (folder === '' ? 'Give the folder of the corruptions, such as CIFAR-10-C, as folder=PATH.' : null),
  async *run(context, findings) {
    const { options, data, network } = context
    const { folder, corruptedImages } = options
    yield { message: 'reading the folder' }
    const { names, read } = await data.corrupted(folder)
    const statistics = heldOutStatistics(context, options.statisticsImages, findings)
    const clean = { right: 0, of: 0 }
    for (const batch of data.heldOut('test', corruptedImages)) {
      clean.right += countRight(context, statistics, batch)
      clean.of += batch.count
    }
    const rows: { name: string; severity: number; right: number; of: number }[] = []
    for (const name of names)
      for (const severity of SEVERITIES) {
        yield { message: `${name}, severity ${severity}`, fraction: rows.length / (names.length * SEVERITIES.length) }
        const row = { name, severity, right: 0, of: 0 }
        for await (const batch of read(name, severity, corruptedImages)) {
          row.right += countRight(context, statistics, batch)
          row.of += batch.count
        }
        rows.push(row)
      }
    const intervals = rows.map(({ right, of }) => wilsonInterval(right / of, of))
    findings.table('accuracy', `Accuracy on ${clean.of} test images under each corruption`, {
      corruption: rows.map(({ name }) => name),
      severity: rows.map(({ severity }) => severity),
      accuracy: rows.map(({ right, of }) => right / of),
      low: intervals.map((ends) => ends?.[0] ?? null),
      high: intervals.map((ends) => ends?.[1] ?? null),
    })
    findings.say('clean', clean.right / clean.of)
    findings.say('mean', rows.reduce((sum, { right, of }) => sum + right / of, 0) / rows.length)
    findings.line({
      title: 'Accuracy over the severity of corruptions (test images)',
      table: 'accuracy',
      x: 'severity',
      y: ['accuracy'],
      by: 'corruption',
      marks: [
        { axis: 'y', value: clean.right / clean.of, label: 'clean' },
        { axis: 'y', value: 1 / network.config.classes, label: 'chance' },
      ],
    })
    findings.heatmap({
      title: 'Accuracy by corruption and severity (test images)',
      table: 'accuracy',
      x: 'severity',
      y: 'corruption',
      value: 'accuracy',
    })
    findings.note(`The first ${clean.of} test images under ${names.length} corruptions: ${names.join(', ')}.`)
  },
})
