// Chromium without a window, driven over a pipe by the DevTools protocol: nothing to install beside the browser.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PATIENCE_MS = 20_000;
const LOOK_AGAIN_MS = 50;

/** A page in a browser of its own, with a profile that goes with it. */
export async function openBrowser(program, { width, height }) {
    const profile = mkdtempSync(join(tmpdir(), "solti-pictures-"));
    const options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"];
    const browser = spawn(
        program,
        [...options, "--remote-debugging-pipe", `--user-data-dir=${profile}`, "about:blank"],
        { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] },
    );
    const connection = connect(browser);
    const { targetInfos } = await connection.send("Target.getTargets");
    const target = targetInfos.find((info) => info.type === "page");
    const { sessionId } = await connection.send("Target.attachToTarget", {
        targetId: target.targetId,
        flatten: true,
    });
    const page = new BrowserPage((method, params) => connection.send(method, params, sessionId));
    await page.resize(width, height);
    return {
        page,
        async close() {
            const gone = new Promise((resolve) => browser.once("exit", resolve));
            await connection.send("Browser.close").catch(() => browser.kill());
            await gone;
            rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
        },
    };
}

/** Messages are JSON, each ended by a NUL: descriptor 3 takes them, 4 gives them. */
function connect(browser) {
    const [, , , into, from] = browser.stdio;
    const waiting = new Map();
    let last = 0;
    let rest = "";
    from.setEncoding("utf8");
    from.on("data", (text) => {
        const messages = (rest + text).split("\0");
        rest = messages.pop();
        for (const message of messages.map((one) => JSON.parse(one))) {
            const { resolve, reject } = waiting.get(message.id) ?? {};
            waiting.delete(message.id);
            if (message.error) reject?.(new Error(message.error.message));
            else resolve?.(message.result);
        }
    });
    const fail = (why) => waiting.forEach(({ reject }) => reject(new Error(`the browser: ${why}`)));
    browser.on("error", (error) => fail(error.message));
    browser.on("exit", () => fail("it ended"));
    return {
        send: (method, params = {}, sessionId = undefined) =>
            new Promise((resolve, reject) => {
                last += 1;
                waiting.set(last, { resolve, reject });
                into.write(`${JSON.stringify({ id: last, method, params, sessionId })}\0`);
            }),
    };
}

/** What a person does with a page. A test id may go on as a selector: `task-row[data-phase=running]`. */
class BrowserPage {
    constructor(send) {
        this.send = send;
    }

    resize(width, height) {
        return this.send("Emulation.setDeviceMetricsOverride", {
            width,
            height,
            deviceScaleFactor: 1,
            mobile: false,
        });
    }

    async open(address, theme) {
        const features = [{ name: "prefers-color-scheme", value: theme }];
        await this.send("Emulation.setEmulatedMedia", { features });
        await this.send("Page.navigate", { url: address });
        await this.see("document.readyState === 'complete' && document.fonts.status === 'loaded'");
    }

    /** Waits until an expression of the page is true, and returns it. */
    async see(expression) {
        const limit = Date.now() + PATIENCE_MS;
        for (;;) {
            const { result } = await this.send("Runtime.evaluate", { expression, returnByValue: true });
            if (result.value) return result.value;
            if (Date.now() > limit) throw new Error(`not seen: ${expression}`);
            await pause(LOOK_AGAIN_MS);
        }
    }

    async click(testId) {
        const { x, y } = await this.middleOf(testId);
        await this.send("Input.dispatchMouseEvent", { type: "mouseMoved", x, y });
        const button = { x, y, button: "left", clickCount: 1 };
        await this.send("Input.dispatchMouseEvent", { type: "mousePressed", ...button });
        await this.send("Input.dispatchMouseEvent", { type: "mouseReleased", ...button });
    }

    /** Types into what has the focus. */
    async type(text, betweenMs = 0) {
        for (const character of text) {
            await this.send("Input.insertText", { text: character });
            if (betweenMs > 0) await pause(betweenMs);
        }
    }

    async press(key, code = key) {
        await this.send("Input.dispatchKeyEvent", {
            type: "keyDown",
            key,
            code,
            text: key === "Enter" ? "\r" : undefined,
        });
        await this.send("Input.dispatchKeyEvent", { type: "keyUp", key, code });
    }

    /** The page as it is drawn, as PNG. */
    async picture() {
        const { data } = await this.send("Page.captureScreenshot", { format: "png" });
        return Buffer.from(data, "base64");
    }

    middleOf(testId) {
        const [, id, rest] = /^([\w-]+)(.*)$/.exec(testId);
        const selector = JSON.stringify(`[data-testid="${id}"]${rest}`);
        return this.see(`(() => {
      const box = document.querySelector(${selector})?.getBoundingClientRect();
      return box && box.width > 0 && { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    })()`);
    }
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
