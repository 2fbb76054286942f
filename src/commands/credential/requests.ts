import type { Protocol } from "../../credential/protocol.js";
import { OidcTokenError } from "../../errors.js";

/** Characters. */
const LONGEST = 64 * 1024;

/**
 * The requests on stdin, each as its protocol parts them. The first must come within `seconds`; between two that come line
 * by line there is no hurry: the tool ends the process by closing stdin. Throws `usage` for one without end.
 */
export async function* requestsIn(
  stdin: NodeJS.ReadStream,
  reads: Protocol["reads"],
  seconds: number,
): AsyncGenerator<string> {
  if (reads === "nothing") {
    yield "";
    return;
  }
  const late = setTimeout(() => stdin.destroy(tooLate()), seconds * 1000);
  const decoder = new TextDecoder();
  let text = "";
  try {
    for await (const chunk of stdin) {
      text += decoder.decode(chunk, { stream: true });
      if (text.length > LONGEST) throw tooLong();
      if (reads === "paragraph" && text.includes("\n\n")) break;
      if (reads !== "lines") continue;
      const lines = text.split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) {
        clearTimeout(late);
        if (line.trim() !== "") yield line;
      }
    }
  } finally {
    clearTimeout(late);
  }
  if (reads !== "lines" || text.trim() !== "") yield text;
}

function tooLate(): OidcTokenError {
  return new OidcTokenError(
    "usage",
    "no request came on stdin in time",
    "let the tool itself run this command, or close stdin",
  );
}

function tooLong(): OidcTokenError {
  return new OidcTokenError(
    "usage",
    "what comes on stdin is too long for a request",
    "let the tool itself run this command",
  );
}
