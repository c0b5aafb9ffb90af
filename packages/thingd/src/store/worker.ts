/** The store's thread: takes requests off its port, answers them in groups. An exception ends it, and the program with it. */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { giveWay } from '../process/index.ts';
import { BrokerTables } from './broker-tables.ts';
import { openDatabase } from './database.ts';
import { GroupCommit } from './group-commit.ts';
import type { StoreMessage, StoreRequest, StoreThreadSettings } from './requests.ts';

if (parentPort === null) throw new Error('the store runs as a worker thread');
const port = parentPort;
// A commit can wait for a moment, and takes more with it then.
giveWay();
const database = openDatabase(workerData as StoreThreadSettings);
const groups = new GroupCommit(database, new BrokerTables(database));
const queue: StoreRequest[] = [];

port.on('message', (message: StoreMessage) => {
  take(message);
  takeArrived();
  while (queue.length > 0) {
    const closing = queue.at(-1)?.kind === 'close';
    const reply = groups.next(queue);
    const last = closing && queue.length === 0;
    // Closing folds the write-ahead log back into the file.
    if (last) database.close();
    port.postMessage(reply);
    if (last) return port.close();
    // What came while this group was written is the next one.
    takeArrived();
  }
});

function take({ statements, requests }: StoreMessage): void {
  groups.number(statements);
  queue.push(...requests);
}

function takeArrived(): void {
  for (let arrived = receiveMessageOnPort(port); arrived !== undefined; arrived = receiveMessageOnPort(port)) {
    take(arrived.message as StoreMessage);
  }
}
