import { expect, it } from 'vitest'
import { comparedOf, expandTemplate } from '../../src-main/studies/run.js'
import { homeWith, played, rowsOf } from './support.js'

const home = homeWith(10_000, 10_000)
const id = 'identity-images'

it('trains the same form with and without batch norm, on the same images with the same recipe', () => {
  const { cells } = expandTemplate(id, { seeds: '1' }, home)
  const overrides = cells.map(({ work }) => (work.kind === 'run' ? work.run.overrides : {}))
  expect(cells.map(({ factors }) => factors['network'])).toEqual(['identity', 'identity-trained', 'resnet'])
  expect(overrides.map(({ arch, edgeNorm, fixedHead }) => [arch, edgeNorm, fixedHead])).toEqual([
    [undefined, undefined, undefined],
    [undefined, undefined, false],
    ['resnet', 'batch', false],
  ])
  for (const own of overrides)
    expect(own).toMatchObject({ subset: 0.5, steps: 300, init: 'he', stages: [{ channels: 16, units: 3 }, {}, {}] })
  // No more images than there are.
  const few = expandTemplate(id, { seeds: '1', images: 20_000, networks: 'resnet' }, home).cells[0]!.work
  expect(few).toMatchObject({ run: { overrides: { subset: 1 } } })
  expect(() => expandTemplate(id, { networks: 'vgg' }, home)).toThrow(
    /networks: vgg is not available.*Choose from identity, identity-trained, resnet/,
  )
})

it('draws the loss over the steps at which runs are compared, says when it first fell by 5%, and labels what was published', () => {
  expect(comparedOf(id, { steps: 4 })).toEqual({ metric: 'train/loss', steps: [1, 2, 3, 4] })
  expect(comparedOf(id, { steps: 300 })!.steps.slice(0, 4)).toEqual([1, 5, 10, 15])
  const curves = [
    { 1: 2, 2: 1.91, 3: 1.9, 4: 1 },
    { 1: 2, 2: 3, 3: 2, 4: 1.95 },
    { 1: 4, 2: 3.9, 3: 3.8, 4: 3 },
  ]
  const report = played(id, { steps: 4, seeds: '1, 2', networks: 'identity, resnet' }, home, (_, position) =>
    position < 3 ? { state: 'finished', accuracy: 0.5, compared: curves[position]! } : { state: 'failed', reason: 'It broke.' },
  )
  expect(rowsOf(report, 'cells').map(({ network, firstFall, lastLoss }) => [network, firstFall, lastLoss])).toEqual([
    ['identity', 3, 1],
    ['resnet', null, 1.95],
    ['identity', 3, 3],
    ['resnet', null, null],
  ])
  // The mean of both seeds of identity, and the only one of resnet.
  expect(rowsOf(report, 'curves').map(({ network, step, loss }) => [network, step, Number(Number(loss).toFixed(6))])).toEqual([
    ['identity', 1, 3],
    ['identity', 2, 2.905],
    ['identity', 3, 2.85],
    ['identity', 4, 2],
    ['resnet', 1, 2],
    ['resnet', 2, 3],
    ['resnet', 3, 2],
    ['resnet', 4, 1.95],
  ])
  expect(report.figures).toMatchObject([{ kind: 'line', title: 'Training loss over steps', by: 'network' }])
  const published = rowsOf(report, 'published')
  expect(published[0]).toMatchObject({ network: 'identity', accuracy: 0.5, images: 5000, origin: 'measured here' })
  expect(published.slice(2).map(({ dataset, accuracy, origin }) => [dataset, Number(accuracy).toFixed(4), origin])).toEqual([
    ['CIFAR-10', '0.9362', 'published, other conditions: recalled'],
    ['CIFAR-100', '0.7536', 'published, other conditions: recalled'],
    ['ImageNet', '0.6471', 'published, other conditions: recalled'],
  ])
  expect(report.notes).toContainEqual({ level: 'warning', text: 'resnet, seed 2 failed: It broke.' })
})
