// A real Chromium for browser.py: a command a line in, what is seen a line out, as JSON.
// SPDX-License-Identifier: Apache-2.0
//
//   {"open": "http://..."}                      a page that stays open
//   {"see": {"width": 390, "height": 844, "dark": true, "picture": "out.png"}}
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";
import axe from "axe-core";

// The rest of what Chromium does by itself asks for hosts of the Internet.
const ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];

const browser = await chromium.launch({ executablePath: process.argv[2], args: ARGUMENTS });
const page = await browser.newPage();
const errors = []; // of scripts and of the content security policy; not of a request that failed
page.on("pageerror", (error) => errors.push(String(error)));
page.on("console", (message) => {
  const text = message.text();
  if (message.type() === "error" && !text.includes("Failed to load resource")) errors.push(text);
});
page.on("dialog", (dialog) => { errors.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
const foreign = [];
page.on("request", (request) => {
  const url = new URL(request.url());
  if (!request.isNavigationRequest() && url.protocol !== "data:" && url.origin !== new URL(page.url()).origin && page.url() !== "about:blank") {
    foreign.push(request.url());
  }
});

async function open(url) {
  const answer = await page.goto(url);
  await page.waitForSelector("#clusters section, #gone:not([hidden])", { timeout: 10000 });
  return { status: answer.status() };
}

// What the policy keeps out of the page comes in beside it.
async function violations() {
  await page.evaluate(`${axe.source}; undefined`);
  const found = await page.evaluate(() => globalThis.axe.run());
  return found.violations.map((one) => `${one.impact}: ${one.id}: ${one.nodes.map((node) => node.html).join(" ")}`);
}

async function see({ width = 1280, height = 900, dark = false, picture = null, check = false }) {
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme: dark ? "dark" : "light" });
  await page.waitForTimeout(150);
  if (picture) await page.screenshot({ path: picture });
  return {
    title: await page.title(),
    gone: await page.locator("#gone").isVisible() ? await page.locator("#gone").innerText() : null,
    summary: await page.locator("#summary").innerText(),
    concerns: await page.locator(".concerns li").allInnerTexts(),
    servers: await page.locator(".server").allInnerTexts(),
    cut: await page.locator("li.cut > .server .name").allInnerTexts(),
    nested: await page.locator(".tree ul .name").allInnerTexts(),
    trails: await page.locator(".trail").count(),
    // A phone must not have to scroll sideways.
    overflow: await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth),
    violations: check ? await violations() : [],
    errors: [...errors],
    foreign: [...foreign],
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  try {
    const seen = command.open ? await open(command.open) : await see(command.see);
    console.log(JSON.stringify(seen));
  } catch (error) {
    console.log(JSON.stringify({ failed: String(error) }));
  }
}
await browser.close();
