/** Sums over neurons and images that compare a layer of the spiking network with the analog one, in float64. */
export class Agreement {
  private count = 0
  private ofRates = 0
  private ofActivations = 0
  private squaresOfRates = 0
  private squaresOfActivations = 0
  private products = 0

  /** @param scale L of the layer: spikes in `steps` steps represent an activation of L times their rate */
  add(spikes: ArrayLike<number>, activations: ArrayLike<number>, { scale, steps }: { scale: number; steps: number }): void {
    for (let at = 0; at < spikes.length; at++) {
      const rate = (scale * spikes[at]!) / steps
      const activation = activations[at]!
      this.ofRates += rate
      this.ofActivations += activation
      this.squaresOfRates += rate * rate
      this.squaresOfActivations += activation * activation
      this.products += rate * activation
    }
    this.count += spikes.length
  }

  /** Pearson's correlation over neurons and images; null if one of the two does not vary. */
  get correlation(): number | null {
    const covariance = this.products - (this.ofRates * this.ofActivations) / this.count
    const variances =
      (this.squaresOfRates - this.ofRates ** 2 / this.count) * (this.squaresOfActivations - this.ofActivations ** 2 / this.count)
    return variances > 0 ? covariance / Math.sqrt(variances) : null
  }

  /** |L rate - activation| / |activation|, Euclidean; null if every activation is 0. */
  get relativeError(): number | null {
    if (this.squaresOfActivations === 0) return null
    const squares = this.squaresOfRates - 2 * this.products + this.squaresOfActivations
    return Math.sqrt(Math.max(0, squares) / this.squaresOfActivations)
  }
}
