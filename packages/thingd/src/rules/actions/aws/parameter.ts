/** Parameters as rules have them: numbers are text, and any text may be a template. */
import { ServiceError } from '@thingd/core';

export const isTemplate = (text: string): boolean => text.includes('${');

/** Undefined for what is no finite number. */
export function numberOf(text: string): number | undefined {
  const number = text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(number) ? number : undefined;
}

export const invalid = (message: string): ServiceError => new ServiceError('InvalidRequestException', message);
