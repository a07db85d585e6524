import fc from 'fast-check'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { LONGEST_FORMULA, MOST_FORMULAS } from '../../src-main/contract/comparisons.js'
import type { Points } from '../../src-main/contract/metrics.js'
import type { ChartModel } from '../../src-renderer/charts/chart-model.js'
import { frameOption } from '../../src-renderer/charts/frame-option.js'
import { nameOf, readFormula, storedFormula } from '../../src-renderer/charts/formulas/formula.js'
import { fetchExported } from '../../src-renderer/charts/export/fetch-series.js'
import { formulaKey } from '../../src-renderer/charts/formulas/key.js'
import { SeriesBuffer } from '../../src-renderer/charts/series/series-buffer.js'
import { Smoothed } from '../../src-renderer/charts/series/smoothed.js'
import { metricUnit, planCharts } from '../../src-renderer/charts/sections.js'
import { queryOf, viewOf } from '../../src-renderer/compare/view-query.js'
import { homeOfTest } from '../fixtures/home-of-test.js'
import { connectionTo } from './support/app.js'
import { eventually, openWindow, type TestWindow } from './support/page.js'

vi.mock('../../src-renderer/charts/echarts.js', () => import('./support/chart-without-canvas.js'))
vi.setConfig({ testTimeout: 60_000 })

const METRICS = ['train/loss', 'validation/loss', 'test/accuracy', 'volume/stage-1']
const points = (steps: number[], values: number[]): Points => ({
  steps: Float64Array.from(steps),
  values: Float64Array.from(values),
  times: Float64Array.from(steps, (step) => step * 10),
})
const TRAIN = points([1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1])
const RUN: Record<string, Points> = { 'train/loss': TRAIN, 'validation/loss': points([2, 5], [4, 8]), 'test/accuracy': points([3], [0.75]) }
const pointsOf = (text: string) => {
  const { steps, values, times } = readFormula(text, METRICS).points((metric) => RUN[metric]!)
  return { steps: [...steps], values: [...values], times: [...times] }
}

