import { cifarFormat } from '../cifar.js'

/** In the order of the labels, which is alphabetical. */
const CLASSES =
  'apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm '

/** The fine labels; the 20 coarse ones are left out. */
export const format = cifarFormat({
  id: 'cifar-100',
  label: 'CIFAR-100 (binary or Python version)',
  train: ['train'],
  test: ['test'],
  imagesPerTrainFile: 50_000,
  imagesPerTestFile: 10_000,
  labelBytes: 2,
  labelAt: 1,
  pickledLabels: 'fine_labels',
  classNames: CLASSES.trim().split(' '),
  namesFile: 'fine_label_names.txt',
  pickledNames: { file: 'meta', key: 'fine_label_names' },
  note: 'the classes are the 100 fine labels; the 20 coarse labels are ignored',
})
