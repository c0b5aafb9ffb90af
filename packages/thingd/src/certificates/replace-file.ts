/** Writing a file so that whoever reads it finds the old content or the new, never a part, and the new survives a crash. */
import { open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

export async function replaceFile(path: string, content: string, mode: number): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, 'w', mode);
  try {
    // The mode given at opening is cut by the umask, and ignored where the file is left from an earlier attempt.
    await file.chmod(mode);
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
  await syncDirectory(dirname(path));
}

/** The name itself must survive too. Windows cannot open directories, and does not need to. */
async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
