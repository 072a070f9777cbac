// The browser of a person who agrees: opens the page, types the access code, and is sent on. It follows the form
// that it is shown, as a browser without scripts does.

/** Where the person is sent in the end. */
export async function agree(url, accessCode, decision = "agree") {
  const shown = await fetch(url, { redirect: "manual", headers: { accept: "text/html" } });
  if (shown.status >= 300 && shown.status < 400) return new URL(shown.headers.get("location"));
  const page = await shown.text();
  if (shown.status !== 200) throw new Error(`the page is not shown: ${shown.status} ${page}`);
  const action = /<form method="post" action="([^"]*)"/.exec(page)?.[1];
  if (action === undefined) throw new Error(`the page has no form: ${page}`);
  const target = new URL(action.replaceAll("&amp;", "&"), url);
  const answered = await fetch(target, {
    method: "POST",
    redirect: "manual",
    headers: { origin: target.origin },
    body: new URLSearchParams({ access_code: accessCode, decision }),
  });
  const location = answered.headers.get("location");
  if (location === null) throw new Error(`the person is not sent on: ${answered.status} ${await answered.text()}`);
  return new URL(location);
}

/** Follows an invitation to its access code. */
export async function accept(link) {
  const [page, invitation] = link.split("?");
  const given = await fetch(page, { method: "POST", body: new URLSearchParams(invitation) });
  const text = await given.text();
  const code = /id="access-code">([^<]*)</.exec(text)?.[1];
  if (code === undefined) throw new Error(`the page has no access code: ${given.status} ${text}`);
  return code;
}

// Run by itself: `browser.mjs accept LINK` writes an access code; `browser.mjs agree URL ACCESS_CODE` goes on to where the
// person is sent.
if (process.argv[1] === import.meta.filename) {
  const [what, url, accessCode] = process.argv.slice(2);
  if (what === "accept") process.stdout.write(await accept(url));
  else await fetch(await agree(url, accessCode));
}
