import { execFile, spawn } from 'node:child_process'
import { promisify } from 'node:util'
import type { Gpu } from '../contract/gpus.js'
import { findOnPath } from './location.js'

const COMMAND = 'nvidia-smi'
const LIST = ['--query-gpu=index,uuid,name,memory.total,memory.used,utilization.gpu', '--format=csv,noheader,nounits'] as const
/** Of one GPU, once a second until it is told to end. */
const WATCH = ['--query-gpu=memory.used,utilization.gpu', '--format=csv,noheader,nounits', '-lms', '1000'] as const
/** Milliseconds in which the driver answers even where it has to wake its GPUs first. */
const PATIENCE = 15_000

/** Numbers of a line of the driver, which writes `[N/A]` or `[Not Supported]` where it does not know one. */
const numberIn = (text: string | undefined): number | null => (text !== undefined && /^[\d.]+$/.test(text) ? Number(text) : null)
const cells = (line: string): string[] => line.split(',').map((cell) => cell.trim())

/** What `nvidia-smi` answered to `LIST`. Lines that describe no GPU, such as warnings, are left out. */
export function parseGpus(text: string): Gpu[] {
  return text.split('\n').flatMap((line) => {
    const [index, uuid, ...rest] = cells(line)
    // A name may hold commas; the numbers behind it hold none.
    const [total, used, utilization] = rest.slice(-3).map(numberIn)
    const name = rest.slice(0, -3).join(', ')
    const number = numberIn(index)
    if (number === null || !/^(GPU|MIG)-/.test(uuid ?? '') || name === '' || total == null) return []
    return [{ index: number, uuid: uuid!, name, memoryMiB: total, usedMiB: used ?? 0, utilization: utilization ?? null }]
  })
}

/**
 * The NVIDIA GPUs of this machine, asked of `nvidia-smi`; of those that `CUDA_VISIBLE_DEVICES` leaves visible.
 * @returns null where there is no such command on the PATH, or it finds no driver
 */
export async function queryGpus(env: NodeJS.ProcessEnv = process.env): Promise<Gpu[] | null> {
  const command = findOnPath(COMMAND, env)
  if (command === null) return null
  try {
    const { stdout } = await promisify(execFile)(command, LIST, { env, timeout: PATIENCE })
    return visibleOf(parseGpus(stdout), env)
  } catch {
    // It is installed with some programs also where there is no GPU, and then ends with a status that says so.
    return null
  }
}

/** Those that the user lets programs see, in the order in which they are named. */
export function visibleOf(gpus: readonly Gpu[], { CUDA_VISIBLE_DEVICES: visible }: NodeJS.ProcessEnv): Gpu[] {
  if (visible === undefined) return [...gpus]
  return visible
    .split(',')
    .flatMap((name) => gpus.find(({ index, uuid }) => name !== '' && (String(index) === name || uuid.startsWith(name))) ?? [])
}

export interface GpuMeter {
  /** The last that was read; null before. `memoryMiB` is what all programs hold on this GPU. */
  latest(): { memoryMiB: number; utilization: number | null } | null
  close(): void
}

/**
 * Watches the GPU that this process computes on, once a second in a process of its own, which ends with its output when this one is gone.
 * @param env the first GPU of `CUDA_VISIBLE_DEVICES`, else the machine's first one
 * @returns null where `nvidia-smi` is not there
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
  // A run does not end because its GPU cannot be watched: its series are then without these values.
  child.once('error', () => undefined)
  child.unref()
  process.once('exit', () => child.kill())
  return { latest: () => last, close: () => void child.kill() }
}
