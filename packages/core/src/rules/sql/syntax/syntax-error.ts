/** How a bad statement is refused. */
import { ServiceError } from '../../../errors.ts';

/** `SqlParseException` that says where: lines and columns count from 1, columns in UTF-16 units. */
export function syntaxError(text: string, at: number, message: string): ServiceError {
  const before = text.slice(0, at);
  const line = before.split('\n').length;
  const column = at - before.lastIndexOf('\n');
  return new ServiceError('SqlParseException', `line ${line}, column ${column}: ${message}`);
}
