import { openBackend } from './backend.js'
import { catalogue } from './catalogue.js'
import { computeEnvironment, currentEngine } from './engine.js'
import type { OpenBackend } from './host.js'
import { createImporter } from './importer.js'

/**
 * The real back end of a home, composed of storage, features, networks, data and engine.
 * @param entries absolute paths of the programs that it starts
 */
export function backendOpener({ trainerEntry, importerEntry }: { trainerEntry: string; importerEntry: string }): OpenBackend {
  return async ({ home, hostKind, restart, news, fault }) => {
    // A forced engine that cannot run is rejected here, before the home is touched, and not at the first run.
    currentEngine()
    return openBackend({
      home,
      hostKind,
      restart,
      news,
      fault,
      trainerEntry,
      catalogue,
      importer: createImporter(importerEntry),
      environment: (share) => computeEnvironment(undefined, share),
      engine: () => currentEngine(),
      // A command does its own work; what a window has queued waits for a window.
      queue: hostKind === 'cli' ? 'hold' : 'run',
    })
  }
}
