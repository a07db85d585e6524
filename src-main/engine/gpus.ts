import { execFile, spawn } from 'node:child_process'
import { promisify } from 'node:util'
import type { Gpu } from '../contract/gpus.js'
import { findOnPath } from './location.js'

const COMMAND = 'nvidia-smi'
const LIST = ['--query-gpu=index,uuid,name,memory.total,memory.used,utilization.gpu', '--format=csv,noheader,nounits'] as const
/** Values of one GPU, every second until the process is terminated. */
const WATCH = ['--query-gpu=memory.used,utilization.gpu', '--format=csv,noheader,nounits', '-lms', '1000'] as const
/** Timeout in milliseconds, long enough for a driver that has to initialise its GPUs first. */
const PATIENCE = 15_000

/** Parses a number of the driver's output, in which unknown ones are `[N/A]` or `[Not Supported]`. */
const numberIn = (text: string | undefined): number | null => (text !== undefined && /^[\d.]+$/.test(text) ? Number(text) : null)
const cells = (line: string): string[] => line.split(',').map((cell) => cell.trim())

/** Parses the output of `LIST`. Lines that do not describe a GPU, such as warnings, are ignored. */
export function parseGpus(text: string): Gpu[] {
  return text.split('\n').flatMap((line) => {
    const [index, uuid, ...rest] = cells(line)
    // The name may contain commas, but the numbers after it do not.
    const [total, used, utilization] = rest.slice(-3).map(numberIn)
    const name = rest.slice(0, -3).join(', ')
    const number = numberIn(index)
    if (number === null || !/^(GPU|MIG)-/.test(uuid ?? '') || name === '' || total == null) return []
    return [{ index: number, uuid: uuid!, name, memoryMiB: total, usedMiB: used ?? 0, utilization: utilization ?? null }]
  })
}

/**
 * Queries `nvidia-smi` for the NVIDIA GPUs of this machine that `CUDA_VISIBLE_DEVICES` leaves visible.
 * @returns null if the command is not on the PATH or fails, as without a driver
 */
export async function queryGpus(env: NodeJS.ProcessEnv = process.env): Promise<Gpu[] | null> {
  const command = findOnPath(COMMAND, env)
  if (command === null) return null
  try {
    const { stdout } = await promisify(execFile)(command, LIST, { env, timeout: PATIENCE })
    return visibleOf(parseGpus(stdout), env)
  } catch {
    // Some programs install the command on machines without a GPU, where it exits with an error.
    return null
  }
}

/** The GPUs that are visible to CUDA programs, in the order of the variable. */
export function visibleOf(gpus: readonly Gpu[], { CUDA_VISIBLE_DEVICES: visible }: NodeJS.ProcessEnv): Gpu[] {
  if (visible === undefined) return [...gpus]
  return visible
    .split(',')
    .flatMap((name) => gpus.find(({ index, uuid }) => name !== '' && (String(index) === name || uuid.startsWith(name))) ?? [])
}

export interface GpuMeter {
  /** The latest reading; null before the first one. `memoryMiB` is the memory used by all programs on this GPU. */
  latest(): { memoryMiB: number; utilization: number | null } | null
  close(): void
}

/**
 * Monitors the GPU of this process, once a second, with a child process that ends when its output is closed, as at the end of this process.
 * @param env the GPU is the first of `CUDA_VISIBLE_DEVICES`, or the machine's first one
 * @returns null if `nvidia-smi` is not available
 */
export function watchGpu(env: NodeJS.ProcessEnv = process.env): GpuMeter | null {
  const command = findOnPath(COMMAND, env)
  if (command === null) return null
  const id = env.CUDA_VISIBLE_DEVICES?.split(',')[0] || '0'
  const child = spawn(command, [...WATCH, `--id=${id}`], { env, stdio: ['ignore', 'pipe', 'ignore'] })
  let last: ReturnType<GpuMeter['latest']> = null
  let rest = ''
  child.stdout.on('data', (data: Buffer) => {
    const lines = (rest + data.toString()).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const [memoryMiB, utilization] = cells(line).map(numberIn)
      if (memoryMiB != null) last = { memoryMiB, utilization: utilization ?? null }
    }
  })
  // A run must not end because its GPU cannot be monitored; its series then lack these values.
  child.once('error', () => undefined)
  child.unref()
  process.once('exit', () => child.kill())
  return { latest: () => last, close: () => void child.kill() }
}
