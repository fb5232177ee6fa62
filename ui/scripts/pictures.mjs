// The pictures of the documents, from the page over its backend in memory: each view in both themes, and a moving one.
// `make pictures`. Needs Chromium (CHROMIUM), and cwebp and img2webp of libwebp.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer } from "vite";
import { openBrowser, pause } from "./browser.mjs";

const SIZE = { width: 1280, height: 842 };
const THEMES = ["light", "dark"];
/** Of the moving picture: one frame stands so long. */
const FRAME_MS = 125;
const TASKS = "/?tasks=60";

/** Each begins where it is opened. */
const VIEWS = {
    async list(page, open) {
        await open(TASKS);
        await page.click("task-row[data-phase=running]");
        await page.middleOf("task-detail");
    },
    async form(page, open) {
        await open(TASKS);
        await page.click("new-task");
        await page.middleOf("field-command");
        await page.type("cargo test --workspace");
    },
    async queue(page, open) {
        await open(TASKS);
        await page.click("open-queue");
        await page.middleOf("queue");
    },
    async log(page, open) {
        await open(TASKS);
        const row = "document.querySelector('[data-testid=task-row][data-phase=running]')";
        const id = await page.see(`${row}?.dataset.taskId`);
        await open(`/?view=log&task=${id}&attempt=1&tasks=60`);
        await page.middleOf("log-row");
    },
};

/** From a list to a task that runs and to the queue. */
async function tour(page, open) {
    await open(TASKS);
    await page.middleOf("task-list");
    const filmed = film(page);
    await pause(1_000);
    await page.click("new-task");
    await page.middleOf("field-command");
    await pause(600);
    await page.type("rsync -a /srv/photos backup:", 60);
    await pause(800);
    await page.click("submit");
    await page.middleOf("task-detail");
    await pause(2_500);
    await page.click("open-queue");
    await pause(2_500);
    return filmed.stop();
}

/** Takes a picture again and again until it is told to stop. */
function film(page) {
    const frames = [];
    let stopped = false;
    const filming = (async () => {
        while (!stopped) {
            const next = pause(FRAME_MS);
            frames.push(await page.picture());
            await next;
        }
    })();
    return {
        async stop() {
            stopped = true;
            await filming;
            return frames;
        },
    };
}

/** As it is, in a third of the bytes of a PNG. */
function save(picture, file) {
    execFileSync("cwebp", ["-quiet", "-lossless", "-z", "9", "-o", file, "--", "-"], { input: picture });
}

function saveMoving(frames, file) {
    const dir = mkdtempSync(join(tmpdir(), "solti-pictures-"));
    const files = frames.map((frame, n) => {
        const path = join(dir, `${String(n).padStart(4, "0")}.png`);
        writeFileSync(path, frame);
        return path;
    });
    execFileSync("img2webp", ["-lossy", "-q", "70", "-m", "6", "-d", String(FRAME_MS), ...files, "-o", file]);
    rmSync(dir, { recursive: true });
}

const folder = process.argv[2];
if (folder === undefined) throw new Error("pictures.mjs FOLDER");
mkdirSync(join(folder, "pictures"), { recursive: true });
const server = await createServer({ server: { port: 0, host: "127.0.0.1" }, logLevel: "error" });
await server.listen();
const { page, close } = await openBrowser(process.env.CHROMIUM ?? "chromium", SIZE);
const openIn = (theme) => (path) => page.open(new URL(path, server.resolvedUrls.local[0]).href, theme);
try {
    for (const theme of THEMES) {
        for (const [name, show] of Object.entries(VIEWS)) {
            await show(page, openIn(theme));
            // What moves into its place has arrived.
            await pause(500);
            const picture = await page.picture();
            save(picture, join(folder, "pictures", `${name}-${theme}.webp`));
            if (name === "list" && theme === "light") writeFileSync(join(folder, "screenshot.png"), picture);
        }
    }
    saveMoving(await tour(page, openIn("light")), join(folder, "pictures", "tour.webp"));
} finally {
    await close();
    await server.close();
}
