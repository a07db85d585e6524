import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ResourcesSchema } from '../../../src-main/contract/cluster.js'
import {
  createScheduler,
  fill,
  quoteForShell,
  Unreachable,
  type ListedJob,
  type Scheduler,
  type Submission,
} from '../../../src-main/training/cluster/scheduler.js'
import { standIn, type Batch } from '../../fixtures/batch.js'
import { temporaryFolder } from '../../fixtures/home.js'
import { missingSlurm, startSlurm, type Slurm } from '../../fixtures/slurm.js'
import { SLURM } from '../../../src-main/contract/cluster.js'

let folder: ReturnType<typeof temporaryFolder>
beforeEach(() => void (folder = temporaryFolder()))
afterEach(() => folder[Symbol.dispose]())

const submission = (script: string, changes: Partial<Submission> = {}): Submission => {
  writeFileSync(join(folder.path, 'job.sh'), `#!/bin/sh\n${script}\n`)
  return {
    runId: 'abcd',
    comment: 'retrace:home:abcd:1000',
    script: join(folder.path, 'job.sh'),
    folder: folder.path,
    log: 'job.log',
    resources: ResourcesSchema.parse({ minutes: 10, cpus: 1 }),
    ...changes,
  }
}

async function until(scheduler: Scheduler, condition: (jobs: ListedJob[]) => boolean): Promise<ListedJob[]> {
  for (;;) {
    const jobs = await scheduler.list()
    if (condition(jobs)) return jobs
    await sleep(20)
  }
}

const missing = missingSlurm()
if (missing) console.warn(`The conformance suite skips Slurm: ${missing}.`)

describe.each([
  ['the stand-in', null],
  ['Slurm', startSlurm],
])('%s', (_, start) => {
  describe.skipIf(start !== null && missing !== null)('as a batch system', () => {
    let slurm: Slurm | null = null
    beforeAll(async () => void (slurm = start && (await start())), 60_000)
    afterAll(async () => slurm?.[Symbol.asyncDispose]())
    const open = (): { scheduler: Scheduler; batch: Batch } => {
      const batch = slurm ? { words: SLURM, env: { ...process.env, ...slurm.env } } : standIn(join(folder.path, 'stand-in'))
      return { scheduler: createScheduler(batch.words, batch.env), batch }
    }
    const file = (name: string): string => join(folder.path, name)

    it('runs a job in its folder with its number, lists it with its comment, and forgets it', async () => {
      const { scheduler } = open()
      const id = await scheduler.submit(submission('echo $SLURM_JOB_ID > number; while [ ! -e end ]; do sleep 0.05; done'))
      const [job] = await until(scheduler, (jobs) => jobs.some((each) => each.id === id && each.state === 'running'))
      expect(job).toMatchObject({ id, comment: 'retrace:home:abcd:1000', node: 'n1' })
      while (!existsSync(file('number'))) await sleep(10)
      writeFileSync(file('end'), '')
      await until(scheduler, (jobs) => !jobs.some((each) => each.id === id && each.state !== 'ending'))
      expect(readFileSync(file('number'), 'utf8').trim()).toBe(id)
    })

    it('asks the processes of a job to end when it is cancelled, and starts one again that asks for it', async () => {
      const { scheduler, batch } = open()
      const again = batch.words.requeue!.map((part) => (part === '{job}' ? '$SLURM_JOB_ID' : quoteForShell(part))).join(' ')
      // It asks once, and is told to end afterwards.
      const script = `trap 'echo ended >> said; exit 0' TERM; echo began >> said; [ $(grep -c began said) -gt 1 ] || ${again}; while :; do sleep 0.05; done`
      const id = await scheduler.submit(submission(script))
      const said = (): string => (existsSync(file('said')) ? readFileSync(file('said'), 'utf8') : '')
      await until(scheduler, (jobs) => {
        if (jobs.some((job) => job.id === id && job.state === 'waiting')) slurm?.hurry(id)
        return said() === 'began\nended\nbegan\n'
      })
      await scheduler.cancel(id)
      await until(scheduler, (jobs) => !jobs.some((each) => each.id === id && each.state !== 'ending'))
      while (!said().endsWith('ended\n')) await sleep(20)
      expect(said()).toBe('began\nended\nbegan\nended\n')
    })

    it('refuses what can never run', async () => {
      const { scheduler } = open()
      await expect(scheduler.test(submission('true', { resources: ResourcesSchema.parse({ minutes: 1, cpus: 64 }) }))).rejects.toThrow(
        'Requested node configuration is not available',
      )
      await scheduler.test(submission('true'))
    })
  })
})

describe('a batch system in trouble', () => {
  const open = () => {
    const batch = standIn(join(folder.path, 'stand-in'))
    return { ...batch, scheduler: createScheduler({ ...batch.words, timeoutSeconds: 5 }, batch.env) }
  }

  it('has done what it did not answer to, which its list tells by the comment', async () => {
    const { scheduler, fault } = open()
    fault('slots', '0')
    fault('lost')
    await expect(scheduler.submit(submission('true'))).rejects.toThrow(Unreachable)
    expect(await scheduler.list()).toMatchObject([{ id: '1', state: 'waiting', reason: 'Priority', comment: 'retrace:home:abcd:1000' }])
    fault('doubled')
    expect(await scheduler.list()).toHaveLength(1)
    await scheduler.cancel('1')
  })

  it('is told apart from one that refuses, and from one that is not there', async () => {
    const { scheduler, fault, words, env } = open()
    fault('down')
    await expect(scheduler.list()).rejects.toThrow(Unreachable)
    await expect(createScheduler({ ...words, list: ['no-such-squeue'] }, env).list()).rejects.toThrow(
      'was not found. Start Retrace on a login node',
    )
    await expect(createScheduler({ ...words, submit: ['echo', 'submitted a job; 7'] }, env).submit(submission('true'))).rejects.toThrow(
      'which is no number of a job',
    )
    await expect(createScheduler({ ...words, list: ['sleep', '30'], timeoutSeconds: 1 }, env).list()).rejects.toThrow(
      'did not answer within 1 s',
    )
  })
})

describe('the words of a command', () => {
  it('reach no shell, whatever they hold', async () => {
    const hostile = `a'b"c $(touch shot) \`touch shot\`; touch shot\n#`
    const told = 'console.log(process.argv[1] === process.env.HOSTILE ? 7 : 8)'
    const words = { ...SLURM, submit: [process.execPath, '-e', told, hostile] }
    const env = { ...process.env, HOSTILE: hostile }
    expect(await createScheduler(words, env).submit(submission('true'))).toBe('7')
    // Like ssh, which passes the command as one argument to a shell of the other machine.
    const through = createScheduler({ ...words, prefix: ['sh', '-c'] }, env)
    expect(await through.submit(submission('true'))).toBe('7')
    expect(existsSync('shot')).toBe(false)
  })

  it('are left out where their value is absent', () => {
    expect(fill(['sbatch', '--mem={memoryMiB}M', '--time={minutes}', '%j{x}'], { memoryMiB: null, minutes: 5 })).toEqual([
      'sbatch',
      '--time=5',
      '%j{x}',
    ])
  })

  it.each(['a b', "a'", '-x', '$(x)', 'a;b', 'a\nb', ''])('may not name a partition %j', (partition) => {
    expect(ResourcesSchema.safeParse({ minutes: 1, cpus: 1, partition }).success).toBe(false)
  })
})
