import { evaluationTask, type Evaluation } from '../../../contract/evaluations.js'
import type { CommonOptions, Context } from '../context.js'
import { followTask } from '../follow-task.js'
import { asJson, decimal, percent, table } from '../format.js'
import { withWorkbench } from '../workbench.js'

/** Pairs of classes that are told. */
const PAIRS = 5

/** Shows the weights of a checkpoint every test image; what comes of it is kept with the run. */
export async function evaluateRun(context: Context, id: string, { step, ...options }: CommonOptions & { step?: number }): Promise<void> {
  const { evaluation, classNames } = await withWorkbench(
    context,
    options,
    async (workbench) => {
      const { client } = workbench
      const { checkpoints, dataset } = await client.runs.get.query({ id })
      // The server chooses by the same rule; here it is only for the progress, and to cancel.
      const file = checkpoints.findLast((each) => step === undefined || each.step === step)?.file ?? ''
      const { seq } = await client.runs.evaluations.query({ id })
      // It may have ended in this moment.
      const cancel = () => client.runs.cancelEvaluation.mutate({ id, file }).catch(() => undefined)
      return followTask(context, workbench, { id: evaluationTask(id, file), after: seq, cancel }, async (begin) => {
        const done = await begin(() => client.runs.evaluate.mutate({ id, ...(step === undefined ? {} : { step }) }))
        const known = (await client.datasets.list.query()).find(({ name }) => name === dataset)
        return { evaluation: done, classNames: known?.classNames ?? [] }
      })
    },
    { lasting: true, handlesEnd: true },
  )
  if (options.json) context.print(asJson(evaluation))
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
    `Step ${step}: ${percent(accuracy)} of ${images} test images, loss ${decimal(loss)}`,
    ...table(['CLASS', 'ACCURACY', 'RIGHT', 'OF'], rows),
    ...pairs.slice(0, PAIRS).map(([label, predicted, count]) => `${count} of class ${named(label)} were taken for ${named(predicted)}`),
  ]
}
