import { isUserError } from '../contract/errors.js'
import { LookRequestSchema, type LookReport, type LookRequest } from '../contract/instruments.js'
import { openEngine } from '../engine/open.js'
import { lookAt } from '../lab/look.js'
import { leaveSignalsToHost, openOutbox } from '../processes/child.js'
import { registerOwnDynamics } from './own-dynamics/register.js'
import { openLabSubject, type LabSubject } from './lab-subject.js'

/** Bytes of memory above which the process ends after an answer, so that the next request starts a fresh one. */
const MOST_MEMORY = 3 * 2 ** 30

/**
 * The resident process of the lab: it holds one network with its data and answers requests of instruments one after another, until its host
 * ends it.
 */
export async function serveLooks(): Promise<void> {
  const outbox = openOutbox()
  const send = (report: LookReport): void => outbox.send(report)
  leaveSignalsToHost()
  // Nobody is waiting for an answer any more.
  process.on('disconnect', () => process.exit(1))
  const opened = openEngine().then(() => registerOwnDynamics())
  let held: { key: string; subject: LabSubject } | null = null

  async function subjectOf({ source, content }: Pick<LookRequest, 'source' | 'content'>): Promise<LabSubject> {
    const key = JSON.stringify([source, content])
    if (held?.key === key) return held.subject
    const before = held
    held = null
    await before?.subject.close()
    const subject = await openLabSubject(source, { speed: null })
    held = { key, subject }
    return subject
  }

  async function answer({ setting, ...subject }: LookRequest): Promise<void> {
    await opened
    try {
      const { context } = await subjectOf(subject)
      send({ kind: 'view', view: lookAt(context, setting) })
    } catch (error) {
      if (!isUserError(error)) throw error
      send({ kind: 'error', code: error.code, message: error.message })
    }
    if (process.memoryUsage.rss() < MOST_MEMORY) return
    await outbox.drain()
    process.exit(0)
  }

  // A defect rejects this promise, which ends the process.
  let fail: (error: unknown) => void
  const broken = new Promise<never>((_, reject) => (fail = reject))
  let last = Promise.resolve()
  process.on('message', (message) => {
    last = last.then(() => answer(LookRequestSchema.parse(message)))
    last.catch(fail)
  })
  await opened
  await broken
}
