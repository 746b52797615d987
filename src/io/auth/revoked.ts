/** Certificates that nobody may come in with any more, though they are valid. Pure. */

/** A serial number or fingerprint in one form: tools print them with colons or blanks, in either case, with zeros before a serial number. */
export const certificateId = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll(/[:\s]/g, '')
    .replace(/^0+(?=.)/, '');

/** Whether a certificate is among those that were revoked (`revoked`, in that form). */
export const isRevoked = (
  revoked: readonly string[],
  { serial, fingerprint }: { readonly serial: string; readonly fingerprint: string },
): boolean => [serial, fingerprint].some((one) => one !== '' && revoked.includes(certificateId(one)));
