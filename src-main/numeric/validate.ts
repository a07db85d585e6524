import type { ConfigIssue } from '../contract/catalogue.js'
import { rebuildsActivations, type NetworkConfig } from '../contract/config.js'
import { canBeUndone } from './dynamics.js'
import { readOptions } from './options.js'
import { allDynamics, findDynamics } from './registry.js'
import { MOST_HEAD_PARAMETERS } from './solve-head.js'

/** Checks a network configuration without allocating anything. @returns the issues by field; empty when it is valid */
export function validateNetwork(config: NetworkConfig): ConfigIssue[] {
  const issues: ConfigIssue[] = []
  const refuse = (path: string, message: string): void => void issues.push({ path, message })
  const dynamics = findDynamics(config.arch)
  if (!dynamics) {
    refuse(
      'arch',
      `there is no architecture ${config.arch}: choose one of ${allDynamics()
        .map(({ id }) => id)
        .join(', ')}`,
    )
    return issues
  }
  const { options, issues: ofOptions } = readOptions(dynamics, config)
  issues.push(...ofOptions)
  if (rebuildsActivations(config)) {
    if (!dynamics.reversible) refuse('mode', `${dynamics.label} is not reversible; use stored`)
    else if (ofOptions.length === 0 && !canBeUndone(dynamics, dynamics.substeps(config.h, options)))
      refuse('h', `${dynamics.label} is not reversible at this step size; use another step size, or mode stored`)
  }
  if (config.unitNorm === 'batch' && dynamics.norms !== 'optional')
    refuse('unitNorm', `${dynamics.label} ${dynamics.norms === 'none' ? 'has no' : 'always has'} unit normalisation; use none`)

  config.stages.forEach(({ channels }, index) => {
    if (channels % dynamics.channelMultiple !== 0)
      refuse(`stages.${index}.channels`, `must be even, not ${channels}: ${dynamics.label} splits the channels into two halves`)
    const before = config.stages[index - 1]?.channels
    if (before !== undefined && channels < before)
      refuse(`stages.${index}.channels`, `must be at least ${before}, the channels of the previous stage, not ${channels}`)
  })

  if (config.maps === 'dense') validateDense(config, refuse)
  else validateImage(config, refuse)
  if (config.headSolver === 'newton') {
    const parameters = (config.stages.at(-1)!.channels + 1) * config.classes
    if (config.maps !== 'dense') refuse('headSolver', 'only dense networks can be solved for their last layer; use gradient')
    else if (config.fixedHead) refuse('headSolver', 'a fixed last layer is not solved for; use gradient, or set fixedHead to false')
    else if (parameters > MOST_HEAD_PARAMETERS)
      refuse(
        'headSolver',
        `a last layer of ${parameters} parameters is too large to be solved for (at most ${MOST_HEAD_PARAMETERS}); use gradient`,
      )
  }
  if (config.denseStem && config.maps !== 'dense') refuse('denseStem', 'only dense networks have a dense stem; use maps dense')
  return issues
}

function validateImage({ image, stages }: NetworkConfig, refuse: (path: string, message: string) => void): void {
  const factor = 2 ** (stages.length - 1)
  for (const side of ['height', 'width'] as const)
    if (image[side] % factor !== 0)
      refuse(
        `image.${side}`,
        `${image[side]} pixels cannot be halved ${stages.length - 1} times for ${stages.length} stages; use a multiple of ${factor}, or fewer stages`,
      )
    else if (image[side] / factor < 2)
      refuse(`image.${side}`, `${image[side]} pixels are too few for ${stages.length} stages; use at least ${2 * factor}, or fewer stages`)
}

function validateDense({ arch, image, stages, unitNorm, denseStem }: NetworkConfig, refuse: (path: string, message: string) => void): void {
  if (!denseStem && (image.height !== 1 || image.width !== 1))
    refuse('maps', 'dense maps work on vectors, not on images; use convolution, or a dense stem')
  if (!denseStem && stages[0]!.channels < image.channels)
    refuse(
      'stages.0.channels',
      `must be at least ${image.channels}, the number of inputs, not ${stages[0]!.channels}: dense networks zero-pad their input to this width unless they have a dense stem`,
    )
  if (unitNorm !== 'none') refuse('unitNorm', 'dense networks have no unit normalisation; use none')
  if (!findDynamics(arch)!.dense) {
    const able = allDynamics().filter(({ dense }) => dense)
    refuse('arch', `${arch} does not support dense maps; choose one of ${able.map(({ id }) => id).join(', ')}, or maps convolution`)
  }
}
