import { TENSORFLOW_VERSION, type Variant } from '../engine/location.js'

/** One Python wheel, pinned by its content. */
export interface Wheel {
  /** pip's requirement: `name==version`. */
  requirement: string
  /** pip's platform tag. */
  platform: string
  sha256: string
  /** Size of the wheel; only for the progress display. */
  bytes: number
}

/** The wheels with the native library of a platform. The first is TensorFlow itself. */
export interface LibraryRecipe {
  /** Name of the library's folder in the cache. */
  key: string
  variant: Variant
  wheels: readonly Wheel[]
}

const tensorflow = (name: string, platform: string, sha256: string, megabytes: number): Wheel => ({
  requirement: `${name}==${TENSORFLOW_VERSION}`,
  platform,
  sha256,
  bytes: megabytes * 1e6,
})

const nvidia = (name: string, version: string, platform: string, sha256: string, megabytes: number): Wheel => ({
  requirement: `nvidia-${name}-cu12==${version}`,
  platform,
  sha256,
  bytes: megabytes * 1e6,
})

/** The requirements of `tensorflow[and-cuda]`; versions as pip resolved them for Linux x86_64. */
const CUDA: readonly Wheel[] = [
  nvidia('cublas', '12.9.3.13', 'manylinux_2_27_x86_64', 'd7d51055f161b317c7105ddaae90e71eda059026074ffef93cf7cde2886bfe72', 582),
  nvidia('cuda-cupti', '12.8.90', 'manylinux2014_x86_64', 'ea0cb07ebda26bb9b29ba82cda34849e73c166c18162d3913575b0c9db9a6182', 10),
  nvidia('cuda-nvcc', '12.9.86', 'manylinux2010_x86_64', '5d6a0d32fdc7ea39917c20065614ae93add6f577d840233237ff08e9a38f58f0', 41),
  nvidia('cuda-nvrtc', '12.9.86', 'manylinux2010_x86_64', '210cf05005a447e29214e9ce50851e83fc5f4358df8b453155d5e1918094dcb4', 90),
  nvidia('cuda-runtime', '12.9.79', 'manylinux2014_x86_64', '25bba2dfb01d48a9b59ca474a1ac43c6ebf7011f1b0b8cc44f54eb6ac48a96c3', 4),
  nvidia('cudnn', '9.28.0.42', 'manylinux_2_27_x86_64', '9ff58b7f36dacd0a93e89f8f2957b52466889217963701daa15e577317cfa375', 650),
  nvidia('cufft', '11.4.1.4', 'manylinux2014_x86_64', 'c67884f2a7d276b4b80eb56a79322a95df592ae5e765cf1243693365ccab4e28', 201),
  nvidia('curand', '10.3.10.19', 'manylinux_2_27_x86_64', '49b274db4780d421bd2ccd362e1415c13887c53c214f0d4b761752b8f9f6aa1e', 68),
  nvidia('cusolver', '11.7.5.82', 'manylinux_2_27_x86_64', '15da72d1340d29b5b3cf3fd100e3cd53421dde36002eda6ed93811af63c40d88', 338),
  nvidia('cusparse', '12.5.10.65', 'manylinux2014_x86_64', '73060ce019ac064a057267c585bf1fd5a353734151f87472ff02b2c5c9984e78', 366),
  nvidia('nccl', '2.32.3', 'manylinux_2_27_x86_64', 'bb94b2348e4861d5e8aa00b36c3d12d9bdf9c6369b82cbb723de0b582280a21c', 322),
  nvidia('nvjitlink', '12.9.86', 'manylinux2010_x86_64', 'e3f1171dbdc83c5932a45f0f4c99180a70de9bd2718c1ab77d14104f6d7147f9', 40),
]

const WHEELS: Record<string, readonly Wheel[]> = {
  'cpu-linux-x64': [
    tensorflow('tensorflow-cpu', 'manylinux_2_27_x86_64', '2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c', 273.8),
  ],
  'cuda-linux-x64': [
    tensorflow('tensorflow', 'manylinux_2_27_x86_64', '9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124', 578),
    ...CUDA,
  ],
  'cpu-linux-arm64': [
    tensorflow('tensorflow', 'manylinux_2_27_aarch64', '4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c', 270),
  ],
  'cpu-darwin-arm64': [
    tensorflow('tensorflow', 'macosx_12_0_arm64', '51f46f4806139d01fc7920cc72a4c75876f80649bf40ff083ab6212ceb43ca88', 270),
  ],
}

/** Whether this Node is linked with glibc; TensorFlow's Linux wheels need it. */
const hasGlibc = (): boolean => {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } }
  return header.glibcVersionRuntime !== undefined
}

/** The wheels for this machine, or null if TensorFlow offers none that can be linked. */
export function libraryRecipe(variant: Variant, platform: string = process.platform, arch: string = process.arch): LibraryRecipe | null {
  const name = `${variant}-${platform}-${arch}`
  const wheels = WHEELS[name]
  const [first] = wheels ?? []
  if (wheels === undefined || first === undefined || (platform === 'linux' && !hasGlibc())) return null
  return { key: `${TENSORFLOW_VERSION}-${name}-${first.sha256.slice(0, 8)}`, variant, wheels }
}
