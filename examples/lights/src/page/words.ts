/** What the page says, in Japanese and English. Elements with `data-word` are filled from here. */

const english = {
  lights: 'Lights',
  signIn: 'Sign in',
  signOut: 'Sign out',
  welcome: 'Sign in to see your lights.',
  yourName: 'Your name (a–z, 0–9, -)',
  development: 'Development: no issuer is configured, so anyone may be anyone.',
  none: 'No lights yet. Add the first one.',
  more: 'Show more',
  add: 'Add a light',
  lightName: 'Name',
  cancel: 'Cancel',
  create: 'Add',
  created: 'The light is registered',
  createdHint: 'Save its certificate and key now: they are shown this once. The lamp needs the file to connect.',
  save: 'Save the file',
  done: 'Done',
  delete: 'Delete',
  deleteHint: 'It is cut off at once. To use it again it must be registered anew.',
  brightness: 'Brightness',
  color: 'Color',
  phoneMaker: "For the phone's maker",
  lampMaker: "For the lamp's maker",
  on: 'On',
  off: 'Off',
  neverConnected: 'Has not connected yet',
  unreachable: 'Not reachable',
  since: (time: string) => `since ${time}`,
  onReturn: 'does it when it is back',
  waiting: 'asking …',
  switchOf: (name: string) => `Light: ${name}`,
  deleteOf: (name: string) => `Delete ${name}`,
  deleteWhich: (name: string) => `Delete “${name}”?`,
  isReachable: (name: string) => `${name} can be reached again`,
  isUnreachable: (name: string) => `${name} can no longer be reached`,
  offline: 'No connection to the backend; trying again …',
  failed: (detail: string) => `That did not work: ${detail}`,
};

export type Words = typeof english;

const japanese: Words = {
  lights: '照明',
  signIn: 'サインイン',
  signOut: 'サインアウト',
  welcome: 'サインインすると、あなたの照明が表示されます。',
  yourName: 'お名前（a–z、0–9、-）',
  development: '開発モード：認証サーバーが設定されていないため、誰でも誰にでもなれます。',
  none: '照明はまだありません。最初の一つを追加してください。',
  more: 'さらに表示',
  add: '照明を追加',
  lightName: '名前',
  cancel: 'キャンセル',
  create: '追加',
  created: '照明を登録しました',
  createdHint: '証明書と鍵は今だけ表示されます。ファイルを保存して、照明に入れてください。',
  save: 'ファイルを保存',
  done: '完了',
  delete: '削除',
  deleteHint: 'すぐに切り離されます。もう一度使うには、新しく登録してください。',
  brightness: '明るさ',
  color: '色',
  phoneMaker: 'スマートフォン開発者向け',
  lampMaker: '照明メーカー向け',
  on: '点灯',
  off: '消灯',
  neverConnected: 'まだ接続していません',
  unreachable: '届きません',
  since: time => `${time}から`,
  onReturn: '戻ったら反映します',
  waiting: '送信中…',
  switchOf: name => `照明：${name}`,
  deleteOf: name => `${name}を削除`,
  deleteWhich: name => `「${name}」を削除しますか？`,
  isReachable: name => `${name}につながりました`,
  isUnreachable: name => `${name}につながらなくなりました`,
  offline: 'サーバーに接続できません。再接続しています…',
  failed: detail => `できませんでした：${detail}`,
};

export type Language = 'ja' | 'en';

const languages: Record<Language, Words> = { ja: japanese, en: english };

/** As chosen before, else as the browser is set. */
export let language: Language =
  (localStorage.getItem('language') as Language | null) ?? (navigator.language.startsWith('ja') ? 'ja' : 'en');

export const words = (): Words => languages[language];

export function setLanguage(chosen: Language): void {
  language = chosen;
  localStorage.setItem('language', chosen);
}

/** Fills every element under `root` that names a word. */
export function fillWords(root: ParentNode): void {
  document.documentElement.lang = language;
  for (const element of root.querySelectorAll<HTMLElement>('[data-word]')) {
    const word = words()[element.dataset.word as keyof Words];
    if (typeof word === 'string') element.textContent = word;
  }
}
