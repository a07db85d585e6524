import { describe, expect, it } from 'vitest'
import { drawnSvg } from '../../src-renderer/charts/export/picture-svg.js'
import { extentsOf, type FlowScene } from '../../src-renderer/lab/instruments/draw-flow.js'
import { flowPgfplots, flowPicture, type PlacedScene } from '../../src-renderer/lab/instruments/flow-files.js'
import { stripPicture } from '../../src-renderer/lab/strip-picture.js'
import { stripCsv } from '../../src-renderer/lab/table-files.js'

describe('the files of a strip of images', () => {
  const image = (width: number, height: number): ImageData => ({ width, height }) as ImageData
  const strip = {
    title: 'States <i>',
    rows: [
      { head: ['Forward'], images: Array.from({ length: 14 }, (_, i) => ({ data: image(4, 4), below: [`1.${i + 1}`, '0 to 1'] })) },
      { head: ['Difference', 'same scale'], images: [{ data: image(9, 1), below: ['1.1'] }] },
    ],
  }

  it('show every image at its size with its texts, and what is too wide for a line below the others', () => {
    const asked: number[][] = []
    const picture = stripPicture(strip, ({ width, height }, wide, high) => {
      asked.push([width, height, wide, high])
      return `data:image/png;base64,${asked.length}`
    })
    const svg = drawnSvg(picture)
    const images = [...svg.matchAll(/<image [^>]*>/g)].map(([tag]) => tag)
    expect(images).toHaveLength(15)
    // Three pixels per point; a single row of values is drawn higher than its width implies.
    expect(asked[0]).toEqual([4, 4, 216, 216])
    expect(asked).toContainEqual([9, 1, 216, 72])
    for (const text of ['States &lt;i&gt;', 'Forward', 'Difference', 'same scale', '1.14', '0 to 1'])
      expect(svg).toContain(`>${text}</text>`)
    const at = images.map((tag) => /translate\((\S+) (\S+)\)/.exec(tag)!.slice(1).map(Number) as [number, number])
    expect(at.every(([x, y]) => x + 72 <= picture.width && y + 24 <= picture.height)).toBe(true)
    // The thirteenth is below the first, and below the row of differences.
    expect(at[13]![0]).toBe(at[0]![0])
    expect(at[13]![1]).toBeGreaterThan(Math.max(...at.slice(0, 13).map(([, y]) => y)))
  })

  it('have every value in full precision', () => {
    const values = [0.1, -2e-9, null, 1 / 3, NaN, 5]
    expect(stripCsv([{ label: 'Forward, exact', images: [{ label: '1.1', width: 3, values }] }])).toBe(
      'row,image,y,x,value\n"Forward, exact",1.1,1,1,0.1\n"Forward, exact",1.1,1,2,-2e-9\n"Forward, exact",1.1,1,3,\n' +
        '"Forward, exact",1.1,2,1,0.3333333333333333\n"Forward, exact",1.1,2,2,NaN\n"Forward, exact",1.1,2,3,5\n',
    )
  })
})

describe('the files of a flow', () => {
  const way = (...values: number[]) => ({ count: values.length / 2, values: Float32Array.from(values) })
  const points = way(0, 0, 1, 1, 0.5, NaN)
  const lattice = { ...way(-1, -1, 2, -1, -1, 2, 2, 2), size: 2, predicted: [1, 0, 0, 0] }
  const scene: FlowScene = {
    points,
    labels: [0, 1, 1],
    predicted: [0, 0, 1],
    lattice,
    extents: extentsOf([points, lattice], 1, false),
    only: new Set(),
    axes: ['Coordinate 1', 'Coordinate 2'],
  }
  const placed = (more: Partial<FlowScene> = {}): PlacedScene => ({
    scene: { ...scene, ...more },
    position: 0,
    title: 'Flow of points',
    place: 'stage 1, unit 2, forward',
    nameOf: (label) => ['inner & left', 'outer'][label]!,
  })

  it('are SVG with the points, a ring around what is predicted as another class, the plane, axes and a legend', () => {
    const svg = drawnSvg(flowPicture(placed()))
    for (const text of ['Flow of points', 'Coordinate 1', 'Coordinate 2', 'inner &amp; left', 'outer'])
      expect(svg).toContain(`>${text}</text>`)
    expect(svg).toContain('stage 1, unit 2, forward; red rings: misclassified; plane: predicted class of each input')
    const paths = svg.match(/<path [^>]*>/g)!
    // One point is classified correctly, one is not, and one is not finite.
    expect(paths.filter((path) => path.includes('stroke="#b3261e"'))).toHaveLength(1)
    expect(paths.filter((path) => /fill="#(0072b2|d55e00)"/.test(path) && /A4 4/.test(path))).toHaveLength(2)
    expect(paths.filter((path) => path.includes('fill="#d55e00"') && path.includes('fill-opacity="0.22"'))).toHaveLength(1)
  })

  it('name no ring and no plane where there is none, and show the classes that are chosen', () => {
    const svg = drawnSvg(flowPicture(placed({ lattice: null, only: new Set([0]) })))
    expect(svg).toContain('>stage 1, unit 2, forward</text>')
    expect(svg).not.toContain('>outer</text>')
    const source = flowPgfplots(placed({ lattice: null, only: new Set([0]) }))
    expect(source).not.toContain('\\fill[')
    expect(source).not.toContain('outer}')
  })

  it('are pgfplots source with the same points, rings, plane, range and names', () => {
    const source = flowPgfplots(placed())
    expect(source).toContain('title={Flow of points: stage 1, unit 2, forward}, xlabel={Coordinate 1}, ylabel={Coordinate 2}')
    expect(source).toContain('only marks, mark=*, mark size=1.5pt, retrace0] table {\n0 0\n};\n\\addlegendentry{inner \\& left}')
    expect(source).toContain('retrace1] table {\n1 1\n};\n\\addlegendentry{outer}')
    expect(source).toContain('retraceMissed] table {\n1 1\n};')
    expect(source).toContain(
      '\\fill[retrace1, opacity=0.22]\n(axis cs:-1,-1) -- (axis cs:2,-1) -- (axis cs:2,2) -- (axis cs:-1,2) -- cycle\n;',
    )
    expect(source).not.toContain('NaN')
  })
})
