import { statfsSync } from 'node:fs'
import { backend } from '@tensorflow/tfjs-core'
import { capturableBackend } from '../engine/capture/binding.js'
import { watchGpu, type GpuMeter } from '../engine/gpus.js'

const MEBIBYTE = 2 ** 20
const GIBIBYTE = 2 ** 30
/** Milliseconds between two measurements. */
const EVERY = 1000

/** Resource usage of this process, measured at most once per second. */
export class ResourceMeter {
  private at = performance.now()
  private cpu = process.cpuUsage()
  private first = true

  /**
   * @param folder a folder on the disk that is monitored
   * @param gpu the GPU used by this process; null without one
   */
  constructor(
    private readonly folder: string,
    private readonly gpu: Pick<GpuMeter, 'latest'> | null = null,
  ) {}

  /**
   * Values by metric; null if it is too early. The number of cores is a mean since the last measurement, including threads of the engine.
   */
  sample(): Record<string, number> | null {
    const now = performance.now()
    const elapsed = now - this.at
    if (!this.first && elapsed < EVERY) return null
    const { user, system } = process.cpuUsage(this.cpu)
    const values: Record<string, number> = { 'system/residentMiB': process.memoryUsage.rss() / MEBIBYTE }
    // The first value would be a mean over too short a time.
    if (!this.first) values['system/cores'] = (user + system) / 1000 / elapsed
    const gpu = this.gpu?.latest()
    if (gpu) values['system/gpuMemoryMiB'] = gpu.memoryMiB
    if (gpu && gpu.utilization !== null) values['system/gpuUtilization'] = gpu.utilization
    const free = this.freeBytes()
    if (free !== null) values['system/diskFreeGiB'] = free / GIBIBYTE
    this.first = false
    this.at = now
    this.cpu = process.cpuUsage()
    return values
  }

  private freeBytes(): number | null {
    try {
      const { bavail, bsize } = statfsSync(this.folder)
      return bavail * bsize
    } catch {
      // Some network file systems do not report it.
      return null
    }
  }
}

/** The meter of a trainer, which also monitors the GPU if the engine uses one. The engine must be open. */
export const openResourceMeter = (folder: string): ResourceMeter =>
  new ResourceMeter(folder, capturableBackend(backend())?.isUsingGpuDevice ? watchGpu() : null)
