/** The hosts that never leave this machine, as a URL's `hostname` has them (DESIGN §7.6). */
const LOOPBACK_HOSTS: readonly string[] = ["127.0.0.1", "[::1]", "localhost"];

/** True where plain http is fine, and where no proxy is ever asked. */
export function isLoopback(url: Pick<URL, "hostname">): boolean {
  return LOOPBACK_HOSTS.includes(url.hostname);
}
