/**
 * A bulb as a process: `node src/bulb/main.ts <registration.json> [port]`. Enter is the wall switch; with a port, so is
 * `POST /wall-switch`, and `GET /` tells what one would see.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { Bulb, type Registration } from './bulb.ts';
import { draw } from './draw.ts';

const [path, port] = process.argv.slice(2);
if (path === undefined) {
  console.error('give the file that holds the answer of `POST /light`');
  process.exit(2);
}
const registration: Registration = JSON.parse(readFileSync(path, 'utf8'));
const bulb = new Bulb(registration);

let shown = '';
bulb.on('change', () => {
  const line = draw(registration.name, bulb);
  if (line !== shown) console.log(line);
  shown = line;
});
bulb.on('error', error => console.error(`${registration.name}: ${error.message}`));

const toggle = () => (bulb.powered ? bulb.cut() : bulb.switchOn());
const look = () => ({ powered: bulb.powered, connected: bulb.connected, ...bulb.state });

createInterface({ input: process.stdin }).on('line', toggle);
if (port !== undefined) {
  const server = createServer(({ method, url }, response) => {
    if (method === 'POST' && url === '/wall-switch') toggle();
    else if (method !== 'GET' || url !== '/') return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(look()));
  });
  server.listen(Number(port), '127.0.0.1', () => {
    const address = server.address();
    if (typeof address === 'object') console.log(`${registration.name}: http://127.0.0.1:${address?.port}/wall-switch`);
  });
}

// Whoever started it as a part of theirs has gone.
process.once('disconnect', () => process.exit());

bulb.switchOn();