describe('a formula', () => {
  it.each<[string, number[], number[]]>([
    ['train.loss / validation.loss', [2, 5], [5 / 4, 2 / 8]],
    ['validation/loss - train/loss', [2, 5], [-1, 6]],
    ['"train/loss" * 2 + 1', [1, 2, 3, 4, 5, 6], [13, 11, 9, 7, 5, 3]],
    ['1 - test.accuracy', [3], [0.25]],
    ['-(train.loss ** 2)', [1, 2, 3, 4, 5, 6], [-36, -25, -16, -9, -4, -1]],
    ['log(exp(validation.loss))', [2, 5], [4, 8]],
    ['diff(train.loss)', [2, 3, 4, 5, 6], [-1, -1, -1, -1, -1]],
    ['cummin(abs(3.5 - train.loss))', [1, 2, 3, 4, 5, 6], [2.5, 1.5, 0.5, 0.5, 0.5, 0.5]],
    ['max(train.loss, validation.loss, 5)', [2, 5], [5, 8]],
    // At step 3, the last validation loss is that of step 2.
    ['train.loss + validation.loss + test.accuracy', [3], [4 + 4 + 0.75]],
  ])('%s', (text, steps, values) => {
    expect(pointsOf(text)).toEqual({ steps, values, times: steps.map((step) => step * 10) })
    // A stored formula is parsed without a list of metrics.
    const read = readFormula(text, METRICS)
    expect(storedFormula(read.text)).toMatchObject({ text: read.text, metrics: read.metrics, unit: read.unit })
  })

  it('has the average that charts smooth with, whatever is in a series', () => {
    const value = fc.oneof(fc.double({ min: -1e6, max: 1e6 }), fc.constantFrom(NaN, Infinity))
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 30 }), fc.constantFrom(0, 0.5, 0.9), (values, weight) => {
        const given = points(values.map((_, i) => i), values) // prettier-ignore
        const buffer = new SeriesBuffer()
        buffer.append(given)
        const smoothed = new Smoothed(buffer, weight)
        smoothed.update()
        const { values: found } = readFormula(`ema(train.loss, ${weight})`, METRICS).points(() => given)
        expect([...found]).toEqual(values.map((_, i) => smoothed.value(i)))
      }),
    )
  })

  it.each([
    ['train.loss', 'nats'],
    ['train.loss / validation.loss', ''],
    ['2 * train.loss', 'nats'],
    ['train.loss ** 2', ''],
    ['ema(train.loss - validation.loss, 0.5)', 'nats'],
    ['train.loss + test.accuracy', ''],
    ['1 - test.accuracy', 'fraction'],
    ['train.loss * test.accuracy', 'nats'],
    ['1 / train.loss', '1 / nats'],
    ['log(train.loss)', ''],
    ['2 * test.accuracy', 'fraction'],
    ['train.loss / (train.loss * validation.loss)', 'nats / (nats · nats)'],
  ])('%s has the unit "%s"', (text, unit) => expect(readFormula(text, METRICS).unit).toBe(unit))

  it.each<[string, RegExp]>([
    ['', /Write an expression/],
    ['train.los', /no metric train\/los: did you mean train\/loss/],
    ['train.loss +', /Expected expression after \+|at character/],
    ['train.loss validation.loss', /without an operator between/],
    ['train.loss ^ 2', /A power is written \*\*/],
    ['train.loss > 1', /The operator > is not allowed/],
    ['-train.loss ** 2', /read in two ways/],
    ['2 * 3', /contains no metric/],
    ['lg(train.loss)', /no function lg: did you mean log/],
    ['ema(train.loss)', /Write it as ema\(x, 0\.9\)/],
    ['ema(train.loss, 1)', /from 0 to below 1/],
    ['log(2) * train.loss', /takes a metric/],
    ['constructor', /no metric constructor/],
    ['train.loss.constructor("return 1")()', /called by its name/],
    ['__proto__.x', /no metric/],
    ['toString(train.loss)', /no function toString/],
    ['this', /not an expression/],
    ['[train.loss]', /not an expression/],
    ['x["y"]', /written as train\.loss/],
    ['train.loss'.padEnd(LONGEST_FORMULA) + ' + 1', /at most 300 characters/],
  ])('%s is refused with a reason', (text, message) => expect(() => readFormula(text, METRICS)).toThrow(message))

  it.each(['loss', 'val.loss', 'val-loss', 'a b', 'val/loss-2', 'π', 'true', 'say "a\\b"', 'a.b/c'])(
    'a metric of any name can be written, as it is inserted and when it is stored: %s',
    (metric) => {
      const { text, metrics } = readFormula(`2 * ${nameOf(metric)}`, [...METRICS, metric])
      expect(metrics).toEqual([metric])
      expect(storedFormula(text)?.metrics).toEqual([metric])
      expect(readFormula(`2 * '${nameOf(metric).replace(/^"(.*)"$/, '$1')}' / 2`, [metric, nameOf(metric)]).metrics).toHaveLength(1)
    },
  )

  it('a name that needs quotation marks is proposed with them; spaces and letters of any language are kept when it is stored', () => {
    expect(() => readFormula('val.loss', ['val.loss', ...METRICS])).toThrow('choose one of "val.loss".')
    expect(() => readFormula('val - loss', ['val-loss'])).toThrow('did you mean "val-loss"?')
    for (const text of ['train . loss', 'é']) expect(storedFormula(readFormula(text, [...METRICS, 'é']).text)).not.toBeNull()
  })

  it('an address keeps the formulas that can be drawn when it names too many, or one that is too long', () => {
    const formulas = Array.from({ length: MOST_FORMULAS + 1 }, (_, i) => `${i} * train.loss`)
    const of = (texts: string[]) => viewOf({ formulas: queryOf({ ...viewOf({}), formulas: texts })['formulas'] as string }).formulas
    expect(of(formulas)).toEqual(formulas.slice(0, MOST_FORMULAS))
    expect(of(['train.loss'.padEnd(LONGEST_FORMULA + 1), 'test.loss'])).toEqual(['test.loss'])
  })

  it('never fails in another way, whatever is typed', () => {
    const word = fc.constantFrom(
      'train.loss',
      '(',
      ')',
      '+',
      '-',
      '**',
      'log(',
      'ema(',
      ',',
      '0.5',
      '"',
      '.',
      '[',
      '?',
      ':',
      '`',
      '=>',
      ' ',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(word).map((words) => words.join('')),
        ),
        (text) => {
          try {
            readFormula(text, METRICS)
          } catch (error) {
            expect((error as Error).constructor.name).toBe('FormulaError')
          }
        },
      ),
    )
  })

  it('stands among the metrics: with a chart, a unit, an address, and every point in its files', async () => {
    const key = formulaKey('1 - test.accuracy')
    expect(planCharts(['train/loss', key]).main.at(-1)).toMatchObject({ id: key, title: '1 - test.accuracy', unit: 'fraction' })
    expect(metricUnit(key)).toBe('fraction')
    const long = {
      title: 'ema(train.loss, 0.9) / ema(validation.loss, 0.9)',
      unit: '',
      lines: [],
      xAxis: 'step',
      from: 0,
      to: 1,
      dark: false,
    } as const
    const model: ChartModel = {
      ...long,
      lines: [],
      logarithmic: false,
      logarithmicX: false,
      y: null,
      references: [],
      beyond: 0,
      blank: false,
    }
    expect(frameOption(model).yAxis).toMatchObject({ name: 'ema(train.loss, 0.9) / ema(validati…' })
    const view = viewOf({
      formulas: queryOf({ ...viewOf({}), formulas: ['ema(train.loss, 0.9)', '1 - test.accuracy'] })['formulas'] as string,
    })
    expect(view.formulas).toEqual(['ema(train.loss, 0.9)', '1 - test.accuracy'])

    const home = await homeOfTest()
    const { id } = await home.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist', overrides: { steps: 20 } })
    home.advance(20)
    const client = connectionTo(home).client
    const [plain, formula] = await fetchExported(client, [
      { runId: id, run: 'r', key: 'train/loss' },
      { runId: id, run: 'r', key: formulaKey('2 * train.loss') },
    ])
    expect(formula).toMatchObject({ key: '2 * train.loss' })
    expect(plain!.points.values.length).toBeGreaterThan(5)
    expect([...formula!.points.values]).toEqual([...plain!.points.values].map((value) => 2 * value))
  })
})

