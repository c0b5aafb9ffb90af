/** The page's three questions. */
import type { Light, Registration } from './api.ts';
import { element } from './element.ts';
import { words } from './words.ts';

/** Shows a dialog; its `cancel` buttons close it. Answers what closed it. */
async function ask(dialog: HTMLDialogElement): Promise<string> {
  dialog.returnValue = 'cancel';
  dialog.showModal();
  const pressed = (event: Event) => {
    const button = (event.target as Element).closest('button[type=button]') as HTMLButtonElement | null;
    if (button) dialog.close(button.value);
  };
  dialog.addEventListener('click', pressed);
  await new Promise(resolve => dialog.addEventListener('close', resolve, { once: true }));
  dialog.removeEventListener('click', pressed);
  return dialog.returnValue;
}

/** Undefined if they would rather not. */
export async function askName(): Promise<string | undefined> {
  const dialog = element<HTMLDialogElement>('#new-light');
  const form = element<HTMLFormElement>('form', dialog);
  form.reset();
  form.onsubmit = event => {
    event.preventDefault();
    dialog.close('create');
  };
  const answer = await ask(dialog);
  return answer === 'create' ? String(new FormData(form).get('name')) : undefined;
}

/** Offers the lamp's file, once. */
export async function showCreated(registration: Registration): Promise<void> {
  const dialog = element<HTMLDialogElement>('#created');
  const link = element<HTMLAnchorElement>('a', dialog);
  const file = new Blob([JSON.stringify(registration, null, 2)], { type: 'application/json' });
  link.href = URL.createObjectURL(file);
  link.download = `${registration.id}.json`;
  await ask(dialog);
  URL.revokeObjectURL(link.href);
}

export async function confirmDeletion({ name }: Light): Promise<boolean> {
  element('#confirm-title').textContent = words().deleteWhich(name);
  return (await ask(element<HTMLDialogElement>('#confirm'))) === 'delete';
}
