import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { unpackPoints } from '../../src-main/contract/metrics.js'
import { writeHostRecord } from '../../src-main/hosts/discovery.js'
import { startLocalServer, takePort } from '../../src-main/hosts/server/http.js'
import type { StudyTemplates } from '../../src-main/features/studies/study-templates.js'
import { seal } from '../../src-main/training/content-hash.js'
import { readSafetensors, writeSafetensors } from '../../src-main/training/safetensors.js'
import { CLIENT, python, PYTHON, pythonEnvironment, ROOT } from '../fixtures/python.js'
import { openSession } from '../fixtures/session.js'
import { temporaryFolder } from '../hosts/temporary.js'

/** A template with two runs. */
const templates: StudyTemplates = {
  list: () => [{ id: 'seeds', title: 'Seeds', question: '?', limits: '', quantities: {}, options: {} }],
  expand: (_, options) => ({
    options,
    cells: [1, 2].map((seed) => ({
      factors: { seed, network: 'small' },
      work: { kind: 'run', run: { preset: 'small', dataset: 'digits', overrides: { seed, steps: 40 } } },
    })),
  }),
  phases: () => null,
  compared: () => null,
  report: () => ({ summary: [], tables: [], figures: [], notes: [] }),
}

const env = pythonEnvironment()
if (!env) console.warn('The tests of the Python client are skipped: they need python3 with NumPy, or pip to get it.')

it.skipIf(!env)(
  'the Python client reads a home, and the workbench on it, as Retrace does',
  async () => {
    const session = await openSession({ templates })
    onTestFinished(() => session[Symbol.dispose]())
    const { services: home, stores } = session
    const folder = join(session.files.datasetFolder('any'), '../..')
    const imported = await home.runs.importFile({ path: join(ROOT, 'test/fixtures/released/archive-3/run.tar.gz') })
    for (let i = 0; i < 2; i++) {
      const { id } = await home.runs.create({ preset: 'small', dataset: 'digits', name: 'twice', overrides: { steps: 10_000 } })
      // More than one chunk, with a tail; includes NaN and infinities.
      const steps = Float64Array.from({ length: 5000 }, (_, at) => at + 1)
      const values = steps.map((step) => (step === 3 ? NaN : step === 4 ? -Infinity : 1 / step))
      for (const part of [0, 2500])
        stores.series.append(id, 'train/loss', {
          steps: steps.slice(part, part + 2500),
          values: values.slice(part, part + 2500),
          times: steps.slice(part, part + 2500),
        })
      stores.runs.update(id, { latest: { 'train/loss': i === 0 ? NaN : Infinity } })
    }
    const study = await home.studies.start({ template: 'seeds', name: 'A study' })
    const server = startLocalServer(await takePort(0), {
      api: session.api,
      page: null,
      onDefect: (error) => expect.unreachable(String(error)),
    })
    try {
      writeHostRecord(folder, {
        pid: process.pid, kind: 'server', address: server.address, token: server.token, lasting: true, startedAt: 0, version: 'test',
      }) // prettier-ignore
      const file = join(temporaryFolder(), 'case.json')
      const sealed = join(temporaryFolder(), 'sealed.safetensors')
      const { checkpoints } = await home.runs.get({ id: imported.id })
      const old = await readSafetensors(join(folder, 'runs', imported.id, 'checkpoints', checkpoints.at(-1)!.file))
      await writeSafetensors(sealed, { ...old, metadata: seal(old.metadata, old.tensors) })
      writeFileSync(file, JSON.stringify({ ...(await expected()), sealed }))
      await python(PYTHON, ['-m', 'unittest', join(CLIENT, 'tests/test_client.py')], { env: { ...env, RETRACE_TEST_CASE: file } })
    } finally {
      await server.close()
    }

    /** Retrace's own values; NaN and infinities as text. */
    async function expected(): Promise<object> {
      const { runs } = await home.runs.list()
      const detailed = await Promise.all(
        runs.map(async ({ id, name, status, step, totalSteps, latest, reported }) => {
          const [{ config, environment: { platform } }, { series }] = await Promise.all([home.runs.get({ id }), home.runs.series({ id })]) // prettier-ignore
          return {
            id, name, status, step, totalSteps, platform,
            arch: config.arch,
            accuracy: reported?.values['test/accuracy'] ?? null,
            latest: Object.fromEntries(Object.entries(latest).map(([key, value]) => [key, String(value)])),
            series: Object.fromEntries(
              series.map(({ key, points }) => {
                const { steps, values } = unpackPoints(points)
                return [key, { steps: [...steps], values: [...values].map(String) }]
              }),
            ),
          } // prettier-ignore
        }),
      )
      const { cells, study: found } = await home.studies.get({ id: study.id })
      return {
        home: folder,
        runs: detailed,
        trained: imported.id,
        checkpointSteps: (await home.runs.get({ id: imported.id })).checkpoints.map(({ step }) => step),
        study: {
          name: found.name,
          options: found.options,
          cells: cells.map(({ position, factors, work, state, runId }) => [position, factors, work.kind, state, runId]),
        },
      }
    }
  },
  180_000,
)
