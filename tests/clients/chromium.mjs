// A person in Debian's Chromium: accepts an invitation, and agrees to what a client asks. Scripts are off, as the pages
// need none; what a page would let another site do is looked at with scripts on.
//
// Usage: chromium.mjs INVITATION AUTHORIZE_URL PORT. Serves the client's callback at that port of this machine, and
// writes what it saw as one JSON object. It must not know what is right.

import { createServer } from "node:http";
import { chromium } from "playwright-core";

const [invitation, authorize, port] = process.argv.slice(2);
const seen = {};
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
  ],
});
const called = Promise.withResolvers();
const server = createServer((request, response) => {
  if (request.url.startsWith("/callback")) called.resolve({ url: request.url, referer: request.headers.referer ?? null });
  response.setHeader("content-type", "text/html");
  response.end(request.url === "/frame" ? `<iframe src="${authorize.replaceAll("&", "&amp;")}"></iframe>` : "done");
}).listen(Number(port), "127.0.0.1");

try {
  const plain = await browser.newContext({ javaScriptEnabled: false });
  const page = await plain.newPage();
  const said = [];
  page.on("console", (message) => said.push(message.text()));
  await page.goto(invitation);
  await page.getByRole("button", { name: "Show my access code" }).click();
  const code = await page.locator("#access-code").textContent();

  await page.goto(authorize);
  seen.title = await page.title();
  seen.heading = await page.getByRole("heading", { level: 1 }).textContent();
  seen.text = await page.locator("main").innerText();
  seen.fields = await page.getByLabel("Your access code").count();
  seen.buttons = await page.getByRole("button").allTextContents();
  await page.getByLabel("Your access code").fill("smcpm_wrong");
  await page.getByRole("button", { name: "Agree" }).click();
  seen.alert = await page.getByRole("alert").textContent();
  seen.typed = await page.getByLabel("Your access code").inputValue();
  await page.getByLabel("Your access code").fill(code);
  // As with a keyboard: the first button is what Enter means.
  await page.getByLabel("Your access code").press("Enter");
  seen.called = await called.promise;
  seen.cookies = (await plain.cookies()).length;
  seen.console = said;

  const scripted = await browser.newContext();
  const other = await scripted.newPage();
  await other.goto(authorize);
  seen.runs = await other.addScriptTag({ content: "window.ran = true" }).then(() => true, () => false);
  await other.goto(`http://127.0.0.1:${port}/frame`);
  await other.waitForTimeout(500);
  seen.framed = await other.frames()[1]?.getByRole("heading").count().catch(() => 0) ?? 0;
} catch (error) {
  seen.failed = String(error?.stack ?? error);
}
process.stdout.write(`${JSON.stringify(seen)}\n`);
await browser.close();
server.close();
