import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { openBackend, type BackendOptions } from '../../../src-main/hosts/backend.js'
import { catalogue } from '../../../src-main/hosts/catalogue.js'
import { createImporter } from '../../../src-main/hosts/importer.js'
import { startLocalServer, takePort } from '../../../src-main/hosts/server/http.js'
import { FIGURES, LAYERS } from '../../fixtures/fake-evaluations.js'
import { builtWorkbench } from './built.js'
import { storeRuns, type StoredRun } from './stored-runs.js'

/**
 * The real back end of a fresh home behind the real local server and the built page; only the trainers compute nothing
 * (`test/fixtures/fake-trainer.mjs`), so that a test need not wait for them.
 */
export async function openWorkbench(options: Partial<BackendOptions> & { stepMs?: number; runs?: readonly StoredRun[] } = {}) {
  const { page, server: entry } = await builtWorkbench()
  const { stepMs = 20, runs = [], ...rest } = options
  const home = mkdtempSync(join(tmpdir(), 'retrace-e2e-'))
  if (runs.length > 0) await storeRuns(home, runs)
  const backend = await openBackend({
    home,
    hostKind: 'server',
    trainerEntry: resolve(import.meta.dirname, '../../fixtures/fake-trainer.mjs'),
    catalogue,
    importer: createImporter(join(dirname(entry), 'import-process.js')),
    weights: { check: async () => undefined, export: async () => 0, norms: async () => LAYERS },
    evaluator: { evaluate: async () => FIGURES },
    speedMeter: { measure: async () => undefined },
    environment: () => ({ FAKE_TRAINER: JSON.stringify({ stepMs }) }),
    ...rest,
  })
  const defects: Error[] = []
  const server = startLocalServer(await takePort(0), { services: backend.services, page, onDefect: (error) => void defects.push(error) })
  return {
    home,
    server,
    services: backend.services,
    defects,
    async close(): Promise<void> {
      await server.close()
      await backend.close({ timeout: 2000 })
      rmSync(home, { recursive: true, force: true })
    },
  }
}
