/** Number of characters of the first line of the notes that the runs table shows. */
const NOTE_LENGTH = 160

/** The first line that is not empty, without the Markdown marks of a heading, list or quotation. */
export function firstLine(markdown: string): string {
  const line = markdown.split('\n').find((each) => each.trim() !== '') ?? ''
  return line
    .replace(/^[\s#>*+-]+/, '')
    .trim()
    .slice(0, NOTE_LENGTH)
}
