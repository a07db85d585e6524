/** A step of the guided tour. */
export interface GuideStep {
  title: string
  /** Describes the target, and what to do with it. */
  text: string
  /** Selector of the target. */
  target: string
  /** Name of the page that the step belongs to. */
  page: string
  /** The address of that page, for users who have navigated elsewhere; absent if only the run itself links to it. */
  at?: string
}

/** From an empty home to a running run. */
export const STEPS: readonly GuideStep[] = [
  {
    title: 'Everything begins with a run',
    text: 'A run is one training of one network. New run leads to the form in which you choose it.',
    target: '#content a[href$="/new"]',
    page: 'runs',
    at: '/runs',
  },
  {
    title: 'Choose data and a network',
    text: 'The handwritten digits are included. Networks that take the data set come first; hamiltonian-quick trains within a few minutes.',
    target: '[data-preset]',
    page: 'new',
    at: '/new',
  },
  {
    title: 'Start it',
    text: 'Below the button stand parameters, memory and time as they are estimated. Everything else has a sensible value already: press Start.',
    target: '[data-testid=start]',
    page: 'new',
    at: '/new',
  },
  {
    title: 'Watch it learn',
    text: 'Points arrive while the run trains. Drag in a chart to zoom; the question mark beside a name says what it is and what is good.',
    target: '[data-chart=loss]',
    page: 'run',
  },
  {
    title: 'See it reverse',
    text: 'From its first checkpoint on, the Lab shows how the network forgets nothing: its Live instruments send an image forward and back again. That was all; F1 explains every page.',
    target: '.v-tab[value=lab]',
    page: 'run',
  },
]
