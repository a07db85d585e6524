/**
 * The last step of a live chart's axis: the least of 1, 1.5, 2, 3, 5, 7 times a power of ten that holds every point, so that the
 * axis moves seldom; never beyond the end of the run, unless points are.
 */
export function axisEnd(lastStep: number, totalSteps: number): number {
  if (lastStep >= totalSteps) return Math.max(1, lastStep)
  const power = 10 ** Math.floor(Math.log10(Math.max(10, lastStep)))
  const nice = [1, 1.5, 2, 3, 5, 7, 10].map((factor) => factor * power).find((step) => step >= lastStep) ?? totalSteps
  return Math.max(1, Math.min(nice, totalSteps))
}
