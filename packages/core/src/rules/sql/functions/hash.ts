/** Hashes of a string's UTF-8, as lower-case hex. */
import { hash } from 'node:crypto';
import { md2 } from './md2.ts';
import type { FunctionTable } from './sql-function.ts';
import { ofTexts } from './text.ts';

const hashOf = (algorithm: string) => ofTexts(text => hash(algorithm, text));

const table: FunctionTable = {
  md2: ofTexts(text => md2(Buffer.from(text)).toString('hex')),
  md5: hashOf('md5'),
  sha1: hashOf('sha1'),
  sha224: hashOf('sha224'),
  sha256: hashOf('sha256'),
  sha384: hashOf('sha384'),
  sha512: hashOf('sha512'),
};

export const hashFunctions = (): FunctionTable => table;
