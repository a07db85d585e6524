import { readFileSync, writeFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { chooseOf, FIRST_LINE, linesPicture, NO_NUMBER, positions, takenOf } from './support/charts.js'
import { noBrowser } from './support/chromium.js'
import { downloadOf } from './support/exported.js'
import { readPdf } from './support/pdf.js'
import { picture } from './support/picture.js'
import { pointsOf, type StoredRun } from './support/stored-runs.js'
import { withWorkbench } from './support/suite.js'
import { unreadable } from './support/take.js'

const LOSS = 'Training loss'
const ACCURACY = 'Test accuracy'
/** Smooth, with two non-finite values, and one far above and one far below the others. */
const LOSSES = Array.from({ length: 60 }, (_, i) => ({ 10: NaN, 20: Infinity, 30: 1e6, 40: -1e6 })[i] ?? 2 + Math.sin(i / 5))
const RUN: StoredRun = { id: 'marked', summary: { name: 'marked, α = 0.1' }, config: { steps: 60 }, series: { 'train/loss': pointsOf(LOSSES) } } // prettier-ignore
/** Three seeds, each with one evaluation. */
const SEEDS = [0.85, 0.9, 0.95].map((accuracy, i): StoredRun => ({
  id: `seed${i + 1}`,
  summary: { name: `once, seed ${i + 1}` },
  config: { steps: 60, seed: i + 1 },
  series: { 'test/accuracy': pointsOf([accuracy], () => 50), 'train/loss': pointsOf([2, 1]) },
}))
const BETWEEN = [85, 95] as const

/** A file exported from a chart, stored with the screenshots for review. */
async function fileOf(page: Page, title: string, format: 'SVG' | 'PDF' | 'PNG' | 'PGFPlots'): Promise<Buffer> {
  const file = await takenOf(page, title, format)
  const folder = process.env['RETRACE_PICTURES']
  if (folder) writeFileSync(`${folder}/${title.replaceAll(/\W+/g, '-')}.${format === 'PGFPlots' ? 'tex' : format.toLowerCase()}`, file)
  return file
}

const hex = (colour: readonly number[]): string => `#${colour.map((part) => part.toString(16).padStart(2, '0')).join('')}`
/** A stroke colour in PDF syntax. */
const inPdf = (colour: readonly number[]): RegExp => new RegExp(colour.map((part) => (part / 255).toFixed(2).replace(/\.?0+$/, '') + '\\d*').join(' ')) // prettier-ignore

async function coloured(png: Buffer, colour: readonly number[]): Promise<number> {
  const { data } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true })
  let count = 0
  for (let at = 0; at < data.length; at += 3) if (colour.every((part, i) => Math.abs(part - data[at + i]!) < 12)) count += 1
  return count
}

