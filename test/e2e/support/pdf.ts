import { inflateSync } from 'node:zlib'
import { readPdfInfo } from '../../fixtures/pdf-info.js'

/** The content of a PDF made by this program: its fonts, and the text and operators of its only page. */
export interface ReadPdf {
  fonts: { name: string; embedded: boolean }[]
  /** Strings in the order in which they are shown. */
  texts: string[]
  /** The operators of the page, uncompressed. */
  content: string
  /** The document information: `Title`, `Subject` and so on. */
  info: Readonly<Record<string, string>>
}

/** Reads a PDF with uncompressed objects, as written by jsPDF. */
export function readPdf(file: Buffer): ReadPdf {
  const objects = new Map<number, Buffer>()
  const text = file.toString('latin1')
  for (const match of text.matchAll(/(?:^|\n)(\d+) 0 obj\n/g)) {
    const begin = match.index + match[0].length
    objects.set(Number(match[1]), file.subarray(begin, text.indexOf('\nendobj', begin)))
  }
  const head = (id: number): string => {
    const body = objects.get(id)!.toString('latin1')
    const stream = body.indexOf('stream\n')
    return stream < 0 ? body : body.slice(0, stream)
  }
  function stream(id: number): string {
    const body = objects.get(id)!
    const begin = body.indexOf('stream\n') + 7
    const bytes = body.subarray(begin, body.lastIndexOf('\nendstream'))
    return (head(id).includes('/FlateDecode') ? inflateSync(bytes) : bytes).toString('latin1')
  }
  const reference = (id: number, key: string): number | null => Number(new RegExp(`/${key} \\[?(\\d+) 0 R`).exec(head(id))?.[1]) || null

  const ids = [...objects.keys()]
  const isFont = (id: number): boolean => /\/Type ?\/Font\b(?!Descriptor)/.test(head(id))
  const descendants = new Set(ids.filter(isFont).map((id) => reference(id, 'DescendantFonts')))
  const fonts = ids.filter((id) => isFont(id) && !descendants.has(id))
  const characters = new Map<number, Map<string, string>>()
  const described = fonts.map((id) => {
    const descriptor = reference(reference(id, 'DescendantFonts') ?? id, 'FontDescriptor')
    const map = reference(id, 'ToUnicode')
    const pairs = map === null ? [] : [...stream(map).matchAll(/^<([0-9a-f]{4})><([0-9a-f]{4})>$/gim)]
    characters.set(id, new Map(pairs.map(([, glyph, code]) => [glyph!.toLowerCase(), String.fromCharCode(parseInt(code!, 16))])))
    return {
      name: /\/BaseFont ?\/(\S+)/.exec(head(id))![1]!,
      embedded: descriptor !== null && /\/FontFile\d? \d+ 0 R/.test(head(descriptor)),
    }
  })

  const page = ids.find((id) => /\/Type ?\/Page\b/.test(head(id)))!
  const content = stream(reference(page, 'Contents')!)
  const names = new Map([...text.matchAll(/\/(F\d+) (\d+) 0 R/g)].map(([, name, id]) => [name!, Number(id)]))
  let current = new Map<string, string>()
  const texts: string[] = []
  for (const [, font, hex] of content.matchAll(/\/(F\d+) [\d.]+ Tf|<([0-9a-f]+)> Tj/gi)) {
    if (font) current = characters.get(names.get(font)!) ?? new Map<string, string>()
    else texts.push(hex!.toLowerCase().match(/.{4}/g)!.map((glyph) => current.get(glyph) ?? '\ufffd').join('')) // prettier-ignore
  }
  return { fonts: described, texts, content, info: readPdfInfo(file) }
}
