import type { Catalogue } from '../features/runs/configurations.js'
import type { OwnDynamics } from '../features/runs/own-dynamics.js'

/** The catalogue of a home that may have user-defined dynamics files: these are rescanned before architectures are queried. */
export const withOwnDynamics = (catalogue: Catalogue, own: OwnDynamics): Catalogue => ({
  ...catalogue,
  async architectures() {
    await own.refresh()
    return catalogue.architectures()
  },
  missing: (arch) => own.missing(arch),
})
