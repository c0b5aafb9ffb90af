/**
 * A slow disk, for `node --import`: every COMMIT of SQLite takes a millisecond more, in whichever thread it runs, as on a disk whose
 * fsync takes that long. The thread waits, as it would for the disk; no processor time is used.
 */
import { DatabaseSync } from 'node:sqlite';

const milliseconds = 1;
const exec = DatabaseSync.prototype.exec;
const nobody = new Int32Array(new SharedArrayBuffer(4));

DatabaseSync.prototype.exec = function slowExec(sql: string): void {
  exec.call(this, sql);
  if (sql === 'COMMIT') Atomics.wait(nobody, 0, 0, milliseconds);
};
