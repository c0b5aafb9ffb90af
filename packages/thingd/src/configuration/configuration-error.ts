/** What the user wrote cannot be; the message is one line naming the option and what it expects. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}
