/** A publication that is the source of networks, data sets or methods. */
export interface Reference {
  /** Its BibTeX key. */
  key: string
  /** The short citation in texts of this program: authors and year. */
  label: string
  type: 'article' | 'inproceedings' | 'techreport' | 'misc'
  /** Fields of its BibTeX entry. */
  fields: Readonly<Record<string, string>> & { title: string; author: string; year: string }
}

const REFERENCES: readonly Reference[] = [
  {
    key: 'chang2018reversible',
    label: 'Chang et al. 2018',
    type: 'inproceedings',
    fields: {
      author: 'Chang, Bo and Meng, Lili and Haber, Eldad and Ruthotto, Lars and Begert, David and Holtham, Elliot',
      title: 'Reversible Architectures for Arbitrarily Deep Residual Neural Networks',
      booktitle: 'Proceedings of the AAAI Conference on Artificial Intelligence',
      volume: '32',
      year: '2018',
    },
  },
  {
    key: 'gomez2017reversible',
    label: 'Gomez et al. 2017',
    type: 'inproceedings',
    fields: {
      author: 'Gomez, Aidan N. and Ren, Mengye and Urtasun, Raquel and Grosse, Roger B.',
      title: 'The Reversible Residual Network: Backpropagation Without Storing Activations',
      booktitle: 'Advances in Neural Information Processing Systems',
      volume: '30',
      year: '2017',
    },
  },
  {
    key: 'he2016identity',
    label: 'He et al. 2016',
    type: 'inproceedings',
    fields: {
      author: 'He, Kaiming and Zhang, Xiangyu and Ren, Shaoqing and Sun, Jian',
      title: 'Identity Mappings in Deep Residual Networks',
      booktitle: 'European Conference on Computer Vision',
      year: '2016',
    },
  },
  {
    key: 'he2016deep',
    label: 'He et al. 2016',
    type: 'inproceedings',
    fields: {
      author: 'He, Kaiming and Zhang, Xiangyu and Ren, Shaoqing and Sun, Jian',
      title: 'Deep Residual Learning for Image Recognition',
      booktitle: 'IEEE Conference on Computer Vision and Pattern Recognition',
      year: '2016',
    },
  },
  {
    key: 'haber2017stable',
    label: 'Haber & Ruthotto 2017',
    type: 'article',
    fields: {
      author: 'Haber, Eldad and Ruthotto, Lars',
      title: 'Stable Architectures for Deep Neural Networks',
      journal: 'Inverse Problems',
      volume: '34',
      number: '1',
      pages: '014004',
      year: '2017',
    },
  },
  {
    key: 'hardt2017identity',
    label: 'Hardt & Ma 2017',
    type: 'inproceedings',
    fields: {
      author: 'Hardt, Moritz and Ma, Tengyu',
      title: 'Identity Matters in Deep Learning',
      booktitle: 'International Conference on Learning Representations',
      year: '2017',
    },
  },
  {
    key: 'srivastava2015training',
    label: 'Srivastava et al. 2015',
    type: 'inproceedings',
    fields: {
      author: 'Srivastava, Rupesh Kumar and Greff, Klaus and Schmidhuber, J{\\"u}rgen',
      title: 'Training Very Deep Networks',
      booktitle: 'Advances in Neural Information Processing Systems',
      volume: '28',
      year: '2015',
    },
  },
  {
    key: 'sengupta2019going',
    label: 'Sengupta et al. 2019',
    type: 'article',
    fields: {
      author: 'Sengupta, Abhronil and Ye, Yuting and Wang, Robert and Liu, Chiao and Roy, Kaushik',
      title: 'Going Deeper in Spiking Neural Networks: {VGG} and Residual Architectures',
      journal: 'Frontiers in Neuroscience',
      volume: '13',
      pages: '95',
      year: '2019',
    },
  },
  {
    key: 'simonyan2015very',
    label: 'Simonyan & Zisserman 2015',
    type: 'inproceedings',
    fields: {
      author: 'Simonyan, Karen and Zisserman, Andrew',
      title: 'Very Deep Convolutional Networks for Large-Scale Image Recognition',
      booktitle: 'International Conference on Learning Representations',
      year: '2015',
    },
  },
  {
    key: 'krizhevsky2009learning',
    label: 'Krizhevsky 2009',
    type: 'techreport',
    fields: {
      author: 'Krizhevsky, Alex',
      title: 'Learning Multiple Layers of Features from Tiny Images',
      institution: 'University of Toronto',
      year: '2009',
    },
  },
  {
    key: 'coates2011analysis',
    label: 'Coates et al. 2011',
    type: 'inproceedings',
    fields: {
      author: 'Coates, Adam and Ng, Andrew and Lee, Honglak',
      title: 'An Analysis of Single-Layer Networks in Unsupervised Feature Learning',
      booktitle: 'International Conference on Artificial Intelligence and Statistics',
      year: '2011',
    },
  },
  {
    key: 'lecun1998gradient',
    label: 'LeCun et al. 1998',
    type: 'article',
    fields: {
      author: "LeCun, Yann and Bottou, L{\\'e}on and Bengio, Yoshua and Haffner, Patrick",
      title: 'Gradient-Based Learning Applied to Document Recognition',
      journal: 'Proceedings of the IEEE',
      volume: '86',
      number: '11',
      pages: '2278--2324',
      year: '1998',
    },
  },
  {
    key: 'kingma2015adam',
    label: 'Kingma & Ba 2015',
    type: 'inproceedings',
    fields: {
      author: 'Kingma, Diederik P. and Ba, Jimmy',
      title: 'Adam: A Method for Stochastic Optimization',
      booktitle: 'International Conference on Learning Representations',
      year: '2015',
    },
  },
  {
    key: 'loshchilov2019decoupled',
    label: 'Loshchilov & Hutter 2019',
    type: 'inproceedings',
    fields: {
      author: 'Loshchilov, Ilya and Hutter, Frank',
      title: 'Decoupled Weight Decay Regularization',
      booktitle: 'International Conference on Learning Representations',
      year: '2019',
    },
  },
]

