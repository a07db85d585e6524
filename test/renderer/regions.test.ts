import { expect, it } from 'vitest'
import { toBase64 } from '../../src-main/contract/base64.js'
import { drawnSvg } from '../../src-renderer/charts/export/picture-svg.js'
import { flowPicture } from '../../src-renderer/lab/instruments/flow-files.js'
import { regionScene } from '../../src-renderer/run/regions/region-scene.js'

it('the plane has a cell about each point of the lattice, of the class that is predicted there, and the training points above it', () => {
  const regions = { runId: 'abcd', step: 20, size: 3, extent: [-1, 1, 0, 4] as [number, number, number, number], predicted: toBase64(Uint8Array.of(0, 1, 1, 0, 1, 1, 0, 0, 0)) } // prettier-ignore
  const scene = regionScene(regions, [
    { x: 0.5, y: 1, label: 1 },
    { x: -0.5, y: 3, label: 0 },
  ])
  expect([...scene.lattice!.values].slice(0, 6)).toEqual([-1.5, -1, -0.5, -1, 0.5, -1])
  expect([...scene.lattice!.values].slice(-2)).toEqual([1.5, 5])
  expect(scene.extents).toEqual([[-1.5, 1.5, -1, 5]])
  const svg = drawnSvg(flowPicture({ scene, position: 0, title: 'Regions', place: 'step 20', nameOf: (label) => `class ${label}` }))
  // Nine cells.
  expect(svg.match(/fill="#0072b2"[^>]*fill-opacity="0.22"/g)).toHaveLength(5)
  expect(svg.match(/fill="#d55e00"[^>]*fill-opacity="0.22"/g)).toHaveLength(4)
  expect(svg).not.toContain('red rings')
})
