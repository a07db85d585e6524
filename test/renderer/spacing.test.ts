import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const RENDERER = join(import.meta.dirname, '../../src-renderer')
/** Pixels between and around things; main.css says so too. */
const SCALE = [0, 1, 2, 4, 8, 12, 16, 24, 40, 64]

/** Every distance of a style sheet that is not of the scale, as `line: declaration`. */
function strange(css: string): string[] {
  return css.split('\n').flatMap((line, at) => {
    const declaration = /^\s*(?:padding|margin|gap|row-gap|column-gap)(?:-[a-z-]+)?:.*/.exec(line)?.[0].trim()
    if (declaration === undefined) return []
    const lengths = [...declaration.matchAll(/-?(\d*\.?\d+)(px|r?em)/g)]
    return lengths.some(([, number, unit]) => unit !== 'px' || !SCALE.includes(Number(number))) ? [`${at + 1}: ${declaration}`] : []
  })
}

describe('the spacing scale', () => {
  it('finds what is not of it', () => {
    expect(strange('.a {\n  margin: 0 8px -16px;\n  gap: 6px;\n  padding-left: 1rem;\n}')).toEqual([
      '3: gap: 6px;',
      '4: padding-left: 1rem;',
    ])
  })

  it('is kept by every padding, margin and gap of the window', () => {
    const files = readdirSync(RENDERER, { recursive: true, encoding: 'utf8' }).filter((file) => /\.(vue|css)$/.test(file))
    expect(files.length).toBeGreaterThan(50)
    const found = files.flatMap((file) => strange(readFileSync(join(RENDERER, file), 'utf8')).map((what) => `${file}:${what}`))
    expect(found).toEqual([])
  })
})
