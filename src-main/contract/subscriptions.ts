import { UserError } from './errors.js'

/** Maximum number of subscriptions per connection. A window has one, and a second one while it changes what it follows. */
export const MAX_SUBSCRIPTIONS = 32

/** Counts the subscriptions of a connection. Each receives every change, so thousands would slow down everyone else. */
export class Subscriptions {
  private open = 0

  /**
   * @returns a function that ends the subscription; calling it again has no effect
   * @throws UserError CONFLICT when there are too many
   */
  begin(): () => void {
    if (this.open >= MAX_SUBSCRIPTIONS)
      throw new UserError(
        'CONFLICT',
        `This connection already has the maximum of ${MAX_SUBSCRIPTIONS} subscriptions to changes. End one of them first.`,
      )
    this.open++
    let ended = false
    return () => {
      if (ended) return
      ended = true
      this.open--
    }
  }
}
