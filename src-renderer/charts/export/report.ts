import { escapeHtml } from '../../ui/escape-html.js'

/** One chart of a report. */
export interface ReportFigure {
  title: string
  /** A complete SVG document. */
  svg: string
  /** Its points, and the name of the file in which they are saved. */
  csv: string
  file: string
}

export interface Report {
  title: string
  /** The author's text; paragraphs are separated by empty lines. */
  text: string
  /** When the report was made, and the address of its page, as text. */
  made: string
  address: string
  /** The shell command that reproduces the numbers. */
  command: string
  /** Header and rows of the table of runs. */
  table: { heads: readonly string[]; rows: readonly (readonly string[])[] }
  figures: readonly ReportFigure[]
}

const STYLE = `
  body { max-width: 980px; margin: 32px auto; padding: 0 16px; color: #1b1f24; font: 15px/1.5 system-ui, 'DejaVu Sans', sans-serif; }
  h1 { font-size: 24px; } h2 { font-size: 16px; margin-bottom: 4px; }
  table { border-collapse: collapse; width: 100%; font-size: 13px; font-variant-numeric: tabular-nums; }
  th, td { padding: 4px 8px; border-bottom: 1px solid #d8dde3; text-align: left; }
  figure { margin: 24px 0; break-inside: avoid; } figure svg { max-width: 100%; height: auto; }
  .faint { color: #5d6772; font-size: 13px; } code { overflow-wrap: anywhere; }
  @media print { body { margin: 0; } .data { display: none; } }
`

const base64 = (text: string): string => {
  const bytes = new TextEncoder().encode(text)
  let binary = ''
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000))
  return btoa(binary)
}

const cells = (tag: 'td' | 'th', row: readonly string[]): string =>
  `<tr>${row.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`

/**
 * A report as one self-contained HTML file: text, the table of runs, every chart as vectors, and its points for download. It has no
 * scripts, and can be printed as it is.
 */
export function reportHtml({ title, text, made, address, command, table, figures }: Report): string {
  const paragraphs = text.split(/\n\s*\n/).filter((part) => part.trim() !== '')
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
<p class="faint">Retrace, ${escapeHtml(made)}</p>
${paragraphs.map((part) => `<p>${escapeHtml(part.trim()).replaceAll('\n', '<br>')}</p>`).join('\n')}
<h2>Runs</h2>
<table><thead>${cells('th', table.heads)}</thead><tbody>${table.rows.map((row) => cells('td', row)).join('')}</tbody></table>
${figures
  .map(
    ({ title: name, svg, csv, file }) => `<figure aria-label="${escapeHtml(name)}">
${svg.slice(Math.max(0, svg.indexOf('<svg')))}
<p class="data faint"><a download="${escapeHtml(file)}" href="data:text/csv;base64,${base64(csv)}">Save the points of this chart (CSV)</a></p>
</figure>`,
  )
  .join('\n')}
<p class="faint">The numbers again: <code>${escapeHtml(command)}</code><br>The page: <code>${escapeHtml(address)}</code></p>
</body>
</html>
`
}
