import { shallowReactive } from 'vue'
import { unpackPixels, type Pixels } from '../../src-main/contract/pixels.js'
import type { Answers } from './answers.js'

/** One image, as a canvas draws it. */
export interface Picture {
  /** Index within its part of the data set. */
  index: number
  label: number | null
  data: ImageData
}

/** Maximum number of pages kept in the cache; the oldest are evicted first. */
const KEPT = 40
/** Maximum number of concurrent requests: a page that is scrolled past must not delay the visible one. */
const AT_ONCE = 2

/** The pixels of one image as RGBA; greyscale images have one channel. */
export function toImageData(
  pixels: Uint8Array,
  { height, width, channels }: { height: number; width: number; channels: number },
): ImageData {
  const rgba = new Uint8ClampedArray(height * width * 4)
  for (let i = 0; i < height * width; i++) {
    for (let c = 0; c < 3; c++) rgba[4 * i + c] = pixels[i * channels + (channels >= 3 ? c : 0)]!
    rgba[4 * i + 3] = 255
  }
  return new ImageData(rgba, width, height)
}

/** All images of a response. */
export function toPictures(page: Pixels): ImageData[] {
  const bytes = unpackPixels(page)
  const size = page.height * page.width * page.channels
  return Array.from({ length: size ? bytes.length / size : 0 }, (_, i) => toImageData(bytes.subarray(i * size, (i + 1) * size), page))
}

/** Pages of images, fetched while a component shows them. */
export class ImagePages {
  /** By page number; reactive. */
  readonly pages = shallowReactive(new Map<number, Picture[]>())
  private readonly wanted = new Map<number, number>()
  private readonly failed = new Set<number>()
  private going = new Set<number>()
  private closed = false

  constructor(
    private readonly fetchPage: (page: number) => Promise<Answers['datasets']['images']>,
    private readonly onError: (error: unknown) => void,
  ) {}

  /** Requests a page; call the returned function when it is no longer shown. */
  want(page: number): () => void {
    this.wanted.set(page, (this.wanted.get(page) ?? 0) + 1)
    this.pump()
    return () => {
      const left = (this.wanted.get(page) ?? 1) - 1
      if (left) this.wanted.set(page, left)
      else this.wanted.delete(page)
    }
  }

  /** Nothing is delivered after this. */
  close(): void {
    this.closed = true
  }

  private pump(): void {
    if (this.closed) return
    // The page requested last is the visible one.
    const open = [...this.wanted.keys()]
      .filter((page) => !this.pages.has(page) && !this.going.has(page) && !this.failed.has(page))
      .reverse()
    for (const page of open.slice(0, AT_ONCE - this.going.size)) void this.load(page)
  }

  private async load(page: number): Promise<void> {
    this.going.add(page)
    try {
      const answer = await this.fetchPage(page)
      if (this.closed) return
      const data = toPictures(answer)
      for (const old of this.pages.keys()) {
        if (this.pages.size < KEPT) break
        if (!this.wanted.has(old)) this.pages.delete(old)
      }
      this.pages.set(
        page,
        data.map((each, i) => ({ index: answer.indices[i]!, label: answer.labels[i] ?? null, data: each })),
      )
    } catch (error) {
      this.failed.add(page)
      if (!this.closed) this.onError(error)
    } finally {
      this.going.delete(page)
      this.pump()
    }
  }
}
