import { dispose } from '@tensorflow/tfjs-core'
import { writeFile } from 'node:fs/promises'
import { UserError } from '../../contract/errors.js'
import type { ExportOnnxRequest } from '../../contract/tools.js'
import { replaceFile } from '../../durable/replace-file.js'
import { explainWriting } from '../../durable/file-errors.js'
import { stateTensors } from '../../numeric/state.js'
import { momentTensors } from '../executor.js'
import { toOnnx } from '../onnx/export.js'
import { Untranslatable } from '../onnx/translate.js'
import type { ToolProgress, ToolResult } from '../tool-result.js'
import { readEvaluatedWeights } from './evaluated-weights.js'

/**
 * Writes the network of a checkpoint as an ONNX model with the same batch norm statistics as its run's evaluations.
 * @throws UserError when the checkpoint is damaged, or the file exists already or cannot be written
 */
export async function exportOnnx(request: ExportOnnxRequest, progress: ToolProgress): Promise<ToolResult> {
  const { checkpoint, target, overwrite, metadata, version } = request
  progress('reading the checkpoint')
  const { config, network, state, statistics, step } = await readEvaluatedWeights(checkpoint)
  progress('recording the network')
  const population = statistics && momentTensors(network, statistics)
  try {
    const about = { ...metadata, config: JSON.stringify(config), step: String(step) }
    const description = `${config.arch} network trained by Retrace on ${config.dataset}, step ${step}`
    const bytes = toOnnx(network, state.params, population ?? state.statistics, { version, description, metadata: about })
    progress('writing the file')
    await replaceFile(target, (temporary) => writeFile(temporary, bytes), { overwrite })
    return { ok: true, text: [], result: { bytes: bytes.length } }
  } catch (error) {
    if (error instanceof Untranslatable)
      throw new UserError('BAD_INPUT', `This network cannot be exported to ONNX: ${error.message}.`, { cause: error })
    throw explainWriting(error, target)
  } finally {
    dispose([...stateTensors(state), ...Object.values(population ?? {})])
  }
}
