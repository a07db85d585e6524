/** How high pixels are drawn that are so many points wide; one row of them is drawn higher, so that it can be seen. */
export const pixelHeight = ({ width, height }: { width: number; height: number }, size: number): number =>
  height === 1 ? Math.min(24, size) : (size * height) / width
