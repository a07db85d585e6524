import { describe, expect, it } from 'vitest'
import type { Architecture } from '../../src-main/contract/catalogue.js'
import { RunConfigSchema, type RunConfigInput } from '../../src-main/contract/config.js'
import type { Dataset } from '../../src-main/contract/datasets.js'
import { bibliography, methodsParagraph } from '../../src-main/contract/methods.js'
import { bibtex, citedIn } from '../../src-main/contract/references.js'
import { allDynamics } from '../../src-main/numeric/registry.js'

const CHANGED: Partial<RunConfigInput> = {
  arch: 'hamiltonian',
  stages: [
    { channels: 32, units: 6 },
    { channels: 64, units: 7 },
  ],
  h: 0.5,
  unitNorm: 'batch',
  optimizer: 'sgd',
  steps: 1200,
  subset: 0.1,
  schedule: { kind: 'piecewise', warmup: 100, drops: [600, 900], factor: 0.1 },
  augment: { pad: 4, flip: true },
}
const run = (changes: Partial<RunConfigInput> = {}) => ({
  parameters: 123_456,
  config: RunConfigSchema.parse({
    preset: 'test',
    dataset: 'my_cifar',
    classes: 10,
    image: { height: 32, width: 32, channels: 3 },
    ...CHANGED,
    ...changes,
  }),
})
const ABOUT = {
  architectures: allDynamics().map(({ id, label, source }) => ({ id, label, source }) as Architecture),
  datasets: [{ name: 'my_cifar', format: 'cifar-10', counts: { train: 10_000, test: 10_000, unlabelled: 0 } } as unknown as Dataset],
  version: '0.1.0',
}

describe('a methods paragraph', () => {
  it('says what the configuration says, and takes seeds together', () => {
    const text = methodsParagraph([run({ seed: 2 }), run({ seed: 1 })], ABOUT)
    expect(text).toBe(
      'We trained a Hamiltonian network~\\cite{chang2018reversible} with 2 stages of 6 and 7 units and 32 and 64 channels (123,456 parameters, ' +
        'step size $h=0.5$, relu activation, batch normalisation in the units) on 1,000 of the 10,000 training images of ' +
        'my\\_cifar~\\cite{krizhevsky2009learning}. The optimizer was stochastic gradient descent with batches of 100, momentum 0.9, for 1,200 ' +
        'steps; the learning rate of 0.1 was multiplied by 0.1 at steps 600 and 900 after a warm-up of 100 steps, with weight decay 0.0002 and ' +
        'weight smoothness 0.0002. Training images were cropped at random after padding by 4 pixels and mirrored at random. Activations were ' +
        'rebuilt in the backward pass instead of being stored. The weights after the last step were tested. The random seeds were 1 and 2.\n\n' +
        'All networks were trained with Retrace 0.1.0.',
    )
  })

  it('has one part for each configuration, and cites nothing that its bibliography lacks', () => {
    const runs = [
      run(),
      run({ arch: 'resnet', mode: 'stored', optimizer: 'adamw' }),
      run({ arch: 'revnet', validation: 0.2, dataset: 'gone' }),
    ]
    const text = methodsParagraph(runs, ABOUT)
    expect(text.match(/We trained/g)).toHaveLength(3)
    const cited = [...text.matchAll(/\\cite\{([^}]*)\}/g)].flatMap(([, keys]) => keys!.split(','))
    const entries = [...bibliography(runs, ABOUT).matchAll(/^@\w+\{([^,]+),/gm)].map(([, key]) => key)
    expect([...new Set(cited)].sort()).toEqual([...entries].sort())
    expect(entries).toEqual([
      'chang2018reversible',
      'gomez2017reversible',
      'he2016identity',
      'krizhevsky2009learning',
      'loshchilov2019decoupled',
    ])
  })
})

describe('references', () => {
  it.each(allDynamics().map(({ id, source }) => [id, source]))('the source of %s has a BibTeX entry', (_, source) => {
    expect(citedIn(source).length).toBeGreaterThan(0)
  })

  it('of the same authors and year are told apart by their titles', () => {
    const keys = (text: string): string[] => citedIn(text).map(({ key }) => key)
    expect(keys('He et al. 2016, "Identity mappings in deep residual networks"')).toEqual(['he2016identity'])
    expect(keys('He et al. 2016, "Deep residual learning for image recognition", section 4.1')).toEqual(['he2016deep'])
    expect(keys('Chang et al. 2018, eq. 3; Gomez et al. 2017')).toEqual(['chang2018reversible', 'gomez2017reversible'])
    expect(keys('recalled')).toEqual([])
  })

  it('stand in a bibliography once each', () => {
    const [one] = citedIn('Chang et al. 2018')
    expect(bibtex([one!, one!]).match(/@inproceedings\{chang2018reversible,/g)).toHaveLength(1)
  })
})
