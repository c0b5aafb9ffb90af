/**
 * Bodies of chat services' incoming webhooks: a text, cut to what the service takes, in which a device cannot call everybody
 * in the room. Sources: Slack, "Sending messages using incoming webhooks" and "Formatting text for app surfaces"; Google Chat,
 * "Build a Google Chat app as a webhook" and `spaces.messages.create`; Discord, "Execute Webhook" and "Allowed Mentions".
 */

export const chatFormats = ['slack', 'googleChat', 'discord'] as const;
export type ChatFormat = (typeof chatFormats)[number];

/** Slack cuts off longer texts. */
const slackCharacters = 40_000;
/** Of a whole message, its JSON included; the text's escapes count. */
const googleChatBytes = 32_000;
const discordCharacters = 2000;

export function chatBody(format: ChatFormat, text: string): object {
  switch (format) {
    case 'slack':
      return {
        text: cut(
          text.replaceAll(/[&<>]/g, character => slackEntities[character]!),
          fewer(slackCharacters),
        ),
      };
    case 'googleChat':
      // `<users/all>` calls everybody, and there is no escape: an invisible space makes it another text.
      return { text: cut(text.replaceAll('<', '<\u200b'), fitsGoogleChat) };
    case 'discord':
      return { content: cut(text, fewer(discordCharacters)), allowed_mentions: { parse: [] } };
  }
}

const slackEntities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

const fewer =
  (most: number) =>
  (text: string): boolean =>
    text.length <= most;

const fitsGoogleChat = (text: string): boolean => Buffer.byteLength(JSON.stringify({ text })) <= googleChatBytes;

/** The longest beginning that fits with an ellipsis; never half a character, nor half an entity of Slack's. */
function cut(text: string, fits: (text: string) => boolean): string {
  if (fits(text)) return text;
  let [least, most] = [0, text.length];
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (fits(`${text.slice(0, middle)}…`)) least = middle;
    else most = middle - 1;
  }
  return `${text.slice(0, least).replace(/[\uD800-\uDBFF]$|&[a-z]{0,3}$/, '')}…`;
}