/** The sources of data sets by format. Formats for arbitrary images have no source. */
const OF_FORMAT: Readonly<Record<string, string>> = {
  'cifar-10': 'Krizhevsky 2009',
  'cifar-100': 'Krizhevsky 2009',
  'stl-10': 'Coates et al. 2011',
  mnist: 'LeCun et al. 1998',
}

/** The publications that a text cites by authors and year; if several have the same, the one whose title occurs in the text. */
export function citedIn(text: string): Reference[] {
  const plain = text.toLowerCase()
  const found = REFERENCES.filter(({ label }) => text.includes(label))
  return found.filter(
    ({ label, fields }) => found.filter((other) => other.label === label).length === 1 || plain.includes(fields.title.toLowerCase()),
  )
}

/** The publication that introduced a data set, by its format or, for a built-in one, its name. */
export const sourceOfData = ({ format, name }: { format: string; name: string }): Reference[] =>
  citedIn(OF_FORMAT[format] ?? OF_FORMAT[name] ?? '')

/** The publications of optimizers that have one. */
export const sourceOfOptimizer = (optimizer: string): Reference[] =>
  citedIn({ adam: 'Kingma & Ba 2015', adamw: 'Loshchilov & Hutter 2019' }[optimizer] ?? '')

/** Entries of a BibTeX bibliography, without duplicates, in the order of their keys. */
export function bibtex(references: readonly Reference[]): string {
  const unique = [...new Map(references.map((reference) => [reference.key, reference])).values()]
  return unique
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ key, type, fields }) => {
      const lines = Object.entries(fields).map(([name, value]) => `  ${name} = {${value}},`)
      return [`@${type}{${key},`, ...lines, '}', ''].join('\n')
    })
    .join('\n')
}
