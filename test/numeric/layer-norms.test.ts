import { expect, it } from 'vitest'
import { layerNorms } from '../../src-main/numeric/layer-norms.js'

const part = (...data: number[]) => ({ shape: [data.length], data: Float32Array.from(data) })

it('gives the norm of each part and its change to the next unit of its stage, where that has the same shape', () => {
  const parameters = new Map([
    ['stem/kernel', part(3, 4)],
    ['stage1/unit1/kernel1', part(1, 2, 2)],
    ['stage1/unit1/bias1', part(0)],
    ['stage1/unit2/kernel1', part(1, 5, 6)],
    ['stage1/unit2/bias1', part(-7)],
    ['stage2/unit1/kernel1', part(0, 0)],
    ['stage2/unit2/kernel1', part(1, 2, 3)],
  ])
  const found = [...layerNorms(parameters)].map(({ name, stage, unit, role, norm, change }) => [name, stage, unit, role, norm, change])
  expect(found).toEqual([
    ['stem/kernel', null, null, 'stem/kernel', 5, null],
    // |(0, 3, 4)| = 5
    ['stage1/unit1/kernel1', 1, 1, 'kernel1', 3, 5],
    ['stage1/unit1/bias1', 1, 1, 'bias1', 0, 7],
    ['stage1/unit2/kernel1', 1, 2, 'kernel1', Math.sqrt(62), null],
    ['stage1/unit2/bias1', 1, 2, 'bias1', 7, null],
    // That of the next unit has another shape.
    ['stage2/unit1/kernel1', 2, 1, 'kernel1', 0, null],
    ['stage2/unit2/kernel1', 2, 2, 'kernel1', Math.sqrt(14), null],
  ])
})
