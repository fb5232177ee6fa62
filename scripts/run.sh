#!/bin/sh
# Starts the built app: on the screen there is, else on an invisible one.
set -eu
cd "$(dirname "$0")/.."
app=${CARGO_TARGET_DIR:-target}/local/solti-desktop
if [ -n "${WAYLAND_DISPLAY:-}" ] || [ -n "${DISPLAY:-}" ]; then
    exec "$app"
fi
echo "No display: the app runs on an invisible screen (Xvfb). End it with Ctrl+C; its tasks keep running."
export WEBKIT_DISABLE_DMABUF_RENDERER=1
exec dbus-run-session -- xvfb-run -a -s "-screen 0 1600x1000x24" "$app"
