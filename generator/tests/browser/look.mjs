// Looks at a page in a browser, at two widths, in light and in dark, and prints what it found as one line of JSON each.
// `node look.mjs PACKAGES PAGE`
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [packages, file] = process.argv.slice(2);
const require = createRequire(`${packages}/package.json`);
const of = async (name) => (await import(pathToFileURL(require.resolve(name)))).default;
const [chromium, puppeteer] = [await of("@sparticuz/chromium"), await of("puppeteer-core")];
const browser = await puppeteer.launch({
  args: chromium.args,
  executablePath: await chromium.executablePath(),
  headless: "shell",
});

/** In the page: the least contrast of its text with what is behind it, and whose that is. */
function leastContrast() {
  const parts = (color) => color.match(/[\d.]+/g).map(Number);
  const level = (part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * level(r / 255) + 0.7152 * level(g / 255) + 0.0722 * level(b / 255);
  const isSeen = (color) => parts(color)[3] !== 0;
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (isSeen(color)) return color;
    }
    return "rgb(255, 255, 255)";
  };
  let least = [21, ""];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || element.closest("svg")) continue;
    const [a, b] = [light(parts(getComputedStyle(element).color)), light(parts(behind(element)))];
    const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (contrast < least[0]) least = [contrast, texts.currentNode.data.trim()];
  }
  return { contrast: least[0], of: least[1] };
}

for (const width of [400, 1400]) {
  for (const scheme of ["light", "dark"]) {
    const page = await browser.newPage();
    const said = [];
    page.on("console", (message) => said.push(`${message.type()}: ${message.text()}`));
    page.on("pageerror", (error) => said.push(String(error)));
    page.on("request", (request) => {
      if (!request.url().startsWith("file:")) said.push(`asks for ${request.url()}`);
    });
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
    await page.setViewport({ width, height: 900 });
    await page.goto(pathToFileURL(file).href);
    const name = () => {
      const at = document.activeElement;
      return at.getAttribute("href") ?? at.getAttribute("aria-label") ?? at.tagName.toLowerCase();
    };
    const focused = [];
    while (focused.length < 50 && focused.at(-1) !== "body") {
      await page.keyboard.press("Tab");
      focused.push(await page.evaluate(name));
    }
    const timeline = '[aria-label="Timeline"]';
    await page.focus(timeline);
    // A browser that is still drawing lets a key pass: it is pressed until the part has moved, as a reader would.
    let isScrolled = false;
    for (let presses = 0; presses < 30 && !isScrolled; presses += 1) {
      await page.keyboard.press("PageDown");
      isScrolled = await page
        .waitForFunction((which) => document.querySelector(which).scrollTop > 0, { timeout: 2000, polling: 100 }, timeline)
        .then(() => true, () => false);
    }
    const pageWidth = await page.evaluate(() => document.documentElement.scrollWidth);
    const { contrast, of: faintest } = await page.evaluate(leastContrast);
    console.log(JSON.stringify({ width, scheme, said, focused, isScrolled, pageWidth, contrast, faintest }));
    await page.close();
  }
}
await browser.close();
