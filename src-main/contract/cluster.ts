import { z } from 'zod'
import './input-messages.js'

/** Lease numbers that one order to a cluster has for its attempts: a batch system may start the same job again and again. */
export const LEASES_OF_ORDER = 1000

/** The characters allowed in names of a batch system: no spaces, no quotes, and nothing that starts an option. */
const NameSchema = z
  .string()
  .regex(
    /^[\w@][\w.,:+=@&|()[\]*/-]{0,199}$/,
    'must consist of letters, digits and . , : + = @ & | ( ) [ ] * / - _, and begin with a letter or digit',
  )

/**
 * The resources that a run requests on a cluster. Where a run is computed does not change what it computes, so they are not part of its
 * configuration.
 */
export const ResourcesSchema = z.strictObject({
  /** Time limit of one job; a run that takes longer continues in the next one. */
  minutes: z.int().min(1).max(43_200),
  cpus: z.int().min(1).max(1024),
  gpus: z.int().min(0).max(16).default(0),
  /** null uses the cluster's default. */
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
 * The command templates of a batch system: each command as a list of arguments, with `{name}` for values. An argument whose value is absent
 * is left out.
 *
 * - `submit` and `test`: {script} {folder} {log} {comment} {run}, and all of `Resources`
 * - `cancel` and `requeue`: {job}
 */
export const SchedulerSchema = z.strictObject({
  /** Prints the number of the job. */
  submit: CommandSchema,
  /** Fails, with the reason, if `submit` would accept the job but it would wait forever; null if there is no such command. */
  test: CommandSchema.nullable(),
  /** Prints one line for each job of the user that has not ended. */
  list: CommandSchema,
  /** A regular expression for such a line, with the groups `id`, `state`, `comment`, and if available `reason` and `node`. */
  line: z.string().max(1000),
  /** States of waiting and of running jobs; jobs in other states are about to end. */
  waiting: z.array(z.string()),
  running: z.array(z.string()),
  /** Asks the processes of a job to end, and kills them later. */
  cancel: CommandSchema,
  /** Ends the calling job and starts it again; null if a job cannot do that. */
  requeue: CommandSchema.nullable(),
  /** The environment variable that contains a job's number. */
  jobVariable: z.string().regex(/^\w+$/),
  /** A regular expression for the output of commands that could not reach the batch system, so that their effect is unknown. */
  unreachable: z.string().max(1000),
  /**
   * Placed before each command if another machine has the commands, such as `ssh -o BatchMode=yes login.example.org`; the command then
   * follows as one argument.
   */
  prefix: z.array(z.string().max(1000)).max(32),
  /** Time limit of a command, in seconds. */
  timeoutSeconds: z.number().min(1).max(600),
})
export type SchedulerWords = z.infer<typeof SchedulerSchema>

/** Slurm, version 20.11 or later. */
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
    // At most a minute early, which leaves time for a checkpoint.
    '--signal=B:USR1@120',
    '--time={minutes}',
    '--cpus-per-task={cpus}',
    '--gpus={gpus}',
    '--mem={memoryMiB}M',
    '--partition={partition}',
    '--account={account}',
    '--qos={qos}',
    '--constraint={constraint}',
    // The rest of the environment, such as tokens, is not passed on.
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

/** The cluster configuration of a home. */
export const ClusterSchema = z.strictObject({
  /** Absolute path of a folder shared by this machine and the nodes, through which all data of the runs there are exchanged. */
  folder: z
    .string()
    .max(4096)
    .regex(/^\/[^\n\r\0]*$/, 'must be an absolute path'),
  /** Its path on the nodes, if it differs. */
  folderThere: z
    .string()
    .max(4096)
    .regex(/^\/[^\n\r\0]*$/, 'must be an absolute path')
    .nullable()
    .default(null),
  /** The program of the agent, and Node, both as the nodes see them. */
  agent: z.string().max(4096),
  node: z.string().max(4096),
  scheduler: SchedulerSchema.default(SLURM),
  defaults: ResourcesSchema.default(DEFAULT_RESOURCES),
  /** Maximum number of waiting and running jobs; further runs stay in the queue here. */
  jobsAtOnce: z.int().min(1).max(10_000).default(50),
  /** How often the job of a run may be started before the run fails. */
  attempts: z.int().min(1).max(999).default(20),
})
export type Cluster = z.infer<typeof ClusterSchema>

/** A job of a run, as it is shown. */
export const JobSchema = z.strictObject({
  runId: z.string(),
  /** Its number in the batch system; null until it is known. */
  jobId: z.string().nullable(),
  firstLease: z.int(),
  resources: ResourcesSchema,
  submittedAt: z.number(),
  /** The node of the latest attempt, and the number of the attempt, from 1; null before the first. */
  node: z.string().nullable(),
  attempt: z.int().nullable(),
  endedAt: z.number().nullable(),
})
export type Job = z.infer<typeof JobSchema>
