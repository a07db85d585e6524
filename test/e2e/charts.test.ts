import { readFileSync } from 'node:fs'
import type { Browser, Page } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { homeOfTest } from '../fixtures/home-of-test.js'
import type { PlayedHome } from '../fixtures/played-home.js'
import { slice } from '../fixtures/slice.js'
import { downloadOf, exported } from './support/exported.js'
import { builtWorkbench } from './support/built.js'
import { launchBrowser, noBrowser } from './support/chromium.js'
import { openMenu } from './support/menu.js'
import { readPdf } from './support/pdf.js'
import { serveHome } from './support/serve-home.js'
import { lineOf, openPage, seriousFindings } from './support/watched-page.js'

const REQUEST = { preset: 'hamiltonian-quick', dataset: 'mnist' }

/** Reads the current limits of a chart's axis. */
const spanOf = async (page: Page, chart: string): Promise<[number, number]> =>
  page.locator(`[data-chart="${chart}"]`).evaluate((element) => [Number(element.dataset['from']), Number(element.dataset['to'])])

/** Whether any pixel of a chart's lines is painted in a part of the canvas, given by fractions of its width and height. */
const painted = async (page: Page, chart: string, from: number, to: number, top = 0, bottom = 1): Promise<number> =>
  page.locator(`[data-chart="${chart}"] canvas.lines`).evaluate(
    (element, [a, b, c, d]) => {
      const canvas = element as unknown as {
        width: number
        height: number
        getContext(kind: '2d'): { getImageData(x: number, y: number, w: number, h: number): { data: Uint8ClampedArray } }
      }
      const { width, height } = canvas
      const area = [Math.floor(a! * width), Math.floor(c! * height), Math.ceil((b! - a!) * width), Math.ceil((d! - c!) * height)] as const
      const { data } = canvas.getContext('2d').getImageData(...area)
      let count = 0
      for (let i = 3; i < data.length; i += 4) if (data[i]! > 0) count += 1
      return count
    },
    [from, to, top, bottom],
  )

/** The maximum difference of any colour channel of any pixel between the lines of a chart on two pages, out of 255. */
async function strongestDifference(one: Page, other: Page, chart: string): Promise<number> {
  const [a, b] = await Promise.all(
    [one, other].map(async (page) => {
      const url = await page
        .locator(`[data-chart="${chart}"] canvas.lines`)
        .evaluate((canvas) => (canvas as unknown as { toDataURL(): string }).toDataURL())
      return sharp(Buffer.from(url.split(',')[1]!, 'base64'))
        .flatten({ background: '#fff' })
        .raw()
        .toBuffer()
    }),
  )
  if (a!.length !== b!.length) return Infinity
  return a!.reduce((most, value, i) => Math.max(most, Math.abs(value - b![i]!)), 0)
}

