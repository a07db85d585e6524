import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const RENDERER = join(import.meta.dirname, '../../src-renderer')
/** Allowed pixels for spacing, font sizes and corners, as stated in main.css. */
const SCALES = [
  { property: '(?:padding|margin|gap|row-gap|column-gap)(?:-[a-z-]+)?', sizes: [0, 1, 2, 4, 8, 12, 16, 24, 40, 64] },
  { property: 'font-size', sizes: [11, 12, 13, 14, 18, 20] },
  { property: 'border-radius', sizes: [2, 4, 8] },
]

/** Every length in a style sheet that is not on its scale, as `line: declaration`. */
function strange(css: string): string[] {
  return css.split('\n').flatMap((line, at) =>
    SCALES.flatMap(({ property, sizes }) => {
      const declaration = new RegExp(`^\\s*${property}:.*`).exec(line)?.[0].trim()
      if (declaration === undefined) return []
      const lengths = [...declaration.matchAll(/-?(\d*\.?\d+)(px|r?em)/g)]
      return lengths.some(([, number, unit]) => unit !== 'px' || !sizes.includes(Number(number))) ? [`${at + 1}: ${declaration}`] : []
    }),
  )
}

describe('the scales of the style sheets', () => {
  it('do not let pass what is not of them', () => {
    expect(
      strange('.a {\n  margin: 0 8px -16px;\n  gap: 6px;\n  padding-left: 1rem;\n  font-size: 15px;\n  border-radius: 4px;\n}'),
    ).toEqual(['3: gap: 6px;', '4: padding-left: 1rem;', '5: font-size: 15px;'])
  })

  it('are kept by every distance, letter and corner of the window', () => {
    const files = readdirSync(RENDERER, { recursive: true, encoding: 'utf8' }).filter((file) => /\.(vue|css)$/.test(file))
    expect(files.length).toBeGreaterThan(50)
    const found = files.flatMap((file) => strange(readFileSync(join(RENDERER, file), 'utf8')).map((what) => `${file}:${what}`))
    expect(found).toEqual([])
  })
})
