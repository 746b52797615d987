/** Bytes of a configuration file as text: UTF-8, UTF-16 with its mark (Windows editors), else Latin-1, which every byte is. */
export const decodeText = (bytes: Uint8Array): string => {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  return strictText(bytes) ?? new TextDecoder('latin1').decode(bytes);
};

/** Null when the bytes are not UTF-8; a byte-order mark is kept, so that what is written back is the same. */
export const strictText = (bytes: Uint8Array): string | null => {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
};