/** User actions on charts, in a real browser with the real local server. */
describe.skipIf(noBrowser)('the charts', () => {
  let browser: Browser
  let pagePath: string

  beforeAll(async () => {
    pagePath = (await builtWorkbench()).page
    browser = await launchBrowser()
  }, 300_000)
  afterAll(() => browser?.close())

  const serve = (home: PlayedHome) => serveHome(home, pagePath)

  it('zoom together, show a spike of one step in the whole and close up, read values under the pointer, and keep their layout', async () => {
    const home = await homeOfTest()
    const { id } = await home.runs.create({ ...REQUEST, overrides: { steps: 200_000 } })
    const points = Array.from({ length: 200_000 }, (_, i) => ({ step: i + 1, value: i === 123_456 ? 50 : 1 + 0.1 * Math.sin(i) }))
    home.addPoints(id, 'train/loss', points)
    home.addPoints(
      id,
      'train/gradientNorm',
      points.filter((_, i) => i % 100 === 0),
    )
    const server = await serve(home)
    const { page, context, complaints } = await openPage(browser)
    await page.goto(`${server.windowAddress}#/runs/${id}`)
    await expect.poll(() => lineOf(page, 'train/loss'), { timeout: 30_000 }).toEqual({ count: 200_000, last: 200_000 })
    await expect.poll(() => painted(page, 'loss', 0.6, 0.68, 0.1, 0.5)).toBeGreaterThan(10)
    expect(await painted(page, 'loss', 0.2, 0.5, 0.1, 0.5)).toBe(0)

    const frame = page.locator('[data-chart="loss"] .frame')
    const box = (await frame.boundingBox())!
    await page.mouse.move(box.x + box.width * 0.6, box.y + 80)
    await page.mouse.down()
    await page.mouse.move(box.x + box.width * 0.7, box.y + 80, { steps: 5 })
    await page.mouse.up()
    const [from, to] = await spanOf(page, 'loss')
    expect(from).toBeGreaterThan(100_000)
    expect(to).toBeLessThan(160_000)
    // The other charts of the page, and the exact value under the pointer in both.
    expect(await spanOf(page, 'train/gradientNorm')).toEqual([from, to])
    await expect.poll(() => painted(page, 'loss', 0, 1, 0.1, 0.5)).toBeGreaterThan(10)
    await page.mouse.move(box.x + box.width * 0.3, box.y + 90)
    await page.locator('[data-chart="train/gradientNorm"] .cursor').waitFor()

    // The address shows the same range to anyone who opens it.
    await expect.poll(() => page.url()).toMatch(/from=1\d+.*&to=1\d+/)
    const { page: other, context: elsewhere } = await openPage(browser)
    await other.goto(`${server.windowAddress}${new URL(page.url()).hash}`)
    await expect.poll(() => spanOf(other, 'loss'), { timeout: 15_000 }).toEqual([from, to])
    await elsewhere.close()

    await frame.focus()
    await page.keyboard.press('0')
    await expect.poll(() => spanOf(page, 'loss')).toEqual([0, 200_000])
    await page.keyboard.press('+')
    await expect.poll(() => spanOf(page, 'loss')).toEqual([50_000, 150_000])
    await page.keyboard.press('f')
    await page.locator('[data-chart="loss"].large').waitFor()
    await page.keyboard.press('Escape')
    await page.locator('[data-chart="loss"].large').waitFor({ state: 'detached' })

    await page.getByTestId('axis').click()
    await page.getByRole('option', { name: 'images seen' }).click()
    await page.getByLabel('log axis: Loss').click()
    await page.getByLabel('Smoothing weight').fill('2')
    await expect.poll(async () => (await spanOf(page, 'loss'))[1]).toBe(20_000_000)
    await expect.poll(() => page.url()).not.toContain('from=')
    await page.reload()
    await expect.poll(async () => (await spanOf(page, 'loss'))[1], { timeout: 15_000 }).toBe(20_000_000)
    expect(await page.getByLabel('log axis: Loss').getAttribute('aria-pressed')).toBe('true')
    expect(await seriousFindings(page)).toEqual([])
    // The test itself reads the canvas back, which causes this warning.
    expect(complaints.filter((complaint) => !complaint.includes('Canvas2D'))).toEqual([])
    await context.close()
    await server.close()
  })

  it('are moved by dragging and by the keyboard, made small or large, put away, and stand there again after a restart', async () => {
    const home = await homeOfTest()
    const { id } = await home.runs.create({ ...REQUEST, overrides: { steps: 1000 } })
    for (const key of ['train/loss', 'test/accuracy', 'train/gradientNorm', 'train/learningRate', 'zz/other'])
      home.addPoints(id, key, [{ step: 1, value: 1 }])
    const server = await serve(home)
    const { page, context, complaints } = await openPage(browser, { width: 1600 })
    await page.goto(`${server.windowAddress}#/runs/${id}`)
    const order = async (): Promise<string[]> =>
      page
        .locator('[data-chart]')
        .evaluateAll((charts) =>
          charts.map((chart) => (chart as unknown as { dataset: Record<string, string | undefined> }).dataset['chart']!),
        )
    await expect.poll(order).toEqual(['loss', 'accuracy', 'train/gradientNorm', 'train/learningRate', 'zz/other'])

    const chart = (name: string) => page.locator(`[data-chart="${name}"]`)
    // On a busy machine the browser may drop a drag that is performed too fast, so it is retried.
    const drag = async (from: string, to: string, wanted: string[]): Promise<void> =>
      expect
        .poll(
          async () => {
            if ((await order()).join() === wanted.join()) return wanted
            await chart(from).locator('.panel-title').hover()
            await page.mouse.down()
            await chart(to)
              .locator('.frame')
              .hover({ position: { x: 100, y: 60 } })
            await chart(to)
              .locator('.frame')
              .hover({ position: { x: 120, y: 70 } })
            await page.mouse.up()
            return order()
          },
          { timeout: 30_000 },
        )
        .toEqual(wanted)
    await drag('zz/other', 'train/gradientNorm', ['loss', 'accuracy', 'zz/other', 'train/gradientNorm', 'train/learningRate'])
    await chart('accuracy').locator('.frame').focus()
    await page.keyboard.press('Alt+ArrowLeft')
    await expect.poll(order).toEqual(['accuracy', 'loss', 'zz/other', 'train/gradientNorm', 'train/learningRate'])
    await page.getByText('Moved Accuracy to position 1 of 2.').waitFor({ state: 'attached' })
    // It still has the focus.
    await page.keyboard.press('Alt+ArrowRight')
    await expect.poll(order).toEqual(['loss', 'accuracy', 'zz/other', 'train/gradientNorm', 'train/learningRate'])
    // Among the large charts, where it is dropped, and one of which is hidden.
    await drag('train/learningRate', 'accuracy', ['loss', 'train/learningRate', 'accuracy', 'zz/other', 'train/gradientNorm'])
    const last = ['train/learningRate', 'accuracy', 'zz/other', 'train/gradientNorm']
    await expect
      .poll(
        async () => {
          // A menu that is still opening does not take clicks.
          if ((await order()).includes('loss')) {
            await openMenu(page.getByLabel('More actions: Loss'))
            await page.getByText('Hide chart').click()
          }
          return order()
        },
        { timeout: 20_000, interval: 1000 },
      )
      .toEqual(last)
    const heights = async (): Promise<number[]> =>
      page.locator('.frame').evaluateAll((frames) => frames.map((frame) => (frame as unknown as { clientHeight: number }).clientHeight))
    const before = await heights()
    expect(before[0]).toBe(before[1])
    expect(before[2]).toBeLessThan(before[1]!)
    await page.reload()
    await expect.poll(order).toEqual(last)
    expect(await heights()).toEqual(before)
    expect(await seriousFindings(page)).toEqual([])

    await page.getByLabel('Chart layout').click()
    await page.getByText('Reset layout').click()
    await expect.poll(order).toEqual(['loss', 'accuracy', 'train/gradientNorm', 'train/learningRate', 'zz/other'])
    await page.getByRole('button', { name: 'Undo' }).click()
    await expect.poll(order).toEqual(last)
    expect(complaints).toEqual([])
    await context.close()
    await server.close()
  })

  it('are shown to whoever gets their address as they are: stretch, axis, smoothing, lines that are off, the one in full', async () => {
    const home = await homeOfTest()
    const { id } = await home.runs.create({ ...REQUEST, overrides: { steps: 1000 } })
    for (const key of ['train/loss', 'test/loss'])
      home.addPoints(
        id,
        key,
        Array.from({ length: 500 }, (_, i) => ({ step: i + 1, value: 1 + Math.sin(i) })),
      )
    const server = await serve(home)
    const { page, context } = await openPage(browser)
    await page.goto(`${server.windowAddress}#/runs/${id}`)
    await expect.poll(() => lineOf(page, 'train/loss')).toEqual({ count: 500, last: 500 })
    await page.getByLabel('Smoothing weight').fill('1')
    await page.getByLabel('Log x axis').click()
    await page.locator('[data-chart="loss"] [data-line="test/loss"] button').click()
    await page.locator('[data-chart="loss"] .frame').focus()
    await page.keyboard.press('+')
    await page.keyboard.press('f')
    await expect.poll(() => page.url()).toMatch(/full=loss/)
    const span = await spanOf(page, 'loss')
    const { page: other, context: elsewhere } = await openPage(browser)
    await other.goto(`${server.windowAddress}${new URL(page.url()).hash}`)
    await other.locator('[data-chart="loss"].large').waitFor()
    await expect.poll(() => spanOf(other, 'loss')).toEqual(span)
    await expect.poll(() => other.locator('[data-line="test/loss"] button').getAttribute('aria-pressed')).toBe('false')
    expect(await other.locator('[data-line="train/loss"] button').getAttribute('aria-pressed')).toBe('true')
    expect(await other.getByLabel('Log x axis').getAttribute('aria-pressed')).toBe('true')
    expect(await other.locator('.weight').textContent()).toBe('0.900')
    await expect.poll(() => strongestDifference(page, other, 'loss')).toBeLessThan(48)
    for (const each of [context, elsewhere]) await each.close()
    await server.close()
  })

  it('drawn point by point as they arrive look the same as on a page that is opened afterwards', async () => {
    const home = await homeOfTest()
    const { id } = await home.runs.create({ ...REQUEST, overrides: { steps: 20_000 } })
    const points = (from: number, count: number) =>
      Array.from({ length: count }, (_, i) => from + i + 1).map((step) => ({
        step,
        value: step % 997 === 0 ? NaN : 1 + Math.sin(step / 900) + (step < 6000 ? 0.3 * Math.sin(step * step) : 0),
      }))
    home.addPoints(id, 'train/loss', points(0, 9000))
    home.addPoints(
      id,
      'test/loss',
      points(0, 9000).filter(({ step }) => step % 250 === 0),
    )
    const server = await serve(home)
    const { page, context } = await openPage(browser)
    const address = `#/runs/${id}?smooth=0.5`
    await page.goto(`${server.windowAddress}${address}`)
    await expect.poll(() => lineOf(page, 'train/loss'), { timeout: 30_000 }).toEqual({ count: 9000, last: 9000 })
    for (let step = 9000; step < 9700; step += 35) {
      home.addPoints(id, 'train/loss', points(step, 35))
      home.addPoints(
        id,
        'test/loss',
        points(step, 35).filter(({ step: at }) => at % 250 === 0),
      )
      await expect.poll(() => lineOf(page, 'train/loss')).toEqual({ count: step + 35, last: step + 35 })
    }
    const { page: other, context: elsewhere } = await openPage(browser)
    await other.goto(`${server.windowAddress}${address}`)
    await expect.poll(() => lineOf(other, 'train/loss'), { timeout: 30_000 }).toEqual({ count: 9700, last: 9700 })
    // If the phase of a dash is recomputed, its ends differ by less than the antialiasing of a pixel.
    await expect.poll(() => strongestDifference(page, other, 'loss'), { timeout: 10_000 }).toBeLessThan(48)
    expect(await painted(page, 'loss', 0.4, 0.5)).toBeGreaterThan(20)
    for (const each of [context, elsewhere]) await each.close()
    await server.close()
  })

  it('take as many bytes a tick after 200,000 points as after 100', async () => {
    const home = await homeOfTest()
    const sizes: number[] = []
    const server = await serve(home)
    for (const history of [100, 200_000]) {
      const { id } = await home.runs.create({ ...REQUEST, overrides: { steps: 1_000_000 } })
      home.addPoints(
        id,
        'train/loss',
        Array.from({ length: history }, (_, i) => ({ step: i + 1, value: 1 })),
      )
      const { page, context } = await openPage(browser)
      let bytes = 0
      page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => (bytes += payload.length)))
      await page.goto(`${server.windowAddress}#/runs/${id}`)
      await expect.poll(() => lineOf(page, 'train/loss'), { timeout: 30_000 }).toEqual({ count: history, last: history })
      // Requests that the page still makes when its chart is there already, such as for other data of the run, are not part of a tick.
      await expect
        .poll(
          async () => {
            const before = bytes
            await page.waitForTimeout(500)
            return bytes - before
          },
          { timeout: 20_000 },
        )
        .toBe(0)
      bytes = 0
      for (let i = 1; i <= 20; i++) home.addPoints(id, 'train/loss', [{ step: history + i, value: 0.5 }])
      await expect.poll(() => lineOf(page, 'train/loss')).toEqual({ count: history + 20, last: history + 20 })
      sizes.push(bytes)
      await context.close()
    }
    expect(sizes[0]).toBeGreaterThan(0)
    // The sequence numbers of the changes have one or two digits more.
    expect(Math.abs(sizes[1]! - sizes[0]!)).toBeLessThan(0.1 * sizes[0]!)
    await server.close()
  })

  it('of several runs lie over each other, seeds together with a band, and are taken along in every format', async () => {
    const home = await homeOfTest()
    const ids: string[] = []
    for (const seed of [1, 2, 3]) {
      const { id } = await home.runs.create({ ...REQUEST, name: `deep, seed ${seed}`, overrides: { seed, steps: 1000 } })
      ids.push(id)
      home.addPoints(
        id,
        'train/loss',
        Array.from({ length: 500 - 100 * seed }, (_, i) => ({ step: i + 1, value: i === 7 ? NaN : 1 / (i + seed) })),
      )
    }
    const server = await serve(home)
    const { page, context, complaints } = await openPage(browser, { width: 1600 })
    await page.goto(`${server.windowAddress}#/runs`)
    for (const name of ['seed 1', 'seed 2', 'seed 3']) await page.getByRole('row', { name }).getByRole('checkbox').click()
    await page.getByTestId('compare').click()
    await page.waitForURL(/#\/compare\?runs=/)
    await page.getByRole('button', { name: 'Group seeds' }).click()
    await page.getByText('deep (3 seeds)').first().waitFor()
    await expect.poll(() => painted(page, 'train/loss', 0, 1)).toBeGreaterThan(100)

    const taken = async (format: string): Promise<Buffer> =>
      readFileSync(await (await exported(page.getByLabel('More actions: Training loss'), format)).path())
    expect((await taken('PNG')).subarray(1, 4).toString()).toBe('PNG')
    const svg = (await taken('SVG')).toString()
    expect(svg).toMatch(/^<svg.*deep \(3 seeds\)/s)
    // The origin is read from each file: every run with points in the chart, and the page.
    const command = /<dc:source>([^<]*)<\/dc:source>/.exec(svg)![1]!.replaceAll('&#38;', '&')
    expect(command).toMatch(/^retrace runs export \w+ --csv && retrace runs export \w+ --csv && retrace runs export \w+ --csv$/)
    expect(svg).toMatch(/<dc:relation>\/compare\?runs=/)
    const pdf = readPdf(await taken('PDF'))
    // Its text, including the legend, is text in embedded fonts.
    expect(pdf.texts).toContain('deep (3 seeds)')
    expect(pdf.fonts.every(({ embedded }) => embedded)).toBe(true)
    expect(pdf.info).toMatchObject({ Title: 'Training loss', Subject: command, Creator: 'Retrace' })
    expect(pdf.info['Keywords']).toMatch(/^\/compare\?runs=/)
    const source = (await taken('PGFPlots')).toString()
    expect(source.startsWith(`% Retrace: ${command}\n% Page: /compare?runs=`)).toBe(true)
    expect(source).toContain('\\addlegendentry{deep (3 seeds)}')
    const rows = (await taken('CSV (all points)')).toString().trimEnd().split('\n')
    expect(rows).toHaveLength(1 + 400 + 300 + 200)
    expect(rows.filter((line) => line.includes(',NaN,'))).toHaveLength(3)
    const grouped = (await taken('CSV (group statistics by step)')).toString().trimEnd().split('\n')
    expect(grouped).toHaveLength(1 + 400)
    expect(grouped[1]).toMatch(/^deep,train\/loss,mean,deviation,1,3,/)
    await page.getByRole('tab', { name: 'Results' }).click()
    const table = async (format: string): Promise<string> => {
      const file = await downloadOf(page, () => page.getByRole('button', { name: format, exact: true }).click())
      return readFileSync(await file.path(), 'utf8')
    }
    expect(await table('LaTeX')).toContain('\\pm')
    // A training loss has no best value, so the mean of the three last points is shown.
    const lasts = [1 / 400, 1 / 301, 1 / 202]
    const mean = (lasts[0]! + lasts[1]! + lasts[2]!) / 3
    const figures = JSON.parse(await table('JSON')) as { reading: string; mean: number; min: number }[]
    expect(figures).toHaveLength(1)
    expect(figures[0]).toMatchObject({ run: 'deep', metric: 'train/loss', reading: 'last', n: 3, min: lasts[0] })
    expect(figures[0]!.mean).toBeCloseTo(mean, 15)
    expect(await table('CSV')).toContain(`deep,train/loss,last,3,${figures[0]!.mean},`)
    await page.getByRole('tab', { name: 'Configurations' }).click()
    await page.getByTestId('differences').waitFor()
    const names = [1, 2, 3].map((seed) => `deep, seed ${seed}`)
    expect(await table('CSV')).toBe(`run,name,seed\n${names.map((name, i) => `${ids[i]},"${name}",${i + 1}\n`).join('')}`)
    expect(JSON.parse(await table('JSON'))).toEqual(names.map((name, i) => ({ run: ids[i], name, values: { seed: i + 1 } })))
    await page.keyboard.press('Control+k')
    await page.getByTestId('palette').fill('deep, seed 2')
    await page.keyboard.press('Enter')
    await page.waitForURL(new RegExp(`#/runs/${ids[1]}`))
    expect(complaints.filter((complaint) => !complaint.includes('Canvas2D'))).toEqual([])
    await context.close()
    await server.close()
  })

  it('of a comparison that is opened by its name go on while a run of it does', async () => {
    const home = await homeOfTest()
    const ids: string[] = []
    const points = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => ({ step: from + i + 1, value: 1 / (from + i + 1) }))
    for (const seed of [1, 2]) {
      const { id } = await home.runs.create({ ...REQUEST, name: `seed ${seed}`, overrides: { seed, steps: 1000 } })
      ids.push(id)
      home.addPoints(id, 'train/loss', points(0, 100))
    }
    const server = await serve(home)
    const { page, context, complaints } = await openPage(browser)
    const counts = (on: Page): Promise<number[]> => Promise.all(ids.map(async (id) => (await lineOf(on, id)).count))
    await page.goto(`${server.windowAddress}#/compare?runs=${ids.join(',')}`)
    await expect.poll(() => counts(page), { timeout: 30_000 }).toEqual([100, 100])
    await page.getByTestId('save').click()
    await page.getByLabel('Name', { exact: true }).fill('two seeds')
    await page.getByTestId('save-name').click()
    await page.waitForURL(/saved=/)
    const saved = /saved=([^&]+)/.exec(page.url())?.[1]

    const { page: other, context: elsewhere } = await openPage(browser)
    await other.goto(`${server.windowAddress}#/compare?saved=${saved}`)
    await other.getByRole('heading', { name: 'two seeds' }).waitFor()
    await expect.poll(() => counts(other), { timeout: 30_000 }).toEqual([100, 100])
    home.addPoints(ids[1]!, 'train/loss', points(100, 130))
    await expect.poll(() => counts(other)).toEqual([100, 130])
    home.addPoints(ids[1]!, 'train/loss', points(130, 400))
    await expect.poll(async () => (await lineOf(other, ids[1]!)).last).toBe(400)
    // Only the run that continued has lines in the right part of the chart.
    await expect.poll(() => painted(other, 'train/loss', 0.6, 1)).toBeGreaterThan(20)
    await other.getByRole('tab', { name: 'Results' }).click()
    const cell = (id: string) => other.locator(`[data-row="${id}"]`).innerText()
    await expect.poll(() => cell(ids[1]!)).toContain('0.0025')
    expect(await cell(ids[0]!)).toContain('0.01')
    home.addPoints(ids[1]!, 'train/loss', [{ step: 401, value: 0.5 }])
    await expect.poll(() => cell(ids[1]!)).toContain('0.500')
    expect(complaints.filter((complaint) => !complaint.includes('Canvas2D'))).toEqual([])
    for (const each of [context, elsewhere]) await each.close()
    await server.close()
  })

  it('relate what runs are to what they came to: any two, named axes, a table to read, files to take along, at an address', async () => {
    const home = await homeOfTest()
    const ids: string[] = []
    for (const h of [0.1, 0.2, 0.4]) {
      const { id } = await home.runs.create({ ...REQUEST, name: `h ${h}`, overrides: { h, steps: 1000 } })
      ids.push(id)
      home.addPoints(
        id,
        'validation/loss',
        [3, 1, 2].map((value, i) => ({ step: i + 1, value: value * h + 1 / 3 })),
      )
    }
    const server = await serve(home)
    const { page, context, complaints } = await openPage(browser, { width: 1100 })
    await page.goto(`${server.windowAddress}#/compare?runs=${ids.join(',')}&tab=relations`)
    const chart = (kind: string) => page.getByTestId(kind).getByRole('img').first()
    await expect
      .poll(() => chart('parallel').getAttribute('aria-label'))
      .toMatch(/of 3 runs over Step size h, Validation loss, best, Validation loss, last$/)
    const row = page.getByTestId('quantities').getByRole('row', { name: 'h 0.4' })
    await expect.poll(() => row.locator('td').allTextContents()).toEqual(['h 0.4', '0.4', '0.7333', '1.133'])

    const best = 'Validation loss, best'
    const last = 'Validation loss, last'
    expect(await chart('scatter').getAttribute('aria-label')).toBe(`${last} vs. Step size h of 3 runs`)
    // By keyboard only.
    await page.getByTestId('scatter').getByRole('combobox', { name: 'Vertical axis' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('option', { name: best }).waitFor()
    await page.keyboard.press('ArrowDown')
    await page.getByRole('option', { name: best }).focus()
    await page.keyboard.press('Enter')
    await expect.poll(() => chart('scatter').getAttribute('aria-label')).toBe(`${best} vs. Step size h of 3 runs`)
    await page.reload()
    await expect.poll(() => chart('scatter').getAttribute('aria-label')).toBe(`${best} vs. Step size h of 3 runs`)

    const taken = async (what: string, format: string): Promise<Buffer> =>
      readFileSync(await (await exported(page.getByLabel(`Export: ${what}`), format)).path())
    const rows = (await taken('Parallel coordinates', 'CSV')).toString().trimEnd().split('\n')
    expect(rows[0]).toBe(`run,name,h,"${best}","${last}"`)
    expect(rows.slice(1)).toEqual([0.1, 0.2, 0.4].map((h, i) => `${ids[i]},h ${h},${h},${h + 1 / 3},${2 * h + 1 / 3}`))
    const json = JSON.parse((await taken(`${best} vs. Step size h`, 'JSON')).toString()) as { values: Record<string, number> }[]
    expect(json.map(({ values }) => values)).toEqual([0.1, 0.2, 0.4].map((h) => ({ h, [best]: h + 1 / 3 })))
    for (const what of ['Parallel coordinates', `${best} vs. Step size h`]) {
      const svg = (await taken(what, 'SVG')).toString()
      // The complete names of the axes, and a legend of the runs.
      for (const text of ['Validation loss (nats), best', 'h 0.1', 'h 0.4']) expect(svg).toContain(text)
      expect((await taken(what, 'PNG')).subarray(1, 4).toString()).toBe('PNG')
      const pdf = readPdf(await taken(what, 'PDF'))
      expect(pdf.texts).toContain('h 0.4')
      expect(pdf.fonts.filter(({ embedded }) => !embedded)).toEqual([])
    }
    expect(await seriousFindings(page)).toEqual([])
    expect(complaints).toEqual([])
    await context.close()
    await server.close()
  })

  it.each(slice(['light', 'dark'], import.meta.filename))('and the pages around them have no serious barrier, %s theme', async (scheme) => {
    const home = await homeOfTest()
    const ids: string[] = []
    for (const h of [0.1, 0.2]) ids.push((await home.runs.create({ ...REQUEST, name: `h ${h}`, overrides: { h, steps: 1000 } })).id)
    home.advance(400)
    const server = await serve(home)
    const { page, context } = await openPage(browser, { scheme, width: 1100 })
    await page.goto(`${server.windowAddress}#/compare`)
    await page.getByText('No runs selected').waitFor()
    expect(await seriousFindings(page)).toEqual([])
    for (const [tab, name] of [
      ['charts', 'Charts'],
      ['figures', 'Results'],
      ['configurations', 'Configurations'],
      ['relations', 'Hyperparameters'],
    ] as const) {
      await page.goto(`${server.address}/#/compare?runs=${ids.join(',')}&tab=${tab}&baseline=${ids[0]}`)
      await page.getByRole('tab', { name, selected: true }).waitFor()
      await page.waitForTimeout(300)
      expect(await seriousFindings(page)).toEqual([])
    }
    await page.keyboard.press('Control+k')
    await page.getByTestId('palette').waitFor()
    expect(await seriousFindings(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.getByTestId('palette').waitFor({ state: 'detached' })
    await page.keyboard.press('?')
    await page.getByTestId('shortcuts').waitFor()
    expect(await seriousFindings(page)).toEqual([])
    await context.close()
    await server.close()
  })
})
