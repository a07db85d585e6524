import { comparePage } from '../compare/page.js'
import { newRunPage } from '../configure/page.js'
import { datasetPage, datasetsPage } from '../datasets/page.js'
import { glossaryPage } from '../glossary/page.js'
import { ideaPage } from '../idea/page.js'
import { labPage } from '../lab/page.js'
import { runPage } from '../run/page.js'
import { runsPage } from '../runs/page.js'
import { settingsPage } from '../settings/page.js'
import { newStudyPage, studiesPage, studyPage } from '../studies/page.js'
import type { Page } from '../ui/page.js'

/** All pages; those with a link are in the order of the navigation. */
export const PAGES: readonly Page[] = [
  runsPage,
  runPage,
  comparePage,
  newRunPage,
  studiesPage,
  newStudyPage,
  studyPage,
  labPage,
  datasetsPage,
  datasetPage,
  glossaryPage,
  settingsPage,
  ideaPage,
]

/** The pages in the navigation. */
export const LINKS = PAGES.flatMap(({ path, title, link }) => (link ? [{ to: path, title, ...link }] : []))
