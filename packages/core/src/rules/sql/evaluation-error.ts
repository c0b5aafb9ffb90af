/** The one way an evaluation fails: no action of the rule runs, and the log says why (AWS: "FunctionExecution"). */
export class EvaluationError extends Error {
  override readonly name = 'EvaluationError';
  /** The function, or the clause, that failed. */
  readonly functionName: string;

  constructor(functionName: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.functionName = functionName;
  }
}
