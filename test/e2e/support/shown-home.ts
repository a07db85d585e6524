import { expect, vi } from 'vitest'
import type { ShownHome } from '../screenshots/home.js'
import { builtWorkbench } from './built.js'
import { launchBrowser } from './chromium.js'
import { openWorkbench } from './workbench.js'

/** The same content as in the screenshots, from trainers that compute nothing. */
export async function fillWorkbench({ services }: Awaited<ReturnType<typeof openWorkbench>>): Promise<ShownHome> {
  const request = { preset: 'hamiltonian-quick', dataset: 'mnist' }
  await services.settings.update({ 'queue.concurrentRuns': 2 })
  await services.datasets.make({ name: 'spirals', kind: 'two-spirals', seed: 1 })
  const short = await services.runs.createSeveral({ request: { ...request, name: 'short', overrides: { steps: 20 } }, seeds: [1, 2, 3] })
  const ids = short.map(({ id }) => id)
  for (const id of ids) await vi.waitFor(async () => expect((await services.runs.get({ id })).status).toBe('finished'), { timeout: 20_000 })
  const [finished, diverged, plane] = ids as [string, string, string]
  await services.runs.setNotes({ id: finished, notes: '## First\n\nLearns **fast**.' })
  const [live, ...queued] = await services.runs.createSeveral({
    request: { ...request, name: 'long', overrides: { steps: 100_000 } },
    seeds: [1, 2, 3, 4],
  })
  return { finished, diverged, plane, live: live!.id, queued: queued.map(({ id }) => id), compared: ids }
}

/** A browser, a workbench with the content of the screenshots, and an empty one. */
export async function openShown(options: Parameters<typeof openWorkbench>[0]) {
  await builtWorkbench()
  const browser = await launchBrowser()
  const [full, empty] = [await openWorkbench(options), await openWorkbench()]
  return {
    browser,
    full,
    empty,
    home: await fillWorkbench(full),
    async close() {
      await browser.close()
      await Promise.all([full.close(), empty.close()])
    },
  }
}
