import { wilsonInterval } from '../../../contract/binomial.js'
import { evaluationTask, type Evaluation } from '../../../contract/evaluations.js'
import type { CommonOptions, Context } from '../context.js'
import { followTask } from '../follow-task.js'
import { asJson, decimal, percent, percentInterval, table } from '../format.js'
import { withWorkbench } from '../workbench.js'

/** Number of confused pairs of classes to print. */
const PAIRS = 5

/** Evaluates a checkpoint on all test images. The result is stored with the run. */
export async function evaluateRun(context: Context, id: string, { step, ...options }: CommonOptions & { step?: number }): Promise<void> {
  const { evaluation, classNames } = await withWorkbench(
    context,
    options,
    async (workbench) => {
      const { client } = workbench
      const { checkpoints, dataset } = await client.runs.get.query({ id })
      // The server chooses the checkpoint by the same rule; here it is only needed for progress and to cancel.
      const file = checkpoints.findLast((each) => step === undefined || each.step === step)?.file ?? ''
      const { seq } = await client.runs.evaluations.query({ id })
      // The evaluation may have just ended.
      const cancel = () => client.runs.cancelEvaluation.mutate({ id, file }).catch(() => undefined)
      return followTask(context, workbench, { id: evaluationTask(id, file), after: seq, cancel }, async (begin) => {
        const done = await begin(() => client.runs.evaluate.mutate({ id, ...(step === undefined ? {} : { step }) }))
        const known = (await client.datasets.list.query()).find(({ name }) => name === dataset)
        return { evaluation: done, classNames: known?.classNames ?? [] }
      })
    },
    { lasting: true, handlesEnd: true },
  )
  if (options.json) context.print(asJson({ ...evaluation, accuracyInterval: wilsonInterval(evaluation.accuracy, evaluation.images) }))
  else describeEvaluation(evaluation, classNames).forEach(context.print)
}

function describeEvaluation({ step, images, accuracy, loss, confusion }: Evaluation, classNames: readonly string[]): string[] {
  const named = (label: number): string => classNames[label] ?? String(label)
  const byClass = new Map<number, { all: number; right: number }>()
  for (const [label, predicted, count] of confusion) {
    const row = byClass.get(label) ?? { all: 0, right: 0 }
    byClass.set(label, { all: row.all + count, right: row.right + (label === predicted ? count : 0) })
  }
  const rows = [...byClass].map(([label, { all, right }]) => [named(label), percent(right / all), String(right), String(all)])
  const pairs = confusion.filter(([label, predicted]) => label !== predicted).sort((a, b) => b[2] - a[2])
  return [
    `Step ${step}: test accuracy ${percent(accuracy)} (${images} images, 95% interval ${percentInterval(wilsonInterval(accuracy, images))}), test loss ${decimal(loss)}`,
    ...table(['CLASS', 'ACCURACY', 'CORRECT', 'IMAGES'], rows),
    ...pairs
      .slice(0, PAIRS)
      .map(([label, predicted, count]) => `${count} images of class ${named(label)} were classified as ${named(predicted)}`),
  ]
}
