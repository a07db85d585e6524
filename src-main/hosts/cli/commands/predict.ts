import { randomUUID } from 'node:crypto'
import { topClasses, type Fit, type Prediction } from '../../../contract/predictions.js'
import { userPath } from '../../home.js'
import type { CommonOptions, Context } from '../context.js'
import { followTask } from '../follow-task.js'
import { asJson, percent, table } from '../format.js'
import { withWorkbench } from '../workbench.js'

/** Maximum number of classes that are printed. */
const SHOWN = 5

export interface PredictOptions extends CommonOptions {
  step?: number
  fit?: Fit
}

/** Classifies an image file with the weights of a checkpoint, and prints the prediction. */
export async function predict(context: Context, id: string, file: string, { step, fit, ...options }: PredictOptions): Promise<void> {
  const taskId = `lab/${randomUUID()}`
  const prediction = await withWorkbench(
    context,
    options,
    async (workbench) => {
      const { client } = workbench
      // The prediction may have just ended.
      const cancel = () => client.lab.cancel.mutate({ taskId }).catch(() => undefined)
      const asked = { id, ...(step === undefined ? {} : { step }), ...(fit === undefined ? {} : { fit }) }
      return followTask(context, workbench, { id: taskId, tellsSteps: true, cancel }, (begin) =>
        begin(() => client.lab.predict.mutate({ ...asked, image: { path: userPath(file) }, taskId })),
      )
    },
    { lasting: true, handlesEnd: true },
  )
  if (options.json) context.print(asJson(prediction))
  else tell(prediction).forEach(context.print)
}

const tell = (prediction: Prediction): string[] => [
  `Step ${prediction.step}, trained on ${prediction.dataset}`,
  ...table(
    ['CLASS', 'PROBABILITY'],
    topClasses(prediction, SHOWN).map(({ name, probability }) => [name, percent(probability)]),
  ),
  ...prediction.changes,
]