describe.skipIf(noBrowser)('the files of a chart', () => {
  const suite = withWorkbench({ runs: [RUN, ...SEEDS] })

  it('mark what is no number and what lies beyond the axis, and name both axes with their units, in every format', () =>
    suite.visit('/compare?runs=marked', async ({ page }) => {
      await page.locator('[data-chart="train/loss"] [data-line="marked"][data-count="60"]').waitFor()
      await chooseOf(page, LOSS, 'Ignore outliers in axis range')
      await page.getByText('clipped').waitFor()
      await picture(page, 'marks')

      const svg = (await fileOf(page, LOSS, 'SVG')).toString()
      const paths = svg.match(/<path [^>]*>/g)!
      // One cross for each.
      expect(paths.filter((path) => path.includes(`stroke="${hex(NO_NUMBER)}"`) && (path.match(/M/g) ?? []).length === 2)).toHaveLength(2)
      // A triangle at each edge.
      const triangles = paths.filter((path) => path.includes(`fill="${hex(FIRST_LINE)}"`) && /d="M\S+ \S+L\S+ \S+L\S+ \S+Z/.test(path))
      expect(triangles).toHaveLength(2)
      expect(svg).toContain('crosses: NaN or infinite values; triangles: outside the axis range')
      for (const label of ['Training loss (nats)', 'step']) expect(svg).toContain(`>${label}</text>`)
      expect(await unreadable(page, svg)).toEqual([])

      const pdf = readPdf(await fileOf(page, LOSS, 'PDF'))
      expect(pdf.fonts.length).toBeGreaterThan(0)
      expect(pdf.fonts.filter(({ embedded }) => !embedded)).toEqual([])
      for (const text of [
        LOSS,
        'Training loss (nats)',
        'step',
        'marked, α = 0.1',
        'crosses: NaN or infinite values; triangles: outside the axis range',
      ])
        expect(pdf.texts).toContain(text)
      expect(pdf.content).toMatch(inPdf(NO_NUMBER))

      const png = await fileOf(page, LOSS, 'PNG')
      // Two crosses of two strokes, at three pixels per point.
      expect(await coloured(png, NO_NUMBER)).toBeGreaterThan(100)

      const source = (await fileOf(page, LOSS, 'PGFPlots')).toString()
      expect(source).toMatch(/only marks, mark=x, forget plot\] coordinates \{\(11,\S+\) \(21,\S+\)\}/)
      expect(source).toMatch(/only marks, mark=triangle\*, forget plot\] coordinates \{\(31,\S+\)\}/)
      expect(source).toMatch(/mark options=\{rotate=180\}, forget plot\] coordinates \{\(41,\S+\)\}/)
      expect(source).toContain('ylabel={Training loss (nats)}')
      expect(source).toContain('xlabel={step}')
    }))

  it('have an error bar where a group was evaluated once, as the screen has', () =>
    suite.visit('/compare?runs=seed1,seed2,seed3&group=seeds&spread=range', async ({ page }) => {
      await page.locator('[data-chart="test/accuracy"] [data-line="seed1"][data-count="1"]').waitFor()
      const x = (await positions(page, 'test/accuracy'))(50)
      const painted = async (): Promise<number> => (await linesPicture(page, 'test/accuracy')).rows(x, FIRST_LINE).length
      // A single dot is 5 pixels high.
      await expect.poll(painted).toBeGreaterThan(10)
      await picture(page, 'error-bar')

      const svg = (await fileOf(page, ACCURACY, 'SVG')).toString()
      const bar = new RegExp(`<path d="M(\\S+) (\\S+)L\\1 (\\S+)M[^"]*"[^>]*stroke="${hex(FIRST_LINE)}"`).exec(svg)!
      expect(Number(bar[3]) - Number(bar[2])).toBeGreaterThan(20)
      for (const label of ['Test accuracy (%)', 'step']) expect(svg).toContain(`>${label}</text>`)
      expect(await unreadable(page, svg)).toEqual([])
      const source = (await fileOf(page, ACCURACY, 'PGFPlots')).toString()
      expect(source).toContain(`mark=-, mark size=3pt, forget plot] coordinates {(50,${BETWEEN[0]}) (50,${BETWEEN[1]})};`)
      expect(readPdf(await fileOf(page, ACCURACY, 'PDF')).texts).toEqual(
        expect.arrayContaining([ACCURACY, 'Test accuracy (%)', 'step', 'once (3 seeds)']),
      )
    }))

  it('are one report with text, the runs, and every point in it, that opens by itself', () =>
    suite.visit('/compare?runs=seed1,seed2,seed3', async ({ page }) => {
      await page.locator('[data-chart="train/loss"] [data-line]').first().waitFor()
      await page.getByTestId('report').click()
      await page.getByTestId('report-title').locator('input').fill('For the <supervisor>')
      await page.getByTestId('report-text').locator('textarea').first().fill('Three seeds.')
      await picture(page, 'report-dialog')
      const saved = await downloadOf(page, () => page.getByTestId('report-save').click())
      expect(saved.suggestedFilename()).toBe('retrace-For-the-supervisor.html')
      const html = readFileSync(await saved.path(), 'utf8')
      // Outside of the workbench, which continues loading its pages.
      await page.goto('about:blank')
      await page.setContent(html)
      expect(await page.locator('h1').innerText()).toBe('For the <supervisor>')
      expect(await page.locator('tbody tr').count()).toBe(3)
      expect(await page.locator('figure svg').count()).toBe(2)
      await picture(page, 'report')
      const data = (await page.locator('figure a').first().getAttribute('href'))!.split('base64,')[1]!
      expect(Buffer.from(data, 'base64').toString()).toMatch(
        /^run,name,metric,step,value,time_ms\n.*train\/loss|^run,name,metric,step,value,time_ms\n.*test\/accuracy/,
      )
    }))
})
