import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { builtWorkbench } from './support/built.js'
import { launchBrowser, noBrowser } from './support/chromium.js'
import { openPage } from './support/watched-page.js'
import { openWorkbench } from './support/workbench.js'
import { everyNth } from '../fixtures/slice.js'

const REQUEST = { preset: 'hamiltonian-quick', dataset: 'mnist' }

/**
 * The visible state of a page: its text, what is pressed, chosen and checked, and the content of its fields. Passed as text, because code
 * that runs in the page has types that the rest of this program does not have.
 */
const SHOWN = `(() => {
  const content = document.querySelector('#content')
  const name = (element) => element.getAttribute('aria-label') ?? element.textContent.trim()
  const all = (selector) => [...content.querySelectorAll(selector)]
  return {
    title: document.title,
    text: content.innerText.replace(/\\s+/g, ' ').trim(),
    states: all('[aria-pressed], [aria-selected], [aria-checked], [aria-expanded], [aria-sort]').map((element) =>
      [name(element), ...['pressed', 'selected', 'checked', 'expanded', 'sort'].map((state) => element.getAttribute('aria-' + state))].join()),
    fields: all('input, textarea').map((field) => name(field) + '=' + (field.type === 'checkbox' ? field.checked : field.value)),
    charts: all('[data-chart]').map((chart) => [chart.dataset.chart, chart.dataset.from, chart.dataset.to, chart.classList.contains('large')].join()),
  }
})()`

interface State {
  name: string
  /** The part after the #; names in braces are filled in. */
  at: string
  /** Actions on the page. */
  make?(page: Page): Promise<void>
  /** Expected address afterwards. */
  says?: RegExp
  ready: string
}

const choose = async (page: Page, test: string, option: string | RegExp): Promise<void> => {
  await page.getByTestId(test).click()
  const item = page.getByRole('option', { name: option })
  await item.click()
  await item.waitFor({ state: 'hidden' })
}

