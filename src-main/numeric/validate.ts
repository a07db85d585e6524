import type { ConfigIssue } from '../contract/catalogue.js'
import type { NetworkConfig } from '../contract/config.js'
import { isReversible } from './dynamics.js'
import { allDynamics, findDynamics } from './registry.js'

/** What cannot work in a network configuration, by field; empty when all can. Nothing is allocated. */
export function validateNetwork(config: NetworkConfig): ConfigIssue[] {
  const issues: ConfigIssue[] = []
  const refuse = (path: string, message: string): void => void issues.push({ path, message })
  const dynamics = findDynamics(config.arch)
  if (!dynamics) {
    refuse(
      'arch',
      `unknown architecture '${config.arch}'; there are ${allDynamics()
        .map(({ id }) => id)
        .join(', ')}`,
    )
    return issues
  }
  if (config.mode === 'reversible' && !isReversible(dynamics)) refuse('mode', `${dynamics.label} cannot be reversed; use mode 'stored'`)
  if (config.unitNorm === 'batch' && !dynamics.normalisable) refuse('unitNorm', `${dynamics.label} has no such option; use 'none'`)

  config.stages.forEach(({ channels }, index) => {
    if (channels % dynamics.channelMultiple !== 0)
      refuse(`stages.${index}.channels`, `${dynamics.label} splits the channels in two, so ${channels} must be even`)
    const before = config.stages[index - 1]?.channels
    if (before !== undefined && channels < before)
      refuse(`stages.${index}.channels`, `${channels} is fewer than the ${before} of the stage before; stages only widen`)
  })

  if (config.maps === 'dense') validateDense(config, refuse)
  else validateImage(config, refuse)
  return issues
}

function validateImage({ image, stages }: NetworkConfig, refuse: (path: string, message: string) => void): void {
  const factor = 2 ** (stages.length - 1)
  for (const side of ['height', 'width'] as const)
    if (image[side] % factor !== 0)
      refuse(
        `image.${side}`,
        `${image[side]} pixels cannot be halved ${stages.length - 1} times; use a multiple of ${factor} or fewer stages`,
      )
    else if (image[side] / factor < 2)
      refuse(`image.${side}`, `${image[side]} pixels are too few for ${stages.length} stages; at least ${2 * factor} are needed`)
}

function validateDense({ arch, image, stages, unitNorm }: NetworkConfig, refuse: (path: string, message: string) => void): void {
  if (image.height !== 1 || image.width !== 1) refuse('maps', "dense maps are for vectors, not images; use 'convolution'")
  if (stages[0]!.channels < image.channels)
    refuse('stages.0.channels', `${stages[0]!.channels} is fewer than the ${image.channels} inputs, which are padded up to it`)
  if (unitNorm !== 'none') refuse('unitNorm', 'dense networks have no batch norm')
  if (findDynamics(arch)!.widening === 'unit')
    refuse('arch', `${arch} is a network of convolutions and batch norms; dense maps need hamiltonian, midpoint or leapfrog`)
}
