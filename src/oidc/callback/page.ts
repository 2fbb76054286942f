import { createHash } from "node:crypto";

/** What the browser shows when it comes back from the provider. */
export interface CallbackPage {
  readonly status: number;
  readonly html: string;
  /** Its Content-Security-Policy. */
  readonly policy: string;
}

/** The page after a sign-in that worked. `profile` is shown. */
export function successPage(profile: string): CallbackPage {
  return page(200, {
    className: "success",
    title: "You are signed in",
    sentence: "You can close this window.",
    profile,
    icon: `<path d="M20 33.5l8.5 8.5L45 24"/>`,
  });
}

/** The page after one that did not. `reason` may come from the provider. */
export function failurePage(profile: string, reason: string): CallbackPage {
  return page(400, {
    className: "failure",
    title: "The sign-in did not work",
    sentence: "You can close this window; the terminal says what to do.",
    detail: `${reason.charAt(0).toUpperCase()}${reason.slice(1)}.`,
    profile,
    icon: `<path d="M23 23l18 18M41 23L23 41"/>`,
  });
}

interface Content {
  readonly className: "success" | "failure";
  readonly title: string;
  readonly sentence: string;
  readonly detail?: string;
  readonly profile: string;
  readonly icon: string;
}

const STYLE = `
:root { color-scheme: light dark; --paper: #f4f5f7; --card: #ffffff; --ink: #16191d; --soft: #5b6470; --line: #dfe3e8; --good: #17803d; --bad: #b42318; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #0f1216; --card: #181c22; --ink: #eef1f4; --soft: #9aa4b1; --line: #2a313a; --good: #4ac776; --bad: #ff7a6b; }
}
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem; background: var(--paper); color: var(--ink); font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
main { width: 100%; max-width: 27rem; padding: 2.75rem 2.25rem 2rem; background: var(--card); border: 1px solid var(--line); border-radius: 1rem; text-align: center; text-wrap: balance; }
svg { width: 4rem; height: 4rem; fill: none; stroke: currentColor; stroke-width: 3.5; stroke-linecap: round; stroke-linejoin: round; }
.success svg { color: var(--good); }
.failure svg { color: var(--bad); }
svg circle { opacity: .3; }
h1 { margin: 1.25rem 0 .5rem; font-size: 1.5rem; line-height: 1.25; font-weight: 650; letter-spacing: -.01em; }
p { margin: 0; }
.detail { margin-top: .75rem; color: var(--soft); font-size: .9375rem; overflow-wrap: anywhere; }
footer { margin-top: 2rem; padding-top: 1.25rem; border-top: 1px solid var(--line); color: var(--soft); font-size: .8125rem; overflow-wrap: anywhere; }
`;

// DESIGN §7.5 asks for `default-src 'none'`: the one inline style is let in by its hash, nothing else loads.
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

function page(status: number, content: Content): CallbackPage {
  const detail = content.detail === undefined ? "" : `<p class="detail">${escapeHtml(content.detail)}</p>\n`;
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${escapeHtml(content.title)} · oidc-token</title>
<style>${STYLE}</style>
</head>
<body>
<main class="${content.className}">
<svg viewBox="0 0 64 64" aria-hidden="true" focusable="false"><circle cx="32" cy="32" r="29"/>${content.icon}</svg>
<h1>${escapeHtml(content.title)}</h1>
<p>${escapeHtml(content.sentence)}</p>
${detail}<footer>oidc-token · profile ${escapeHtml(content.profile)}</footer>
</main>
</body>
</html>
`;
  return { status, html, policy: POLICY };
}

function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
