import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import type { BackendOptions } from '../../../src-main/hosts/backend.js'
import { openBackend } from '../../fixtures/backend.js'
import { catalogue } from '../../../src-main/hosts/catalogue.js'
import { createImporter } from '../../../src-main/hosts/importer.js'
import { startLocalServer, takePort } from '../../../src-main/hosts/server/http.js'
import { FIGURES, LAYERS } from '../../fixtures/figures.js'
import { playedInstruments } from '../../fixtures/views.js'
import { builtWorkbench } from './built.js'
import type { Dataset } from '../../../src-main/contract/datasets.js'
import { storeDatasets, storeRuns, type StoredRun } from './stored-runs.js'
import { removeFolder } from '../../fixtures/home.js'

interface Options extends Partial<BackendOptions> {
  stepMs?: number
  /** The initial content of the home. */
  runs?: readonly StoredRun[]
  datasets?: readonly Dataset[]
}

/**
 * The real back end of a new home with the real local server and the built page; only the trainers compute nothing
 * (`test/fixtures/fake-trainer.mjs`), so that tests need not wait for them.
 */
export async function openWorkbench(options: Options = {}) {
  const { page, server: entry } = await builtWorkbench()
  const { stepMs = 20, runs = [], datasets = [], ...rest } = options
  const home = mkdtempSync(join(tmpdir(), 'retrace-e2e-'))
  if (runs.length > 0) await storeRuns(home, runs)
  if (datasets.length > 0) await storeDatasets(home, datasets)
  const backend = await openBackend({
    home,
    hostKind: 'server',
    trainerEntry: resolve(import.meta.dirname, '../../fixtures/fake-trainer.mjs'),
    catalogue,
    importer: createImporter(join(dirname(entry), 'import-process.js')),
    weights: {
      check: async () => undefined,
      export: async () => 0,
      exportOnnx: async () => 0,
      norms: async () => LAYERS,
      double: async () => undefined,
    },
    evaluator: { evaluate: async () => FIGURES },
    instruments: playedInstruments(),
    speedMeter: { measure: async () => undefined },
    environment: () => ({ FAKE_TRAINER: JSON.stringify({ stepMs }) }),
    ...rest,
  })
  const defects: Error[] = []
  const server = startLocalServer(await takePort(0), {
    api: backend,
    page,
    exports: join(home, 'exports'),
    onDefect: (error) => void defects.push(error),
  })
  return {
    home,
    server,
    services: backend.services,
    defects,
    async close(): Promise<void> {
      await server.close()
      await backend.close({ timeout: 2000 })
      removeFolder(home)
    },
  }
}
