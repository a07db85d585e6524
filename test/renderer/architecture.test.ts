import { expect, test } from 'vitest'
import { unitDiagram } from '../../src-main/numeric/diagram.js'
import { presets } from '../../src-main/numeric/presets.js'
import { allDynamics, findDynamics } from '../../src-main/numeric/registry.js'
import { describeArchitecture, drawStages, drawUnit } from '../../src-renderer/configure/architecture/picture.js'

const IMAGE = { height: 32, width: 32, channels: 3 }
const AREA = { x: 10, y: 5, width: 135, height: 66 }

test('the stages of every preset lie inside of their area, a bar a unit where there is room, lower as the image shrinks', () => {
  for (const { name, config } of presets) {
    const drawn = drawStages(config.stages, IMAGE, config.maps === 'dense', AREA)
    expect(drawn).toHaveLength(config.stages.length)
    for (const { bars } of drawn)
      for (const { x, y, width, height } of bars) {
        expect(x, name).toBeGreaterThanOrEqual(AREA.x)
        expect(x + width, name).toBeLessThanOrEqual(AREA.x + AREA.width)
        expect(y, name).toBeGreaterThanOrEqual(AREA.y)
        expect(y + height, name).toBeLessThanOrEqual(AREA.y + AREA.height)
      }
    expect(drawn.map(({ bars }) => bars[0]!.height)).toEqual(drawn.map(({ bars }) => bars[0]!.height).sort((a, b) => b - a))
  }
  const [first] = drawStages(presets.find(({ name }) => name === 'hamiltonian-74')!.config.stages, IMAGE, false, AREA)
  expect(first!.bars).toHaveLength(7)
  expect(first!.words!.lines).toEqual(['7×32', '32×32'])
})

test('a unit of every dynamics is drawn inside of its area: a box a force, a sum a move', () => {
  for (const dynamics of allDynamics()) {
    const diagram = unitDiagram(dynamics)
    for (const short of [true, false]) {
      const drawn = drawUnit(diagram, { x: 0, y: 0, width: short ? 78 : 250, height: 66 }, short)
      expect(drawn.boxes).toHaveLength(diagram.moves.filter(({ map }) => map !== null).length)
      expect(drawn.sums).toHaveLength(diagram.moves.length)
      for (const { x, width } of drawn.boxes) {
        expect(x, dynamics.id).toBeGreaterThanOrEqual(0)
        expect(x + width, dynamics.id).toBeLessThanOrEqual(short ? 78 : 250)
      }
      drawn.boxes.reduce((end, { x, width }) => (expect(x, dynamics.id).toBeGreaterThanOrEqual(end), x + width), 0)
    }
  }
})

test('the picture has words', () => {
  const { config } = presets.find(({ name }) => name === 'midpoint-26')!
  expect(describeArchitecture('Midpoint', config.stages, IMAGE, false, unitDiagram(findDynamics('midpoint')!))).toBe(
    'Midpoint, 3 stages: 5 units of 32 channels at 32 by 32; 4 units of 64 channels at 16 by 16; 3 units of 112 channels at 8 by 8. ' +
      'In a unit Y[j−1] becomes Y[j−1] plus σ (K − Kᵀ) of Y[j]; then the two states are swapped.',
  )
})
