import type { Locator, Page } from 'playwright-core'
import sharp from 'sharp'
import { openMenu } from './menu.js'
import { downloaded } from './take.js'

/** Colours of the light theme: for the first line of a chart, and for non-finite values. */
export const FIRST_LINE = [0, 0x72, 0xb2] as const
export const NO_NUMBER = [0xb3, 0x26, 0x1e] as const

/** The painted lines of a chart, pixel by pixel. */
export interface LinesPicture {
  width: number
  height: number
  /** Rows of a column, counted from the top, that are painted in a colour; `faint` includes semi-transparent ones. */
  rows(x: number, colour: readonly number[], faint?: boolean): number[]
}

const framed = (page: Page, chart: string): Locator => page.locator(`[data-chart="${chart}"] .frame`)

export async function linesPicture(page: Page, chart: string): Promise<LinesPicture> {
  const url = await framed(page, chart)
    .locator('canvas.lines')
    .evaluate((canvas) => (canvas as unknown as { toDataURL(): string }).toDataURL())
  const image = sharp(Buffer.from(url.split(',')[1]!, 'base64'))
    .ensureAlpha()
    .raw()
  const { data, info } = await image.toBuffer({ resolveWithObject: true })
  const { width, height } = info
  return {
    width,
    height,
    rows: (x, colour, faint = false) =>
      Array.from({ length: height }, (_, y) => y).filter((y) => {
        const at = 4 * (y * width + Math.round(x))
        return data[at + 3]! > (faint ? 20 : 110) && colour.every((part, i) => Math.abs(part - data[at + i]!) < 40)
      }),
  }
}

/** The left and right edge of a chart's plot, in pixels from the left of its frame, which limit the cursor. */
async function plotEdges(page: Page, chart: string): Promise<[number, number]> {
  const frame = framed(page, chart)
  await frame.scrollIntoViewIfNeeded()
  const { width } = (await frame.boundingBox())!
  const cursor = async (x: number): Promise<number> => {
    await frame.hover({ position: { x, y: 60 } })
    return frame.locator('.cursor').evaluate((line) => parseFloat((line as unknown as { style: { left: string } }).style.left))
  }
  return [await cursor(1), await cursor(width - 2)]
}

/** Converts positions on a chart's axis to pixels from the left of its frame. */
export async function positions(page: Page, chart: string, logarithmic = false): Promise<(x: number) => number> {
  const [left, right] = await plotEdges(page, chart)
  const { from, to } = await page
    .locator(`[data-chart="${chart}"]`)
    .evaluate(({ dataset }) => ({ from: Number(dataset['from']), to: Number(dataset['to']) }))
  const share = (x: number): number => (logarithmic ? Math.log(x / from) / Math.log(to / from) : (x - from) / (to - from))
  return (x) => left + share(x) * (right - left)
}

/** The legend's value of a line while the pointer is at a pixel of the chart. */
export async function valueAt(page: Page, chart: string, line: string, x: number): Promise<string> {
  // Half a pixel further, so that rounding does not fall short of the point.
  await framed(page, chart).hover({ position: { x: x + 0.5, y: 60 } })
  return page.locator(`[data-chart="${chart}"] [data-line="${line}"] b`).innerText()
}

/** Chooses an item in the menu of a chart. */
export async function chooseOf(page: Page, title: string, item: string): Promise<void> {
  await openMenu(page.getByLabel(`More actions: ${title}`, { exact: true }))
  await page.locator('.v-overlay--active .v-list-item').getByText(item, { exact: true }).click()
}

/** The file exported from a chart. */
export const takenOf = (page: Page, title: string, format: string): Promise<Buffer> => downloaded(page, () => chooseOf(page, title, format))

/** The content of a chart according to its PGFPlots source: the limits of the axes, lines with their points, reference lines. */
export interface DrawnChart {
  x: [number, number]
  y: [number, number]
  logarithmic: { x: boolean; y: boolean }
  xLabel: string
  lines: { behind: boolean; points: [number, number][] }[]
  legend: string[]
  references: { value: number; label: string }[]
}

export async function drawnChart(page: Page, title: string): Promise<DrawnChart> {
  const source = (await takenOf(page, title, 'PGFPlots')).toString()
  const end = (name: string): number => Number(new RegExp(`${name}=([^,\\n]+)`).exec(source)?.[1])
  const plots = [...source.matchAll(/\\addplot\[retrace\d+, ([^\n]*)\] table \{\n([^}]*)\n\};/g)]
  return {
    x: [end('xmin'), end('xmax')],
    y: [end('ymin'), end('ymax')],
    logarithmic: { x: source.includes('xmode=log'), y: source.includes('ymode=log') },
    xLabel: /xlabel=\{([^}]*)\}/.exec(source)?.[1] ?? '',
    lines: plots.map(([, options, rows]) => ({
      behind: options!.startsWith('opacity'),
      points: rows!.split('\n').map((row) => row.split(' ').map(Number) as [number, number]),
    })),
    legend: [...source.matchAll(/\\addlegendentry\{(.*)\}/g)].map(([, label]) => label!),
    references: [...source.matchAll(/\{([^{}]*)\} node\[[^\]]*\] \{(.*)\};/g)].map(([, value, label]) => ({
      value: Number(value),
      label: label!.replaceAll('\\', ''),
    })),
  }
}

/** Chooses an option in a select, which is found by its label. */
export async function choose(page: Page, label: string, option: string): Promise<void> {
  await page.locator('.v-select', { has: page.getByLabel(label, { exact: true }) }).first().click() // prettier-ignore
  const item = page.getByRole('option', { name: option, exact: true })
  await item.click()
  await item.waitFor({ state: 'hidden' })
}
