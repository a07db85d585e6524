import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { homeOfTest } from '../fixtures/home-of-test.js'
import { slice } from '../fixtures/slice.js'
import { exported } from './support/exported.js'
import { builtWorkbench } from './support/built.js'
import { noBrowser } from './support/chromium.js'
import { picture } from './support/picture.js'
import { serveHome } from './support/serve-home.js'
import { withServer } from './support/suite.js'
import { openPage, seriousFindings } from './support/watched-page.js'

const MINUTE = 60_000

describe.skipIf(noBrowser)('a study', () => {
  const real = withServer()

  it(
    'is set up, previewed and started in the window, draws its figure as results arrive, and is exported',
    async () => {
      const { client, close } = await real.connect()
      const { page, complaints } = await openPage(real.browser, { width: 1300 })
      page.setDefaultTimeout(MINUTE)
      await page.goto(await real.server.windowAddress())
      await page.getByRole('link', { name: 'Studies' }).first().click()
      await page.getByText('No studies yet').waitFor()
      await picture(page, 'studies-empty-light')
      expect(await seriousFindings(page)).toEqual([])

      await page.getByRole('link', { name: 'Set up: Fewer training data' }).click()
      // The paper's data set is not in this home, which is reported before anything starts.
      await expect
        .poll(() => page.locator('[data-field=dataset] .problem').innerText())
        .toMatch(/^There is no data set cifar-10: import it first, or choose one of /)
      expect(await page.getByTestId('start-study').isDisabled()).toBe(true)
      await picture(page, 'study-new-problem-light', { fullPage: true })
      const chosen = 'presets=hamiltonian-quick&dataset=mnist&images=100%2C+200&steps=3&seeds=1%2C2&withoutSmoothness=false'
      await page.goto(`${real.server.address}/#/studies`)
      await page.goto(`${real.server.address}/#/studies/new/fewer-data?${chosen}`)
      await expect.poll(() => page.getByTestId('study-summary').innerText()).toContain('4 cells, 0 done already')
      await picture(page, 'study-new-light', { fullPage: true })
      expect(await seriousFindings(page)).toEqual([])
      await page.getByLabel('Name', { exact: true }).fill('Few digits')
      await page.getByTestId('start-study').click()

      await page.getByTestId('study').waitFor()
      await expect.poll(() => page.getByTestId('study-counts').innerText(), { timeout: 3 * MINUTE }).toContain('4 finished')
      const figure = page.getByTestId('lab-figure').first().getByRole('img')
      await expect
        .poll(() => figure.getAttribute('aria-label'))
        .toMatch(/Test accuracy .* over Training images\b.*hamiltonian-quick from \d/)
      await expect.poll(() => page.getByTestId('study-grid').locator('[data-state=finished]').count()).toBe(4)
      await expect
        .poll(() => page.getByTestId('study-command').innerText())
        .toContain('retrace study start fewer-data --option presets=hamiltonian-quick')
      await picture(page, 'study-light', { fullPage: true })
      expect(await seriousFindings(page)).toEqual([])

      // The figure agrees with the table and the runs.
      const { studies } = await client.studies.list.query()
      const { report, cells } = await client.studies.get.query({ id: studies[0]!.id })
      const { runs } = await client.runs.list.query()
      const accuracies = cells
        .filter(({ factors }) => factors['images'] === 100)
        .map(({ runId }) => runs.find(({ id }) => id === runId)!.reported!.values['test/accuracy']!)
      const column = report.tables[0]!.columns.find(({ key }) => key === 'accuracy')!
      expect(column.values[0]).toBeCloseTo((accuracies[0]! + accuracies[1]!) / 2, 12)

      const file = await exported(
        page
          .getByTestId('lab-figure')
          .first()
          .getByRole('button', { name: /^Export/ }),
        'PGFPlots',
      )
      const tex = readFileSync(await file.path(), 'utf8')
      expect(tex).toContain('y error plus index=2')
      expect(tex).toContain('xmode=log')

      await page.getByRole('link', { name: 'Studies' }).first().click()
      await expect.poll(() => page.getByTestId('studies').innerText()).toMatch(/Few digits\s+Fewer training data/)
      expect(complaints.filter((complaint) => !complaint.includes('Canvas2D'))).toEqual([])
      await page.context().close()

      const dark = await openPage(real.browser, { scheme: 'dark', width: 1100 })
      dark.page.setDefaultTimeout(MINUTE)
      await dark.page.goto(await real.server.windowAddress())
      await dark.page.getByRole('link', { name: 'Studies' }).first().click()
      await dark.page.getByTestId('studies').waitFor()
      await picture(dark.page, 'studies-dark')
      expect(await seriousFindings(dark.page)).toEqual([])
      await dark.page.getByRole('link', { name: 'Few digits' }).click()
      await dark.page.getByTestId('lab-figure').first().waitFor()
      await picture(dark.page, 'study-dark', { fullPage: true })
      expect(await seriousFindings(dark.page)).toEqual([])

      // Removed from its page, after a confirmation that states what is kept.
      await dark.page.getByRole('button', { name: 'Remove' }).click()
      await dark.page.getByText('Its runs stay in the runs table').waitFor()
      await dark.page.getByTestId('confirm').click()
      await dark.page.getByText('No studies yet').waitFor()
      expect((await client.runs.list.query()).runs.map(({ studyId }) => studyId)).toEqual([null, null, null, null])
      await dark.page.context().close()
      await close()
    },
    6 * MINUTE,
  )

  it(
    'measures memory and time in processes of its own, and says at an unknown address that there is no such study',
    async () => {
      const { client, close } = await real.connect()
      const options = { preset: 'hamiltonian-quick', factors: '1', batch: 2, steps: 1 }
      const { id } = await client.studies.start.mutate({ template: 'memory-depth', options })
      await expect
        .poll(async () => (await client.studies.get.query({ id })).study.counts, { timeout: 3 * MINUTE, interval: 500 })
        .toEqual({ finished: 4 })
      const { page } = await openPage(real.browser, { width: 1300 })
      page.setDefaultTimeout(MINUTE)
      await page.goto(`${await real.server.windowAddress()}#/studies/${id}`)
      const first = page.getByTestId('lab-figure').first().getByRole('img')
      await expect.poll(() => first.getAttribute('aria-label')).toMatch(/hamiltonian, reversible from \d+.*resnet, stored from \d+/)
      await picture(page, 'study-memory-light', { fullPage: true })
      await page.goto(`${real.server.address}/#/studies/zzzzzzzz`)
      await page.getByText('There is no study zzzzzzzz').waitFor()
      await page.context().close()
      await close()
    },
    6 * MINUTE,
  )

  it(
    'over depth and step size has the lab measure the stability margin of its trained networks, and links to the diagnostic and back',
    async () => {
      const { client, close } = await real.connect()
      const options = { preset: 'hamiltonian-quick', dataset: 'mnist', sizes: '0.1', units: '2, 3', steps: 2, seeds: '1' }
      const { id } = await client.studies.start.mutate({ template: 'depth-step', options })
      await expect
        .poll(async () => (await client.studies.get.query({ id })).study.counts, { timeout: 2 * MINUTE, interval: 300 })
        .toEqual({ finished: 2 })
      const { page, complaints } = await openPage(real.browser, { width: 1300 })
      page.setDefaultTimeout(MINUTE)
      await page.goto(`${await real.server.windowAddress()}#/studies/${id}`)
      await page.getByTestId('diagnose').click()
      await page.getByTestId('study-diagnostics').waitFor({ state: 'hidden' })
      await page.getByText('Stability margin after training').first().waitFor()
      await picture(page, 'study-margin-light', { fullPage: true })
      expect(await seriousFindings(page)).toEqual([])
      const { report, undiagnosed } = await client.studies.get.query({ id })
      expect(undiagnosed).toEqual([{ diagnostic: 'spectrum', runIds: [] }])
      const margins = report.tables[0]!.columns.find(({ key }) => key === 'margin')!.values
      expect(margins.every((value) => typeof value === 'number' && value < 1)).toBe(true)
      await page.getByTestId('to-lab').click()
      await page.waitForURL(/#\/lab\?diagnostic=spectrum/)
      expect(complaints.filter((complaint) => !complaint.includes('Canvas2D'))).toEqual([])
      await page.context().close()
      await close()
    },
    4 * MINUTE,
  )

  it(
    'by successive halving drops all but the best at its rung, and says so on its page',
    async () => {
      const { client, close } = await real.connect()
      const base = { stages: [{ channels: 2, units: 1 }], batch: 4, subset: 0.02, evaluateImages: 20 }
      const options = {
        preset: 'hamiltonian-quick',
        dataset: 'mnist',
        base: JSON.stringify(base),
        keys: 'learningRate=0.001|0.1',
        steps: 8,
      }
      const { id } = await client.studies.start.mutate({ template: 'search', options: { ...options, validation: 0.2, rungs: 2, eta: 2 } })
      const { page, complaints } = await openPage(real.browser, { width: 1300 })
      page.setDefaultTimeout(MINUTE)
      await page.goto(`${await real.server.windowAddress()}#/studies/${id}`)
      await expect.poll(() => page.getByTestId('study-counts').innerText(), { timeout: 2 * MINUTE }).toMatch(/1 finished/)
      await page.getByText('Table', { exact: true }).first().click()
      const rows = page.locator('table', { hasText: 'Reason' }).locator('tbody tr')
      await expect.poll(async () => (await rows.allInnerTexts()).join(' ')).toContain('not continued')
      const { cells } = await client.studies.get.query({ id })
      // The one that was not promoted stays at its rung; the winner has reached the second and its end.
      for (const [at, { state }] of cells.entries())
        await expect.poll(() => rows.nth(at).innerText()).toMatch(state === 'finished' ? /finished\t2\t/ : /not continued\t1 \(step 4\)\t/)
      expect(cells.map(({ state, phase }) => [state, phase]).sort()).toEqual([['dropped', 0], ['finished', 1]]) // prettier-ignore
      await picture(page, 'study-halving-light', { fullPage: true })
      expect(await seriousFindings(page)).toEqual([])
      expect(complaints.filter((complaint) => !complaint.includes('Canvas2D'))).toEqual([])
      await page.context().close()
      await close()
    },
    4 * MINUTE,
  )

  it('of a search shows its cells as parallel coordinates, also those that diverged', async () => {
    const home = await homeOfTest()
    const options = { dataset: 'mnist', preset: 'hamiltonian-quick', keys: 'h=0.1|0.2|0.4; batch=16|32|64', steps: 10 }
    const { id } = await home.studies.start({ template: 'search', options, name: 'Step sizes' })
    const { cells } = await home.studies.get({ id })
    for (const { runId, position } of cells) {
      home.addPoints(runId!, 'validation/accuracy', [{ step: 10, value: 0.4 + 0.05 * position }])
      home.end(runId!, position === 4 ? 'diverged' : 'finished', position === 4 ? 'The loss is NaN.' : null)
    }
    const server = await serveHome(home, (await builtWorkbench()).page)
    for (const scheme of slice(['light', 'dark'] as const, import.meta.filename)) {
      const { page, context, complaints } = await openPage(real.browser, { scheme, width: 1300 })
      await page.goto(`${server.windowAddress}#/studies/${id}`)
      const figure = page.getByTestId('study-parallel')
      await figure.waitFor()
      expect(await figure.getByRole('img').getAttribute('aria-label')).toContain(
        'of 9 cells over h, batch, State, Validation accuracy; 1 failed or diverged',
      )
      expect(await figure.innerText()).toMatch(/Validation accuracy\s+40\.00%\s+80\.00%\s+failed or diverged \(1\)/)
      await picture(page, `study-parallel-${scheme}`, { fullPage: true })
      expect(await seriousFindings(page)).toEqual([])
      expect(complaints.filter((complaint) => !complaint.includes('Canvas2D'))).toEqual([])
      await context.close()
    }
    await server.close()
  })
})