let page: TestWindow | null = null
afterEach(() => {
  page?.wrapper.unmount()
  page = null
  document.body.innerHTML = ''
  localStorage.clear()
})

it('a formula is written beside the charts of a run, corrected where it is wrong, grows with the run, and goes again', async () => {
  const home = await homeOfTest()
  const { id } = await home.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist', overrides: { steps: 40 } })
  home.advance(20)
  page = await openWindow(home, `/runs/${id}`)
  const { click, text } = page
  await click('[data-testid=formula]')
  const type = (given: string): void => {
    const field = document.querySelector<HTMLInputElement>('[data-testid=expression] input')!
    field.value = given
    field.dispatchEvent(new Event('input', { bubbles: true }))
  }
  await eventually(() => type('2 * train.los'))
  await eventually(() => expect(text()).toContain('did you mean train/loss?'))
  expect(document.querySelector<HTMLButtonElement>('[data-testid=add-formula]')!.disabled).toBe(true)
  type('2 * train/loss')
  await eventually(() => expect(document.querySelector<HTMLButtonElement>('[data-testid=add-formula]')!.disabled).toBe(false))
  await click('[data-testid=add-formula]')
  const chart = '[data-chart="=2 * train.loss"]'
  const last = async (): Promise<void> => {
    const value = (await home.runs.get({ id })).latest['train/loss']!
    await eventually(() => expect(document.querySelector(chart)?.textContent).toContain(String(Number((2 * value).toPrecision(4)))))
  }
  await last()
  home.advance(10)
  await last()
  await click(`${chart} button[aria-label^="More actions"]`)
  await click('[data-testid=remove-formula]')
  await eventually(() => expect(document.querySelector(chart)).toBeNull())
  await click('button', /^Undo$/)
  await eventually(() => expect(document.querySelector(chart)).not.toBeNull())
})
