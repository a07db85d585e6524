import { UserError } from '../../contract/errors.js'
import type { CheckDynamicsRequest } from '../../contract/tools.js'
import { describeNetwork } from '../../numeric/describe.js'
import { unitDiagram } from '../../numeric/diagram.js'
import { findBroken, quickNetwork } from '../../numeric/quick-check.js'
import { setOwnDynamics } from '../../numeric/registry.js'
import { readKept } from '../own-dynamics/kept.js'
import { loadOwnDynamics } from '../own-dynamics/load.js'
import type { ToolProgress, ToolResult } from '../tool-result.js'

/**
 * Runs the quick part of the contract suite on a user's dynamics file, in a process of its own, so that it cannot harm the workbench.
 * @throws UserError BAD_INPUT that names the file and the failed check
 */
export function checkDynamics({ kept }: CheckDynamicsRequest, progress: ToolProgress): ToolResult {
  const source = readKept(kept)
  progress(`checking the dynamics file ${source.file}`)
  const dynamics = loadOwnDynamics(source)
  setOwnDynamics([dynamics])
  const broken = findBroken(dynamics)
  if (broken)
    throw new UserError(
      'BAD_INPUT',
      `The dynamics file ${source.file} was refused: it breaks the check "${broken.check}". ${broken.why[0]!.toUpperCase()}${broken.why.slice(1)}.`,
    )
  // The description for forms must be available as well.
  unitDiagram(dynamics)
  describeNetwork(quickNetwork(dynamics).config, { batch: 1, accumulate: 1 })
  return { ok: true, text: [`${source.file}: ${dynamics.label} (${dynamics.id})`], result: { arch: dynamics.id } }
}
