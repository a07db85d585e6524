import { z } from 'zod'
import './input-messages.js'
import { RunIdSchema } from './runs.js'

/** What names of a batch system may be made of: no spaces, no quotes, nothing that begins an option. */
const NameSchema = z
  .string()
  .regex(
    /^[\w@][\w.,:+=@&|()[\]*/-]{0,199}$/,
    'must consist of letters, digits and . , : + = @ & | ( ) [ ] * / - _, and begin with a letter or digit',
  )

/** What a run on a cluster asks for. Where a run is computed does not change what it computes, so it is no part of its configuration. */
export const ResourcesSchema = z.strictObject({
  /** Time limit of one job; a run that takes longer goes on in the next. */
  minutes: z.int().min(1).max(43_200),
  cpus: z.int().min(1).max(1024),
  gpus: z.int().min(0).max(16).default(0),
  /** null takes what the cluster gives. */
  memoryMiB: z.int().min(64).max(8_388_608).nullable().default(null),
  partition: NameSchema.nullable().default(null),
  account: NameSchema.nullable().default(null),
  qos: NameSchema.nullable().default(null),
  constraint: NameSchema.nullable().default(null),
})
export type Resources = z.infer<typeof ResourcesSchema>

export const DEFAULT_RESOURCES: Resources = ResourcesSchema.parse({ minutes: 240, cpus: 4 })

const CommandSchema = z.array(z.string().max(1000)).min(1).max(64)

/**
 * The words of a batch system: each command as its arguments, with `{name}` for values. An argument whose value is absent is left out.
 *
 * - `submit` and `test`: {script} {folder} {log} {comment} {run}, and all of `Resources`
 * - `cancel` and `requeue`: {job}
 */
export const SchedulerSchema = z.strictObject({
  /** Prints the number of the job. */
  submit: CommandSchema,
  /** Fails, with the reason, where `submit` would be accepted and wait for ever; null where there is no such command. */
  test: CommandSchema.nullable(),
  /** Prints a line for each job of the user that has not ended. */
  list: CommandSchema,
  /** A regular expression for such a line, with the groups `id`, `state`, `comment`, and where there are such `reason` and `node`. */
  line: z.string().max(1000),
  /** States of jobs that wait, and of those that work; others are about to end. */
  waiting: z.array(z.string()),
  running: z.array(z.string()),
  /** Asks the processes of a job to end, and kills them later. */
  cancel: CommandSchema,
  /** Has the job that calls it end, and start again; null where a job cannot do that. */
  requeue: CommandSchema.nullable(),
  /** The environment variable of a job that has its number. */
  jobVariable: z.string().regex(/^\w+$/),
  /** A regular expression for what commands print when the batch system could not be asked, so that nothing is known of what they were to do. */
  unreachable: z.string().max(1000),
  /** Put before each command where another machine has them, such as `ssh -o BatchMode=yes login.example.org`; the command then follows as one argument. */
  prefix: z.array(z.string().max(1000)).max(32),
  /** Seconds that a command may take. */
  timeoutSeconds: z.number().min(1).max(600),
})
export type SchedulerWords = z.infer<typeof SchedulerSchema>

/** Slurm, from 20.11 on. */
export const SLURM: SchedulerWords = {
  submit: [
    'sbatch',
    '--parsable',
    '--requeue',
    '--open-mode=append',
    '--job-name=retrace-{run}',
    '--comment={comment}',
    '--chdir={folder}',
    '--output={log}',
    // A minute early at most, and time for a checkpoint.
    '--signal=B:USR1@120',
    '--time={minutes}',
    '--cpus-per-task={cpus}',
    '--gpus={gpus}',
    '--mem={memoryMiB}M',
    '--partition={partition}',
    '--account={account}',
    '--qos={qos}',
    '--constraint={constraint}',
    // Nothing else of the environment, such as tokens.
    '--export=PATH,HOME,SLURM_CONF',
    '{script}',
  ],
  test: [
    'sbatch',
    '--test-only',
    '--time={minutes}',
    '--cpus-per-task={cpus}',
    '--gpus={gpus}',
    '--mem={memoryMiB}M',
    '--partition={partition}',
    '--account={account}',
    '--qos={qos}',
    '--constraint={constraint}',
    '{script}',
  ],
  list: ['squeue', '-h', '--me', '-o', '%A|%T|%r|%N|%k'],
  line: '^(?<id>\\d+)\\|(?<state>\\w+)\\|(?<reason>[^|]*)\\|(?<node>[^|]*)\\|(?<comment>.*)$',
  waiting: ['PENDING', 'REQUEUED', 'REQUEUE_FED', 'REQUEUE_HOLD', 'SPECIAL_EXIT', 'RESV_DEL_HOLD'],
  running: ['RUNNING', 'CONFIGURING', 'SUSPENDED', 'STOPPED', 'RESIZING', 'SIGNALING', 'STAGE_OUT'],
  cancel: ['scancel', '{job}'],
  requeue: ['scontrol', 'requeue', '{job}'],
  jobVariable: 'SLURM_JOB_ID',
  unreachable: 'Unable to contact|[Tt]imed out|Connection refused|Connection reset|Communication|Slurm temporarily|slurm_persist',
  prefix: [],
  timeoutSeconds: 10,
}

/** The cluster of a home. */
export const ClusterSchema = z.strictObject({
  /** An absolute folder that this machine and the nodes share; everything of the runs there passes through it. */
  folder: z
    .string()
    .max(4096)
    .regex(/^\/[^\n\r\0]*$/, 'must be an absolute path'),
  /** Its name on the nodes, where that differs. */
  folderThere: z
    .string()
    .max(4096)
    .regex(/^\/[^\n\r\0]*$/, 'must be an absolute path')
    .nullable()
    .default(null),
  /** The folder of the program that the nodes run, and Node, both as the nodes see them. */
  program: z.string().max(4096),
  node: z.string().max(4096),
  scheduler: SchedulerSchema.default(SLURM),
  defaults: ResourcesSchema.default(DEFAULT_RESOURCES),
  /** The most jobs that wait or work at a time; further runs stay in the queue here. */
  jobsAtOnce: z.int().min(1).max(10_000).default(50),
  /** How often the job of a run may be started before the run fails. */
  attempts: z.int().min(1).max(999).default(20),
})
export type Cluster = z.infer<typeof ClusterSchema>

/** A job of a run, as it is shown. */
export const JobSchema = z.strictObject({
  runId: RunIdSchema,
  /** Its number in the batch system; null until that is known. */
  jobId: z.string().nullable(),
  firstLease: z.int(),
  resources: ResourcesSchema,
  submittedAt: z.number(),
  /** The node of the newest attempt, and which one it is, from 1; null before the first. */
  node: z.string().nullable(),
  attempt: z.int().nullable(),
  endedAt: z.number().nullable(),
})
export type Job = z.infer<typeof JobSchema>
