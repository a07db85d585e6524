/** Where exported files are written, for every field that asks for their name. */
export const EXPORTS_HINT = 'Files are written to the export folder: exports in the home folder, or the one given by --exports at start.'
