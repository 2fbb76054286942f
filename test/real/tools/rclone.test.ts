import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Bench } from "../../support/tools/bench.js";
import { type Guarded, startGuarded } from "../../support/tools/guarded.js";
import { onPath } from "../../support/tools/installed.js";

const rclone = onPath("rclone", true);

describe.skipIf(rclone.missing)(rclone.named("rclone"), () => {
  let bench: Bench;
  let server: Guarded;
  beforeAll(async () => {
    bench = await Bench.start();
    server = await startGuarded(bench.provider, {
      challenge: "Bearer",
      answer: (_request, response) =>
        response.writeHead(207, { "content-type": "application/xml" }).end(MULTISTATUS),
    });
  });
  afterAll(async () => {
    await server?.stop();
    await bench?.stop();
  });

  test("lists a WebDAV folder with tokens, another after an expiry and after a 401 in the same command", async () => {
    bench.file(".config/rclone/rclone.conf", "# mine\n[other]\ntype = local\n");
    await bench.setup("rclone", "--url", `${server.url}/files/`);
    await bench.live(async () => {
      // What the server has seen is refused once more by it, where the bench says so.
      for (const token of bench.gateway.revoked) server.revoked.add(token);
      const { code, stdout } = await bench.run("rclone", ["lsf", "corp:"]);
      expect({ code, stdout }).toEqual({ code: 0, stdout: "report.txt\n" });
    }, "recovers");
    expect(server.calls.some(({ allowed }) => !allowed)).toBe(true);
    expect(await bench.undo("rclone")).toEqual([]);
  });
});

/** RFC 4918 §9.1. */
const MULTISTATUS = `<?xml version="1.0"?><d:multistatus xmlns:d="DAV:">
<d:response><d:href>/files/</d:href><d:propstat><d:prop><d:resourcetype><d:collection/></d:resourcetype></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>
<d:response><d:href>/files/report.txt</d:href><d:propstat><d:prop><d:resourcetype/><d:getcontentlength>5</d:getcontentlength><d:getlastmodified>Mon, 12 Jan 2026 09:25:56 GMT</d:getlastmodified></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>
</d:multistatus>`;
