/** What every function needs that asks AWS. */
import type { AwsClients } from '../actions/aws/index.ts';

export interface AwsQuestionOptions {
  readonly aws: AwsClients;
  /** Aborted when the program stops. */
  readonly signal: AbortSignal;
}
