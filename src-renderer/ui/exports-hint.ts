/** Where a file goes that a window has written, for every field that asks for its name. */
export const EXPORTS_HINT = 'Files are written to the export folder: exports in the home folder, or the one given by --exports at start.'
