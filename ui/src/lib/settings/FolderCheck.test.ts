import { cleanup, fireEvent, render, screen, waitFor } from "@testing-library/svelte";
import { afterEach, expect, it } from "vitest";
import { ApiError, type Backend } from "../api";
import FolderCheck from "./FolderCheck.svelte";

afterEach(cleanup);

it("says what the check of the shared folder has found, until it is another folder", async () => {
  let wrong: ApiError | undefined;
  const backend = {
    checkClusterFolder: async () => {
      if (wrong) throw wrong;
      return { folder: "/home/me", node: "n2" };
    },
  } as unknown as Backend;
  const said = () => screen.getByTestId("folder-check").textContent.trim();
  const { rerender } = render(FolderCheck, { backend, folder: "/home/me" });
  expect(said()).toBe("Runs a short job on the cluster that writes a file there.");
  await fireEvent.click(screen.getByTestId("check-folder"));
  await waitFor(() => expect(said()).toBe("It works: what node n2 wrote there can be read here."));
  wrong = new ApiError({ error: "Conflict", message: "node n3 does not have /home/me" });
  await fireEvent.click(screen.getByTestId("check-folder"));
  await waitFor(() => expect(said()).toBe("Node n3 does not have /home/me."));
  await rerender({ backend, folder: "/srv" });
  expect(said()).toBe("Runs a short job on the cluster that writes a file there.");
});
