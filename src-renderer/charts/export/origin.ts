/** The origin of a figure, stored in its files. */
export interface Origin {
  title: string
  /** The shell command that reproduces its numbers: `contract/command-lines.ts`. */
  command: string
  /** Address of the page on which it was drawn, from the path on; empty if there is none. */
  page: string
}

/** The program that wrote the file. */
export const CREATOR = 'Retrace'

const escapeXml = (text: string): string =>
  text.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`).replace(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')

/** An SVG document with its origin as Dublin Core metadata. */
export function withOrigin(svg: string, { title, command, page }: Origin): string {
  const elements = { title, creator: CREATOR, source: command, ...(page ? { relation: page } : {}) }
  const written = Object.entries(elements).map(([name, text]) => `<dc:${name}>${escapeXml(text)}</dc:${name}>`)
  const description = `<rdf:Description rdf:about="">${written.join('')}</rdf:Description>`
  const metadata = `<metadata><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:dc="http://purl.org/dc/elements/1.1/">${description}</rdf:RDF></metadata>`
  const begin = svg.indexOf('>', svg.indexOf('<svg')) + 1
  return `${svg.slice(0, begin)}${metadata}${svg.slice(begin)}`
}

/** The origin as LaTeX comments, for the head of a figure's source. */
export const latexOrigin = ({ command, page }: Origin): string =>
  [`${CREATOR}: ${command}`, ...(page ? [`Page: ${page}`] : [])]
    .flatMap((text) => text.split(/[\n\r\f\u2028\u2029]+/).map((line) => `% ${line}\n`))
    .join('')
