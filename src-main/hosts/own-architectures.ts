import type { Catalogue } from '../features/runs/configurations.js'
import type { OwnDynamics } from '../features/runs/own-dynamics.js'

/** The catalogue of a home that may have dynamics files of the user: they are looked at before anything is said of architectures. */
export const withOwnDynamics = (catalogue: Catalogue, own: OwnDynamics): Catalogue => ({
  ...catalogue,
  async architectures() {
    await own.refresh()
    return catalogue.architectures()
  },
  missing: (arch) => own.missing(arch),
})
