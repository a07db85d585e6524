import { readFileSync, writeFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import sharp from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import { exported } from './support/exported.js'
import { noBrowser } from './support/chromium.js'
import { readPdf } from './support/pdf.js'
import { picture } from './support/picture.js'
import { trained, withServer } from './support/suite.js'
import { openPage, seriousFindings } from './support/watched-page.js'
import { slice } from '../fixtures/slice.js'

const MINUTE = 60_000

const numberIn = async (page: Page, fact: string): Promise<number> =>
  Number((await page.locator(`[data-fact=${fact}]`).innerText()).replaceAll('−', '-'))

/** A file exported from the menu of a picture, stored with the screenshots for review. */
async function fileOf(page: Page, title: string, format: string): Promise<Buffer> {
  const saved = await exported(page.getByRole('button', { name: `Export: ${title}` }), format)
  const file = readFileSync(await saved.path())
  const folder = process.env['RETRACE_PICTURES']
  if (folder) writeFileSync(`${folder}/${saved.suggestedFilename()}`, file)
  return file
}

describe.skipIf(noBrowser)('the page of a run in the plane', () => {
  const real = withServer()

  it.each(slice(['light', 'dark'], import.meta.filename))(
    'shows the regions of the predicted classes at every evaluation while it trains, and afterwards those of earlier ones: %s',
    async (theme) => {
      const { client, close } = await real.connect()
      const name = `spirals-${theme}`
      await client.datasets.make.mutate({ kind: 'spirals', name })
      const { id } = await client.runs.create.mutate({
        preset: 'mlp-hamiltonian',
        dataset: name,
        overrides: { steps: 20_000, evaluateEvery: 50 },
      })
      const { page, context, complaints } = await openPage(real.browser, { width: 1600, scheme: theme })
      page.setDefaultTimeout(MINUTE)
      await page.goto(`${await real.server.windowAddress()}#/runs/${id}`)
      const regions = page.getByTestId('run-regions')
      const stepNow = async (): Promise<number> => Number((await regions.getByTestId('place').innerText()).replaceAll(/\D/g, ''))
      await regions.waitFor()
      const first = await stepNow()
      expect((await client.runs.get.query({ id })).status).toBe('running')
      await expect.poll(stepNow, { timeout: MINUTE }).toBeGreaterThan(first + 50)
      await client.runs.stop.mutate({ id })
      await expect.poll(async () => (await client.runs.get.query({ id })).status, { timeout: MINUTE }).toBe('stopped')
      const end = (await client.runs.regions.query({ id })).regions.at(-1)!.step
      await expect.poll(stepNow, { timeout: MINUTE }).toBe(end)

      const canvas = regions.locator('canvas')
      const drawn = (): Promise<string> => canvas.evaluate<string, HTMLCanvasElement>((element) => element.toDataURL())
      expect(await canvas.getAttribute('aria-label')).toContain(`at step ${end.toLocaleString('en')}, and 400 training points`)
      const last = await drawn()
      await picture(page, `regions-${theme}`, { fullPage: true })
      expect(await seriousFindings(page)).toEqual([])
      await regions.getByRole('slider').press('Home')
      await expect.poll(stepNow, { timeout: MINUTE }).toBe(50)
      await expect.poll(drawn).not.toBe(last)
      const svg = (await fileOf(page, 'Regions of the predicted classes', 'SVG')).toString()
      expect(svg).toContain('>step 50; plane: predicted class of each input</text>')
      expect(complaints).toEqual([])
      await context.close()
      await close()
    },
    8 * MINUTE,
  )
})

describe.skipIf(noBrowser)('the instruments of the lab', () => {
  const real = withServer()
  let runs: { images: string; points: string }
  beforeAll(async () => {
    const connected = await real.connect()
    await connected.client.datasets.make.mutate({ kind: 'spirals', name: 'spirals' })
    const run = (preset: string, dataset: string, steps: number): Promise<string> =>
      trained(connected, { preset, dataset, overrides: { steps } })
    runs = { images: await run('hamiltonian-quick', 'mnist', 4), points: await run('mlp-hamiltonian', 'spirals', 400) }
    connected.close()
  }, 8 * MINUTE)

  it.each(slice(['light', 'dark'], import.meta.filename))(
    'show an image forward and back again, and where the reversal breaks: %s',
    async (theme) => {
      const { page, context, complaints } = await openPage(real.browser, { width: 1600, scheme: theme })
      page.setDefaultTimeout(MINUTE)
      await page.goto(`${await real.server.windowAddress()}#/runs/${runs.images}?tab=lab&diagnostic=inspector`)
      await page.locator('[data-fact=stateError]').waitFor()
      expect(await numberIn(page, 'stateError')).toBeLessThan(1e-4)
      expect(await page.locator('[data-fact=broken]').innerText()).toBe('none')
      // Gradients follow when the sliders are at rest.
      await expect.poll(() => numberIn(page, 'gradientError'), { timeout: MINUTE }).toBeLessThan(1e-2)
      await picture(page, `inspector-${theme}`, { fullPage: true })
      expect(await seriousFindings(page)).toEqual([])

      if (theme === 'light') {
        const svg = (await fileOf(page, 'States that enter the units', 'SVG')).toString()
        const units = await page.locator('[data-testid=inspector] .strip button').count()
        expect(svg.match(/<image [^>]*href="data:image\/png;base64,[^"]{100}/g)).toHaveLength(3 * units)
        expect(svg).toContain('>Reconstructed</text>')
        expect(svg).toMatch(/<dc:source>retrace lab inspector --run \w+ --step \d+<\/dc:source>/)
        const pdf = await fileOf(page, 'States that enter the units', 'PDF')
        expect(pdf.toString('latin1').match(/\/Subtype \/Image/g)!.length).toBeGreaterThanOrEqual(units)
        expect(readPdf(pdf).texts).toContain('Reconstructed')
        expect((await sharp(await fileOf(page, 'States that enter the units', 'PNG')).metadata()).width).toBeGreaterThan(2000)
        const values = (await fileOf(page, 'States that enter the units', 'CSV')).toString().trim().split('\n')
        expect(values[0]).toBe('row,image,y,x,value')
        expect(values.filter((line) => line.startsWith('Forward,1.1,'))).toHaveLength(28 * 28)
        expect(values.slice(1).every((line) => Number.isFinite(Number(line.split(',').at(-1))))).toBe(true)
      }

      // A user's own image goes through in the same way, without its data set.
      await page.getByTestId('choose-image').waitFor()
      const png = await sharp({ create: { width: 300, height: 200, channels: 3, background: '#000' } })
        .composite([
          {
            input: Buffer.from(
              '<svg width="120" height="160"><circle cx="60" cy="80" r="50" stroke="#fff" stroke-width="16" fill="none"/></svg>',
            ),
            left: 90,
            top: 20,
          },
        ]) // prettier-ignore
        .png()
        .toBuffer()
      const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.getByTestId('choose-image').click()])
      await chooser.setFiles({ name: 'ring.png', mimeType: 'image/png', buffer: png })
      await page.getByText('Own image predicted').waitFor()
      await page.getByText(/Resized from 300x200 to 28x28/).waitFor()
      expect(await numberIn(page, 'stateError')).toBeLessThan(1e-4)
      await picture(page, `inspector-own-${theme}`, { fullPage: true })
      expect(await seriousFindings(page)).toEqual([])
      await page.getByTestId('training-image').click()
      await page.locator('#inspector-image').waitFor()
      await page.locator('[data-fact=stateError]').waitFor()

      // One animation, forward and then back.
      const place = page.getByTestId('place')
      expect(await place.innerText()).toBe('stage 1, unit 1')
      await page.getByTestId('play').click()
      await expect.poll(() => place.innerText(), { timeout: MINUTE }).toBe('stage 3, unit 4')
      const backward = page.getByRole('button', { name: 'Backward' })
      await expect.poll(() => backward.getAttribute('class'), { timeout: MINUTE }).toContain('v-btn--active')
      await expect.poll(() => place.innerText(), { timeout: MINUTE }).toBe('stage 1, unit 1')
      await page.getByTestId('play').getByText('Play').waitFor()

      // Three mantissa bits fewer are immediately visible, and so is a network that is too deep for its h.
      const exact = await numberIn(page, 'stateError')
      await page.getByRole('button', { name: '7 bfloat16' }).click()
      await expect.poll(() => numberIn(page, 'stateError'), { timeout: MINUTE }).toBeGreaterThan(100 * exact)
      await page.getByRole('button', { name: '23 float32' }).click()
      await page.locator('[data-field="hFactor"] [role=slider]').press('End')
      await page.locator('[data-field="repeat"] [role=slider]').press('End')
      await expect.poll(() => page.locator('[data-fact=broken]').innerText(), { timeout: MINUTE }).toMatch(/^stage \d, unit \d+$/)
      await picture(page, `inspector-broken-${theme}`, { fullPage: true })
      expect(complaints).toEqual([])
      await context.close()
    },
    6 * MINUTE,
  )

  it.each(slice(['light', 'dark'], import.meta.filename))(
    'move points and their plane through the units: %s',
    async (theme) => {
      const { page, context, complaints } = await openPage(real.browser, { width: 1600, scheme: theme })
      page.setDefaultTimeout(MINUTE)
      await page.goto(`${await real.server.windowAddress()}#/runs/${runs.points}?tab=lab&diagnostic=flow`)
      const canvas = page.getByTestId('flow').locator('canvas')
      await canvas.waitFor()
      const drawn = (): Promise<string> => canvas.evaluate<string, HTMLCanvasElement>((element) => element.toDataURL())
      const first = await drawn()
      await picture(page, `flow-start-${theme}`, { fullPage: true })
      expect(await seriousFindings(page)).toEqual([])
      await page.getByTestId('play').click()
      await expect.poll(() => page.getByTestId('place').innerText(), { timeout: MINUTE }).toBe('stage 1, end')
      expect(await drawn()).not.toBe(first)
      await expect.poll(() => canvas.getAttribute('aria-label'), { timeout: MINUTE }).toMatch(/backward$/)
      await expect.poll(() => page.getByTestId('place').innerText(), { timeout: MINUTE }).toBe('stage 1, unit 1')
      await page.locator('[role=slider][aria-label^="Position"]').press('End')
      await picture(page, `flow-end-${theme}`, { fullPage: true })

      if (theme === 'light') {
        const svg = (await fileOf(page, 'Flow of points', 'SVG')).toString()
        // At least half of the 200 samples are visible, in the colours for paper.
        expect(svg.match(/<path [^>]*A4 4[^>]*fill="#(0072b2|d55e00)"/g)!.length).toBeGreaterThan(100)
        const pdf = readPdf(await fileOf(page, 'Flow of points', 'PDF'))
        expect(pdf.texts.join(' ')).toContain('stage 1, end, backward')
        expect(pdf.info['Subject']).toMatch(/^retrace lab flow --run \w+ --step \d+$/)
        expect((await sharp(await fileOf(page, 'Flow of points', 'PNG')).metadata()).width).toBe(3 * 720)
        expect((await fileOf(page, 'Flow of points', 'PGFPlots')).toString()).toContain('\\begin{axis}[title={Flow of points: stage 1, end')
      }
      const rows = (await fileOf(page, 'Flow of points', 'CSV')).toString().trim().split('\n')
      expect(rows[0]).toBe('stage,unit,place,sample,class,predicted,x,y,xRebuilt,yRebuilt')
      expect(rows).toHaveLength(1 + 13 * 200)
      for (const row of rows.slice(1)) {
        const [x, y, xBack, yBack] = row.split(',').slice(6).map(Number) as [number, number, number, number]
        expect(Math.hypot(x - xBack, y - yBack)).toBeLessThan(1e-3)
      }
      expect(complaints).toEqual([])
      await context.close()
    },
    6 * MINUTE,
  )
})
