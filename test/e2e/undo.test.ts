import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { builtWorkbench } from './support/built.js'
import { launchBrowser, noBrowser } from './support/chromium.js'
import { focused } from './support/focus.js'
import { openPage } from './support/watched-page.js'
import { openWorkbench } from './support/workbench.js'
import { everyNth } from '../fixtures/slice.js'

const REQUEST = { preset: 'hamiltonian-quick', dataset: 'mnist' }

type Workbench = Awaited<ReturnType<typeof openWorkbench>>

/** A change made by a user, and how to observe it. */
interface Change {
  name: string
  /** The part after the #. */
  at: string
  make(page: Page): Promise<void>
  /** The state that is changed. */
  state(page: Page): Promise<unknown>
}

/** The real back end, with trainers that compute nothing. */
describe.skipIf(noBrowser)('what a user changes', () => {
  let browser: Browser
  let workbench: Workbench
  /** Finished runs, and runs that wait behind the running one. */
  const runs = { finished: [] as string[], queued: [] as string[], live: '', comparison: '', view: '' }

  beforeAll(async () => {
    await builtWorkbench()
    browser = await launchBrowser()
    workbench = await openWorkbench({ stepMs: 20 })
    const { services } = workbench
    await services.datasets.make({ name: 'spirals', kind: 'two-spirals', seed: 1 })
    const made = await services.runs.createSeveral({ request: { ...REQUEST, name: 'done', overrides: { steps: 5 } }, seeds: [1, 2] })
    runs.finished = made.map(({ id }) => id)
    for (const id of runs.finished)
      await vi.waitFor(async () => expect((await services.runs.get({ id })).status).toBe('finished'), { timeout: 20_000 })
    await services.runs.edit({ ids: [runs.finished[0]!], addTags: ['kept'] })
    await services.runs.edit({ ids: [runs.finished[1]!], baseline: true })
    const [live, ...queued] = await services.runs.createSeveral({
      request: { ...REQUEST, name: 'long', overrides: { steps: 100_000 } },
      seeds: [1, 2, 3, 4],
    })
    runs.live = live!.id
    runs.queued = queued.map(({ id }) => id)
    runs.comparison = (await services.comparisons.save({ name: 'both', view: { runs: runs.finished } })).id
    runs.view = (await services.runViews.save({ name: 'mine', view: { text: 'done' } })).id
  }, 300_000)
  afterAll(async () => {
    await browser?.close()
    await workbench?.close()
  })

  const first = () => runs.finished[0]!
  const detail = () => workbench.services.runs.get({ id: first() })
  const queue = async () => {
    const { runs: all } = await workbench.services.runs.list()
    return all
      .filter(({ status }) => status === 'queued')
      .sort((a, b) => a.queueOrder - b.queueOrder)
      .map(({ id }) => runs.queued.indexOf(id))
  }
  const choose = async (page: Page, title: string): Promise<void> => {
    await page.getByTestId('run-menu').click()
    await page.locator('.v-overlay--active .v-list-item-title', { hasText: new RegExp(`^${title}$`) }).click()
  }
  const tick = async (page: Page): Promise<void> => {
    for (const name of ['done, seed 1', 'done, seed 2'])
      await page.locator('tr[data-row=run]', { hasText: name }).getByRole('checkbox').click()
    await page.getByTestId('bulk').getByText('2 selected').waitFor()
  }
  const bulk = (label: string) => async (page: Page) => {
    await tick(page)
    await page.getByTestId('bulk').getByRole('button', { name: label, exact: true }).click()
  }
  /** Selects the only run of the table whose name starts with this, and presses a button for the selection. */
  const chooseAnd = async (page: Page, name: string, label: string): Promise<void> => {
    await page.locator('tr[data-row=run]', { hasText: name }).first().getByRole('checkbox').click()
    await page.getByTestId('bulk').getByRole('button', { name: label, exact: true }).click()
  }
  const charts = (page: Page) =>
    page
      .locator('[data-chart]')
      .evaluateAll((all) => all.map((chart) => (chart as unknown as { dataset: { chart: string } }).dataset.chart))
  const columns = (page: Page) =>
    page
      .locator('th[data-column]')
      .evaluateAll((all) => all.map((head) => (head as unknown as { dataset: { column: string } }).dataset.column))
  const both = (key: 'tags' | 'pinned' | 'archived') => async () =>
    Promise.all(runs.finished.map(async (id) => (await workbench.services.runs.get({ id }))[key]))

  const CHANGES: Change[] = [
    {
      name: 'the name of a run',
      at: 'run',
      async make(page) {
        await page.getByRole('button', { name: 'Rename run' }).click()
        await page.getByLabel('Run name').fill('another')
        await page.keyboard.press('Enter')
      },
      state: async () => (await detail()).name,
    },
    { name: 'a pin', at: 'run', make: (page) => choose(page, 'Pin'), state: async () => (await detail()).pinned },
    {
      name: 'the baseline, which another run was',
      at: 'run',
      make: (page) => choose(page, 'Set as baseline'),
      state: async () => (await workbench.services.runs.list()).runs.filter(({ baseline }) => baseline).map(({ id }) => id),
    },
    { name: 'the archive', at: 'run', make: (page) => choose(page, 'Archive'), state: async () => (await detail()).archived },
    {
      name: 'the removal of a run',
      at: 'run',
      make: (page) => choose(page, 'Remove'),
      state: async () => (await workbench.services.runs.removed()).map(({ run }) => run.id),
    },
    {
      name: 'a new tag',
      at: 'run?tab=notes',
      async make(page) {
        await page.getByPlaceholder('Add tag').fill('new')
        await page.keyboard.press('Enter')
      },
      state: async () => (await detail()).tags,
    },
    {
      name: 'a tag that is taken away',
      at: 'run?tab=notes',
      make: (page) => page.getByRole('button', { name: 'Remove tag kept' }).click(),
      state: async () => (await detail()).tags,
    },
    {
      name: 'a colour',
      at: 'run?tab=notes',
      make: (page) => page.getByRole('radio').nth(2).click(),
      state: async () => (await detail()).colour,
    },
    {
      name: 'notes',
      at: 'run?tab=notes',
      async make(page) {
        await page.getByTestId('notes').locator('textarea').first().fill('Other words')
        await page.getByRole('button', { name: 'Save notes' }).click()
      },
      state: async () => (await detail()).notes,
    },
    {
      name: 'a pinned checkpoint',
      at: 'run?tab=checkpoints',
      make: (page) => page.getByTestId('pin').first().click(),
      state: async () => (await detail()).checkpoints.filter(({ pinned }) => pinned).length,
    },
    { name: 'pins of several runs', at: '/runs', make: bulk('Pin'), state: both('pinned') },
    { name: 'the archive of several runs', at: '/runs', make: bulk('Archive'), state: both('archived') },
    {
      name: 'the removal of several runs',
      at: '/runs',
      make: bulk('Remove'),
      state: async () => (await workbench.services.runs.removed()).length,
    },
    {
      name: 'a tag of several runs, which one had before',
      at: '/runs',
      async make(page) {
        await tick(page)
        await page.getByLabel('Add tag to the selected runs').fill('kept')
        await page.keyboard.press('Enter')
      },
      state: both('tags'),
    },
    {
      name: 'several runs that are queued again',
      at: '/runs',
      make: bulk('Run again'),
      state: async () => (await workbench.services.runs.list()).runs.length,
    },
    {
      name: 'the order of the queue',
      at: '/runs',
      async make(page) {
        await page.getByTestId('queue').locator('li').first().focus()
        await page.keyboard.press('Alt+ArrowDown')
      },
      state: queue,
    },
    {
      name: 'a run that is taken out of the queue',
      at: '/runs',
      make: (page) => page.getByRole('button', { name: 'Remove long, seed 3 from the queue' }).click(),
      state: queue,
    },
    {
      name: 'columns of the table',
      at: '/runs',
      async make(page) {
        await page.getByTestId('choose-columns').click()
        await expect.poll(() => focused(page)).toBe('Search columns')
        await page.getByRole('button', { name: 'Hide Data set' }).click()
        await page.getByTestId('columns-done').click()
      },
      state: columns,
    },
    {
      name: 'a filter that is removed',
      at: '/runs?q=done&where=status:oneOf:finished',
      make: (page) => page.getByRole('button', { name: /^Remove filter/ }).click(),
      state: (page) => page.getByTestId('filter-chip').count(),
    },
    {
      name: 'the removal of a view',
      at: '/runs?view=',
      async make(page) {
        await page.getByTestId('views').click()
        await page.getByTestId('remove-view').click()
      },
      state: async () => (await workbench.services.runViews.list()).views.length,
    },
    {
      name: 'the name of a view',
      at: '/runs?view=',
      async make(page) {
        await page.getByTestId('views').click()
        await page.getByText('Rename “mine” …').click()
        await page.getByTestId('view-name').locator('input').fill('yours')
        await page.getByTestId('save-view-name').click()
      },
      state: async () => (await workbench.services.runViews.list()).views.map(({ name }) => name),
    },
    {
      name: 'another content of a comparison',
      at: '/compare?saved=',
      async make(page) {
        await page.getByRole('button', { name: 'Group seeds' }).click()
        await page.getByTestId('save').click()
        await page.getByTestId('save-name').click()
      },
      state: async () => (await workbench.services.comparisons.list()).comparisons.map(({ view }) => view.group),
    },
    {
      name: 'the removal of a comparison',
      at: '/compare?saved=',
      make: (page) => page.getByRole('button', { name: 'Remove comparison' }).click(),
      state: async () => (await workbench.services.comparisons.list()).comparisons.length,
    },
    {
      name: 'the name of a data set',
      at: '/datasets/spirals',
      async make(page) {
        await page.getByRole('button', { name: 'Rename data set' }).click()
        await page.getByLabel('Data set name').fill('snails')
        await page.keyboard.press('Enter')
      },
      state: (page) => page.getByTestId('dataset-name').innerText(),
    },
    {
      name: 'the place of a chart',
      at: 'run?tab=charts',
      async make(page) {
        await page.locator('[data-chart=loss] .frame').focus()
        await page.keyboard.press('Alt+ArrowRight')
      },
      state: charts,
    },
    {
      name: 'a chart that is put away',
      at: 'run?tab=charts',
      async make(page) {
        await page.getByLabel('More actions: Loss').click()
        await page.getByText('Hide chart').click()
      },
      state: charts,
    },
    {
      name: 'a chart among the small ones',
      at: 'run?tab=charts',
      async make(page) {
        await page.getByLabel('More actions: Loss').click()
        await page.getByText('Move to small charts').click()
      },
      state: charts,
    },
    {
      name: 'a setting',
      at: '/settings',
      make: (page) => page.locator('[data-setting="runs.keepRemovedHours"] input').fill('48'),
      state: async () => (await workbench.services.settings.get())['runs.keepRemovedHours'],
    },
  ]

  it('can be undone, by the button of its notice and by Ctrl+Z', async () => {
    const { page, context, complaints } = await openPage(browser, { width: 1600 })
    page.setDefaultTimeout(10_000)
    await page.goto(workbench.server.windowAddress)
    await page.locator('tr[data-row=run]').first().waitFor()
    const problems: Record<string, unknown> = {}
    for (const [i, { name, at, make, state }] of everyNth(CHANGES, 2, import.meta.filename).entries()) {
      const address = at
        .replace(/^run/, `/runs/${first()}`)
        .replace(/view=$/, `view=${runs.view}`)
        .replace(/saved=$/, `saved=${runs.comparison}`)
      await page.goto(`${workbench.server.address}/#${address}`)
      await page.reload()
      await page.locator('#content h1').first().waitFor()
      if (at.startsWith('run')) await page.getByTestId('status').waitFor()
      if (at.includes('checkpoints')) await page.getByTestId('pin').first().waitFor()
      if (at.includes('charts')) await expect.poll(() => charts(page)).toContain('loss')
      if (at.startsWith('/runs')) await page.locator('tr[data-row=run]').first().waitFor()
      if (at.endsWith('view=')) await expect.poll(() => page.getByTestId('views').innerText()).toBe('mine')
      if (at.endsWith('saved=')) await page.getByRole('heading', { name: 'both' }).waitFor()
      try {
        const before = await state(page)
        await make(page)
        await expect.poll(() => state(page), { message: 'is made' }).not.toEqual(before)
        // Back and forth; a visible change has no notice of its own.
        const button = page.locator('.v-snackbar').getByRole('button', { name: 'Undo' })
        if (i % 2 === 0 && !/columns|filter|setting/.test(name)) await button.click()
        else {
          await page.locator('h1').first().click()
          await page.keyboard.press('Control+z')
        }
        await expect.poll(() => state(page), { message: 'is undone' }).toEqual(before)
      } catch (error) {
        problems[name] = (error as Error).message
      }
    }
    expect(problems).toEqual({})
    expect(complaints).toEqual([])
    await context.close()
  })

  it('is kept while it is written: notes are there again after another tab, a reload, and when they were discarded by mistake', async () => {
    const { page, context } = await openPage(browser)
    await page.goto(`${workbench.server.windowAddress}#/runs/${first()}?tab=notes`)
    const notes = page.getByTestId('notes').locator('textarea').first()
    await notes.fill('Half a sentence')
    await page.getByRole('tab', { name: 'Log' }).click()
    await page.getByRole('tab', { name: 'Notes' }).click()
    await expect.poll(() => notes.inputValue()).toBe('Half a sentence')
    await page.reload()
    await expect.poll(() => notes.inputValue()).toBe('Half a sentence')
    await page.getByRole('button', { name: 'Discard' }).click()
    await expect.poll(() => notes.inputValue()).toBe('')
    await page.getByRole('button', { name: 'Undo' }).click()
    await expect.poll(() => notes.inputValue()).toBe('Half a sentence')
    await page.getByRole('button', { name: 'Discard' }).click()
    expect((await detail()).notes).toBe('')
    await context.close()
  })

  it('is asked for first where it cannot be undone, and nothing is done when one thinks better of it', async () => {
    const { services, server } = workbench
    const [stopped, trashed] = await services.runs.createSeveral({
      request: { ...REQUEST, name: 'thrown away', overrides: { steps: 5 } },
      seeds: [1, 2],
    })
    for (const run of [stopped!, trashed!]) await services.runs.stop({ id: run.id })
    await services.runs.remove({ id: trashed!.id })
    const { page, context, complaints } = await openPage(browser, { width: 1600 })
    page.setDefaultTimeout(10_000)
    await page.goto(server.windowAddress)
    const everything = async () =>
      JSON.stringify([
        (await services.runs.list()).runs.map(({ id, status }) => [id, status]),
        (await services.runs.removed()).map(({ run }) => run.id),
        (await services.datasets.list()).map(({ name }) => name),
        (await detail()).checkpoints.map(({ file }) => file),
      ])
    const ASKED: [name: string, address: string, ask: (page: Page) => Promise<void>, question: RegExp][] = [
      ['stop', `/runs/${runs.live}`, (at) => at.getByRole('button', { name: 'Stop', exact: true }).click(), /Stop this run\?/],
      ['retry', `/runs/${stopped!.id}`, (at) => choose(at, 'Restart …'), /Restart from step 0\?/],
      ['retry several', '/runs', (at) => chooseAnd(at, 'thrown', 'Restart …'), /Restart from step 0\?/],
      ['stop several', '/runs', (at) => chooseAnd(at, 'long, seed 1', 'Stop …'), /Stop these runs\?/],
      ['remove a data set', '/datasets', (at) => at.getByRole('button', { name: 'Remove spirals' }).click(), /Remove spirals\?/],
      ['remove this data set', '/datasets/spirals', (at) => at.getByRole('button', { name: 'Remove' }).click(), /Remove spirals\?/],
      ['delete for good', '/settings', (at) => at.getByRole('button', { name: 'Delete permanently' }).first().click(), /permanently\?/],
      ['clean up', '/settings', (at) => at.getByRole('button', { name: 'Clean up …' }).click(), /checkpoint/],
    ]
    for (const [name, address, ask, question] of ASKED) {
      await page.goto(`${server.address}/#${address}`)
      await page.reload()
      await ask(page)
      const dialog = page.getByRole('dialog')
      await dialog.getByText(question).first().waitFor()
      const before = await everything()
      await dialog.getByRole('button', { name: 'Cancel' }).click()
      await dialog.waitFor({ state: 'hidden' })
      expect(await everything(), name).toBe(before)
    }
    expect(complaints).toEqual([])
    await context.close()
  })
})
