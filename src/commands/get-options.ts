/** The options of `get`, for commander (which explains them) and for the hot path (which only reads them). */
export const GET_OPTIONS = {
  profile: { type: "string", short: "p" },
  config: { type: "string" },
  "log-level": { type: "string" },
  "no-color": { type: "boolean" },
  format: { type: "string", short: "f" },
  "min-validity": { type: "string" },
  "force-refresh": { type: "boolean" },
  "rejected-sha256": { type: "string" },
  interactive: { type: "string" },
  url: { type: "string" },
  "id-token": { type: "boolean" },
} as const;
