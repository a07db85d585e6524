import { expect, test } from 'vitest'
import { unitDiagram } from '../../src-main/numeric/diagram.js'
import type { Dynamics } from '../../src-main/numeric/dynamics.js'
import { allDynamics, findDynamics } from '../../src-main/numeric/registry.js'
import { activationDial, planActivations } from '../../src-main/numeric/activation-budget.js'
import { nominalConfig } from '../../src-main/numeric/describe.js'
import { buildNetwork } from '../../src-main/numeric/network.js'
import { presets } from '../../src-main/numeric/presets.js'

const diagram = (id: string) => unitDiagram(findDynamics(id)!)

test('the unit of each dynamics is drawn after its substeps', () => {
  expect(diagram('hamiltonian')).toEqual({
    lanes: ['Y', 'Z'],
    ends: ['Y', 'Z'],
    moves: [
      { from: 1, into: 0, map: 'K₁ᵀ σ K₁', sign: '+', keep: 1 },
      { from: 0, into: 1, map: 'K₂ᵀ σ K₂', sign: '−', keep: 1 },
    ],
    crosses: false,
  })
  expect(diagram('revnet').moves.map(({ map, sign }) => sign + map)).toEqual(['+F', '+G'])
  expect(diagram('midpoint')).toMatchObject({ lanes: ['Y[j−1]', 'Y[j]'], ends: ['Y[j]', 'Y[j+1]'], crosses: true })
  expect(diagram('leapfrog')).toMatchObject({
    lanes: ['V', 'Y'],
    moves: [
      { from: 1, into: 0, sign: '−' },
      { from: 0, into: 1, map: null, sign: '+' },
    ],
    crosses: false,
  })
  expect(diagram('resnet')).toMatchObject({ lanes: ['Y'], moves: [{ from: 0, into: 0, map: 'F', sign: '+', keep: 1 }], crosses: false })
})

test('a dynamics that says nothing of its picture gets one from its substeps', () => {
  const made: Dynamics = {
    ...findDynamics('midpoint')!,
    diagram: undefined as never,
    substeps: (h) => [
      { params: {}, keep: -1, blend: 2, gain: -h },
      { params: {}, keep: 1, blend: 0, gain: h },
    ],
  }
  expect(unitDiagram(made)).toMatchObject({
    lanes: ['Y[j−1]', 'Y[j]'],
    moves: [
      { from: 1, into: 0, map: null, sign: '+', keep: -1 },
      { from: 1, into: 0, map: 'F₁', sign: '−', keep: 1 },
      { from: 0, into: 1, map: 'F₂', sign: '+', keep: 1 },
    ],
    crosses: false,
  })
  for (const dynamics of allDynamics()) expect(unitDiagram(dynamics).moves.length, dynamics.id).toBeGreaterThan(0)
})

test('the dial goes from constant memory to everything kept, as the trainer plans it', () => {
  const network = buildNetwork(nominalConfig(presets.find(({ name }) => name === 'hamiltonian-74-plain')!))
  const all = activationDial(network, 100, Infinity)
  expect(all).toMatchObject({ units: 18, kept: 18 })
  expect(activationDial(network, 100, 0)).toMatchObject({ units: 18, kept: 0, bytes: 0, allBytes: all.allBytes })
  for (const share of [0.1, 0.37, 0.8]) {
    const budget = share * all.allBytes
    const { kept, bytes } = activationDial(network, 100, budget)
    const plan = planActivations(network, 100, budget)
    expect([kept / 18, bytes]).toEqual([plan.share, plan.bytes])
    expect(bytes).toBeLessThanOrEqual(budget)
  }
})
