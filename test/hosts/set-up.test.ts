import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { EngineReport } from '../../src-main/contract/engine.js'
import { createEngineInstaller, setUpOffer } from '../../src-main/hosts/set-up.js'
import { libraryRecipe } from '../../src-main/setup/wheels.js'
import { openSession } from '../fixtures/session.js'
import { SYSTEM } from '../fixtures/played-ports.js'

const installer = createEngineInstaller(join(import.meta.dirname, 'programs/sets-up.mjs'))

const install = (offline: string, signal = new AbortController().signal, onProgress: () => void = () => undefined): Promise<void> =>
  installer.install({ offline, onProgress, signal })

describe('the set-up that a host starts', () => {
  it('ends with the word of its process', async () => {
    await install('done')
    await expect(install('failed')).rejects.toMatchObject({ code: 'UNAVAILABLE', message: 'No disk. Buy one.' })
    await expect(install('dies')).rejects.toThrow(/ended with 1 .*out of luck/)
  })

  it('is ended in order when it is cancelled', async () => {
    const controller = new AbortController()
    await expect(install('waits', controller.signal, () => controller.abort(new Error('enough')))).rejects.toThrow('enough')
  })

  it('is offered where an engine is slower than it could be, unless that is wanted', () => {
    const engine = SYSTEM.engine as EngineReport
    const possible = libraryRecipe('cpu') !== null
    expect(setUpOffer(engine, { RETRACE_DEVICE: 'cpu' }) !== null).toBe(possible)
    expect(setUpOffer(engine, { RETRACE_ENGINE: 'portable' })).toBeNull()
    expect(setUpOffer({ ...engine, remedy: null }, {})).toBeNull()
  })

  it('is one task that windows follow and end', async () => {
    let begun: ((signal: AbortSignal) => void) | undefined
    const started = new Promise<AbortSignal>((resolve) => (begun = resolve))
    using session = await openSession({
      system: async () => SYSTEM,
      engineInstaller: {
        install: ({ signal, onProgress }) =>
          new Promise((_resolve, reject) => {
            onProgress(0.1, 'downloading')
            signal.addEventListener('abort', () => reject(new Error('ended')))
            begun!(signal)
          }),
      },
    })
    const { system } = session.services
    const done = system.setUpEngine({ taskId: 'one' })
    done.catch(() => undefined)
    await started
    await expect(system.setUpEngine({ taskId: 'two' })).rejects.toThrow(/being set up already/)
    await expect(system.cancelSetUp({ taskId: 'two' })).rejects.toThrow(/already ended/)
    await system.cancelSetUp({ taskId: 'one' })
    await expect(done).rejects.toThrow('Setting up the fast engine was cancelled.')
  })
})
