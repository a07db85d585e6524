/** The 0.975 quantile of the standard normal distribution. */
const Z = 1.959963984540054

/**
 * 95% Wilson score interval of a proportion (Wilson 1927; Brown, Cai and DasGupta 2001): what `of` independent images say about the
 * accuracy on all images of their kind. It does not describe how runs with other seeds differ.
 * @param fraction fraction of the images that were classified correctly, 0 to 1
 * @returns both ends, or null when the fraction is undefined or there are no images
 */
export function wilsonInterval(fraction: number | null | undefined, of: number | null | undefined): [number, number] | null {
  if (typeof fraction !== 'number' || typeof of !== 'number') return null
  if (!(fraction >= 0 && fraction <= 1) || !(of >= 1)) return null
  const square = Z * Z
  const middle = (fraction + square / (2 * of)) / (1 + square / of)
  const half = (Z / (1 + square / of)) * Math.sqrt((fraction * (1 - fraction)) / of + square / (4 * of * of))
  // Rounding would move ends that are exactly 0 or 1.
  return [fraction === 0 ? 0 : Math.max(0, middle - half), fraction === 1 ? 1 : Math.min(1, middle + half)]
}
