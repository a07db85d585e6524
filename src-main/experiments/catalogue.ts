import type { NetworkSummary, Preset } from '../contract/catalogue.js'
import type { RunConfig } from '../contract/config.js'
import type { Dataset } from '../contract/datasets.js'
import { isUserError, UserError } from '../contract/errors.js'
import type { CreateRun } from '../contract/runs.js'
import type { Services } from '../contract/services.js'
import type { Datasets } from './datasets.js'
import { hint } from './near.js'
import type { Catalogue } from './ports.js'
import { describeIssues, resolveConfig, type Resolved } from './resolve.js'

/** Makes whole configurations of presets, data sets and overrides, and says what is wrong with them. */
export class Configurations {
  readonly services: Services['catalogue']

  constructor(
    private readonly catalogue: Catalogue,
    private readonly datasets: Datasets,
  ) {
    this.services = {
      presets: async () => catalogue.presets(),
      architectures: async () => catalogue.architectures(),
      preview: (request) => this.preview(request),
    }
  }

  /** @throws UserError BAD_INPUT that names every field that is wrong */
  async create(request: CreateRun): Promise<Checked & { dataset: Dataset }> {
    const preset = await this.preset(request.preset)
    const dataset = await this.datasets.find(request.dataset)
    const { overrides = {}, epochs } = request
    return { ...(await this.check(resolveConfig({ base: preset.config, preset: preset.name, dataset, overrides, epochs }))), dataset }
  }

  /** A fork's configuration: its parent's, with overrides. */
  async fork(parent: RunConfig, overrides: unknown): Promise<Checked & { dataset: Dataset }> {
    const dataset = await this.datasets.find(parent.dataset)
    return { ...(await this.check(resolveConfig({ base: parent, preset: parent.preset, dataset, overrides }))), dataset }
  }

  private async preview(request: CreateRun): ReturnType<Services['catalogue']['preview']> {
    try {
      const preset = await this.preset(request.preset)
      const dataset = await this.datasets.find(request.dataset)
      const { overrides = {}, epochs } = request
      const { config, issues, stepsPerEpoch } = resolveConfig({ base: preset.config, preset: preset.name, dataset, overrides, epochs })
      if (!config) return { config, summary: null, issues, stepsPerEpoch }
      const found = await this.catalogue.validate(config)
      return { config, summary: found.length ? null : await this.catalogue.describe(config), issues: found, stepsPerEpoch }
    } catch (error) {
      // An unknown preset or data set is one more thing for the form to show beside its field.
      if (!isUserError(error) || (error.code !== 'BAD_INPUT' && error.code !== 'NOT_FOUND')) throw error
      const path = error.code === 'NOT_FOUND' ? 'dataset' : 'preset'
      return { config: null, summary: null, issues: [{ path, message: error.message }], stepsPerEpoch: null }
    }
  }

  private async preset(name: string): Promise<Preset> {
    const presets = await this.catalogue.presets()
    const preset = presets.find((each) => each.name === name)
    if (preset) return preset
    const names = presets.map((each) => each.name)
    throw new UserError('BAD_INPUT', `There is no preset ${name}: ${hint(name, names, 'see the list of presets.')}`)
  }

  private async check({ config, issues }: Resolved): Promise<Checked> {
    const found = config ? await this.catalogue.validate(config) : issues
    if (!config || found.length) throw new UserError('BAD_INPUT', `This configuration cannot run. ${describeIssues(found)}`)
    return { config, summary: await this.catalogue.describe(config) }
  }
}

interface Checked {
  config: RunConfig
  summary: NetworkSummary
}
