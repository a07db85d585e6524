import { execFile } from 'node:child_process'
import { UserError } from '../../contract/errors.js'
import type { Resources, SchedulerWords } from '../../contract/cluster.js'

/** A job known to the batch system. */
export interface ListedJob {
  id: string
  state: 'waiting' | 'running' | 'ending'
  /** Why it waits, according to the batch system; empty if it does not. */
  reason: string
  node: string
  comment: string
}

export interface Submission {
  runId: string
  /** Identifies the job if the response of the batch system is lost. */
  comment: string
  /** The paths of the job's script, working folder and log file, as seen by the nodes. */
  script: string
  folder: string
  log: string
  resources: Resources
}

/** The batch system could not be reached, or did not respond in time: whether the request was carried out is unknown. */
export class Unreachable extends UserError {
  constructor(command: string, why: string, cause?: unknown) {
    super('UNAVAILABLE', `The batch system cannot be reached: \`${command}\` ${why}. Runs on the cluster go on; Retrace asks again.`, {
      cause,
    })
  }
}

export interface Scheduler {
  /** @returns the number of the job @throws Unreachable, or UserError with the reason of a refusal */
  submit(submission: Submission): Promise<string>
  /** @throws UserError when the cluster could never run it */
  test(submission: Submission): Promise<void>
  /** All jobs of this user that have not ended, including those of other programs. */
  list(): Promise<ListedJob[]>
  /** Asks the processes of a job to end; it is not an error if the job has ended already. */
  cancel(id: string): Promise<void>
}

const JOB = /^\w[\w.@[\]-]{0,63}$/

/** Quotes a word for a POSIX shell, which is needed only if ssh passes the command to one. */
export const quoteForShell = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** Fills in the arguments of a template; those whose value is absent are left out. */
export function fill(template: readonly string[], values: Readonly<Record<string, string | number | null>>): string[] {
  return template.flatMap((part) => {
    let absent = false
    const filled = part.replaceAll(/\{(\w+)\}/g, (whole, name: string) => {
      const value = values[name]
      if (value === undefined) return whole
      absent ||= value === null
      return String(value)
    })
    return absent ? [] : [filled]
  })
}

/** Controls a batch system through its commands, with the given templates. No command is passed through a shell here. */
export function createScheduler(words: SchedulerWords, env: NodeJS.ProcessEnv = process.env): Scheduler {
  const line = new RegExp(words.line)
  const unreachable = new RegExp(words.unreachable)

  function run(command: string[]): Promise<string> {
    const [file = '', ...args] = words.prefix.length === 0 ? command : [...words.prefix, command.map(quoteForShell).join(' ')]
    const shown = command[0] ?? ''
    return new Promise((resolve, reject) => {
      execFile(
        file,
        args,
        { env, timeout: words.timeoutSeconds * 1000, maxBuffer: 2 ** 26, killSignal: 'SIGKILL' },
        (error, stdout, stderr) => {
          if (!error) return resolve(stdout)
          const said = stderr.trim().split('\n').at(-1) ?? ''
          if (error.code === 'ENOENT')
            return reject(
              new UserError(
                'UNAVAILABLE',
                `The command \`${file}\` was not found. Start Retrace on a login node of the cluster, or give a prefix such as \`ssh\`.`,
                { cause: error },
              ),
            )
          if (error.killed) return reject(new Unreachable(shown, `did not answer within ${words.timeoutSeconds} s`, error))
          // 255 is the exit status of ssh itself.
          if (unreachable.test(stderr) || (words.prefix.length > 0 && Number(error.code) === 255))
            return reject(new Unreachable(shown, `said "${said}"`, error))
          reject(new UserError('BAD_INPUT', `The batch system refused: ${said || error.message}`, { cause: error }))
        },
      )
    })
  }

  const values = ({ runId, comment, script, folder, log, resources }: Submission): Record<string, string | number | null> => ({
    ...resources,
    gpus: resources.gpus === 0 ? null : resources.gpus,
    run: runId,
    comment,
    script,
    folder,
    log,
  })

  return {
    async submit(submission) {
      if (!/^[\w:.-]+$/.test(submission.comment)) throw new Error(`${submission.comment} is no comment of ours`)
      const answer = await run(fill(words.submit, values(submission)))
      // Slurm appends the name of the cluster after a semicolon if there are several, PBS responds with a host.
      const id = answer.trim().split('\n').at(-1)?.split(';')[0] ?? ''
      if (!JOB.test(id)) throw new Unreachable(words.submit[0]!, `answered "${answer.trim().slice(0, 200)}", which is no number of a job`)
      return id
    },
    async test(submission) {
      if (words.test) await run(fill(words.test, values(submission)))
    },
    async list() {
      const found = new Map<string, ListedJob>()
      for (const text of (await run(words.list)).split('\n')) {
        const { id, state = '', reason = '', node = '', comment = '' } = line.exec(text)?.groups ?? {}
        if (id === undefined || !JOB.test(id)) continue
        const kind = words.waiting.includes(state) ? 'waiting' : words.running.includes(state) ? 'running' : 'ending'
        found.set(id, { id, state: kind, reason: reason === 'None' ? '' : reason, node, comment })
      }
      return [...found.values()]
    },
    async cancel(id) {
      if (!JOB.test(id)) throw new Error(`${id} is no number of a job`)
      await run(fill(words.cancel, { job: id }))
    },
  }
}
