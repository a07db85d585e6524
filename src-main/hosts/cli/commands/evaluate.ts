import type { Change } from '../../../contract/changes.js'
import { evaluationTask, type Evaluation } from '../../../contract/evaluations.js'
import { signalStatus } from '../../signals.js'
import { ExitStatus, type CommonOptions, type Context } from '../context.js'
import { asJson, decimal, percent, table } from '../format.js'
import { withWorkbench } from '../workbench.js'

/** Pairs of classes that are told. */
const PAIRS = 5

/** Shows the weights of a checkpoint every test image; what comes of it is kept with the run. */
export async function evaluateRun(context: Context, id: string, { step, ...options }: CommonOptions & { step?: number }): Promise<void> {
  const { evaluation, classNames } = await withWorkbench(
    context,
    options,
    async ({ client }) => {
      const { checkpoints, dataset } = await client.runs.get.query({ id })
      // The server chooses by the same rule; here it is only for the progress, and to cancel.
      const file = checkpoints.findLast((each) => step === undefined || each.step === step)?.file ?? ''
      const { seq } = await client.runs.evaluations.query({ id })
      const watch = client.changes.subscribe(
        { lastEventId: seq, detailOf: [] },
        {
          onData({ data }) {
            const change = data as Change
            if (change.kind === 'task' && change.task.id === evaluationTask(id, file) && change.task.state === 'running')
              context.progress?.(change.task.message)
          },
        },
      )
      let ended: NodeJS.Signals | null = null
      void context.end.then((signal) => {
        ended = signal
        // The evaluation below then fails, which is what ends this command, unless it has ended in this moment.
        if (file) client.runs.cancelEvaluation.mutate({ id, file }).catch(() => undefined)
      })
      try {
        const done = await client.runs.evaluate.mutate({ id, ...(step === undefined ? {} : { step }) })
        const known = (await client.datasets.list.query()).find(({ name }) => name === dataset)
        return { evaluation: done, classNames: known?.classNames ?? [] }
      } catch (error) {
        if (ended) throw new ExitStatus(signalStatus(ended))
        throw error
      } finally {
        watch.unsubscribe()
        if (context.progress) context.note('')
      }
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
