/** A number in E.164 as it is read out: `+46 70-174 06 12`, unbroken. Of other countries only the plus is known to us. */
export function readable(phone: string): string {
  const swedish = /^\+46(\d{2})(\d{3})(\d{2})(\d{2})$/.exec(phone);
  return swedish ? `+46\u00a0${swedish[1]}\u2011${swedish[2]}\u00a0${swedish[3]}\u00a0${swedish[4]}` : phone;
}
