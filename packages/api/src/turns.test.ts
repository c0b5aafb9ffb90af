import { expect, test } from 'vitest';
import { Turns } from './turns.ts';

test('one piece is done each time round the event loop, in the order they were asked for', async () => {
  const turns = new Turns(() => {});
  const happened: string[] = [];
  for (const piece of ['a', 'b', 'c']) void turns.take().then(() => happened.push(piece));
  for (let round = 0; round < 3; round++) {
    await new Promise(resolve => setImmediate(resolve));
    happened.push('sockets');
  }
  expect(happened).toEqual(['a', 'sockets', 'b', 'sockets', 'c', 'sockets']);
});

test('who asks for another turn is put behind those that wait', async () => {
  const turns = new Turns(() => {});
  const happened: string[] = [];
  const twice = async (name: string) => {
    await turns.take();
    happened.push(`${name}1`);
    await turns.take();
    happened.push(`${name}2`);
  };
  await Promise.all([twice('a'), twice('b')]);
  expect(happened).toEqual(['a1', 'b1', 'a2', 'b2']);
});

test('what comes first is done before each piece', async () => {
  const happened: string[] = [];
  const turns = new Turns(() => happened.push('first'));
  await Promise.all(['a', 'b'].map(piece => turns.take().then(() => happened.push(piece))));
  expect(happened).toEqual(['first', 'a', 'first', 'b']);
});
