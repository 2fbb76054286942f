/** What the formats need to know beside the tokens. */
export interface HeaderRule {
  readonly header: string;
  /** Empty for a bare value. */
  readonly header_scheme: string;
}
