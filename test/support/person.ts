/** Where a visit ended. */
export interface Visit {
  readonly url: string;
  readonly status: number;
  readonly html: string;
}

/** A person with a browser that has cookies and no JavaScript. One person, one sign-in. */
export interface Visitor {
  /** Opens an address and follows every redirect, also back to the program's own callback. */
  visit(url: string): Promise<Visit>;
  /** The same on another machine: answers the address there at which the browser ends, which it can't open. */
  leave(url: string, redirect_uri: string): Promise<string>;
  /** Opens `verification_uri_complete` (or `verification_uri` with the code) and confirms the device. */
  approveDevice(address: {
    verification_uri_complete?: string;
    verification_uri: string;
    user_code: string;
  }): Promise<Visit>;
}

export function createVisitor(): Visitor {
  const cookies = new Map<string, string>();

  async function go(url: string, form?: URLSearchParams, out_of_reach?: string): Promise<Visit> {
    let address = url;
    let body = form;
    for (let hops = 0; hops < 15; hops += 1) {
      if (out_of_reach !== undefined && address.startsWith(out_of_reach))
        return { url: address, status: 0, html: "" };
      const response = await fetch(address, {
        method: body === undefined ? "GET" : "POST",
        headers: {
          accept: "text/html",
          cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; "),
        },
        redirect: "manual",
        signal: AbortSignal.timeout(10_000),
        ...(body === undefined ? {} : { body }),
      });
      for (const line of response.headers.getSetCookie()) remember(line);
      const location = response.headers.get("location");
      if (location === null) return { url: address, status: response.status, html: await response.text() };
      await response.body?.cancel();
      address = new URL(location, address).href;
      body = undefined;
    }
    throw new Error(`too many redirects from ${url}`);
  }

  function remember(line: string): void {
    const [name = "", value = ""] = (line.split(";")[0] ?? "").split(/=(.*)/s);
    if (value === "" || /expires=Thu, 01 Jan 1970/i.test(line)) cookies.delete(name);
    else cookies.set(name, value);
  }

  return {
    visit: (url) => go(url),
    leave: async (url, redirect_uri) => (await go(url, undefined, redirect_uri)).url,
    async approveDevice({ verification_uri, user_code }) {
      const question = await go(verification_uri);
      const form = (html: string, more: Record<string, string>) =>
        new URLSearchParams({
          xsrf: /name="xsrf" value="([^"]*)"/.exec(html)?.[1] ?? "",
          user_code,
          ...more,
        });
      const confirmation = await go(verification_uri, form(question.html, {}));
      return await go(verification_uri, form(confirmation.html, { confirm: "yes" }));
    },
  };
}
