import { describe, expect, it } from 'vitest'
import { noBrowser } from './support/chromium.js'
import { focused } from './support/focus.js'
import { picture } from './support/picture.js'
import { withWorkbench } from './support/suite.js'
import { seriousFindings } from './support/watched-page.js'

describe.skipIf(noBrowser)('the configuration of a run', () => {
  const real = withWorkbench()

  it('goes into the form of a new run by its row, and into the setting-up of a search by its page; nothing begins by that', async () => {
    const { services } = real.workbench
    const overrides = { steps: 20, h: 0.2, batch: 16, seed: 3 }
    const { id } = await services.runs.create({ preset: 'hamiltonian-quick', dataset: 'mnist', name: 'mother', overrides })
    await real.visit('/runs', async ({ page }) => {
      const field = (key: string): Promise<string> => page.locator(`[data-field="${key}"] input`).first().inputValue()
      await page.locator(`tr[data-run="${id}"]`).click({ button: 'right' })
      await page.getByTestId('row-menu').waitFor()
      await picture(page, 'row-menu-light')
      expect(await seriousFindings(page)).toEqual([])
      await expect.poll(() => focused(page)).toContain('Open')
      await page.keyboard.press('Escape')
      await page.getByTestId('row-menu').waitFor({ state: 'hidden' })
      await page.locator(`tr[data-run="${id}"]`).hover()
      await page.getByRole('button', { name: 'Commands for mother' }).click()
      await page.getByText('New run from this one').click()
      await page.waitForURL(/#\/new\?/)
      await expect.poll(async () => [await field('h'), await field('batch')]).toEqual(['0.2', '16'])
      await expect.poll(() => page.getByTestId('start').isEnabled()).toBe(true)

      await page.goto(`${real.workbench.server.windowAddress}#/runs/${id}`)
      await page.getByTestId('run-menu').click()
      await page.getByText('Sweep this run over …').click()
      // It asks for keys, and does not start without any.
      await expect.poll(() => page.locator('[data-field=keys] .problem').innerText()).toContain('give at least one key')
      expect(JSON.parse(await field('base'))).toEqual({ h: 0.2, batch: 16 })
      expect([await field('steps'), await field('seeds')]).toEqual(['20', '3'])
      await page.getByTestId('add-key').locator('input').fill('step size')
      await page.getByRole('option', { name: /\bh$/ }).first().click()
      await expect.poll(() => field('keys')).toBe('h=0.2')
      await page.locator('[data-field="keys"] input').first().fill('h=0.2|0.4')
      await expect.poll(() => page.getByTestId('study-summary').innerText()).toContain('2 cells')
      await picture(page, 'sweep-light', { fullPage: true })
      expect(await seriousFindings(page)).toEqual([])
      expect((await services.runs.list()).runs).toHaveLength(1)
      expect(await services.studies.list()).toMatchObject({ studies: [] })
      await page.getByTestId('start-study').click()
      await page.getByTestId('study').waitFor()
      const configs = await Promise.all(
        (await services.runs.list()).runs
          .filter(({ studyId }) => studyId !== null)
          .map(async (run) => (await services.runs.get({ id: run.id })).config),
      )
      expect(configs.map(({ h, batch, seed, steps }) => [h, batch, seed, steps]).sort()).toEqual([
        [0.2, 16, 3, 20],
        [0.4, 16, 3, 20],
      ])
    })
  })
})
