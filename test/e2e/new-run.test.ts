import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CONFIG_VERSION } from '../../src-main/contract/stored-config.js'
import { catalogue } from '../../src-main/hosts/catalogue.js'
import { builtWorkbench } from './support/built.js'
import { launchBrowser, noBrowser } from './support/chromium.js'
import { heldWork } from '../fixtures/held.js'
import { slice } from '../fixtures/slice.js'
import { openPage, seriousFindings } from './support/watched-page.js'
import { openWorkbench } from './support/workbench.js'
import { downloadOf } from './support/exported.js'
import type { SpeedMeter } from '../../src-main/features/runs/machine-speed.js'

/** Screenshots for reviewing changes to a page, if RETRACE_PICTURES names a folder. */
async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env['RETRACE_PICTURES']
  if (folder) await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true })
}

const ready = (page: Page): Promise<void> => expect.poll(() => page.getByTestId('start').isEnabled(), { timeout: 20_000 }).toBe(true)

/** The form in a real browser with the real back end, whose trainers compute nothing. */
describe.skipIf(noBrowser)('a new run', () => {
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
  )('is chosen by a card, changed in the form, and its configuration goes out and in again, %s theme', async (scheme, width) => {
    const { held, work } = heldWork<Parameters<SpeedMeter['measure']>[0], undefined>()
    let measured = false
    const workbench = await openWorkbench({
      stepMs: 100,
      speedMeter: { measure: work },
      catalogue: {
        ...catalogue,
        describe: async (config) => ({
          ...(await catalogue.describe(config)),
          secondsPerStep: measured ? { reversible: 0.5, stored: 0.5 } : null,
        }),
      },
    })
    const { services, server } = workbench
    await services.datasets.list()
    const { page, context, complaints } = await openPage(browser, { scheme, width })
    await page.goto(`${server.windowAddress}#/new`)
    await ready(page)

    // Three choices and the start button are visible; the rest is folded.
    expect(await page.locator('[data-field="learningRate"]').isVisible()).toBe(false)
    const startsAt = (await page.getByTestId('start').boundingBox())!
    expect(startsAt.y + startsAt.height).toBeLessThanOrEqual(page.viewportSize()!.height)

    // Arrow keys choose as in any radio group; each card describes its picture.
    await page.locator('[data-preset="hamiltonian-quick"]').focus()
    await page.keyboard.press('ArrowRight')
    const card = page.locator('[data-preset="hamiltonian-74"][aria-checked="true"]')
    await card.waitFor()
    expect(await card.evaluate((element) => element.matches(':focus'))).toBe(true)
    const words = await card.getAttribute('aria-describedby')
    expect(await page.locator(`[id="${words}"]`).textContent()).toMatch(/7 units of 32 channels at 32 by 32; .*Y becomes Y plus/)
    await ready(page)
    expect(await page.getByTestId('parameters').innerText()).toMatch(/^43\d,\d{3}$/)
    expect(await page.getByTestId('architecture').getAttribute('aria-label')).toMatch(/7 units of 32 channels at 28 by 28/)

    // The dial follows the field.
    await page.getByLabel('Show all hyperparameters').check()
    const budget = page.locator('[data-field="memoryBudget"]')
    await budget.getByText(/Recomputes all 18 units/).waitFor()
    await budget.locator('input[inputmode]').fill('60')
    await budget.getByText(/Stores \d+ of 18 units \(\d.*MiB\) and recomputes the rest/).waitFor()
    await budget.getByLabel('Automatic').check()
    await budget.getByText(/half of the memory that is free now/).waitFor()
    await budget.getByLabel('Automatic').uncheck()
    await page.locator('[data-field="learningRate"] input').fill('0.05')
    await page.locator('[data-field="steps"] input').fill('120')
    await page.locator('[data-field="learningRate"].changed').waitFor()
    await ready(page)
    await page.getByLabel('Show all hyperparameters').uncheck()
    await page.locator('[data-group="Training"] .fold').click()
    await page.locator('[data-group="Training"]').getByText('changed: Learning rate 0.05').waitFor()
    await page.locator('[data-group="Training"] .fold').click()
    await picture(page, `new-${scheme}-${width}`)
    expect(await seriousFindings(page)).toEqual([])

    // The time is estimated once the machine has been measured, which can be cancelled.
    const time = page.getByTestId('preview')
    await time.getByText('not measured yet').waitFor()
    await page.getByTestId('measure').click()
    await expect.poll(() => held.length).toBe(1)
    // Reports in quick succession are dropped.
    const told = async (): Promise<boolean> => {
      held[0]!.request.onProgress(0.25, 'measuring a larger workload')
      return time.getByText('25% measuring a larger workload').isVisible()
    }
    await expect.poll(told).toBe(true)
    await picture(page, `measuring-${scheme}-${width}`)
    expect(await seriousFindings(page)).toEqual([])
    await time.getByRole('button', { name: 'Cancel' }).click()
    await page.getByTestId('measure').click()
    await expect.poll(() => held.length).toBe(2)
    measured = true
    held[1]!.answer(undefined)
    await time.getByText('0.50 s').waitFor()
    expect(await page.getByTestId('estimated-time').innerText()).toMatch(/^1:00\b/)
    await page.getByTestId('measure').getByText('again').waitFor()

    // Exported, and imported again.
    const saved = await downloadOf(page, () => page.getByTestId('config-save').click())
    expect(saved.suggestedFilename()).toBe('hamiltonian-74-mnist.json')
    const text = readFileSync(await saved.path(), 'utf8')
    expect(JSON.parse(text)).toMatchObject({ preset: 'hamiltonian-74', dataset: 'mnist', learningRate: 0.05, steps: 120 })
    await page.getByTestId('all-presets').click()
    await page.locator('[data-preset="resnet-32"]').click()
    await page.locator('[data-preset="resnet-32"][aria-checked="true"]').waitFor()
    await page.getByTestId('config-import').click()
    const field = page.getByRole('dialog').getByLabel('Configuration', { exact: true })
    await field.fill(text.replace('"learningRate"', '"learningrate"').replace('"batch": 100', '"batch": 0'))
    await page.getByTestId('config-apply').click()
    const issues = page.getByTestId('config-issues')
    await issues.getByText('did you mean learningRate?').waitFor()
    expect(await issues.innerText()).toMatch(/No changes were made[\s\S]*batch/)
    await picture(page, `import-${scheme}-${width}`)
    expect(await seriousFindings(page)).toEqual([])
    expect(await page.locator('[data-preset="resnet-32"]').getAttribute('aria-checked')).toBe('true')
    const file = join(workbench.home, 'configuration.json')
    writeFileSync(file, text)
    await page.getByTestId('config-file').setInputFiles(file)
    await expect.poll(() => field.inputValue()).toBe(text)
    await page.getByTestId('config-apply').click()
    await page.locator('[data-preset="hamiltonian-74"][aria-checked="true"]').waitFor()
    await expect.poll(() => page.locator('[data-field="learningRate"] input').inputValue()).toBe('0.05')
    await ready(page)
    await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: server.address })
    await page.getByTestId('config-copy').click()
    await page.getByText('Configuration copied to the clipboard.').waitFor()
    expect(await page.evaluate<string>('navigator.clipboard.readText()')).toBe(text)

    await page.getByTestId('start').click()
    await page.waitForURL(/#\/runs\/[a-z0-9]+$/)
    const { config } = await services.runs.get({ id: page.url().split('/').at(-1)! })
    expect(JSON.parse(text)).toEqual({ configVersion: CONFIG_VERSION, ...config })
    expect(complaints).toEqual([])
    await context.close()
    await workbench.close()
    expect(workbench.defects).toEqual([])
  })

  it('offers networks that take the samples of the data set first, and starts with one click at 800 pixels', async () => {
    const workbench = await openWorkbench({ stepMs: 5 })
    const { services, server } = workbench
    await services.datasets.list()
    await services.datasets.make({ name: 'rings', kind: 'circles' })
    const { page, context, complaints } = await openPage(browser, { width: 800 })
    await page.goto(`${server.windowAddress}#/new`)
    await ready(page)
    await page.getByTestId('dataset').click()
    await page.getByRole('option', { name: /^rings/ }).click()
    await page.locator('[data-preset="mlp-hamiltonian"][aria-checked="true"]').waitFor()
    const shown = await page.locator('[data-preset]').evaluateAll((cards) => cards.map((card) => card.getAttribute('data-preset')!))
    expect(shown.filter((name) => !/^(mlp|stable)-/.test(name))).toEqual([])
    await ready(page)
    await picture(page, 'new-points-800')
    expect(await seriousFindings(page)).toEqual([])
    await page.getByTestId('start').click()
    await page.waitForURL(/#\/runs\/[a-z0-9]+$/)
    expect(complaints).toEqual([])
    await context.close()
    await workbench.close()
  })

  it('is made once for each of several seeds', async () => {
    const workbench = await openWorkbench({ stepMs: 100 })
    const { services, server } = workbench
    const { page, context, complaints } = await openPage(browser, { width: 1100 })
    await page.goto(`${server.windowAddress}#/new`)
    await ready(page)
    await page.locator('[data-group="Seed"] .fold').click()
    const seeds = page.getByLabel('Seeds (several runs)')
    await seeds.fill('1,x')
    await page.getByRole('alert').getByText('Seeds must be numbers and ranges, for example 1,2,5-7.').waitFor()
    // The button that it disables names the field, and links to it.
    await page.getByTestId('held-back').getByRole('button', { name: 'Seeds' }).click()
    await expect.poll(() => seeds.evaluate((element) => element.matches(':focus'))).toBe(true)
    expect(await page.getByTestId('start').isEnabled()).toBe(false)
    await seeds.fill('1,5-7')
    await ready(page)
    await page.getByTestId('start').click()
    await page.waitForURL(/#\/runs$/)
    expect((await services.runs.list()).runs.map(({ seed }) => seed).sort()).toEqual([1, 5, 6, 7])
    await page.getByTestId('queue').locator('.name').nth(2).waitFor()
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
  )('forks in the same form: what is fixed says why, what is changed is marked and listed, %s theme', async (scheme, width) => {
    const workbench = await openWorkbench({ stepMs: 5 })
    const { services, server } = workbench
    const { id } = await services.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist', name: 'parent', overrides: { steps: 30 } })
    await expect.poll(async () => (await services.runs.get({ id })).status, { timeout: 20_000 }).toBe('finished')
    const { page, context, complaints } = await openPage(browser, { scheme, width })
    await page.goto(`${server.windowAddress}#/runs/${id}`)
    await page.getByTestId('run-menu').click()
    await page.getByText('Fork …').click()
    const dialog = page.getByRole('dialog')
    await dialog.locator('[data-field="h"] input').waitFor()
    expect(await dialog.locator('[data-field="stages"] input').isDisabled()).toBe(true)
    await dialog.locator('[data-field="stages"]').getByText('shapes of the weights').waitFor()
    await dialog.getByText('The configurations are identical.').waitFor()
    await dialog.locator('[data-field="learningRate"] input').fill('0.02')
    await dialog.locator('[data-field="steps"] input').fill('12')
    await dialog.locator('[data-field="learningRate"].changed').waitFor()
    await expect
      .poll(() => dialog.getByTestId('diff').locator('tbody').innerText())
      .toMatch(/steps\s+30\s+12[\s\S]*learningRate\s+0\.2\s+0\.02/)
    await expect.poll(() => page.getByTestId('fork').isEnabled()).toBe(true)
    await picture(page, `fork-form-${scheme}-${width}`)
    // Twice the depth: its consequences are listed as well.
    await dialog.getByTestId('fork-doubled').locator('input').check()
    await expect.poll(() => dialog.getByTestId('diff').locator('tbody').innerText()).toMatch(/stages[\s\S]*h\s+0\.25\s+0\.125/)
    await expect.poll(() => page.getByTestId('fork').isEnabled()).toBe(true)
    await picture(page, `fork-form-doubled-${scheme}-${width}`)
    expect(await seriousFindings(page)).toEqual([])
    await dialog.getByTestId('fork-checkpoint').click()
    await page.getByRole('option').last().click()
    await page.getByTestId('fork').click()
    await page.getByText('forked from').waitFor()
    const child = await services.runs.get({ id: page.url().split('/').at(-1)! })
    const { config } = await services.runs.get({ id })
    const stages = config.stages.map(({ channels, units }) => ({ channels, units: 2 * units }))
    expect(child).toMatchObject({ parentId: id, config: { ...config, stages, h: config.h / 2, learningRate: 0.02, steps: 12 } })
    expect(complaints).toEqual([])
    await context.close()
    await workbench.close()
    expect(workbench.defects).toEqual([])
  })

  it('has the options of an architecture while that is chosen, and they are those of the run', async () => {
    const workbench = await openWorkbench({ stepMs: 5 })
    const { services, server } = workbench
    await services.datasets.list()
    const { page, context, complaints } = await openPage(browser, { width: 1100 })
    await page.goto(`${server.windowAddress}#/new?preset=hamiltonian-quick&dataset=mnist`)
    await ready(page)
    await page.getByLabel('Show all hyperparameters').check()
    const damping = page.locator('[data-field="damping"]')
    expect(await damping.count()).toBe(0)
    // On a heavily loaded machine, a click on a menu that is just opening is occasionally lost; a user would see that, and click again.
    const pick = async (field: string, option: string): Promise<void> => {
      const shown = page.locator(`[data-field="${field}"] .v-field`)
      const choice = page.getByRole('option', { name: option, exact: true })
      const isPicked = async (): Promise<boolean> => (await shown.innerText()).includes(option)
      await expect
        .poll(async () => {
          if (await isPicked()) return true
          if (!(await choice.isVisible())) await shown.click()
          await choice.click({ timeout: 2000 })
          return isPicked()
        })
        .toBe(true)
    }
    await pick('unitNorm', 'none')
    await pick('mode', 'stored')
    await pick('arch', 'Antisymmetric')
    await expect.poll(() => damping.locator('input').inputValue()).toBe('0')
    await damping.locator('input').fill('-1')
    await damping.getByRole('alert').waitFor()
    await damping.locator('input').fill('0.3')
    await page.locator('[data-field="steps"] input').fill('20')
    await ready(page)
    await picture(page, 'new-with-option')
    expect(await seriousFindings(page)).toEqual([])

    // Another architecture does not have the option, which reappears with this one.
    await pick('arch', 'Midpoint')
    await damping.waitFor({ state: 'detached' })
    await ready(page)
    await pick('arch', 'Antisymmetric')
    await ready(page)
    expect(await damping.locator('input').inputValue()).toBe('0.3')
    await page.getByTestId('start').click()
    await page.getByTestId('status').waitFor()
    const [run] = (await services.runs.list()).runs
    expect((await services.runs.get({ id: run!.id })).config).toMatchObject({ arch: 'antisymmetric', damping: 0.3 })
    await page.getByRole('tab', { name: /^Configuration/ }).click()
    await page.getByText('Damping γ').waitFor()
    expect(complaints).toEqual([])
    await context.close()
    await workbench.close()
  })
})