const STATES: State[] = [
  { name: 'runs', at: '/runs', ready: 'tr[data-row=run]' },
  {
    name: 'the table sorted, filtered, searched, grouped, with other columns',
    at: '/runs',
    ready: 'tr[data-row=run]',
    async make(page) {
      await page.locator('th[data-column="name"] .sorter').click()
      await page.getByLabel('Search runs').fill('seed')
      await page.locator('th[data-column="status"]').hover()
      await page.getByRole('button', { name: 'Filter by Status' }).click()
      await page.getByTestId('filter-menu').locator('label', { hasText: 'finished' }).getByRole('checkbox').check()
      await page.keyboard.press('Escape')
      await page.getByTestId('choose-columns').click()
      await page.getByRole('button', { name: 'Hide Data set' }).click()
      await page.getByTestId('columns-done').click()
      await page.getByTestId('group').locator('input').fill('Preset')
      await page.getByRole('option', { name: /^Preset/ }).click()
      await page.locator('tr[data-row=group]').waitFor()
    },
    says: /columns=.*sort=name.*where=.*q=seed.*group=preset/,
  },
  { name: 'archived runs', at: '/runs?archived=yes', ready: 'tr[data-row=run]' },
  ...['charts', 'evaluation', 'weights', 'checkpoints', 'configuration', 'environment', 'notes'].map((tab): State => ({
    name: `the tab ${tab} of a run`,
    at: '/runs/{run}?tab=charts',
    ready: '[data-testid=status]',
    make: (page) => page.getByRole('tab', { name: new RegExp(`^${tab}`, 'i') }).click(),
    says: new RegExp(`tab=${tab}`),
  })),
  {
    name: 'the log of a run by level and what is searched for',
    at: '/runs/{run}?tab=log',
    ready: '[data-testid=log-count]',
    async make(page) {
      await page.locator('.v-select', { has: page.getByLabel('Minimum level') }).click()
      await page.getByRole('option', { name: 'Debug and above' }).click()
      await page.getByTestId('log-search').locator('input').fill('checkpoint')
    },
    says: /level=debug.*find=checkpoint/,
  },
  {
    name: 'the weights at another step',
    at: '/runs/{run}?tab=weights',
    ready: '[data-testid=weights] .v-select',
    async make(page) {
      await page.locator('[data-testid=weights] .v-select').click()
      await page.getByRole('option').last().click()
    },
    says: /step=\d+/,
  },
  {
    name: 'charts: a stretch, another axis, smoothing, a line that is off',
    at: '/runs/{run}?tab=charts',
    ready: '[data-chart=loss] [data-count="20"]',
    async make(page) {
      await page.getByLabel('Smoothing weight').fill('1')
      await choose(page, 'axis', 'images seen')
      await page.locator('[data-chart="loss"] [data-line="train/loss"] button').click()
      await page.locator('[data-chart="loss"] .frame').focus()
      await page.keyboard.press('+')
    },
    says: /from=.*to=.*by=.*smooth=.*hide=/,
  },
  {
    name: 'a chart in full',
    at: '/runs/{run}?tab=charts',
    ready: '[data-chart=loss] [data-count="20"]',
    async make(page) {
      await page.locator('[data-chart="loss"] .frame').focus()
      await page.keyboard.press('f')
    },
    says: /full=loss/,
  },
  ...(
    [
      ['charts', 'Charts'],
      ['figures', 'Results'],
      ['configurations', 'Configurations'],
      ['relations', 'Hyperparameters'],
    ] as const
  ).map(([tab, title]): State => ({
    name: `a comparison by seeds, its ${tab}`,
    at: '/compare?runs={all}&group=seeds&center=median&spread=range&baseline={run}&published=no',
    ready: '[role=tab]',
    make: (page) => page.getByRole('tab', { name: title, exact: true }).click(),
    // The first one needs no parameter.
    ...(tab === 'charts' ? {} : { says: new RegExp(`tab=${tab}`) }),
  })),
  { name: 'a named comparison', at: '/compare?saved={comparison}', ready: '[data-chart]' },
  {
    name: 'a new run of another preset on another data set',
    at: '/new',
    ready: '[data-preset][aria-checked=true]',
    async make(page) {
      await page.getByTestId('all-presets').click()
      await page.locator('[data-preset="leapfrog-26"]').click()
      // Until then, the estimate is that of the previous preset.
      await page.getByTestId('preview').filter({ hasText: '26 layers' }).waitFor()
    },
    says: /preset=leapfrog-26&dataset=mnist/,
  },
  { name: 'data sets', at: '/datasets', ready: '[data-dataset=mnist]' },
  {
    name: 'an image of a class of the test part',
    at: '/datasets/mnist',
    ready: '[data-place="0"]',
    async make(page) {
      await choose(page, 'part', 'Test (2,000)')
      await choose(page, 'class', /^3 \(/)
      await page.locator('[data-place="4"] canvas').waitFor()
      await page.locator('[data-place="4"]').click()
      await page.getByTestId('augment').locator('canvas').nth(12).waitFor()
    },
    says: /part=test.*class=3.*image=\d+/,
  },
  { name: 'points', at: '/datasets/spirals?part=test', ready: '[data-testid=split]' },
  { name: 'a diagnostic of an untrained network', at: '/lab?diagnostic=energy', ready: '[data-testid=run-diagnostic]' },
  { name: 'a term of the glossary', at: '/glossary?term=Unit', ready: '[data-term=Unit]' },
  { name: 'settings', at: '/settings', ready: '[data-testid=storage] .actions' },
]

describe.skipIf(noBrowser)('an address', () => {
  let browser: Browser
  let workbench: Awaited<ReturnType<typeof openWorkbench>>
  const known: Record<string, string> = {}
  beforeAll(async () => {
    await builtWorkbench()
    browser = await launchBrowser()
    workbench = await openWorkbench({ stepMs: 5 })
    const { services } = workbench
    await services.datasets.make({ name: 'spirals', kind: 'two-spirals', seed: 1 })
    const runs = await services.runs.createSeveral({ request: { ...REQUEST, name: 'one', overrides: { steps: 20 } }, seeds: [1, 2, 3] })
    const ids = runs.map(({ id }) => id)
    for (const id of ids)
      await vi.waitFor(async () => expect((await services.runs.get({ id })).status).toBe('finished'), { timeout: 20_000 })
    await services.runs.edit({ ids: [ids[2]!], archived: true })
    const { checkpoints } = await services.runs.get({ id: ids[0]! })
    await services.runs.evaluate({ id: ids[0]!, file: checkpoints[0]!.file })
    const { id: comparison } = await services.comparisons.save({ name: 'by name', view: { runs: ids, group: 'seeds' } })
    Object.assign(known, { run: ids[0], all: ids.join(','), comparison })
  }, 300_000)
  afterAll(async () => {
    await browser?.close()
    await workbench?.close()
  })

  const settled = async (page: Page): Promise<unknown> => {
    let before = ''
    await expect
      .poll(
        async () => {
          const now = JSON.stringify(await page.evaluate(SHOWN))
          const same = now === before
          before = now
          return same
        },
        { interval: 120, timeout: 15_000 },
      ) // prettier-ignore
      .toBe(true)
    return JSON.parse(before)
  }

  it('of every page in every state shows the same to whoever gets it', async () => {
    const { server } = workbench
    const { page, context, complaints } = await openPage(browser)
    page.setDefaultTimeout(10_000)
    const problems: Record<string, unknown> = {}
    for (const { name, at, make, says, ready } of everyNth(STATES, 5, import.meta.filename)) {
      const address = at.replace(/\{(\w+)\}/g, (_, key: string) => known[key]!)
      try {
        await page.goto(`${server.windowAddress}#${address}`)
        await page.evaluate('localStorage.clear()')
        await page.reload()
        await page.locator(ready).first().waitFor()
        await make?.(page)
        if (says) await expect.poll(() => page.url()).toMatch(says)
        const here = await settled(page)
        const { page: other, context: elsewhere } = await openPage(browser)
        await other.goto(`${server.windowAddress}${new URL(page.url()).hash}`)
        await other.locator('#content h1, #content .empty').first().waitFor()
        await expect.poll(() => other.evaluate(SHOWN), { timeout: 10_000 }).toEqual(here)
        await elsewhere.close()
      } catch (error) {
        problems[name] = (error as Error & { actual?: unknown; expected?: unknown }).message
      }
    }
    expect(problems).toEqual({})
    expect(complaints).toEqual([])
    await context.close()
  })

  const WRONG: [address: string, words: RegExp, remedy: string | null][] = [
    ['/nowhere/at/all', /Page not found/, 'Go to runs'],
    ['/runs/nothere1', /Run not found/, 'Go to runs'],
    ['/runs?view=nothere1', /View not found/, null],
    ['/runs/{run}?tab=weights&step=77', /no checkpoint at step 77/, null],
    ['/runs/{run}?tab=evaluation&step=77', /No evaluation at step 77/, null],
    ['/compare?saved=nothere1', /Comparison not found/, 'Go to runs'],
    ['/compare?runs=nothere1', /missing from this home or removed/, 'Remove from comparison'],
    ['/datasets/nothere', /Data set nothere not found/, 'Go to data sets'],
    ['/datasets/mnist?image=123456', /Image 123456 does not exist/, null],
    ['/new?preset=nothere&dataset=mnist', /Unknown preset nothere/, null],
    ['/new?dataset=nothere', /Data set nothere not found/, null],
  ]
  it.each(everyNth(WRONG, 5, import.meta.filename))('that is wrong says so, and what to do: %s', async (address, words, remedy) => {
    const { page, context, complaints } = await openPage(browser)
    await page.goto(`${workbench.server.windowAddress}#${address.replace('{run}', known['run']!)}`)
    await page.getByText(words).first().waitFor()
    if (remedy) await page.getByText(remedy, { exact: true }).first().waitFor()
    expect(complaints).toEqual([])
    await context.close()
  })
})
