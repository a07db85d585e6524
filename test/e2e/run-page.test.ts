import { readFileSync } from 'node:fs'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestFigures } from '../../src-main/contract/evaluations.js'
import { openDatabase } from '../../src-main/storage/database.js'
import { databaseFile } from '../../src-main/storage/home-files.js'
import { createStores } from '../../src-main/storage/stores.js'
import { FIGURES } from '../fixtures/figures.js'
import { builtWorkbench } from './support/built.js'
import { launchBrowser, noBrowser } from './support/chromium.js'
import { heldWork } from '../fixtures/held.js'
import { slice } from '../fixtures/slice.js'
import { picture } from './support/picture.js'
import { openPage, seriousFindings } from './support/watched-page.js'
import { openWorkbench } from './support/workbench.js'
import { downloadOf } from './support/exported.js'
import type { Evaluator } from '../../src-main/features/evaluations/evaluations.js'

const REQUEST = { preset: 'hamiltonian-quick', dataset: 'mnist' }

describe.skipIf(noBrowser)('the page of a run', () => {
  let browser: Browser
  beforeAll(async () => {
    await builtWorkbench()
    browser = await launchBrowser()
  }, 300_000)
  afterAll(() => browser?.close())

  it.each(
    slice(
      [
        ['light', 1100],
        ['dark', 1600],
      ],
      import.meta.filename,
    ),
  )('evaluates a checkpoint with progress and cancel, and shows matrix, classes, mistakes and weights: %s, %i', async (scheme, width) => {
    const { held, work } = heldWork<Parameters<Evaluator['evaluate']>[0], TestFigures>()
    const workbench = await openWorkbench({ stepMs: 5, evaluator: { evaluate: work } })
    const { services, server } = workbench
    const { id } = await services.runs.create({ ...REQUEST, name: 'evaluated', overrides: { steps: 30 } })
    await expect.poll(async () => (await services.runs.get({ id })).status, { timeout: 20_000 }).toBe('finished')
    const { page, context, complaints } = await openPage(browser, { scheme, width })
    await page.goto(`${server.windowAddress}#/runs/${id}?tab=evaluation`)
    await page.getByText('No evaluations yet').waitFor()
    await picture(page, `evaluation-empty-${scheme}-${width}`)
    expect(await seriousFindings(page)).toEqual([])

    await page.getByTestId('evaluate-last').click()
    await expect.poll(() => held.length).toBe(1)
    // Reports within the first moment of a task are not published; evaluators continue reporting.
    await expect
      .poll(() => {
        held[0]!.request.onProgress(0.5, '1000 of 2000 test images')
        return page.getByText('1000 of 2000 test images').isVisible()
      })
      .toBe(true)
    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByText('No evaluations yet').waitFor()
    await page.getByTestId('evaluate-last').click()
    await expect.poll(() => held.length).toBe(2)
    held[1]!.answer(FIGURES)
    await page.getByTestId('confusion').waitFor()
    // Three of its cells: right, wrong, none.
    const cell = (label: number, predicted: number) =>
      page.getByTestId('confusion').locator('tbody tr').nth(label).locator('td').nth(predicted)
    await expect.poll(() => cell(7, 7).innerText()).toMatch(/^14\s+70\.0%$/)
    await expect.poll(() => cell(7, 1).innerText()).toMatch(/^6\s+30\.0%$/)
    await expect.poll(() => cell(1, 7).innerText()).toBe('·')
    // Digits of the data set, which are not of a single colour.
    const inked = () =>
      page
        .getByTestId('mistakes')
        .locator('canvas')
        .evaluateAll(
          (canvases) =>
            (
              canvases as unknown as {
                width: number
                height: number
                getContext(kind: '2d'): { getImageData(...box: number[]): { data: Uint8ClampedArray } }
              }[]
            ).filter((canvas) => new Set(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data).size > 10).length,
        )
    await expect.poll(inked).toBe(FIGURES.mistakes.length)
    await picture(page, `evaluation-${scheme}-${width}`, { fullPage: true })
    // Nothing in its tables is cut off.
    const hidden = () =>
      page
        .getByTestId('evaluation')
        .locator('.pane *')
        .evaluateAll(
          (elements) =>
            elements.filter((each) => each.clientWidth > 0 && each.scrollWidth > each.clientWidth + 1 && each.querySelector('table'))
              .length,
        )
    expect(await hidden()).toBe(0)
    expect(await seriousFindings(page)).toEqual([])

    await page.getByRole('tab', { name: 'Weights' }).click()
    await page.locator('[data-norms=change] canvas').waitFor()
    await picture(page, `weights-${scheme}-${width}`, { fullPage: true })
    expect(await seriousFindings(page)).toEqual([])
    const csv = await downloadOf(page, () => page.getByRole('button', { name: 'CSV' }).click())
    expect(readFileSync(await csv.path(), 'utf8').split('\n')[1]).toMatch(/^stem\/kernel,/)

    await page.getByRole('tab', { name: /Checkpoints/ }).click()
    const rows = page.locator('tr[data-checkpoint]')
    await expect.poll(() => rows.count()).toBe(4)
    await rows.first().getByText('97.00%').waitFor()
    await picture(page, `checkpoints-${scheme}-${width}`)
    expect(await seriousFindings(page)).toEqual([])
    const file = await downloadOf(page, () => rows.nth(1).getByTestId('download').click())
    expect(file.suggestedFilename()).toMatch(/^evaluated-step-\d+\.safetensors$/)
    // The content written by the test trainer.
    expect(JSON.parse(readFileSync(await file.path(), 'utf8'))).toEqual({
      step: Number(await rows.nth(1).getAttribute('data-checkpoint')),
    })
    await rows.nth(1).getByTestId('checkpoint-menu').click()
    await page.getByText('Fork …').click()
    const dialog = page.getByRole('dialog')
    await dialog
      .getByTestId('fork-checkpoint')
      .getByText(/step 20/)
      .waitFor()
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await dialog.waitFor({ state: 'hidden' })
    // One is pinned by keyboard, and a clean-up then keeps it.
    const started = page.locator('tr[data-checkpoint="0"]')
    const planned = async () => (await services.storage.clean({ dryRun: true })).items.filter(({ path }) => path.includes('step-0-')).length
    expect(await planned()).toBe(1)
    await started.getByRole('button', { name: 'Pin the checkpoint at step 0', pressed: false }).focus()
    await page.keyboard.press('Enter')
    await started.getByRole('button', { name: 'Pin the checkpoint at step 0', pressed: true }).waitFor()
    await started.getByText('pinned').waitFor()
    expect(await planned()).toBe(0)
    expect(await seriousFindings(page)).toEqual([])
    await picture(page, `checkpoints-pinned-${scheme}-${width}`)
    await page.getByRole('button', { name: 'Pin run' }).click()
    await page.getByText('clean-up keeps all of its checkpoints').waitFor()

    // Back through the tabs; the evaluation is there immediately after a reload.
    await page.goBack()
    await page.getByRole('tab', { name: 'Weights', selected: true }).waitFor()
    await page.goBack()
    await page.getByRole('tab', { name: 'Evaluation', selected: true }).waitFor()
    await page.reload()
    await page.getByTestId('confusion').waitFor()
    expect(complaints).toEqual([])
    await context.close()
    await workbench.close()
    expect(workbench.defects).toEqual([])
  })

  it.each(
    slice(
      [
        ['light', 1600],
        ['dark', 1100],
      ],
      import.meta.filename,
    ),
  )('finds what it looks for in a log of ten thousand lines, and follows its end: %s, %i', async (scheme, width) => {
    const workbench = await openWorkbench({ stepMs: 50 })
    const { services, server, home } = workbench
    const { id } = await services.runs.create({ ...REQUEST, name: 'talks', overrides: { steps: 100_000 } })
    await expect.poll(async () => (await services.runs.get({ id })).status, { timeout: 20_000 }).toBe('running')
    const db = await openDatabase(databaseFile(home))
    const stores = createStores(db)
    db.immediate(() => {
      for (let i = 0; i < 9_990; i++)
        stores.log.append({
          runId: id,
          at: 1_700_000_000_000 + 20_000 * i,
          level: i % 100 === 99 ? 'warn' : 'info',
          message: `line ${i} of the log`,
        })
    })
    db.close()
    const { page, context, complaints } = await openPage(browser, { scheme, width })
    await page.goto(`${server.windowAddress}#/runs/${id}?tab=log`)
    const log = page.getByRole('log')
    await log.getByText('line 9989 of the log').waitFor()
    expect(await log.locator('.entry').count()).toBeLessThan(200)
    await picture(page, `log-${scheme}-${width}`)
    expect(await seriousFindings(page)).toEqual([])

    await page.getByTestId('log-search').locator('input').fill('LINE 99')
    await expect.poll(() => page.getByTestId('log-count').innerText()).toMatch(/^101 matches, 101 of 9,99\d lines$/)
    await expect.poll(() => log.locator('mark').first().innerText()).toBe('line 99')
    await page.getByRole('combobox').first().click()
    await page.getByRole('option', { name: 'Warnings and errors' }).click()
    await expect.poll(() => page.getByTestId('log-count').innerText()).toMatch(/^2 matches, 2 of/)
    await picture(page, `log-search-${scheme}-${width}`)
    expect(await seriousFindings(page)).toEqual([])
    const file = await downloadOf(page, () => page.getByRole('button', { name: 'Download visible lines' }).click())
    expect(
      readFileSync(await file.path(), 'utf8')
        .trim()
        .split('\n'),
    ).toEqual([expect.stringMatching(/ warn {2}line 99 of the log$/), expect.stringMatching(/ warn {2}line 999 of the log$/)])
    await page.getByTestId('log-search').locator('input').fill('nowhere')
    await log.getByText('No log entries at this level match “nowhere”.').waitFor()
    await page.getByTestId('log-search').locator('input').fill('')
    await page.getByRole('combobox').first().click()
    await page.getByRole('option', { name: 'Info and above' }).click()

    // Scrolled up, it stays where it is; at the end it follows again.
    await log.getByText('line 9989 of the log').waitFor()
    await log.hover()
    await page.mouse.wheel(0, -3000)
    await expect.poll(() => page.getByLabel('Follow').isChecked()).toBe(false)
    await page.getByLabel('Follow').check()
    await log.getByText('line 9989 of the log').waitFor()
    expect(complaints).toEqual([])
    await context.close()
    await workbench.close()
  })
})
